import { openEntries } from "../domain/attention.ts";
import type { PageKey } from "../domain/commands.ts";
import type { Overview, Waiting } from "../domain/overview.ts";
import type { Stop } from "../domain/pause.ts";
import type { Payment } from "../domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../domain/time.ts";
import { awaitsAcknowledgement, type Policy } from "../domain/verification-schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayHealthTable } from "../table/gateway-health.ts";
import type { NotificationPauseTable } from "../table/notification-pause.ts";
import type { PaymentTable } from "../table/payments.ts";
import type { TotalsTable } from "../table/totals.ts";
import { reportHealth } from "./report-health.ts";

export type OverviewPorts = {
  payments: Pick<PaymentTable, "due" | "flagged" | "findAll">;
  shards: readonly string[];
  flagShards: readonly string[];
  totals: Pick<TotalsTable, "ofDays">;
  gatewayHealth: Pick<GatewayHealthTable, "last">;
  pause: Pick<NotificationPauseTable, "end">;
  /** Returns what stops payments and refunds. */
  stop: () => Promise<Stop>;
  clock: Pick<Clock, "now">;
  policy: Policy;
};

// Payments that are read of each bucket, those that wait longest first. The answer says if there are more.
const MOST_OF_A_BUCKET = 200;
// The clock of another function may be ahead of ours.
const CLOCKS_DIFFER_MS = HOUR_MS;
// The sweep runs each minute, and takes a few of them after an outage.
const OVERDUE_MS = 5 * MINUTE_MS;
const BEHIND_MS = 15 * MINUTE_MS;

/**
 * Returns what a person who answers for the service asks first. A payment that waits for anything is due within a day, so
 * those are read; it counts where it waits longest.
 */
export async function readOverview(ports: OverviewPorts): Promise<Overview> {
  const { payments, clock, policy } = ports;
  const now = clock.now();
  const [flagged, due, days, health, pauseEnds, stop] = await Promise.all([
    fromBuckets(ports.flagShards, (shard) =>
      payments.flagged(shard, { from: 0, to: now + CLOCKS_DIFFER_MS }, MOST_OF_A_BUCKET),
    ),
    fromBuckets(ports.shards, (shard) => payments.due(shard, { from: 0, to: now + DAY_MS }, MOST_OF_A_BUCKET)),
    ports.totals.ofDays(daysOfMonth(now)),
    reportHealth(ports),
    ports.pause.end(),
    ports.stop(),
  ]);
  const refs = new Set([...flagged.keys, ...due.keys].map(({ ref }) => ref));
  const read = await payments.findAll([...refs]);
  const isDue = ({ dueAt }: Payment) => dueAt !== undefined && dueAt <= now + DAY_MS;
  const waiting = read.payments.filter(isDue);
  const of = (is: (payment: Payment) => boolean, at: (payment: Payment) => Instant | undefined) =>
    waitingSince(waiting.filter(is).map((payment) => at(payment) ?? payment.updatedAt));
  const unacknowledged = of(
    (payment) => awaitsAcknowledgement(payment, policy),
    ({ settledAt }) => settledAt,
  );
  return {
    at: now,
    attention: attentionOf(read.payments),
    undecided: of(
      ({ state }) => state === "CREATED" || state === "PENDING",
      ({ beganAt }) => beganAt,
    ),
    review: of(
      ({ state }) => state === "REVIEW",
      ({ captures }) => captures[0]?.at,
    ),
    unacknowledged,
    overdue: of(
      ({ dueAt }) => dueAt !== undefined && dueAt < now - OVERDUE_MS,
      ({ dueAt }) => dueAt,
    ),
    isWhole: flagged.isWhole && due.isWhole,
    unreadable: read.unreadable.length,
    chapa: health,
    isListingBehind: unacknowledged.since !== undefined && unacknowledged.since < now - BEHIND_MS,
    refusedUntil: pauseEnds !== undefined && pauseEnds > now ? pauseEnds : undefined,
    stop,
    days,
  };
}

async function fromBuckets(
  shards: readonly string[],
  read: (shard: string) => Promise<PageKey[]>,
): Promise<{ keys: PageKey[]; isWhole: boolean }> {
  const found = await Promise.all(shards.map(read));
  return { keys: found.flat(), isWhole: found.every(({ length }) => length < MOST_OF_A_BUCKET) };
}

function attentionOf(payments: readonly Payment[]): Overview["attention"] {
  const entries = payments.map(openEntries).filter(({ length }) => length > 0);
  const codes: Record<string, number> = {};
  for (const { code } of entries.flat()) codes[code] = (codes[code] ?? 0) + 1;
  const { since } = waitingSince(entries.flat().map(({ at }) => at));
  return { count: entries.length, since, codes };
}

function waitingSince(moments: readonly Instant[]): Waiting {
  return { count: moments.length, since: moments.length > 0 ? Math.min(...moments) : undefined };
}

function daysOfMonth(now: Instant): string[] {
  const today = addisAbabaDay(now);
  const date = Number(today.slice(-2));
  return Array.from({ length: date }, (_, index) => addisAbabaDay(now - (date - 1 - index) * DAY_MS));
}
