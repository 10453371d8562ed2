import { execFileSync } from "node:child_process";
import { globSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { Command } from "../../commands/command.ts";
import { repeated, text } from "../../commands/options.ts";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";
import { EXCUSED } from "./excused.ts";
import { GROUP_NAMES, GROUP_VARIABLE, GROUPS, type GroupName } from "./groups.ts";
import {
  listOf,
  type Mutant,
  markdownOf,
  type Row,
  rowOf,
  type Survivor,
  scoreOf,
  survivorsOf,
  tableOf,
} from "./report.ts";

const command = new Command({
  name: "npm run mutation",
  summary: "Puts small faults into the code, one at a time, and lists the faults that no test detects.",
  duration: "ten minutes; with --changed half a minute for each file",
  options: {
    changed: text("only files that differ, or whose test differs, from this revision", "REV"),
    only: repeated("only files whose path begins with this", "PATH"),
    markdown: text("also writes the report to this file", "FILE"),
  },
  examples: {
    "npm run mutation -- --changed HEAD^": "the files of the last commit",
    "npm run mutation -- --only lib/domain/money.ts": "one file",
  },
  notes: `Fails if the tests of a group detect too few faults, if an undetected fault has no reason in
.ci/mutation/excused.ts, or if a reason in that file is no longer needed.`,
});
const options = command.read();
const workspace = openWorkspace("mutation");

function filesOf(group: GroupName): string[] {
  const files = globSync([...GROUPS[group].files]).toSorted();
  const { changed, only } = options;
  const asked = only.length === 0 ? files : files.filter((file) => only.some((path) => file.startsWith(path)));
  if (changed === undefined) return asked;
  const differing = [
    ...linesOf("diff", "--name-only", changed, "--"),
    ...linesOf("ls-files", "--others", "--exclude-standard"),
  ];
  const testOf = (file: string) => file.replace(/^lib/, "test").replace(/\.ts$/, ".test.ts");
  return asked.filter((file) => differing.includes(file) || differing.includes(testOf(file)));
}

function linesOf(...git: string[]): string[] {
  return execFileSync("git", git, { encoding: "utf8" }).split("\n");
}

async function mutated(group: GroupName, files: readonly string[]): Promise<Mutant[]> {
  process.env[GROUP_VARIABLE] = group;
  const { Stryker } = await import("@stryker-mutator/core");
  const stryker = new Stryker({
    configFile: ".ci/mutation/stryker.json",
    mutate: [...files],
    reporters: process.stdout.isTTY ? ["json", "progress"] : ["json"],
    jsonReporter: { fileName: `${workspace}/${group}.json` },
    tempDirName: `${workspace}/sandbox`,
  });
  const mutants = await stryker.runMutationTest();
  moveIntoPlace(`${workspace}/${group}.json`, `.local/mutation/${group}.json`);
  return mutants.map((mutant) => ({ ...mutant, fileName: relative("", mutant.fileName) }));
}

const rows: Row[] = [];
const survivors: Survivor[] = [];
let unexcused = 0;
const faults: string[] = [];
const isWhole = options.changed === undefined && options.only.length === 0;

for (const group of GROUP_NAMES) {
  const files = filesOf(group);
  if (files.length === 0) {
    process.stdout.write(`${group}: nothing to mutate\n`);
    continue;
  }
  process.stdout.write(`${group}: mutating ${files.length} files\n`);
  const mutants = await mutated(group, files);
  const found = survivorsOf(
    mutants,
    EXCUSED.filter(({ file }) => files.includes(file)),
  );
  const row = rowOf(group, mutants, found.survivors);
  rows.push(
    row,
    ...files.map((file) =>
      rowOf(
        `  ${file}`,
        mutants.filter(({ fileName }) => fileName === file),
        found.survivors.filter((survivor) => survivor.file === file),
      ),
    ),
  );
  survivors.push(...found.survivors);
  if (GROUPS[group].isExplained) unexcused += found.survivors.filter(({ reason }) => reason === undefined).length;
  if (isWhole && scoreOf(row) < GROUPS[group].least) {
    faults.push(
      `${group}: ${scoreOf(row).toFixed(1)} % of the faults are detected; at least ${GROUPS[group].least} % must be`,
    );
  }
  for (const { file, code, becomes } of found.stale) {
    faults.push(`excused.ts: no longer needed: ${file} ${JSON.stringify(code)} -> ${JSON.stringify(becomes)}`);
  }
}

for (const { file } of EXCUSED) {
  if (!GROUP_NAMES.some((group) => globSync([...GROUPS[group].files]).includes(file))) {
    faults.push(`excused.ts: nothing is mutated in ${file}`);
  }
}
if (unexcused > 0) faults.push(`${unexcused} faults are not detected and have no reason`);
if (rows.length > 0) {
  process.stdout.write(`\n${tableOf(rows)}\n\n${survivors.length} survivors\n${listOf(survivors)}\n`);
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdownOf(rows, survivors));
}
process.stdout.write(faults.length > 0 ? `\n${faults.join("\n")}\n` : "\nevery fault is detected or has a reason\n");
process.exitCode = faults.length > 0 ? 1 : 0;
