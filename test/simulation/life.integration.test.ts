import { describe, expect, test } from "vitest";
import { retold } from "./diagram.ts";
import { search } from "./exhaustive.ts";
import { Violation } from "./laws.ts";
import { live } from "./random-life.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Universe } from "./universe.ts";

const LIVES = 150;

test(`no order of calls, no failure and no crash loses a payment: ${LIVES} lives of one fee`, async () => {
  let crashes = 0;
  let captures = 0;
  for (let seed = 1; seed <= LIVES; seed++) {
    const lived = await live(seed).catch(async (error: unknown) => {
      const { diagram } = await retold((told) => live(seed, told));
      throw new Error(`npm run sim -- --seed ${seed} --diagram\n${diagram}`, { cause: error });
    });
    crashes += lived.scheduler.crashes;
    captures += lived.universe.ledger.captures().length;
  }
  expect(crashes).toBeGreaterThan(LIVES);
  expect(captures).toBeGreaterThan(LIVES / 4);
});

test("the same seed is the same life", async () => {
  const [one, other] = [await live(7), await live(7)];
  expect(other.universe.payments()).toEqual(one.universe.payments());
  expect(other.scheduler.steps).toBe(one.scheduler.steps);
});

test("a success that nobody may find breaks a law: the laws are not always content", async () => {
  const { universe } = await live(3);
  const [payment] = universe.payments();
  if (!payment) throw new Error("nobody pressed");
  const stolen = { ...payment, state: "SUCCESS" as const, version: payment.version + 1 };
  expect(() => universe.laws.changed(payment, stolen, "thief", undefined)).toThrow(Violation);
});

describe("every order of a race", () => {
  const twoSweeps = {
    name: "two sweeps",
    faults: 0,
    start: (universe: Universe) => {
      universe.sweep();
      universe.sweep();
      universe.press("a", "a", 400);
    },
  };

  test("a situation that was seen before is not played again, and no order is lost by it", async () => {
    const plain = await search(twoSweeps, { merging: false });
    const merging = await search(twoSweeps);
    expect(merging.schedules).toBe(plain.schedules);
    expect(merging.ends).toBe(plain.ends);
    expect(BigInt(plain.runs)).toBe(plain.schedules);
    expect(merging.runs).toBeLessThan(plain.runs);
  });

  // Found here: the caller took its own stored link for an orphan, cancelled it, and gave it out.
  test("a link whose save lost its answer is not ended by whoever gives it out", async () => {
    const race = SCENARIOS.find(({ name }) => name === "a new request while it is sealed");
    if (!race) throw new Error("the race is gone");
    expect(await search(race, { limit: 500 })).toMatchObject({ runs: 500 });
  });

  test("an order that loses a payment is told call by call, with the command that plays it again", async () => {
    const losing = {
      name: "losing",
      faults: 0,
      begin: async (universe: Universe) => {
        universe.press("a", "a");
      },
      start: (universe: Universe) => {
        for (const key of [...universe.table.rows.keys()]) if (key.startsWith("P#")) universe.table.rows.delete(key);
        universe.press("a", "b");
      },
    };
    const found = String(await search(losing).catch(String));
    expect(found).toMatch(/npm run sim -- --scenario "losing" --path [\d.]+\nsequenceDiagram\n[\s\S]+%% Error: /);
  });

  test("a search that ends before it has seen everything says so", async () => {
    expect(await search(twoSweeps, { limit: 2 })).toMatchObject({ runs: 2, isComplete: false });
  });
});
