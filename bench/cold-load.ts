import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import type { FunctionName } from "../lib/contract/functions.ts";
import { functionEnvironment } from "../local/environment.ts";
import { readSettings } from "../local/settings.ts";

/** The most that a function may load, as a part of what the default-built handler loads. */
export const COLD_LOAD_GOALS: Readonly<Partial<Record<FunctionName, number>>> = {
  "chapa-webhook": 0.75,
  "publish-events": 0.75,
  "get-payment-status": 0.8,
  "initiate-payment": 0.85,
  "payment-return": 0.85,
  "resolve-payment": 0.85,
};

/** `ratio` is without what Node itself needs: (function - empty handler) / (default-built handler - empty handler). */
export type ColdLoad = { name: string; instructions: number; ratio: number };

/** valgrind is not there, or it ended without a count. */
export class NotMeasured extends Error {}

// Without them, two runs of the same program differ by some percent.
const REPEATABLE = ["--predictable", "--single-threaded", "--hash-seed=42", "--random-seed=42"];
const LOAD = "await import(process.argv[1]); process.exit(0);";
const COUNT = /Collected : (\d+)/;

/**
 * Counts the instructions of loading each bundle in `folder`, by callgrind. Two runs agree to some hundredths of a
 * percent, whatever else the machine does.
 * @throws NotMeasured
 */
export async function measureColdLoad(folder: string, onProgress: (name: string) => void): Promise<ColdLoad[]> {
  await buildTwins(folder);
  const count = (name: string, file = "index.mjs") => {
    onProgress(name);
    return instructionsOf(join(folder, name, file));
  };
  const empty = await count("empty");
  const byDefault = await count("default-build", "index.cjs");
  const loads: ColdLoad[] = [];
  for (const name of Object.keys(COLD_LOAD_GOALS)) {
    const instructions = await count(name);
    loads.push({ name, instructions, ratio: (instructions - empty) / (byDefault - empty) });
  }
  return loads;
}

/** Builds the handlers that ours are compared with. */
export async function buildTwins(folder: string): Promise<void> {
  const twin = (name: string) => join(import.meta.dirname, "twins", `${name}.ts`);
  const common = { bundle: true, platform: "node", target: "node24", minify: true } as const;
  await build({ ...common, entryPoints: [twin("empty")], format: "esm", outfile: join(folder, "empty/index.mjs") });
  await build({ ...common, entryPoints: [twin("default-build")], outfile: join(folder, "default-build/index.cjs") });
}

async function instructionsOf(file: string): Promise<number> {
  const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", process.execPath, ...REPEATABLE];
  const child = spawn("valgrind", [...args, "--input-type=module", "-e", LOAD, file], {
    env: { PATH: process.env["PATH"], ...environment() },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (error) => reject(new NotMeasured(`valgrind does not start: ${error.message}`)));
  });
  const ended = once(child, "close");
  const printed = await Promise.race([text(child.stderr), failed]);
  await ended;
  const [, counted] = COUNT.exec(printed) ?? [];
  if (counted === undefined || child.exitCode !== 0)
    throw new NotMeasured(`valgrind has no count for ${file}:\n${printed.slice(-500)}`);
  return Number(counted);
}

/** What Lambda and the stack set. Nothing answers at these addresses, and nothing is asked while a function loads. */
function environment(): Record<string, string> {
  const nowhere = "http://127.0.0.1:9";
  const queues = { url: () => `${nowhere}/queue`, deadLetterUrl: () => `${nowhere}/dead` };
  const at = {
    table: nowhere,
    secrets: nowhere,
    api: nowhere,
    chapa: nowhere,
    users: nowhere,
    listing: nowhere,
    notification: nowhere,
  };
  const credentials = { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none", AWS_SESSION_TOKEN: "none" };
  return { AWS_REGION: "eu-west-1", ...credentials, ...functionEnvironment(readSettings({}), at, queues) };
}
