import fc from "fast-check";
import { expect, test } from "vitest";
import { Currency, parseBirr, Santim, sum, toBirr } from "../../lib/domain/money.ts";

test.each([
  ["500", 50_000],
  ["500.0", 50_000],
  ["500.5", 50_050],
  ["500.50", 50_050],
  ["00010.50", 1_050],
  ["500.500", 50_050],
  ["0.01", 1],
  ["0", 0],
  ["500.00000000000000000000", 50_000],
  ["1000000.00", 100_000_000],
])("%s birr are %d santim", (text, santim) => {
  expect(parseBirr(text)).toBe(santim);
});

test.each([
  "",
  "-1",
  "+1",
  "1e2",
  "1,000",
  "1.005",
  "0.001",
  "500.",
  ".5",
  " 500",
  "500 ",
  "NaN",
  "Infinity",
  "0x10",
  "500.0a",
  "10000000000000",
])("%j is not an exact amount", (text) => {
  expect(parseBirr(text)).toBeUndefined();
});

test("every amount survives being written and read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (value) => {
      const amount = Santim.parse(value);
      expect(toBirr(amount)).toMatch(/^\d+\.\d\d$/);
      expect(parseBirr(toBirr(amount))).toBe(amount);
    }),
  );
});

test("money is birr or dollars, and nothing else", () => {
  for (const currency of ["ETB", "USD"]) expect(Currency.parse(currency)).toBe(currency);
  for (const currency of ["", "EUR", "etb"]) expect(Currency.safeParse(currency).success).toBe(false);
});

test("amounts add up without a float", () => {
  expect(sum([Santim.parse(10), Santim.parse(20)])).toBe(30);
  expect(sum([])).toBe(0);
});

test("a thousand reports of the highest readable amount add up exactly", () => {
  const highest = Santim.parse(parseBirr("9999999999.99"));
  expect(sum(Array.from({ length: 1_000 }, () => highest))).toBe(999_999_999_999_000);
});
