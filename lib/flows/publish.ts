import type { MetricName } from "../contract/metrics.ts";
import type { ListingMessage, NotificationMessage } from "../contract/queues.ts";
import { errorName } from "../domain/errors.ts";
import { isNewVersion, mayBeListed, type Outcome, outcomeOf } from "../domain/events.ts";
import type { Payment } from "../domain/payment.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { AttentionCode } from "../domain/vocabulary.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { MarkTable } from "../table/marks.ts";
import type { Change } from "../table/stream.ts";
import type { TotalsTable } from "../table/totals.ts";
import { countCalls } from "./steps/count-calls.ts";
import { listingMessage } from "./steps/listing-message.ts";
import { paymentFields } from "./steps/payment-fields.ts";

export type PublishPorts = {
  listing: Pick<Queue<ListingMessage>, "sendAll">;
  notification: Pick<Queue<NotificationMessage>, "sendAll">;
  marks: Pick<MarkTable, "count">;
  totals: Pick<TotalsTable, "add" | "count">;
  /** Names a write, so that it is recognised if its answer is lost. */
  newId: () => string;
  policy: Pick<Policy, "confirmingPurposes" | "expectedMode">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
};

/** What has an alarm of its own, beside the one that lasts while anything waits for a person. */
const METRIC_OF: Readonly<Record<string, MetricName | undefined>> = {
  refund_unclear: "RefundUnclear",
  refund_refused: "RefundRefused",
  refund_undone: "RefundUndone",
} satisfies Partial<Record<AttentionCode, MetricName>>;

/**
 * Turns new versions of payments into messages, and counts each version once. Receivers tolerate repeated messages; the
 * sweep finds lost ones.
 */
export async function publish(ports: PublishPorts, changes: readonly Change[]): Promise<void> {
  const steps = changes.map(({ before, after }) => ({ after, outcome: outcomeOf(before, after, ports.policy) }));
  const listed = steps.filter(({ after, outcome }) => outcome.listing && mayBeListed(after, ports.policy));
  await ports.listing.sendAll(listed.map(({ after }) => listingMessage(after)));
  await ports.notification.sendAll(steps.flatMap(({ after, outcome }) => toUser(after, outcome)));
  for (const { after, outcome } of steps) {
    if (outcome.totals || outcome.attention.length > 0) await countOnce(ports, after, outcome);
  }
  const begun = changes.filter(({ before, after }) => isNewVersion(before, after) && isBegun(after));
  if (begun.length > 0) await countCalls(ports, { initiate_calls: begun.length });
}

/** Whether this version began an attempt. A repeated request for the same attempt makes no version. */
function isBegun({ history }: Payment): boolean {
  const transition = history.at(-1)?.transition;
  return transition === "claim" || transition === "takeOver" || transition === "renew" || transition === "reopen";
}

function toUser({ ref, version }: Payment, { user }: Outcome): { message: NotificationMessage }[] {
  return user ? [{ message: { ref, version, event: user } }] : [];
}

/**
 * Counts what a version means, however often its record comes. If the table does not answer, attention is logged all
 * the same, because a second record is better than none.
 */
async function countOnce(ports: PublishPorts, payment: Payment, { attention, totals }: Outcome): Promise<void> {
  const isFirst = await counted(ports, payment, () => ports.marks.count(payment, ports.newId(), ports.clock.now()));
  if (isFirst === false) return;
  for (const { code, subject } of attention) {
    ports.log.error("attention_raised", { ...paymentFields(payment), code, subject });
    const metric = METRIC_OF[code];
    if (metric) ports.count(metric);
  }
  if (isFirst && totals) await counted(ports, payment, () => ports.totals.add(totals));
}

/** A failed count must not stop the stream: the daily reconciliation corrects totals. */
async function counted<Value>(
  { log }: PublishPorts,
  payment: Payment,
  write: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await write();
  } catch (error) {
    log.warn("totals_not_counted", { ...paymentFields(payment), error: errorName(error) });
    return undefined;
  }
}
