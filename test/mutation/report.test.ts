import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXCUSED, type Excuse } from "../../.ci/mutation/excused.ts";
import { listOf, type Mutant, markdownOf, rowOf, scoreOf, survivorsOf, tableOf } from "../../.ci/mutation/report.ts";

// The mutants are of this file: of the next line.
const EXAMPLE = "one";
const FILE = "test/mutation/report.test.ts";
const lines = readFileSync(FILE, "utf8").split("\n");
const LINE = lines.findIndex((line) => line.startsWith("const EXAMPLE")) + 1;

function aMutant(status: string, replacement = '""'): Mutant {
  const column = 1 + (lines[LINE - 1] ?? "").indexOf(`"${EXAMPLE}"`);
  const location = { start: { line: LINE, column }, end: { line: LINE, column: column + 5 } };
  return { fileName: FILE, mutatorName: "StringLiteral", replacement, location, status };
}

const excuse: Excuse = { file: FILE, code: '"one"', becomes: '""', reason: "It is an example." };
const two = [aMutant("Survived"), aMutant("NoCoverage")];

test("the score counts noticed mutants against survivors, and leaves out those that do not load", () => {
  const statuses = ["Killed", "Killed", "Timeout", "Survived", "NoCoverage", "RuntimeError", "CompileError"];
  const row = rowOf(
    "x",
    statuses.map((status) => aMutant(status)),
    [],
  );
  expect(row).toEqual({
    name: "x",
    mutants: 7,
    killed: 2,
    timedOut: 1,
    survived: 1,
    uncovered: 1,
    broken: 2,
    excused: 0,
  });
  expect(scoreOf(row)).toBe(60);
  expect(scoreOf(rowOf("none", [], []))).toBe(100);
});

test("an excuse does not improve the score of mutants", () => {
  const { survivors } = survivorsOf(two, [{ ...excuse, times: 2 }]);
  const row = rowOf("x", [...two, aMutant("Killed"), aMutant("Killed")], survivors);
  expect(row.excused).toBe(2);
  expect(scoreOf(row)).toBe(50);
});

test("the report gives each survivor with its place, its code, its mutation, and its reason or that there is none", () => {
  const { survivors } = survivorsOf([aMutant("Survived"), aMutant("Survived", "`x`")], [excuse]);
  expect(survivors).toEqual([
    {
      file: FILE,
      line: LINE,
      mutator: "StringLiteral",
      code: '"one"',
      becomes: '""',
      isCovered: true,
      reason: "It is an example.",
    },
    expect.objectContaining({ becomes: "`x`", reason: undefined }),
  ]);
  expect(listOf(survivors).indexOf("NO REASON")).toBeLessThan(listOf(survivors).indexOf("It is an example."));
  expect(markdownOf([rowOf("x", two, survivors)], survivors)).toMatch(/\*\*It is an example\.\*\*\n\n- `test/);
  expect(tableOf([rowOf("x", two, survivors)])).toMatch(/^ +mutants .*\nx +2 .* 0\.0 %$/);
});

test("a survivor is excused as often as the excuse says and no more", () => {
  expect(survivorsOf(two, [excuse]).survivors.map(({ reason }) => reason)).toEqual([excuse.reason, undefined]);
  expect(survivorsOf(two, [{ ...excuse, times: 2 }]).survivors.every(({ reason }) => reason)).toBe(true);
});

test("a survivor that a test notices now, or whose code is gone, makes its excuse stale", () => {
  expect(survivorsOf([aMutant("Killed")], [excuse]).stale).toEqual([excuse]);
  expect(survivorsOf([aMutant("Survived")], [{ ...excuse, times: 2 }]).stale).toHaveLength(1);
  expect(survivorsOf([aMutant("Survived")], [{ ...excuse, file: "elsewhere.ts" }]).stale).toHaveLength(1);
  expect(survivorsOf([aMutant("Survived")], [excuse]).stale).toEqual([]);
});

test("every excuse in the list is a sentence", () => {
  for (const { reason } of EXCUSED) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
});
