import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { NO_ROUTE, ROUTES } from "../lib/contract/routes.ts";
import { PERMISSIONS, type Permission } from "./permissions.ts";

const NAMES = Object.keys(FUNCTIONS) as FunctionName[];
const ROW = 34;
const BOX = { width: 190, height: 24 };
const COLUMNS = { starts: 20, functions: 400, uses: 780 };

/** Where a function calls, by the address that it is told. */
const OUTSIDE: Record<string, string> = {
  CHAPA_BASE_URL: "Chapa",
  USER_MANAGEMENT_URL: "User Management",
  PROPERTY_LISTING_SERVICE_URL: "Property Listing",
  NOTIFICATION_SERVICE_URL: "Notification",
  AUTH_SECRET_ARN: "Upstash Redis",
};

type Edge = { from: string; to: string };

/** A picture of the stack, drawn from what the stack itself is made from: what starts each function, and what it uses. */
export function architecture(): string {
  const starts = NAMES.flatMap((name) => startsOf(name).map((start): Edge => ({ from: start, to: name })));
  const uses = NAMES.flatMap((name) => usesOf(name).map((use): Edge => ({ from: name, to: use })));
  const left = places([...new Set(starts.map(({ from }) => from))], COLUMNS.starts);
  const middle = places(NAMES, COLUMNS.functions);
  const right = places([...new Set(uses.map(({ to }) => to))], COLUMNS.uses);
  const height = 60 + ROW * NAMES.length;
  const lines = [...starts.map((edge) => line(edge, left, middle)), ...uses.map((edge) => line(edge, middle, right))];
  const boxes = [
    ...[...left].map(([name, place]) => box(name, place, "#dbeafe")),
    ...[...middle].map(([name, place]) => box(name, place, "#fef3c7")),
    ...[...right].map(([name, place]) => box(name, place, "#dcfce7")),
  ];
  const title = (text: string, x: number) => `<text x="${x}" y="26" font-weight="bold">${text}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${COLUMNS.uses + BOX.width + 20} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>What starts each function, and what it uses</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${title("what starts it", COLUMNS.starts)}${title("function", COLUMNS.functions)}${title("what it uses", COLUMNS.uses)}
${lines.join("\n")}
${boxes.join("\n")}
</svg>
`;
}

function startsOf(name: FunctionName): string[] {
  const { trigger }: FunctionSpec = FUNCTIONS[name];
  switch (trigger.kind) {
    case "queue":
      return [`queue ${trigger.queue}`];
    case "stream":
      return ["stream of the table"];
    case "schedule":
      return [trigger.everyMinutes === 1 ? "every minute" : `every ${trigger.everyMinutes / 60} h`];
    case "http": {
      const routes = ROUTES.filter((route) => route.function === name);
      const callers = routes.map(({ access, path }) =>
        access.kind === "iam" ? "API, signed by AWS" : callerOf(access.kind, path),
      );
      const url = name === "chapa-webhook" ? ["Function URL, from Chapa"] : [];
      const rest = name === NO_ROUTE.function ? ["API, everything else"] : [];
      return [...new Set([...callers, ...url, ...rest])];
    }
  }
}

function callerOf(kind: string, path: string): string {
  if (kind === "public") return path.includes("/return/") ? "API, the payer's browser" : "API, public";
  return kind === "bearer" ? "API, by token" : "API, by token or key";
}

function usesOf(name: FunctionName): string[] {
  const { env }: FunctionSpec = FUNCTIONS[name];
  const { table, send = [] }: Permission = PERMISSIONS[name];
  const outside = env.flatMap((variable) => OUTSIDE[variable] ?? []);
  return [...(table.length > 0 ? ["table"] : []), ...send.map((queue) => `queue ${queue}`), ...outside];
}

type Place = { x: number; y: number };

/** Spread over the height of the functions, so that what belongs together is not far apart. */
function places(names: readonly string[], x: number): Map<string, Place> {
  const step = (NAMES.length * ROW) / names.length;
  return new Map(names.map((name, index) => [name, { x, y: Math.round(44 + (index + 0.5) * step - ROW / 2) }]));
}

function line({ from, to }: Edge, left: Map<string, Place>, right: Map<string, Place>): string {
  const [a, b] = [left.get(from), right.get(to)];
  if (!a || !b) throw new Error(`no place for ${from} → ${to}`);
  const [x1, y1, x2, y2] = [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
  const bend = (x1 + x2) / 2;
  return `<path d="M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}" fill="none" stroke="#94a3b8" stroke-opacity="0.6"/>`;
}

function box(name: string, { x, y }: Place, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="${fill}" stroke="#475569"/><text x="${x + 10}" y="${y + 16}">${name}</text>`;
}
