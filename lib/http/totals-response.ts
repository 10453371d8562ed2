import type { Sums, TotalsResponse } from "../contract/reports.ts";
import type { DayTotals } from "../domain/overview.ts";
import { addisAbabaDay, DAY_MS, type Instant, spanOfDay } from "../domain/time.ts";
import { type Calls, combined, NO_CALLS, NO_TOTALS, type Totals } from "../domain/totals.ts";
import { InputInvalid } from "./errors.ts";

const USUAL_DAYS = 31;
const MOST_DAYS = 366;

/**
 * Returns the days from `from` to `to` in Addis Ababa, both included.
 * @throws InputInvalid if there is none, or if there are too many
 */
export function daysOf({ from, to }: { from?: string | undefined; to?: string | undefined }, now: Instant): string[] {
  const last = to ?? addisAbabaDay(now);
  const { from: end } = spanOfDay(last);
  const { from: start } = spanOfDay(from ?? addisAbabaDay(end - (USUAL_DAYS - 1) * DAY_MS));
  const count = Math.round((end - start) / DAY_MS) + 1;
  if (count < 1) throw invalid(`is after ${last}, the last day`);
  if (count > MOST_DAYS) throw invalid(`is more than ${MOST_DAYS} days before ${last}, the last day`);
  return Array.from({ length: count }, (_, index) => addisAbabaDay(start + index * DAY_MS));
}

function invalid(msg: string): InputInvalid {
  return new InputInvalid([{ pointer: "/from", loc: ["query", "from"], msg, type: "span_invalid" }]);
}

export function toTotals(days: readonly DayTotals[]): TotalsResponse {
  return {
    days: days.flatMap(({ day, sums }) => (sums ? [{ day, ...toSums(sums) }] : [])),
    sum: toSums(sumOf(days)),
    unreadable: days.flatMap(({ day, sums }) => (sums ? [] : [day])),
  };
}

/** Returns the sums of the days that can be read. */
export function sumOf(days: readonly DayTotals[]): Totals & Calls {
  const sum = { ...NO_TOTALS, ...NO_CALLS };
  for (const { sums } of days) {
    if (!sums) continue;
    Object.assign(sum, combined(sum, sums));
    for (const name of Object.keys(NO_CALLS) as (keyof Calls)[]) sum[name] += sums[name];
  }
  return sum;
}

/** Returns totals in the names of the wire, with money in birr. */
export function toSums({ total, pending, success, failed, revenue, ...calls }: Totals & Calls): Sums {
  const { webhook_calls, initiate_calls, status_calls, timeout_jobs_run } = calls;
  return {
    total_payments: total,
    pending_payments: pending,
    success_payments: success,
    failed_payments: failed,
    total_revenue: revenue / 100,
    webhook_calls,
    initiate_calls,
    status_calls,
    timeout_jobs_run,
  };
}
