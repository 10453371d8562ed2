import type { ListingMessage, NotificationMessage } from "../contract/queues.ts";
import { errorName } from "../domain/errors.ts";
import { mayBeListed, type Outcome, outcomeOf } from "../domain/events.ts";
import { eventIdOf } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { Mode } from "../domain/vocabulary.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Change } from "../table/stream.ts";
import type { TotalsTable } from "../table/totals.ts";
import { countCalls } from "./steps/count-calls.ts";
import { paymentFields } from "./steps/payment-fields.ts";

export type PublishPorts = {
  listing: Pick<Queue<ListingMessage>, "sendAll">;
  notification: Pick<Queue<NotificationMessage>, "sendAll">;
  totals: Pick<TotalsTable, "add" | "count">;
  clock: Pick<Clock, "now">;
  log: Log;
  /** Whether this stage moves real money. */
  expectedMode: Mode;
};

/** Turns new versions of payments into messages. Receivers tolerate repeated messages; the sweep finds lost ones. */
export async function publish(ports: PublishPorts, changes: readonly Change[]): Promise<void> {
  const steps = changes.map(({ before, after }) => ({ after, outcome: outcomeOf(before, after) }));
  const listed = steps.filter(({ after, outcome }) => outcome.listing && mayBeListed(after, ports.expectedMode));
  await ports.listing.sendAll(listed.map(({ after }) => toListing(after)));
  await ports.notification.sendAll(steps.flatMap(({ after, outcome }) => toUser(after, outcome)));
  for (const { after, outcome } of steps) {
    for (const { code, subject } of outcome.attention) {
      ports.log.error("attention_raised", { ...paymentFields(after), code, subject });
    }
    if (outcome.totals) await addTotals(ports, after, outcome.totals);
  }
  const begun = changes.filter(({ before, after }) => before?.version !== after.version && isBegun(after));
  if (begun.length > 0) await countCalls(ports, { initiate_calls: begun.length });
}

/** Whether this version began an attempt. A repeated request for the same attempt makes no version. */
function isBegun({ history }: Payment): boolean {
  const transition = history.at(-1)?.transition;
  return transition === "claim" || transition === "takeOver" || transition === "renew" || transition === "reopen";
}

function toListing({ ref, version, propertyId }: Payment) {
  return {
    message: { ref, version },
    fifo: { group: propertyId ?? ref, deduplication: eventIdOf(ref, version) },
  };
}

function toUser({ ref, version }: Payment, { user }: Outcome): { message: NotificationMessage }[] {
  return user ? [{ message: { ref, version, event: user, tries: 0 } }] : [];
}

/** A failed count must not stop the stream: the daily reconciliation corrects totals. */
async function addTotals(ports: PublishPorts, payment: Payment, delta: NonNullable<Outcome["totals"]>): Promise<void> {
  try {
    await ports.totals.add(delta);
  } catch (error) {
    ports.log.warn("totals_not_counted", { ...paymentFields(payment), error: errorName(error) });
  }
}
