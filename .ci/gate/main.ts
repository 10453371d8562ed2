import { readFileSync } from "node:fs";
import { relative } from "node:path";
import * as z from "zod";
import { type Ended, lastLines, runSteps } from "./run-steps.ts";
import { gateSteps } from "./steps.ts";

// Runs everything that a change must pass. GATE_SEED is the first seed of the simulated runs. CHANGED_SINCE is the commit
// that changed files are compared with. GATE_COMPLETE=1 fails the run if a program is missing.
const HOME = ".local/gate";

const Tests = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

const say = (text: string) => process.stdout.write(`${text}\n`);
const seed = Number(process.env["GATE_SEED"] ?? Math.floor(Date.now() / 1000) * 100_000);
const startedAt = performance.now();
say(`simulated runs begin at seed ${seed} (GATE_SEED=${seed} repeats them)`);

const ended = await runSteps(gateSteps(seed, process.env["CHANGED_SINCE"] ?? "HEAD^"), HOME, (one) => {
  say(
    `${one.passed ? "passed" : "FAILED"}  ${clock(one.seconds)}  ${one.step.name}${one.figure ? `: ${one.figure}` : ""}`,
  );
  if (!one.passed) say(`${lastLines(HOME, one.step)}\n-- end of ${one.step.name}; its whole output is in ${HOME}`);
});

const failed = ended.filter(({ passed }) => !passed);
const expected = gateSteps(seed, "HEAD^").length;
if (ended.length < expected) say(`${expected - ended.length} steps were not started`);
say(
  `\n${ended.length - failed.length} of ${expected} steps passed in ${clock((performance.now() - startedAt) / 1000)}`,
);
const missing = [...new Set(ended.flatMap((one) => one.missing))].toSorted();
const isComplete = missing.length === 0;
if (!isComplete && process.env["GATE_COMPLETE"] === "1") say("GATE_COMPLETE=1: a missing program is a failure");
say(testCounts(ended));
if (!isComplete)
  say(
    `not run, or only in part, because a program is missing: ${missing.map((program) => whereOf(program, ended)).join("; ")}`,
  );
if (failed.length > 0 || ended.length < expected || (!isComplete && process.env["GATE_COMPLETE"] === "1"))
  process.exitCode = 1;

function whereOf(program: string, all: readonly Ended[]): string {
  const steps = all.filter((one) => one.missing.includes(program)).map(({ step }) => step.name);
  return `${program} (${steps.join(", ")})`;
}

/** The tests that failed in the step "tests", and how many ran, as vitest counted them. */
function testCounts(all: readonly Ended[]): string {
  if (!all.some(({ step }) => step.name === "tests")) return "0 passed, 0 failed";
  const tests = Tests.parse(JSON.parse(readFileSync(".local/tests.json", "utf8")));
  const failures = tests.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(
        ({ fullName, failureMessages }) =>
          `FAILED ${relative(process.cwd(), name)}: ${fullName}: ${(failureMessages[0] ?? "").split("\n")[0]}`,
      ),
  );
  const counts = `${tests.numPassedTests} passed, ${tests.numFailedTests} failed, ${tests.numPendingTests} skipped`;
  return [...failures, counts].join("\n");
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2)}:${String(whole % 60).padStart(2, "0")}`;
}
