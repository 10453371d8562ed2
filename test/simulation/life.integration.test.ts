import { describe, expect, test } from "vitest";
import { live, Violation } from "./life.ts";
import { MUTANTS } from "./mutants.ts";

const SEEDS = 120;

test(`no order of calls, no failure and no crash loses a payment: ${SEEDS} lives of one fee`, async () => {
  let crashes = 0;
  let captures = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const lived = await live(seed).catch((error: unknown) => {
      throw new Error(`npm run sim -- --seed ${seed} --schedules 1`, { cause: error });
    });
    crashes += lived.scheduler.crashes;
    captures += lived.captures;
  }
  expect(crashes).toBeGreaterThan(SEEDS);
  expect(captures).toBeGreaterThan(SEEDS / 4);
});

test("the same seed is the same life", async () => {
  const [one, other] = [await live(7), await live(7)];
  expect(other.payments).toEqual(one.payments);
  expect(other.scheduler.steps).toBe(one.scheduler.steps);
});

// Those that take thousands of schedules are for `npm run sim -- --mutants`.
const QUICK = MUTANTS.filter(({ name }) => !/without being cancelled|is not looked at any more/.test(name));

describe("a design that is wrong on purpose is found out:", () => {
  test.each(QUICK)("$name", async (mutant) => {
    let found: unknown;
    for (let seed = 1; seed <= 100 && found === undefined; seed++) {
      await live(seed, mutant).catch((error: unknown) => {
        found = error;
      });
    }
    expect(found).toBeInstanceOf(Violation);
  });
});
