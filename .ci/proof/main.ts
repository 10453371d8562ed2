import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { Command } from "../../commands/command.ts";
import { flag, text } from "../../commands/options.ts";
import { STORIES } from "../../test/simulation/stories.ts";
import { type Ended, lastLines, runSteps } from "../gate/run-steps.ts";
import { proofSteps } from "../gate/steps.ts";
import { type Figure, writeFigure } from "./figures.ts";

const { again, only } = new Command({
  name: "npm run proof",
  summary: `Runs all long tests in full length: 100,000 simulated runs, every pair of faults, every order of the races, the whole
model, a thousand killed processes, half an hour of load. A stopped proof continues where it was stopped if the code
has not changed. The figures are written to docs/proof-figures.json and docs/reliability.md.`,
  duration: "6 to 10 hours on two cores",
  options: {
    again: flag("repeats the steps that have passed"),
    only: text("only the steps whose name contains this", "TEXT"),
  },
  examples: {
    "npm run proof": "starts, or continues",
    'npm run proof -- --only "killed processes"': "two of its steps",
  },
}).read();

const HOME = ".local/proof";
const STATE_FILE = `${HOME}/passed.json`;
/** A hash of the tested code, and the names of the steps that have passed on it. */
const State = z.object({ code: z.string(), passed: z.array(z.string()) });

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", maxBuffer: 1 << 28 });

/** A hash of the code, without figures and documents. */
function codeNow(): string {
  const code = ["--", ".", ":!docs", ":!*.md"];
  return createHash("sha256")
    .update(git("ls-files", "-s", ...code))
    .update(git("diff", "HEAD", ...code))
    .digest("hex");
}

function readState(code: string): z.output<typeof State> {
  if (again || !existsSync(STATE_FILE)) return { code, passed: [] };
  const state = State.parse(JSON.parse(readFileSync(STATE_FILE, "utf8")));
  return state.code === code ? state : { code, passed: [] };
}

const code = codeNow();
const commit = git("rev-parse", "HEAD").trim();
const steps = proofSteps(STORIES.map(({ name }) => name)).filter(({ name }) => name.includes(only ?? ""));
if (steps.length === 0) throw new RangeError(`no step of the proof has "${only}" in its name`);
mkdirSync(HOME, { recursive: true });
const state = readState(code);
const waiting = steps.filter(({ name }) => !state.passed.includes(name));
if (waiting.length < steps.length)
  say(`${steps.length - waiting.length} of ${steps.length} steps have already passed on this code`);

function report({ step, passed, seconds, figure, missing }: Ended): void {
  say(`${passed ? "passed" : "FAILED"}  ${seconds} s  ${step.name}: ${figure}`);
  if (!passed) say(lastLines(HOME, step));
  if (missing.length > 0) say(`    only in part: ${missing.join(", ")} is not installed`);
  if (!passed || missing.length > 0) return;
  state.passed.push(step.name);
  writeFileSync(STATE_FILE, JSON.stringify(state));
  const date = new Date().toISOString().slice(0, 10);
  const [, , , script, , ...args] = step.command;
  const command = ["npm run", script, ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
  writeFigure({ name: step.name, figure, command, date, commit, seconds } satisfies Figure);
}

const ended = await runSteps(waiting, HOME, report);
const failed = ended.filter(({ passed, missing }) => !passed || missing.length > 0);
say(`\n${steps.length - failed.length} of ${steps.length} steps have passed, ${failed.length} have not`);
if (failed.length > 0) process.exitCode = 1;
