import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { isSimulatorKey } from "./chapa/simulator.ts";
import { Settings } from "./settings.ts";

const FILE = ".env";

// What the earlier service read and this one does not, and why.
const EARLIER: Readonly<Record<string, string>> = {
  DATABASE_URL: "payments are in memory here, and in DynamoDB in the cloud",
  CHAPA_API_KEY: "only CHAPA_SECRET_KEY calls Chapa",
  ENCRYPTION_KEY: "contact data has a key of its own",
  CHAPA_TEST_MODE: "the key says whether money moves, and EXPECTED_MODE what you expect",
  CHAPA_WEBHOOK_URL: "the webhook is at BASE_URL, under /api/v1/webhook/chapa",
  JWT_ALGORITHM: "tokens are always signed with HS256",
  ACCESS_TOKEN_EXPIRE_MINUTES: "User Management decides how long a token is valid",
};
// For Node and for the logger, which read them by themselves.
const FOR_OTHERS = /^(NODE_|POWERTOOLS_|(SERVICE_)?DEADLINE_FACTOR$)/;

/**
 * Sets the variables of the file `.env` that the environment does not have. The file may have the form of the earlier
 * service's: values in quotes, comments after them, and a real key of Chapa's, which is used only with a real address.
 * @returns a line for each variable that is not used, and why
 */
export function loadEnvironmentFile(): string[] {
  if (!existsSync(FILE)) return [];
  const found = parseEnv(readFileSync(FILE, "utf8").replace(/^\uFEFF/, ""));
  const all = { ...found, ...process.env };
  const lines: string[] = [];
  for (const [name, value] of Object.entries(found)) {
    const reason = value ? unusedBecause(name, value, all) : undefined;
    if (reason === undefined) process.env[name] ??= value;
    else lines.push(`${name} in ${FILE} is not used: ${reason}.`);
  }
  return lines;
}

function unusedBecause(name: string, value: string, all: NodeJS.Dict<string>): string | undefined {
  if (name === "CHAPA_SECRET_KEY" && !all["CHAPA_BASE_URL"] && !isSimulatorKey(value)) {
    return "Chapa is simulated here; with CHAPA_BASE_URL=https://api.chapa.co/v1 it calls Chapa";
  }
  if ((name === "FIXED_AMOUNT" || name === "CURRENCY") && all["PRICE_BOOK"]) return "PRICE_BOOK is set";
  if (Object.hasOwn(Settings.shape, name) || FOR_OTHERS.test(name)) return undefined;
  return EARLIER[name] ?? "it is no setting; docs/local.md lists them";
}
