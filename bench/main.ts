import { resolve } from "node:path";
import { bundleTable, writtenBudgets } from "../.ci/bundle/budget.ts";
import { type Bundle, bundleFunctions } from "../.ci/bundle/bundle.ts";
import { Command } from "../commands/command.ts";
import { flag } from "../commands/options.ts";
import { Progress } from "../commands/progress.ts";
import { openWorkspace } from "../commands/workspace.ts";
import { COLD_LOAD_GOALS, type ColdLoad, measureColdLoad, NotMeasured } from "./cold-load.ts";
import { TRIPS } from "./trips.ts";

const command = new Command({
  name: "npm run bench",
  summary: "Measures the speed of the functions: bytes of the bundles, instructions of a cold load, trips.",
  duration: "1 minute",
  options: { json: flag("prints JSON"), quick: flag("leaves out what takes longer than a few seconds") },
  examples: {
    "npm run bench": "measures everything",
    "npm run bench -- --json": "for a program that compares two runs",
  },
  notes:
    "Instructions need valgrind. Where BENCH_REQUIRED=1, a measurement that this machine cannot make is a failure.",
});

const { json, quick } = command.read();
const folder = resolve(openWorkspace("bench"), "dist");
const progress = new Progress();
progress.show("bundling the functions");
const bundles = await bundleFunctions(folder);
const coldLoad = quick ? "left out by --quick" : await coldLoadOrReason();
progress.end();

process.stdout.write(json ? `${JSON.stringify(asJson(), undefined, 2)}\n` : asTables());
if (typeof coldLoad === "string" && process.env["BENCH_REQUIRED"] === "1") process.exitCode = 1;

async function coldLoadOrReason(): Promise<ColdLoad[] | string> {
  try {
    return await measureColdLoad(folder, (name) => progress.show(`counting the instructions of ${name}`));
  } catch (error) {
    if (error instanceof NotMeasured) return error.message;
    throw error;
  }
}

function goalOf(name: string): number {
  const goals: Readonly<Record<string, number | undefined>> = COLD_LOAD_GOALS;
  return goals[name] ?? Number.POSITIVE_INFINITY;
}

function asJson(): object {
  const sizes = bundles.map(({ name, bytes, gzip }: Bundle) => ({ name, bytes, gzip }));
  return { bundles: sizes, coldLoad, trips: TRIPS };
}

function asTables(): string {
  const loads =
    typeof coldLoad === "string"
      ? [`not measured: ${coldLoad}`]
      : coldLoad.map(({ name, instructions, ratio }) =>
          [
            name.padEnd(22),
            (instructions / 1_000_000).toFixed(1).padStart(8),
            ratio.toFixed(3).padStart(7),
            goalOf(name).toFixed(2).padStart(6),
            ratio > goalOf(name) ? "  missed" : "",
          ].join(""),
        );
  const trips = Object.entries(TRIPS).map(
    ([path, counts]) =>
      `${path.padEnd(22)} ${Object.entries(counts)
        .map(([how, trips]) => `${how} ${trips}`)
        .join(", ")}`,
  );
  return [
    bundleTable(bundles, writtenBudgets()),
    "",
    `cold load              M instr  ratio  goal (1 = a plain handler of one table, built by esbuild's defaults)`,
    ...loads,
    "",
    "trips one after the other, counted by test/functions/trips.integration.test.ts",
    ...trips,
    "",
  ].join("\n");
}
