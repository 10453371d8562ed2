import { beforeAll, describe, expect, test } from "vitest";
import type { State, TransitionName } from "../../lib/domain/vocabulary.ts";
import { ABLATION_BOUNDS, ABLATIONS, rulesWithout } from "./ablations.ts";
import { check, type Report } from "./checker.ts";
import { LEFT_OUT, MODELLED, protocol } from "./protocol.ts";
import { BASE, type Rule, type Rules, TABLE } from "./rules.ts";
import { type Bounds, GOOD_CHAPA, type S } from "./state.ts";

const BOUNDS: Bounds = {
  attempts: 2,
  initiators: 1,
  closers: 1,
  requests: 1,
  wrong: 2,
  chapa: GOOD_CHAPA,
  timed: false,
  persons: false,
  joined: true,
};
const RELEASED: Bounds = {
  ...BOUNDS,
  wrong: 1,
  chapa: { ...GOOD_CHAPA, cancels: "never" },
  timed: true,
  persons: true,
};
const LAPSED: Bounds = {
  ...BOUNDS,
  wrong: 0,
  requests: 0,
  chapa: { ...GOOD_CHAPA, cancels: "sometimes" },
  timed: true,
};
const UNKNOWN_WORDS: Bounds = { ...BOUNDS, wrong: 0, requests: 0, chapa: { ...GOOD_CHAPA, words: true } };
const LIMIT = 1_000_000;
const rows = Object.entries(TABLE) as [TransitionName, Rule][];

describe("the model and the table of transitions", () => {
  const made = new Set<string>();
  const reports: Report<S>[] = [];

  beforeAll(() => {
    for (const bounds of [BOUNDS, RELEASED, LAPSED, UNKNOWN_WORDS]) {
      const report = check(protocol(bounds), LIMIT, (from, { name }) => {
        if (name) made.add(`${name} out of ${from.row.state}`);
      });
      reports.push(report);
    }
  });

  test("the protocol keeps its invariants in every state that can be reached", () => {
    for (const report of reports) expect(report).toMatchObject({ complete: true, counterexample: undefined });
  });

  test("each transition of the table is in the model, or left out for a reason", () => {
    for (const [move] of rows) expect(MODELLED.includes(move) || (LEFT_OUT[move] ?? "").length > 20, move).toBe(true);
    expect(Object.keys(LEFT_OUT)).toHaveLength(rows.length - MODELLED.length);
  });

  test("the model makes each of its transitions out of each state that the table has for it, and out of no other", () => {
    // Out of another state it needs a payment that was left, which the model of serials has.
    const of = (move: TransitionName, { from }: Rule) => (move === "duplicate" ? (["SUCCESS"] as const) : from);
    const table = rows.flatMap(([move, rule]) =>
      MODELLED.includes(move) ? of(move, rule).map((state) => `${move} out of ${state}`) : [],
    );
    expect([...made].sort()).toEqual(table.sort());
  });
});

test("joining steps that no other step can interrupt neither hides a state nor invents one", () => {
  const reached = (joined: boolean) => {
    const states = new Set<string>();
    const { complete } = check(protocol({ ...BOUNDS, wrong: 1, joined }), LIMIT, (_from, { to }) =>
      states.add(JSON.stringify([to.row, to.chapa, to.world])),
    );
    expect(complete).toBe(true);
    return states;
  };
  const [joined, split] = [reached(true), reached(false)];
  expect([...split].filter((state) => !joined.has(state))).toEqual([]);
  expect(joined.size).toBe(split.size);
});

const search = (rules: Partial<Rules>, bounds = ABLATION_BOUNDS) =>
  check(protocol(bounds, { ...BASE, ...rules }), LIMIT);
const doctored = (move: TransitionName, change: Partial<Rule>): Partial<Rules> => ({
  table: { ...TABLE, [move]: { ...TABLE[move], ...change } },
});
const also = (move: TransitionName, state: State) => doctored(move, { from: [...TABLE[move].from, state] });

test("the search finds a table in which a success may fail", () => {
  expect(search(also("expire", "SUCCESS")).counterexample?.invariant).toBe("success never goes back");
});

test("the search finds a table in which a success may be cancelled", () => {
  expect(search(also("cancel", "SUCCESS")).counterexample?.invariant).toBe("success never goes back");
});

test("the search finds a table in which a paid fee may be renewed", () => {
  expect(search(also("renew", "SUCCESS")).counterexample?.invariant).toBe("success never goes back");
});

test("the search finds a table in which late evidence no longer confirms a payment", () => {
  const rules = doctored("confirm", { from: ["CREATED", "PENDING", "REVIEW"] });
  expect(search(rules).counterexample?.invariant).toBe("every capture is accounted for");
});

test("the search finds a table in which finalise needs less", () => {
  const rules = doctored("finalise", { guards: ["notFinalised"] });
  expect(search(rules).counterexample?.invariant).toBe("finalised over no money that had landed");
});

test("the search finds a transition that is made on another proof than the table names", () => {
  expect(() => search(doctored("expire", { proof: "request" }))).toThrow("expire needs request");
});

// Those that are found in the blink of an eye; `npm run model` takes away all of them.
const QUICK = [
  "closing cancels at Chapa",
  "closing verifies again after the cancel",
  "renew needs closing evidence",
  "a reference that Chapa knows is not tried again",
  "the next attempt is written before the lost one is cancelled",
  "lapse: a cancel is tried first",
  "lapse: verified again after the cancel",
  "a lapsed checkout is verified on",
  "a success beats every settling",
  "no other checkout's verification is overdue at finalise",
  "only the listing's answer acknowledges",
];

test.each(QUICK)("the search finds a violation without the rule: %s", (name) => {
  const ablation = ABLATIONS.find((known) => known.name === name);
  if (!ablation || !("breaks" in ablation)) throw new Error(`there is no such rule: ${name}`);
  const model = protocol({ ...ABLATION_BOUNDS, ...ablation.bounds }, rulesWithout(ablation));
  const invariants = model.invariants.filter((invariant) => invariant.name === ablation.breaks);
  expect(check({ ...model, invariants }, LIMIT).counterexample?.invariant).toBe(ablation.breaks);
});

test("no rule is taken away under two names, and each is a rule of the model", () => {
  expect(new Set(ABLATIONS.map(({ name }) => name)).size).toBe(ABLATIONS.length);
  for (const ablation of ABLATIONS) expect(rulesWithout(ablation), ablation.name).not.toEqual(BASE);
});
