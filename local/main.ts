import "./process-clock.ts";

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { EnvironmentInvalid } from "../lib/contract/env.ts";
import { PROFILE_NAMES, type ProfileName } from "./chapa/profiles.ts";
import { UnsafeKey } from "./chapa/simulator.ts";
import { type Cloud, type CloudAddress, startCloud } from "./cloud.ts";
import { RedisAway } from "./redis/bridge.ts";
import { PortTaken } from "./serve.ts";
import { readSettings, SettingsInvalid } from "./settings.ts";
import { PASSWORD, USERS } from "./users.ts";

const HELP = `The whole payment service on this machine, with a Chapa and sibling services of its own.

  npm start -- [options]

  --port N      of the API (default 8120; 0 = any free one)
  --json        print one line of JSON when ready, for programs
  --profile P   how the simulated Chapa behaves: ${PROFILE_NAMES.join(", ")} (default observed)
  --seed N      decides what looks like chance in the simulated Chapa (default 1)
  --help        this text

Everything is in memory and gone when it stops. Addresses and keys are also in .local/state.json.
Environment variables replace the simulated parts by real ones and set limits; the README lists them.
`;

const DEFAULT_PORT = 8120;
const STATE_DIRECTORY = ".local";
// What the environment says already wins.
const ENVIRONMENT_FILE = ".env";

class BadOption extends Error {}

type Options = { port: number; json: boolean; profile: ProfileName; seed: number };

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(HELP);
    return;
  }
  // Programs read standard output; records of what happens would be in the way.
  process.env["POWERTOOLS_LOG_LEVEL"] ??= options.json ? "SILENT" : "WARN";
  process.env["POWERTOOLS_METRICS_DISABLED"] ??= "true";
  if (existsSync(ENVIRONMENT_FILE)) process.loadEnvFile(ENVIRONMENT_FILE);
  const { port, profile, seed } = options;
  const cloud = await startCloud({ settings: readSettings(process.env), port, profile, seed });
  stopOnSignals(cloud);

  const line = JSON.stringify(cloud.address);
  mkdirSync(STATE_DIRECTORY, { recursive: true });
  writeFileSync(`${STATE_DIRECTORY}/state.json`, `${line}\n`);
  process.stdout.write(options.json ? `${line}\n` : welcome(cloud.address));
}

function readOptions(args: string[]): Options | "help" {
  const { values } = parsed(args);
  if (values.help) return "help";
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new BadOption(`--port has to be a port between 0 and 65535, not "${values.port}"`);
  }
  const seed = Number(values.seed ?? 1);
  if (!Number.isInteger(seed)) throw new BadOption(`--seed has to be a whole number, not "${values.seed}"`);
  const profile = PROFILE_NAMES.find((name) => name === (values.profile ?? "observed"));
  if (!profile) throw new BadOption(`--profile has to be one of ${PROFILE_NAMES.join(", ")}, not "${values.profile}"`);
  return { port, json: values.json ?? false, profile, seed };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        json: { type: "boolean" },
        profile: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new BadOption(error instanceof Error ? error.message : String(error));
  }
}

function welcome({ api, chapa, control, webhook, users }: CloudAddress): string {
  return `
  Ready. Everything runs in this process and is gone when it stops (Ctrl+C).

    API       ${api}
    Chapa     ${chapa}  (simulated: open a checkout_url in a browser and pay)
    webhook   ${webhook}
    control   ${control}  (POST /clock, /sweep, /faults, /reset, GET /state)
    users     ${Object.values(USERS)
      .map(({ email }) => email)
      .join(", ")}  (password ${PASSWORD})

  Pay a listing fee as ${USERS.owner.email}:

    curl -s ${api}/api/v1/payments/initiate \\
      -H "Authorization: Bearer ${users.owner.token}" \\
      -H "Content-Type: application/json" \\
      -d '{"property_id":"0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22","user_id":"${users.owner.user_id}","amount":500}'

  The answer's checkout_url is the page to pay on; or pay from here:

    curl -s CHECKOUT_URL/act -H "Content-Type: application/json" -d '{"action":"pay"}'

`;
}

function stopOnSignals(cloud: Cloud): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    cloud.close().then(
      () => process.exit(0),
      (error) => fail(error),
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

function fail(error: unknown): never {
  const isExpected = [BadOption, EnvironmentInvalid, PortTaken, RedisAway, SettingsInvalid, UnsafeKey].some(
    (kind) => error instanceof kind,
  );
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(isExpected ? 2 : 1);
}

await main().catch(fail);
