import { expect, test } from "vitest";
import { adoptUnmatched } from "../../lib/domain/apply-money.ts";
import { Santim } from "../../lib/domain/money.ts";
import { HOUR_MS } from "../../lib/domain/time.ts";
import { combined, NO_CALLS, NO_TOTALS, shareOf, totalsDelta } from "../../lib/domain/totals.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  anOpened,
  aReviewed,
  aSettled,
  captured,
  moneyOn,
  T0,
  TERMS,
  UNPAID_TRANSITIONS,
} from "../support/payments.ts";

const opened = anOpened();
const paid = aConfirmed(opened);
const settled = UNPAID_TRANSITIONS.map((transition) => aSettled(transition, opened));

test("a payment counts for nothing before its first checkout", () => {
  for (const payment of [undefined, aClaim()]) expect(shareOf(payment)).toEqual(NO_TOTALS);
  expect(NO_TOTALS).toEqual({ total: 0, pending: 0, success: 0, failed: 0, revenue: 0 });
  expect(NO_CALLS).toEqual({ webhook_calls: 0, initiate_calls: 0, status_calls: 0, timeout_jobs_run: 0 });
});

test("a payment counts as one of its kind, and its money only once it is paid", () => {
  expect(shareOf(opened)).toEqual({ total: 1, pending: 1, success: 0, failed: 0, revenue: 0 });
  expect(shareOf(paid)).toEqual({ total: 1, pending: 0, success: 1, failed: 0, revenue: 50_000 });
  for (const payment of settled) {
    expect(shareOf(payment)).toEqual({ total: 1, pending: 0, success: 0, failed: 1, revenue: 0 });
  }
  const review = aReviewed(opened);
  expect(shareOf(review)).toEqual({ total: 1, pending: 1, success: 0, failed: 0, revenue: 0 });
});

test("money that went back is no revenue, and the payment still counts as paid", () => {
  for (const kind of ["refunded", "reversed"] as const) {
    const back = captured(paid, "wentBack", moneyOn(paid, 0, { kind }));
    expect(shareOf(back)).toEqual({ total: 1, pending: 0, success: 1, failed: 0, revenue: 0 });
    expect(totalsDelta(paid, back)).toEqual({ ...NO_TOTALS, day: "2026-11-24", revenue: -50_000 });
  }
  const twice = captured(paid, "duplicate", moneyOn(paid, 0, { reference: "SECOND" }));
  const second = captured(twice, "wentBack", moneyOn(paid, 0, { kind: "refunded", reference: "SECOND" }));
  expect(totalsDelta(twice, second)).toBeUndefined();
});

test("a payment counts with its confirmed capture, not with another one beside it", () => {
  const reviewed = captured(opened, "review", moneyOn(opened, 0, { amount: Santim.parse(70_000) }));
  const other = { ...reviewed, attempt: 1, attempts: { ...reviewed.attempts, 1: { ...TERMS, openedAt: T0 } } };
  const confirmed = aConfirmed(other, 1);
  expect(shareOf(confirmed).revenue).toBe(50_000);
  const dearer = { ...confirmed, terms: { ...TERMS, amount: Santim.parse(60_000) } };
  expect(shareOf(dearer).revenue).toBe(50_000);
});

test("a step changes the totals by the difference of both states, on the day of the first checkout", () => {
  expect(totalsDelta(undefined, opened)).toEqual({
    day: "2026-11-24",
    total: 1,
    pending: 1,
    success: 0,
    failed: 0,
    revenue: 0,
  });
  expect(totalsDelta(opened, paid)).toEqual({
    day: "2026-11-24",
    total: 0,
    pending: -1,
    success: 1,
    failed: 0,
    revenue: 50_000,
  });
  for (const payment of settled) expect(totalsDelta(opened, payment)).toMatchObject({ pending: -1, failed: 1 });
});

test("a step changes no total where nothing was opened or nothing differs", () => {
  expect(totalsDelta(undefined, aClaim())).toBeUndefined();
  expect(totalsDelta(paid, { ...paid, version: paid.version + 1 })).toBeUndefined();
});

test("money without a row of ours counts on the day on which it came", () => {
  const unmatched = adoptUnmatched(opened, { attempt: 3, result: moneyOn(opened) }, TERMS, aContext(T0 + 30 * HOUR_MS));
  expect(totalsDelta(undefined, unmatched)).toMatchObject({ day: "2026-11-25", total: 1, pending: 1, revenue: 0 });
});

test("changes of totals add up field by field, and subtract as well", () => {
  const a = { total: 10, pending: 20, success: 30, failed: 40, revenue: 50 };
  const b = { total: 1, pending: 2, success: 3, failed: 4, revenue: 5 };
  expect(combined(a, b)).toEqual({ total: 11, pending: 22, success: 33, failed: 44, revenue: 55 });
  expect(combined(a, b, -1)).toEqual({ total: 9, pending: 18, success: 27, failed: 36, revenue: 45 });
});
