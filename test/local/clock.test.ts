import { expect, test } from "vitest";
import { createClock } from "../../local/clock.ts";

test("a clock that is moved by parts of a millisecond shows whole milliseconds, which is what rows keep", async () => {
  const clock = createClock(Date.parse("2026-11-28T06:00:00Z"));
  for (const ms of [0.5, 1000 / 3, 44.9]) {
    await clock.advance(ms);
    expect(Number.isInteger(clock.now())).toBe(true);
  }
});

test("a clock is not moved back, nor by no number", async () => {
  const clock = createClock();
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(clock.advance(ms)).rejects.toThrow(RangeError);
});
