import { expect, test } from "vitest";
import { check, type Model } from "./checker.ts";

type Clock = { hours: { at: number }; minutes: { at: number } };

/** Two hands that each go round, one step at a time; the state is new objects each time. */
function clock(invariants: Model<Clock>["invariants"] = []): Model<Clock> {
  return {
    initial: [{ hours: { at: 0 }, minutes: { at: 0 } }],
    next: ({ hours, minutes }) => [
      { label: "hour", to: { hours: { at: (hours.at + 1) % 12 }, minutes: { at: minutes.at } } },
      { label: "minute", to: { hours: { at: hours.at }, minutes: { at: (minutes.at + 1) % 60 } } },
    ],
    invariants,
  };
}

test("every reachable state is visited once", () => {
  const report = check(clock(), 10_000);
  expect(report).toEqual({ states: 720, transitions: 1440, depth: 70, complete: true, counterexample: undefined });
});

test("a planted violation is found, by a shortest path", () => {
  const invariant = {
    name: "never half past two",
    state: ({ hours, minutes }: Clock) => (hours.at === 2 && minutes.at === 3 ? "it is" : undefined),
  };
  const { counterexample, complete } = check(clock([invariant]), 10_000);
  expect(complete).toBe(false);
  expect(counterexample).toMatchObject({ invariant: "never half past two", fault: "it is" });
  expect(counterexample?.path.toSorted()).toEqual(["hour", "hour", "minute", "minute", "minute"]);
  expect(counterexample?.state).toEqual({ hours: { at: 2 }, minutes: { at: 3 } });
});

test("the checker finds a forbidden transition between two allowed states", () => {
  const invariant = {
    name: "hours stand still at minute 5",
    step: ({ minutes }: Clock, { label }: { label: string }) =>
      minutes.at === 5 && label === "hour" ? "they do not" : undefined,
  };
  const { counterexample } = check(clock([invariant]), 10_000);
  expect(counterexample?.path).toEqual(["minute", "minute", "minute", "minute", "minute", "hour"]);
});

test("the checker judges the first state, too", () => {
  const { counterexample } = check(clock([{ name: "never", state: () => "always" }]), 10);
  expect(counterexample).toMatchObject({ invariant: "never", path: [] });
});

test("a search that did not see everything reports itself incomplete", () => {
  expect(check(clock(), 719)).toMatchObject({ complete: false, counterexample: undefined });
  expect(check(clock(), 720)).toMatchObject({ complete: true });
});

test("an invariant over some parts is asked once for each combination of them", () => {
  const asked: number[] = [];
  const invariant = {
    name: "about hours",
    of: ["hours"] as const,
    state: ({ hours }: Clock) => {
      asked.push(hours.at);
      return undefined;
    },
  };
  expect(check(clock([invariant]), 10_000).complete).toBe(true);
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("the checker reports transitions as it finds them", () => {
  const labels = new Map<string, number>();
  check(clock(), 10_000, (_from, { label }) => labels.set(label, (labels.get(label) ?? 0) + 1));
  expect([...labels]).toEqual([
    ["hour", 720],
    ["minute", 720],
  ]);
});
