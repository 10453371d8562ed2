import type { ListingMessage, NotificationMessage, ResolveMessage } from "../contract/queues.ts";
import { missedDeadlines } from "../domain/deadlines.ts";
import { MARK_MS, stateVersion } from "../domain/events.ts";
import { eventIdOf, txRefOf } from "../domain/ids.ts";
import { republished } from "../domain/notes.ts";
import { openedAttempts, type Payment } from "../domain/payment.ts";
import { HOUR_MS, MINUTE_MS } from "../domain/time.ts";
import { attemptsToVerify, awaitsAcknowledgement, type Policy } from "../domain/verification-schedule.ts";
import type { Outgoing, Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { PaymentTable } from "../table/payments.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type SweepPorts = {
  payments: Pick<PaymentTable, "due" | "findAll" | "save" | "postpone">;
  shards: readonly string[];
  resolve: Pick<Queue<ResolveMessage>, "sendAll">;
  listing: Pick<Queue<ListingMessage>, "sendAll">;
  notification: Pick<Queue<NotificationMessage>, "sendAll">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
  policy: Policy;
};

// Payments that one run takes from each bucket, the most overdue first. The rest stays due for the next minute.
const PAGE = 200;
const UNREADABLE_WAIT_MS = HOUR_MS;

/**
 * Finds every payment that is due, so that nothing depends on a message that may be lost. It requests the due
 * verifications, and publishes successes that the listing has not acknowledged to the listing and to their payers. A row
 * that it cannot read is put off, so that the others are never crowded out.
 * @returns numbers of payments, verifications, messages, and rows put off
 */
export async function sweep(
  ports: SweepPorts,
): Promise<{ due: number; verifications: number; published: number; postponed: number }> {
  const now = ports.clock.now();
  const keys = await Promise.all(ports.shards.map((shard) => ports.payments.due(shard, now, PAGE)));
  const { payments, unreadable } = await ports.payments.findAll(keys.flat());
  const due = payments.filter(({ dueAt }) => dueAt !== undefined && dueAt <= now);

  const verifications = due.flatMap((payment) => verificationsOf(payment, now));
  await ports.resolve.sendAll(verifications);
  const unacknowledged = due.filter((payment) => awaitsAcknowledgement(payment, ports.policy));
  await ports.listing.sendAll(unacknowledged.map((payment) => listingMessage(payment, now)));
  await ports.notification.sendAll(unacknowledged.flatMap((payment) => userMessage(payment, now)));
  for (const payment of due) reportMissedDeadlines(ports, payment, now);
  // A verification schedules the next one itself. These payments await none, so the sweep must.
  await Promise.all(
    due.filter((payment) => awaitsNoVerification(payment, now)).map((payment) => reschedule(ports, payment)),
  );

  const postponed = await Promise.all(
    unreadable
      .filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
      .map((row) => ports.payments.postpone(row, now + UNREADABLE_WAIT_MS)),
  );

  const done = {
    due: due.length,
    verifications: verifications.length,
    published: unacknowledged.length,
    postponed: postponed.filter(Boolean).length,
  };
  ports.log.info("sweep_done", done);
  return done;
}

/** A payment is due at least once a day while it waits, so what it waits for in vain is counted every day. */
function reportMissedDeadlines(ports: SweepPorts, payment: Payment, now: number): void {
  for (const deadline of missedDeadlines(payment, now, ports.policy)) {
    ports.count("DeadlineMissed");
    ports.log.error("deadline_missed", { ...paymentFields(payment), deadline });
  }
}

function verificationsOf(payment: Payment, now: number): Outgoing<ResolveMessage>[] {
  if (awaitsNoVerification(payment, now)) return [];
  return attemptsToVerify(payment, now).map((attempt) => ({
    message: { tx_ref: txRefOf(payment, attempt), trigger: "schedule" },
  }));
}

/** Whether it is a success with no verification due now. */
function awaitsNoVerification(payment: Payment, now: number): boolean {
  if (payment.state !== "SUCCESS") return false;
  return !openedAttempts(payment).some(({ verifyAt }) => verifyAt !== undefined && verifyAt <= now);
}

function listingMessage(payment: Payment, now: number): Outgoing<ListingMessage> {
  const { ref, version, propertyId } = payment;
  const minute = Math.floor(now / MINUTE_MS);
  return {
    message: { ref, version },
    fifo: { group: propertyId ?? ref, deduplication: `${eventIdOf(ref, version)}.${minute}` },
  };
}

/** The change of a success may have been published to nobody. Its mark keeps a payer from getting a second message. */
function userMessage(payment: Payment, now: number): Outgoing<NotificationMessage>[] {
  if (now >= (payment.settledAt ?? now) + MARK_MS) return [];
  return [{ message: { ref: payment.ref, version: stateVersion(payment), event: "paid" } }];
}

async function reschedule(ports: SweepPorts, payment: Payment): Promise<void> {
  await updatePayment(ports.payments, payment, (current) =>
    current.version === payment.version
      ? republished(current, { now: ports.clock.now(), by: "sweep", policy: ports.policy })
      : undefined,
  );
}
