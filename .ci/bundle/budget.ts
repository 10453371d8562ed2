import { readFileSync } from "node:fs";
import * as z from "zod";
import type { FunctionName } from "../../lib/contract/functions.ts";
import { type Bundle, packageOf } from "./bundle.ts";

/** Functions whose calls are counted together with those of other processes. */
export const LIMITED: readonly FunctionName[] = [
  "cancel-payment",
  "create-token",
  "initiate-payment",
  "payment-checkout",
  "payment-return",
  "resolve-payment",
  "verify-payment",
];

/** The most that a budget may ever be, in KB of 1,024 bytes. */
export const CEILINGS: Readonly<Partial<Record<FunctionName, number>>> = {
  "chapa-webhook": 350,
  "publish-events": 350,
  "get-payment-status": 450,
  "list-payments": 450,
  "cancel-payment": 500,
  "initiate-payment": 500,
  "payment-return": 500,
  "resolve-payment": 500,
  "verify-payment": 500,
};

export const BUDGETS_FILE = ".ci/bundle/budgets.json";
const KB = 1024;
const MARGIN = 1.03;
const Budgets = z.record(z.string(), z.number());

/** Source files that no bundle may contain, and why. */
const FORBIDDEN: readonly { inputs: RegExp; reason: string; except?: readonly string[] }[] = [
  { inputs: /\/undici\//, reason: "undici, a second HTTP client" },
  {
    inputs: /\/@aws-sdk\/(credential-provider-(?!env\/)|nested-clients|token-providers)/,
    reason: "the SDK's chain of credentials",
  },
  { inputs: /\/mnemonist\//, reason: "mnemonist, the cache of endpoints" },
  { inputs: /\/zod\/v4\/locales\/(?!en\.js|index\.js)/, reason: "zod's locales" },
  { inputs: /\/@upstash\/ratelimit\//, reason: "@upstash/ratelimit, although it limits no calls", except: LIMITED },
];

/** Returns the budget of each function in KB, as it is written down. */
export function writtenBudgets(): Readonly<Record<string, number>> {
  return Budgets.parse(JSON.parse(readFileSync(BUDGETS_FILE, "utf8")));
}

/** Returns new budgets: what was measured and 3 %, at most the ceiling. */
export function budgetsFor(bundles: readonly Bundle[]): Record<string, number> {
  const ceilings: Readonly<Record<string, number | undefined>> = CEILINGS;
  return Object.fromEntries(
    bundles.map(({ name, bytes }) => [
      name,
      Math.min(Math.ceil((bytes * MARGIN) / KB), ceilings[name] ?? Number.POSITIVE_INFINITY),
    ]),
  );
}

/** Returns a sentence for each bundle that is larger than its budget or contains what none may contain. */
export function faultsIn(bundles: readonly Bundle[], budgets: Readonly<Record<string, number>>): readonly string[] {
  return bundles.flatMap(({ name, bytes, inputs, outside }) => {
    const budget = budgets[name];
    const size = (bytes / KB).toFixed(1);
    const files = [...inputs.keys()];
    return [
      ...(budget === undefined ? [`${name} has no budget in ${BUDGETS_FILE}`] : []),
      ...(budget !== undefined && bytes > budget * KB ? [`${name} is ${size} KB; its budget is ${budget} KB`] : []),
      ...FORBIDDEN.filter(
        ({ inputs: of, except }) => !except?.includes(name) && files.some((file) => of.test(file)),
      ).map(({ reason }) => `${name} contains ${reason}`),
      ...outside.map((module) => `${name} imports ${module}, which is not in its bundle`),
    ];
  });
}

const SHOWN_PACKAGES = 6;

/** Returns the table of all bundles: size in KB, compressed, budget, and the largest packages. */
export function bundleTable(bundles: readonly Bundle[], budgets: Readonly<Record<string, number>>): string {
  const head = [
    "function".padEnd(22),
    "KB".padStart(6),
    "gzip".padStart(6),
    "budget".padStart(7),
    " what is inside, KB",
  ];
  const rows = bundles.map(({ name, bytes, gzip, inputs }) => {
    const sizes = [...packagesIn(inputs)].slice(0, SHOWN_PACKAGES).map(([owner, size]) => `${owner} ${kb(size)}`);
    const numbers = [kb(bytes).padStart(6), kb(gzip).padStart(6), String(budgets[name] ?? "").padStart(7)];
    return [name.padEnd(22), ...numbers, ` ${sizes.join(", ")}`].join(" ");
  });
  return [head.join(" "), ...rows].join("\n");
}

function packagesIn(inputs: Bundle["inputs"]): [string, number][] {
  const sizes = new Map<string, number>();
  for (const [input, bytes] of inputs) {
    const owner = packageOf(input) ?? "ours";
    sizes.set(owner, (sizes.get(owner) ?? 0) + bytes);
  }
  return [...sizes].toSorted(([, one], [, other]) => other - one);
}

function kb(bytes: number): string {
  return (bytes / KB).toFixed(0);
}
