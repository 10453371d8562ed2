import { UnsafeKey } from "./chapa/simulator.ts";
import "./process-clock.ts";

import { mkdirSync, writeFileSync } from "node:fs";
import { Command } from "../commands/command.ts";
import { choice, flag, integer, optionalChoice } from "../commands/options.ts";
import { EnvironmentInvalid } from "../lib/contract/env.ts";
import { MODES } from "../lib/domain/vocabulary.ts";
import { PROFILE_NAMES } from "./chapa/profiles.ts";
import type { Cloud, CloudAddress } from "./cloud.ts";
import { loadEnvironmentFile } from "./environment-file.ts";
import { openInBrowser } from "./open.ts";
import { RedisUnreachable } from "./redis/bridge.ts";
import { LAST_PORT, PortTaken } from "./serve.ts";
import { readSettings, type Settings, SettingsInvalid } from "./settings.ts";
import { isTestKey, startCloud } from "./start-cloud.ts";
import { PASSWORD, USERS } from "./users.ts";

const DEFAULT_PORT = 8120;

const command = new Command({
  name: "npm start",
  summary: "Runs the whole payment service on this machine, with a simulated Chapa and simulated sibling services.",
  duration: "ready after about 3 seconds; runs until it is stopped (Ctrl+C)",
  options: {
    port: integer("port of the API; control and Chapa take the next two; 0 takes any free ones", DEFAULT_PORT, {
      least: 0,
      most: LAST_PORT - 2,
    }),
    quiet: flag("tells nothing while it runs"),
    open: flag("opens the first page in your browser when it is ready"),
    json: flag("prints one line of JSON for programs when it is ready"),
    profile: choice("the behaviour of the simulated Chapa", PROFILE_NAMES, "observed"),
    mode: optionalChoice("the mode of the simulated Chapa's key; live by default, but no money moves", MODES),
    seed: integer("the seed of random choices of the simulated Chapa", 1, { least: Number.MIN_SAFE_INTEGER }),
  },
  examples: {
    "npm start": "prints the addresses and a first curl command",
    "npm start -- --open": "also opens the first page in your browser",
    "npm start -- --port 0 --json": "takes free ports and prints every address, token and key",
  },
  notes: `It keeps everything in memory until it stops. It also writes addresses and keys to .local/state-PORT.json. A line tells
of each request, webhook, change of a payment's state and delivery; with --json on standard error.
Environment variables replace simulated parts with real ones and set limits; docs/local.md lists them.`,
});

const STATE_DIRECTORY = ".local";

async function main(): Promise<void> {
  const { port, quiet, open, json, profile, mode, seed } = command.read();
  // With --json a program reads standard output, so it must contain no log records.
  process.env["POWERTOOLS_LOG_LEVEL"] ??= json ? "SILENT" : "WARN";
  process.env["POWERTOOLS_METRICS_DISABLED"] ??= "true";
  for (const line of loadEnvironmentFile()) process.stderr.write(`${line}\n`);
  const settings = readSettings(process.env);
  if (mode && settings.CHAPA_SECRET_KEY) return command.refuse("--mode and CHAPA_SECRET_KEY cannot be combined.");
  const out = json ? process.stderr : process.stdout;
  const tell = quiet ? () => undefined : (line: string) => void out.write(`${line}\n`);
  const cloud = await startCloud({ settings, port, profile, mode, seed, tell });
  stopOnSignals(cloud);

  const line = JSON.stringify(cloud.address);
  const at = Number(new URL(cloud.address.api).port);
  mkdirSync(STATE_DIRECTORY, { recursive: true });
  for (const name of at === DEFAULT_PORT ? [`state-${at}`, "state"] : [`state-${at}`]) {
    writeFileSync(`${STATE_DIRECTORY}/${name}.json`, `${line}\n`);
  }
  process.stdout.write(json ? `${line}\n` : welcome(cloud.address, settings));
  const unopened = open ? await openInBrowser(cloud.address.api) : undefined;
  if (unopened) process.stderr.write(`${unopened}\n`);
}

function welcome({ api, chapa, control, webhook, users }: CloudAddress, settings: Settings): string {
  const { USER_MANAGEMENT_URL, PROPERTY_LISTING_SERVICE_URL, NOTIFICATION_SERVICE_URL, REDIS_URL } = settings;
  return `
  Ready. What is simulated runs in this process and in memory, until it stops (Ctrl+C).

    API       ${api}  (open it in a browser to begin)
    console   ${api}/console  (as ${USERS.admin.email})
    Chapa     ${settings.CHAPA_BASE_URL ?? chapa}  (${chapaWords(settings)})
    webhook   ${webhook}
    control   ${control}  (POST /clock, /sweep, /faults, /reset, GET /state)
    siblings  User Management ${realOr(USER_MANAGEMENT_URL)}, listing ${realOr(PROPERTY_LISTING_SERVICE_URL)}, notifications ${realOr(NOTIFICATION_SERVICE_URL)}, Redis ${realOr(REDIS_URL && new URL(REDIS_URL).host)}
    users     ${Object.values(USERS)
      .map(({ email }) => email)
      .join(", ")}  (password ${PASSWORD})

  Pay a listing fee as ${USERS.owner.email}:

    curl -s ${api}/api/v1/payments/initiate \\
      -H "Authorization: Bearer ${users.owner.token}" \\
      -H "Content-Type: application/json" \\
      -d '{"property_id":"0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22","user_id":"${users.owner.user_id}","amount":500}'

  Open the checkout_url of the answer in a browser to pay, or pay from here:

    curl -s CHECKOUT_URL/act -H "Content-Type: application/json" -d '{"action":"pay"}'

`;
}

function realOr(address: string | undefined): string {
  return address ? `real (${address})` : "simulated";
}

function chapaWords({ CHAPA_BASE_URL, CHAPA_SECRET_KEY = "" }: Settings): string {
  if (!CHAPA_BASE_URL) return "simulated, so no money moves";
  return isTestKey(CHAPA_SECRET_KEY) ? "real, with a test key: no money moves" : "real, with a live key: MONEY MOVES";
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
  const isExpected = [EnvironmentInvalid, PortTaken, RedisUnreachable, SettingsInvalid, UnsafeKey].some(
    (kind) => error instanceof kind,
  );
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(isExpected ? 2 : 1);
}

await main().catch(fail);
