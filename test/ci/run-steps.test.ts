import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { figureOf, lastLines, outputFile, runSteps } from "../../.ci/gate/run-steps.ts";
import { gateSteps, proofSteps, type Step } from "../../.ci/gate/steps.ts";
import { FIGURES_PAGE, pageWith, readFigures } from "../../.ci/proof/figures.ts";

const home = () => mkdtempSync(join(tmpdir(), "steps-"));
const node = (code: string): Step["command"] => [process.execPath, "-e", code];
const step = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  cores: 1,
  command: node(`console.log("work\\n\\n${name} is done")`),
  ...more,
});

test("steps run to their end, and each gives its last paragraph as its figure", async () => {
  const ended = await runSteps([step("one"), step("two")], home(), () => undefined);

  expect(ended.map(({ step: { name }, passed, figure }) => [name, passed, figure]).toSorted()).toEqual([
    ["one", true, "one is done"],
    ["two", true, "two is done"],
  ]);
});

test("a step that fails keeps its output and gives no figure, and the others go on", async () => {
  const folder = home();
  const broken = step("broken", { command: node('console.error("no luck"); process.exitCode = 3') });

  const ended = await runSteps([broken, step("two")], folder, () => undefined);

  expect(ended.find((one) => one.step === broken)).toMatchObject({ passed: false, figure: "" });
  expect(lastLines(folder, broken)).toContain("no luck");
  expect(ended).toHaveLength(2);
});

test("after a failed first step nothing more starts", async () => {
  const broken = step("broken", { first: true, command: ["no-such-program"] });

  const ended = await runSteps([broken, step("two")], home(), () => undefined);

  expect(ended.map(({ step: { name } }) => name)).toEqual(["broken"]);
});

test("a step that wants every core runs alone", async () => {
  const folder = home();
  // Each one fails when another one is under way.
  const alone = node(`
    const fs = require("node:fs"), file = ${JSON.stringify(join(folder, "busy"))};
    fs.writeFileSync(file, "", { flag: "wx" });
    setTimeout(() => fs.rmSync(file), 50);
  `);
  const steps = ["one", "two", "three"].map((name) => step(name, { command: alone, cores: 1_000_000 }));

  const ended = await runSteps(steps, folder, () => undefined);

  expect(ended.map(({ passed }) => passed)).toEqual([true, true, true]);
});

test("the runner names a missing program that a step needs", async () => {
  const [ended] = await runSteps([step("one", { needs: ["no-such-program", "sh"] })], home(), () => undefined);

  expect(ended?.missing).toEqual(["no-such-program"]);
});

test("the figure of a step is the line that its expression finds", () => {
  const output = "\u001b[1m      Tests \u001b[22m 12 passed (12)\n   Duration  3 s\n\n22 records read\n";

  expect(figureOf({ figure: /^\s*Tests +(.*)$/m }, output)).toBe("12 passed (12)");
  expect(figureOf({}, "a\n\n b,\n c\n")).toBe("b,; c");
});

test("each step of the gate and of the proof has a file of its own for what it prints", () => {
  for (const steps of [gateSteps(1, "HEAD^"), proofSteps(["a", "b"])]) {
    const files = steps.map((one) => outputFile("", one));
    expect(new Set(files).size).toBe(files.length);
  }
});

test("the page on reliability shows the figures that the proof stored last", () => {
  const page = readFileSync(FIGURES_PAGE, "utf8");

  expect(pageWith(page, readFigures())).toBe(page);
});
