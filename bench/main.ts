import "../local/process-clock.ts";

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { bundleTable, writtenBudgets } from "../.ci/bundle/budget.ts";
import { bundleFunctions } from "../.ci/bundle/bundle.ts";
import { Command } from "../commands/command.ts";
import { flag } from "../commands/options.ts";
import { Progress } from "../commands/progress.ts";
import { openWorkspace } from "../commands/workspace.ts";
import { measureColdLoad, NotMeasured } from "./cold-load.ts";
import {
  bundleFigures,
  coldLoadFigures,
  differing,
  Figure,
  firstRequestFigures,
  stackFigures,
  tableOf,
  tripFigures,
} from "./figures.ts";
import { measureStack } from "./stack.ts";

const RECORD = join(import.meta.dirname, "record.json");

const command = new Command({
  name: "npm run bench",
  summary: `Measures the speed of the service: bytes of the bundles, instructions of a cold load, the first request with a small share of the
processor, trips, the critical path with slow neighbours, throughput, CPU, the sweep, memory, records.`,
  duration: "5 minutes; --quick 20 seconds",
  options: {
    json: flag("prints JSON"),
    quick: flag("only what two runs agree about exactly: bundles and trips"),
    compare: flag("shows each figure beside the last recorded run; exits with 1 if an exact one differs"),
    record: flag("keeps this run in bench/record.json"),
  },
  examples: {
    "npm run bench": "measures everything",
    "npm run bench -- --compare": "shows what has changed since the recorded run",
    "npm run bench -- --quick --compare": "compares the exact counts only",
  },
  notes: `Instructions need valgrind, the first request a group of processes of its own (Linux, as root). What this machine cannot measure is
named; where BENCH_REQUIRED=1 it is a failure. A burst of 10,000 webhooks is npm run load -- --shape burst.`,
});

const { json, quick, compare, record } = command.read();
const folder = resolve(openWorkspace("bench"), "dist");
const progress = new Progress();
const missing: string[] = [];

progress.show("bundling the functions");
const bundles = await bundleFunctions(folder);
const figures = [...bundleFigures(bundles), ...tripFigures()];
if (!quick) {
  const show = (what: string) => progress.show(what);
  const loads = (name: string) => show(`counting the instructions of ${name}`);
  figures.push(...(await unlessMissing("cold load", () => measureColdLoad(folder, loads), coldLoadFigures)));
  const { stack, first } = await measureStack(folder, show);
  figures.push(...(await unlessMissing("the first request", first, firstRequestFigures)), ...stackFigures(stack));
}
progress.end();

const recorded = compare && existsSync(RECORD) ? z.array(Figure).parse(JSON.parse(readFileSync(RECORD, "utf8"))) : [];
const left = quick ? ["everything that is no exact count is left out by --quick"] : missing;
process.stdout.write(json ? `${JSON.stringify({ figures, left }, undefined, 2)}\n` : text());
if (record) writeFileSync(RECORD, `${JSON.stringify(figures, undefined, 2)}\n`);
const changed = differing(figures, recorded);
for (const { name, unit } of changed) process.stderr.write(`${name} (${unit}) is not as it was recorded.\n`);
if (changed.length > 0 || (missing.length > 0 && process.env["BENCH_REQUIRED"] === "1")) process.exitCode = 1;
process.exit();

async function unlessMissing<Result>(
  what: string,
  measure: () => Result | Promise<Result>,
  figuresOf: (result: Result) => Figure[],
): Promise<Figure[]> {
  try {
    return figuresOf(await measure());
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error;
    missing.push(`${what} is not measured: ${error.message}`);
    return [];
  }
}

function text(): string {
  const others = figures.filter(({ section }) => section !== "bundles" || compare);
  return [bundleTable(bundles, writtenBudgets()), tableOf(others, recorded), "", ...left, ""].join("\n");
}
