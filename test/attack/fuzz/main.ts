import { Command } from "../../../commands/command.ts";
import { flag, integer, text } from "../../../commands/options.ts";
import { Progress } from "../../../commands/progress.ts";
import { Coverage } from "./coverage.ts";
import { fuzz, type Report, type Target } from "./engine.ts";

// The functions would log every refused input.
process.env["POWERTOOLS_LOG_LEVEL"] = "SILENT";

const command = new Command({
  name: "npm run fuzz:parsers",
  summary: "Fuzzes each parser, guided by code coverage, and checks its invariant.",
  duration: "20 minutes for 100,000 inputs for each parser",
  options: {
    execs: integer("inputs for each parser", 100_000),
    seed: integer("the seed of the random inputs", 1),
    target: text("this parser only", "NAME"),
    planted: flag("only parsers with a planted mistake, which must be found"),
    blind: flag("does not use code coverage"),
  },
  examples: {
    'npm run fuzz:parsers -- --execs 100000 --target "chapa verify"': "one parser",
    "npm run fuzz:parsers -- --planted": "shows that the fuzzer finds mistakes",
  },
});
const values = command.read();
const progress = new Progress();
const say = (text: string) => progress.print(text);
const coverage = values.blind
  ? undefined
  : new Coverage(
      (url) => (/\/lib\/[^.]+\.ts$/.test(url) && !url.includes("node_modules")) || url.endsWith("/planted.ts"),
    );

// V8 counts only code that is loaded after the coverage has started.
const all: readonly Target[] = values.planted
  ? (await import("./planted.ts")).PLANTED
  : (await import("./targets.ts")).TARGETS;
const targets = all.filter(({ name }) => !values.target || name === values.target);
if (targets.length === 0) {
  command.refuse(`--target must be one of ${all.map(({ name }) => name).join(", ")}, not "${values.target}".`);
}

const COLUMNS = ["execs", "execs/s", "corpus", "blocks", "crashes", "slowest"] as const;

function row(name: string, report: Report): string {
  const cells = [
    report.execs,
    Math.round(report.execs / report.seconds),
    report.corpus,
    report.blocks,
    report.crashes.length,
    `${report.slowestMs.toFixed(1)} ms (${report.slowestBytes} B)`,
  ];
  return name.padEnd(24) + cells.map((cell, at) => String(cell).padStart(at === 5 ? 22 : 10)).join("");
}

say("target".padEnd(24) + COLUMNS.map((title, at) => title.padStart(at === 5 ? 22 : 10)).join(""));
const sum = { execs: 0, crashes: 0 };
for (const [at, target] of targets.entries()) {
  progress.show(`${at + 1} of ${targets.length}: ${target.name}`);
  const report = await fuzz(target, { execs: values.execs, seed: values.seed, coverage });
  sum.execs += report.execs;
  sum.crashes += report.crashes.length;
  say(row(target.name, report));
  for (const { invariant, input } of report.crashes)
    say(`    ${invariant}\n      on ${JSON.stringify(input.toString("latin1"))}`);
}
progress.end();
say(`\n${targets.length} targets, ${sum.execs} execs from seed ${values.seed}: ${sum.crashes} crashes`);
if (sum.crashes > 0) process.exitCode = 1;
