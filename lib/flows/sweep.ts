import type { ListingMessage, NotificationMessage, ResolveMessage } from "../contract/queues.ts";
import { missedDeadlines } from "../domain/deadlines.ts";
import { MARK_MS, stateVersion } from "../domain/events.ts";
import { type Ref, txRefOf } from "../domain/ids.ts";
import { republished } from "../domain/notes.ts";
import { openedAttempts, type Payment } from "../domain/payment.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import {
  attemptsToVerify,
  attemptsWithRefundDue,
  awaitsAcknowledgement,
  type Policy,
} from "../domain/verification-schedule.ts";
import type { Outgoing, Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { PaymentTable } from "../table/payments.ts";
import { listingMessage } from "./steps/listing-message.ts";
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

// Payments that are read together from one bucket, the most overdue first.
const PAGE = 200;
const UNREADABLE_WAIT_MS = HOUR_MS;
// No page is begun that might not end. What is left stays due for the next minute.
const RESERVE_MS = 20 * SECOND_MS;

/** Numbers of payments, verifications, messages, and rows put off. */
export type Swept = { due: number; verifications: number; published: number; postponed: number };

/**
 * Finds every payment that is due, so that nothing depends on a message that may be lost. It requests the due
 * verifications, and publishes successes that the listing has not acknowledged to the listing and to their payers. A row
 * that it cannot read is put off, so that the others are never crowded out. It goes on, one page of each bucket after the
 * other, until nothing is left or its time is up.
 */
export async function sweep(ports: SweepPorts, deadline: number): Promise<Swept> {
  const now = ports.clock.now();
  const done = { due: 0, verifications: 0, published: 0, postponed: 0 };
  const all = await Promise.allSettled(
    ports.shards.map(async (shard) => {
      for await (const refs of pagesOf(ports, shard, now)) {
        const page = await sweepPage(ports, refs, now);
        for (const name of SWEPT) done[name] += page[name];
        if (ports.clock.now() + RESERVE_MS > deadline) return "out_of_time";
      }
      return "done";
    }),
  );
  ports.log.info("sweep_done", {
    ...done,
    complete: all.every((one) => one.status === "fulfilled" && one.value === "done"),
  });
  const failed = all.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  return done;
}

const SWEPT = ["due", "verifications", "published", "postponed"] as const;

/** The payments of one bucket that are due, in pages. None comes twice, also if many are due in the same millisecond. */
async function* pagesOf({ payments }: SweepPorts, shard: string, now: number): AsyncGenerator<Ref[]> {
  const seen = new Set<Ref>();
  for (let from = 0, size = PAGE, isEnd = false; !isEnd; ) {
    const keys = await payments.due(shard, { from, to: now }, size);
    const fresh = keys.map(({ ref }) => ref).filter((ref) => !seen.has(ref));
    if (fresh.length > 0) yield fresh;
    for (const ref of fresh) seen.add(ref);
    isEnd = keys.length < size;
    from = keys.at(-1)?.at ?? now;
    size = fresh.length > 0 ? PAGE : 2 * size;
  }
}

async function sweepPage(ports: SweepPorts, refs: readonly Ref[], now: number): Promise<Swept> {
  const { payments, unreadable } = await ports.payments.findAll(refs);
  const due = payments.filter(({ dueAt }) => dueAt !== undefined && dueAt <= now);

  const verifications = due.flatMap((payment) => verificationsOf(payment, now));
  await ports.resolve.sendAll(verifications);
  const unacknowledged = due.filter((payment) => awaitsAcknowledgement(payment, ports.policy));
  await ports.listing.sendAll(
    unacknowledged.map((payment) => listingMessage(payment, String(Math.floor(now / MINUTE_MS)))),
  );
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
  return {
    due: due.length,
    verifications: verifications.length,
    published: unacknowledged.length,
    postponed: postponed.filter(Boolean).length,
  };
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

/** Whether it is a success with no verification and no step of a refund due now. */
function awaitsNoVerification(payment: Payment, now: number): boolean {
  if (payment.state !== "SUCCESS") return false;
  if (attemptsWithRefundDue(payment, now).length > 0) return false;
  return !openedAttempts(payment).some(({ verifyAt }) => verifyAt !== undefined && verifyAt <= now);
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
