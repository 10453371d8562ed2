import { expect, test } from "vitest";
import { NO_CALLS, NO_TOTALS } from "../../lib/domain/totals.ts";
import { InputInvalid } from "../../lib/http/errors.ts";
import { daysOf, toTotals } from "../../lib/http/totals-response.ts";
import { T0 } from "../support/payments.ts";

test("totals without days are those of the last 31 days, and a day in Addis Ababa begins three hours before that of UTC", () => {
  const days = daysOf({}, T0);
  expect([days.length, days[0], days.at(-1)]).toEqual([31, "2026-10-25", "2026-11-24"]);
  expect(daysOf({}, Date.UTC(2026, 10, 24, 21)).at(-1)).toBe("2026-11-25");
  expect(daysOf({ from: "2026-02-28", to: "2026-03-01" }, T0)).toEqual(["2026-02-28", "2026-03-01"]);
  expect(daysOf({ from: "2026-11-24" }, T0)).toEqual(["2026-11-24"]);
});

test.each([
  [{ from: "2026-11-25", to: "2026-11-24" }, "is after 2026-11-24, the last day"],
  [{ from: "2025-11-01" }, "is more than 366 days before 2026-11-24, the last day"],
])("a span of totals without a day, or with too many, is refused in the field's words: %o", (span, msg) => {
  expect(() => daysOf(span, T0)).toThrow(InputInvalid);
  expect(() => daysOf(span, T0)).toThrow(expect.objectContaining({ errors: [expect.objectContaining({ msg })] }));
});

test("totals name a day that cannot be read, and leave it out of their sum", () => {
  const sums = { ...NO_TOTALS, ...NO_CALLS, total: 2, success: 1, revenue: 50_050, webhook_calls: 3 };
  const { days, sum, unreadable } = toTotals([
    { day: "2026-11-22", sums },
    { day: "2026-11-23", sums: undefined },
    { day: "2026-11-24", sums },
  ]);
  expect(days.map(({ day }) => day)).toEqual(["2026-11-22", "2026-11-24"]);
  expect(sum).toMatchObject({ total_payments: 4, success_payments: 2, total_revenue: 1001, webhook_calls: 6 });
  expect(unreadable).toEqual(["2026-11-23"]);
});
