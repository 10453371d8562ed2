import { beforeAll, describe, expect, test } from "vitest";
import { type Raced, race } from "./race.ts";

/** RACE_FEES=n for more of them. */
const FEES = Number(process.env["RACE_FEES"] ?? 5);
const OPTIONS = { keys: FEES, parallel: 100, seed: 1, faultRate: 0.01 };
const AGAIN = `node test/chaos/races.ts --keys ${OPTIONS.keys} --parallel ${OPTIONS.parallel} --seed ${OPTIONS.seed}`;

describe(`${OPTIONS.keys} fees, ${OPTIONS.parallel} callers at once for each, on the real engine, one call in 100 failing`, () => {
  let raced: Raced;
  beforeAll(async () => {
    raced = await race(OPTIONS);
  });

  test("all callers of a fee get one and the same URL, which is stored and the only payable one", () => {
    expect(raced.answers).toBe(OPTIONS.keys * OPTIONS.parallel);
    expect(raced.faults, AGAIN).toEqual([]);
  });

  test("some answers of the table were lost during the race", () => {
    expect(raced.cutAnswers).toBeGreaterThan(0);
  });

  test("no transaction at Chapa is opened in vain except after a fault", () => {
    // A busy machine cuts callers off, too; what that costs for each payment is for the long form, on a quiet one.
    expect(raced.transactions - OPTIONS.keys, AGAIN).toBeLessThanOrEqual(raced.cutAnswers + raced.cutOff);
  });
});
