import { isInert, netOf, type Payment } from "./payment.ts";
import { addisAbabaDay } from "./time.ts";
import { WIRE_STATUS } from "./vocabulary.ts";

/** Numbers of payments; `revenue` is in santim, less what went back. */
export type Totals = { total: number; pending: number; success: number; failed: number; revenue: number };

/** Change of one day's totals. The day is that of the payment's first checkout, in Addis Ababa. */
export type TotalsDelta = Totals & { day: string };

/** Calls and runs, counted on the day they happen. A count may be lost. */
export type Calls = { webhook_calls: number; initiate_calls: number; status_calls: number; timeout_jobs_run: number };

export const NO_TOTALS: Totals = { total: 0, pending: 0, success: 0, failed: 0, revenue: 0 };
export const NO_CALLS: Calls = { webhook_calls: 0, initiate_calls: 0, status_calls: 0, timeout_jobs_run: 0 };

/** Returns what one payment adds to the totals of its day. */
export function shareOf(payment: Payment | undefined): Totals {
  if (!payment || isInert(payment)) return NO_TOTALS;
  switch (WIRE_STATUS[payment.state]) {
    case "PENDING":
      return { ...NO_TOTALS, total: 1, pending: 1 };
    case "SUCCESS":
      return { ...NO_TOTALS, total: 1, success: 1, revenue: netOf(payment) };
    case "FAILED":
      return { ...NO_TOTALS, total: 1, failed: 1 };
  }
}

/** Returns what a step from `before` to `after` changes; undefined if it changes nothing. */
export function totalsDelta(before: Payment | undefined, after: Payment): TotalsDelta | undefined {
  if (after.firstOpenedAt === undefined) return undefined;
  const delta = combined(shareOf(after), shareOf(before), -1);
  const isNothing = Object.values(delta).every((value) => value === 0);
  return isNothing ? undefined : { day: addisAbabaDay(after.firstOpenedAt), ...delta };
}

/** Returns `a` plus `sign` times `b`. */
export function combined(a: Totals, b: Totals, sign: 1 | -1 = 1): Totals {
  return {
    total: a.total + sign * b.total,
    pending: a.pending + sign * b.pending,
    success: a.success + sign * b.success,
    failed: a.failed + sign * b.failed,
    revenue: a.revenue + sign * b.revenue,
  };
}
