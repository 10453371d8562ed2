import fc from "fast-check";
import { expect, test } from "vitest";
import { addisAbabaDay, clamp, DAY_MS, parseDuration, spanOfDay } from "../../lib/domain/time.ts";

test("a day in Addis Ababa begins at nine in the evening, UTC", () => {
  expect(addisAbabaDay(Date.UTC(2026, 10, 23, 20, 59, 59, 999))).toBe("2026-11-23");
  expect(addisAbabaDay(Date.UTC(2026, 10, 23, 21, 0, 0, 0))).toBe("2026-11-24");
});

test("a day in Addis Ababa spans exactly its own moments", () => {
  const from = Date.UTC(2026, 10, 23, 21);
  expect(spanOfDay("2026-11-24")).toEqual({ from, to: from + DAY_MS - 1 });
});

test("a day in Addis Ababa holds each moment once: it lies in the span of its day", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2060, 0, 1) }), (at) => {
      const { from, to } = spanOfDay(addisAbabaDay(at));
      expect(at).toBeGreaterThanOrEqual(from);
      expect(at).toBeLessThanOrEqual(to);
    }),
  );
});

test.each([
  ["90s", 90_000],
  ["20m", 1_200_000],
  ["6h", 21_600_000],
  ["1d", 86_400_000],
  [" 1d ", 86_400_000],
  ["999999s", 999_999_000],
])("the length %j is %d ms", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(["", "5", "m", "1.5h", "-1m", "1w", "1m30s", "x1m", "1mx", "1000000s", "1 m"])(
  "the text %j is no length of time",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("a length of time is kept between its bounds", () => {
  expect([1, 5, 9].map((value) => clamp(value, 3, 7))).toEqual([3, 5, 7]);
});
