import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { type Played, play, SCENARIOS } from "../../../local/demo/play.ts";
import { WRONG_ENDS } from "./wrong-ends.ts";

// What no story may be satisfied with, whatever it is about.
const ALWAYS_WRONG = [
  "there is no payment",
  "there is a payment too many",
  "the payment is in another state",
  "Chapa holds money that nobody here knows of",
  "money is believed in that Chapa does not hold",
  "the payer was told something else",
];

describe.each(SCENARIOS)("$name", (scenario) => {
  let played: Played;
  beforeAll(async () => {
    played = await play(scenario, {});
  });

  test("the scenario ends as it says it does", () => {
    expect(played.findings.filter(({ holds }) => !holds)).toEqual([]);
    expect(played.findings.length).toBeGreaterThan(0);
  });

  test("the scenario shows the actor of each step in the order of time", () => {
    const times = played.entries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(played.entries.filter(({ lane }) => lane === "owner").length).toBeGreaterThan(0);
    expect(played.entries.filter(({ lane }) => lane === "payments").length).toBeGreaterThan(0);
  });

  test.each(ALWAYS_WRONG)("the scenario's check fails when %s", (name) => {
    const wrong = (WRONG_ENDS[name]?.(played.outcome) ?? []).filter((end) => !isDeepStrictEqual(end, played.outcome));
    expect(wrong.length).toBeGreaterThan(0);
    const accepted = wrong.filter((outcome) => scenario.check(outcome).every(({ holds }) => holds));
    expect(accepted).toEqual([]);
  });

  test("the scenario's check fails for wrong answers", () => {
    const wrong = WRONG_ENDS["callers got other answers"]?.(played.outcome) ?? [];
    expect(wrong.some((outcome) => scenario.check(outcome).some(({ holds }) => !holds))).toBe(true);
  });

  test("every claim of the scenario can turn out false", () => {
    const wrong = Object.values(WRONG_ENDS).flatMap((end) => end(played.outcome));
    const refuted = new Set(
      wrong.flatMap((outcome) => scenario.check(outcome)).flatMap(({ claim, holds }) => (holds ? [] : [claim])),
    );
    const unrefuted = played.findings.map(({ claim }) => claim).filter((claim) => !refuted.has(claim));
    expect(unrefuted).toEqual([]);
  });
});
