import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { faultySource, filesOf } from "../invariants/deliberate-faults.ts";
import { check, type Report } from "./checker.ts";
import { type Books, REFUND_INVARIANTS, REFUND_MOVES, refundModel } from "./refunds.ts";
import { REFUND_ABLATIONS, REFUND_CONFIGURATIONS } from "./refunds-ablations.ts";
import { faultOf, searchWithout } from "./search-refunds.ts";

const LIMIT = 200_000;
const ROOT = new URL("../../", import.meta.url);

describe("the model of refunds and of the people who decide", () => {
  const made = new Set<string>();
  const reports: Report<Books>[] = [];

  beforeAll(() => {
    for (const { bounds } of REFUND_CONFIGURATIONS.filter(({ isQuick }) => isQuick)) {
      reports.push(check(refundModel(bounds), LIMIT, (_from, { name }) => name && made.add(name)));
    }
  });

  test("refunds and decisions keep their invariants in every state that can be reached", () => {
    for (const report of reports) expect(report).toMatchObject({ complete: true, counterexample: undefined });
  });

  test("each transition that the model of refunds has is made", () => {
    expect([...made].sort()).toEqual([...REFUND_MOVES].sort());
  });
});

const NEEDED = REFUND_ABLATIONS.flatMap((ablation) => ("breaks" in ablation ? [ablation] : []));

test.each(NEEDED)("the search finds a violation without the rule of refunds: $name", async (ablation) => {
  const { counterexample } = await searchWithout(ablation, LIMIT);
  expect(counterexample?.invariant).toBe(ablation.breaks);
});

test("every invariant of refunds breaks without some rule", () => {
  const broken = new Set<string>(NEEDED.map(({ breaks }) => breaks));
  expect([...broken].sort()).toEqual([...REFUND_INVARIANTS].sort());
});

test.each(REFUND_ABLATIONS.flatMap((ablation) => faultOf(ablation) ?? []))(
  'every place of the rule "$name" stands exactly once in the code of today',
  (fault) => {
    for (const file of filesOf(fault)) {
      const source = readFileSync(new URL(file, ROOT), "utf8");
      expect(faultySource(fault, file, source)).not.toBe(source);
    }
  },
);
