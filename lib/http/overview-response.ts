import type { OverviewResponse } from "../contract/reports.ts";
import type { Overview, Waiting } from "../domain/overview.ts";
import { isoOrNull } from "./iso.ts";
import { toPause } from "./pause.ts";
import { sumOf, toSums } from "./totals-response.ts";

export function toOverview(overview: Overview): OverviewResponse {
  const { attention, undecided, review, unacknowledged, overdue, chapa, refusedUntil, days } = overview;
  const today = days.at(-1)?.sums;
  return {
    at: new Date(overview.at).toISOString(),
    attention: { ...toWaiting(attention), codes: { ...attention.codes } },
    waiting: {
      undecided: toWaiting(undecided),
      review: toWaiting(review),
      unacknowledged: toWaiting(unacknowledged),
      overdue: toWaiting(overdue),
    },
    is_whole: overview.isWhole,
    unreadable: overview.unreadable,
    chapa: { health: chapa.chapa, detail: chapa.chapaError ?? null },
    listing: { health: overview.isListingBehind ? "behind" : "ok" },
    notification: { health: refusedUntil === undefined ? "ok" : "refused", until: isoOrNull(refusedUntil) },
    payments: toPause(overview.stop),
    today: today ? toSums(today) : null,
    month: toSums(sumOf(days)),
  };
}

function toWaiting({ count, since }: Waiting): { count: number; since: string | null } {
  return { count, since: isoOrNull(since) };
}
