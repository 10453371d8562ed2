import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, createWriteStream, mkdirSync, constants as modes, readFileSync } from "node:fs";
import { availableParallelism, constants } from "node:os";
import { delimiter, join } from "node:path";

import { stripVTControlCharacters } from "node:util";
import { Progress } from "../../commands/progress.ts";
import type { Step } from "./steps.ts";

/** How one step ended. */
export type Ended = {
  step: Step;
  passed: boolean;
  seconds: number;
  /** The text with its figures; empty if it failed. */
  figure: string;
  /** Programs that it needs and that are not installed. */
  missing: readonly string[];
};

/** How many of a failed step's last lines are printed. Its file keeps them all. */
const SHOWN_LINES = 60;
// What a test runner prints of what passed.
const OF_PASSED = /^\s*(✓|\d+ of \d+ files)/u;

/**
 * Runs the steps in order, several at the same time if there are enough cores. After a failed `first` step, no other
 * step starts.
 * @param home the folder for each step's output
 * @param ended is called when a step ends
 */
export async function runSteps(steps: readonly Step[], home: string, ended: (one: Ended) => void): Promise<Ended[]> {
  mkdirSync(home, { recursive: true });
  const capacity = Math.max(2, availableParallelism());
  const waiting = [...steps];
  const running = new Map<Step, Promise<void>>();
  const all: Ended[] = [];
  let isStopped = false;
  const progress = new Progress();
  const next = () => {
    if (running.size === 0) return waiting.shift();
    if (waiting[0]?.first || [...running.keys()].some(({ first }) => first)) return undefined;
    const free = capacity - [...running.keys()].reduce((sum, { cores }) => sum + cores, 0);
    const index = waiting.findIndex(({ cores }) => cores <= free);
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let step = isStopped ? undefined : next(); step; step = next()) {
      const begun = step;
      const work = play(begun, home).then((one) => {
        running.delete(begun);
        all.push(one);
        if (begun.first && !one.passed) isStopped = true;
        progress.end();
        ended(one);
      });
      running.set(begun, work);
    }
    if (running.size === 0) break;
    progress.show(
      `${all.length} of ${steps.length} done; now: ${[...running.keys()].map(({ name }) => name).join(", ")}`,
    );
    await Promise.race(running.values());
  }
  progress.end();
  return all;
}

/** The name of the file in `home` that keeps a step's output. */
export function outputFile(home: string, { name }: Step): string {
  return join(home, `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.log`);
}

/** The end of what a step printed, without the tests that passed. */
export function lastLines(home: string, step: Step): string {
  const lines = stripVTControlCharacters(readFileSync(outputFile(home, step), "utf8")).split("\n");
  return lines
    .filter((line) => !OF_PASSED.test(line))
    .slice(-SHOWN_LINES)
    .join("\n");
}

async function play(step: Step, home: string): Promise<Ended> {
  const missing = (step.needs ?? []).filter((program) => !isThere(program));
  const startedAt = performance.now();
  const file = outputFile(home, step);
  const code = await spawned(step, file);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const passed = code === 0;
  return { step, passed, seconds, missing, figure: passed ? figureOf(step, readFileSync(file, "utf8")) : "" };
}

function spawned({ command: [program, ...args], env }: Step, file: string): Promise<number> {
  const output = createWriteStream(file);
  const child: ChildProcess = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      output.write(`${error.message}\n`);
      resolve(127);
    });
    child.on("close", (code, signal) => {
      process.removeListener("exit", end);
      output.end(() => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  });
}

/** The figures of a step as one line: the match of its expression, or the last paragraph of its output. */
export function figureOf({ figure }: Pick<Step, "figure">, output: string): string {
  const text = stripVTControlCharacters(output).trimEnd();
  const found = figure ? figure.exec(text)?.[1] : text.split(/\n\s*\n/).at(-1);
  return (found ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("; ");
}

function isThere(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), modes.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
