import { beforeAll, describe, expect, test } from "vitest";
import { check, type Report } from "./checker.ts";
import { LINE_MOVES, LINE_RULES, type Line, lineModel } from "./serials.ts";
import { LINE_ABLATION_BOUNDS, LINE_ABLATIONS, LINES, lineRulesWithout } from "./serials-ablations.ts";

const LIMIT = 1_000_000;

describe("the model of the payments of one fee", () => {
  const made = new Set<string>();
  const reports: Report<Line>[] = [];

  beforeAll(() => {
    for (const { bounds } of LINES.filter(({ isQuick }) => isQuick)) {
      reports.push(check(lineModel(bounds), LIMIT, (_from, { name }) => name && made.add(name)));
    }
  });

  test("the payments of a fee keep their invariants in every state that can be reached", () => {
    for (const report of reports) expect(report).toMatchObject({ complete: true, counterexample: undefined });
  });

  test("each transition that the model of a line has is made", () => {
    expect([...made].sort()).toEqual([...LINE_MOVES].sort());
  });
});

const QUICK = LINE_ABLATIONS.filter(
  (ablation) =>
    "breaks" in ablation && ablation.name !== "only a later payment with something left settles a duplicate",
);

test.each(QUICK)("the search finds a violation without the rule of serials: $name", (ablation) => {
  if (!("breaks" in ablation)) throw new Error(`${ablation.name} breaks nothing`);
  const model = lineModel(ablation.bounds ?? LINE_ABLATION_BOUNDS, lineRulesWithout(ablation));
  const invariants = model.invariants.filter(({ name }) => name === ablation.breaks);
  expect(check({ ...model, invariants }, LIMIT).counterexample?.invariant).toBe(ablation.breaks);
});

test("no rule of serials is taken away under two names, and each is a rule of that model", () => {
  expect(new Set(LINE_ABLATIONS.map(({ name }) => name)).size).toBe(LINE_ABLATIONS.length);
  for (const ablation of LINE_ABLATIONS) expect(lineRulesWithout(ablation), ablation.name).not.toEqual(LINE_RULES);
});
