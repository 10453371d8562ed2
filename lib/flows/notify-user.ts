import type { NotificationMessage } from "../contract/queues.ts";
import { checkoutPath } from "../contract/routes.ts";
import { mayBePaidBefore } from "../domain/decide.ts";
import { PaymentUnreadable } from "../domain/errors.ts";
import { isCurrent } from "../domain/events.ts";
import { paymentIdOf, type Ref, type Uuid } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { type Payment, paidAmount, shownTxRef } from "../domain/payment.ts";
import { settledInVersion } from "../domain/refunds.ts";
import { clamp, type Instant, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import type { Drain, Received } from "../queue/drain.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log, LogFields } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { Delivery, NotificationService } from "../services/notification.ts";
import type { ContactTable } from "../table/contacts.ts";
import type { MarkTable, MessageMark } from "../table/marks.ts";
import type { NotificationPauseTable } from "../table/notification-pause.ts";
import type { PaymentTable } from "../table/payments.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { earlierPayments } from "./steps/payments-of-fee.ts";

/** A message of the notification queue, with its ref parsed. */
type UserNotification = NotificationMessage & { ref: Ref };

export type NotifyUserPorts = {
  payments: Pick<PaymentTable, "find">;
  contacts: Pick<ContactTable, "find">;
  marks: Pick<MarkTable, "begin" | "replace">;
  inbox: Pick<Drain<UserNotification>, "next">;
  /** Takes messages that wait for the end of a pause. A new message counts its receives anew. */
  waiting: Pick<Queue<NotificationMessage>, "send">;
  /** Takes messages that are given up. */
  dropped: Pick<Queue<NotificationMessage>, "send">;
  pause: Pick<NotificationPauseTable, "begin" | "end">;
  /** Absent if payers get no messages. */
  notification: Pick<NotificationService, "send"> | undefined;
  /** Calls a minute. The service fails those above its limit, which others with our address share. */
  perMinute: number;
  /** An older message is not sent any more. */
  maxAgeMs: number;
  /** The public address of this service. */
  baseUrl: string;
  /** Returns the path of a payment's receipt. */
  receiptOf: (paymentId: Uuid, now: Instant) => Promise<string>;
  /** Names a write, so that it is recognised if its answer is lost. */
  newId: () => string;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
};
type SendingPorts = NotifyUserPorts & { notification: Pick<NotificationService, "send"> };

// Calls a minute that one lane makes surely, one after the other. More calls need more lanes.
const CALLS_OF_A_LANE = 60;
const LANES = 20;
// A message that may already have been sent is tried twice more, two minutes apart.
const TRIES = 3;
const BETWEEN_TRIES_MS = 2 * MINUTE_MS;
const UNREADABLE_WAIT_SECONDS = 900;
// One call takes up to six seconds.
const CALL_MS = 8 * SECOND_MS;
// While the service refuses us, it gets one message in this time.
const PAUSE_MS = 10 * MINUTE_MS;

/** How many messages were sent, and how many calls sent nothing. */
export type Notified = { sent: number; failed: number };

/**
 * Sends payers as many messages as one minute allows, or none while the service refuses us. Without a service it empties
 * the queue. It never delays or changes a payment.
 */
export async function notifyUsers(ports: NotifyUserPorts, deadline: number): Promise<Notified> {
  const { notification, perMinute } = ports;
  if (!notification) return empty(ports, deadline);
  const pauseEnds = await ports.pause.end();
  if (pauseEnds !== undefined && pauseEnds > ports.clock.now()) return { sent: 0, failed: 0 };
  const run = { begun: 0, calls: 0, sent: 0, isOver: false };
  const lanes = Math.min(Math.ceil(perMinute / CALLS_OF_A_LANE), LANES);
  const lane = () => drain({ ...ports, notification }, run, deadline);
  await Promise.all(Array.from({ length: lanes }, lane));
  return { sent: run.sent, failed: run.calls - run.sent };
}

type Run = { begun: number; calls: number; sent: number; isOver: boolean };

async function drain(ports: SendingPorts, run: Run, deadline: number): Promise<void> {
  while (!run.isOver && run.begun < ports.perMinute && ports.clock.now() + CALL_MS < deadline) {
    run.begun++;
    const outcome = await handleNext(ports);
    if (outcome === "nothing") return;
    if (NOT_CALLED.includes(outcome)) run.begun--;
    else run.calls++;
    if (outcome === "sent") run.sent++;
    // The service is unavailable. Messages that are not received now keep their count of receives.
    if (outcome === "later" || outcome === "not_allowed") run.isOver = true;
  }
}

async function handleNext(ports: SendingPorts): Promise<Ended> {
  const received = await ports.inbox.next();
  if (!received) return "nothing";
  if (received === "malformed") return "malformed";
  if (received.sentAt !== undefined && ports.clock.now() - received.sentAt > ports.maxAgeMs) {
    return giveUp(ports, received);
  }
  const payment = await readable(ports, received);
  return payment === "unreadable" ? "unreadable" : deliver(ports, { received, payment });
}

/** Nobody waits for so old a message, and the queue would delete it unseen. So it costs no call, and is counted. */
async function giveUp({ log, count }: SendingPorts, received: Received<UserNotification>): Promise<"expired"> {
  const { ref, event } = received.body;
  log.info("user_notified", { payment_id: paymentIdOf(ref), event, outcome: "expired" });
  count("NotificationExpired");
  await received.done();
  return "expired";
}

async function empty({ inbox, clock, log }: NotifyUserPorts, deadline: number): Promise<Notified> {
  while (clock.now() + CALL_MS < deadline) {
    const received = await inbox.next();
    if (!received) break;
    if (received === "malformed") continue;
    const { ref, event } = received.body;
    log.info("user_notified", { payment_id: paymentIdOf(ref), event, outcome: "switched_off" });
    await received.done();
  }
  return { sent: 0, failed: 0 };
}

/** Returns the message's payment. A message about an unreadable one comes back later and holds up no other. */
async function readable(
  { payments }: NotifyUserPorts,
  received: Received<UserNotification>,
): Promise<Payment | undefined | "unreadable"> {
  try {
    return await payments.find(received.body.ref);
  } catch (error) {
    if (!(error instanceof PaymentUnreadable)) throw error;
    await received.later(UNREADABLE_WAIT_SECONDS);
    return "unreadable";
  }
}

type Taken = { received: Received<UserNotification>; payment: Payment | undefined };
type Ended = Delivery["kind"] | NoTurn["kind"] | "nothing" | "malformed" | "unreadable" | "expired";
const NOT_CALLED: readonly Ended[] = [
  "overtaken",
  "sent_before",
  "under_way",
  "used_up",
  "malformed",
  "unreadable",
  "expired",
];

/** The right to make one call. */
type Turn = { kind: "begun"; payment: Payment; userId: Uuid; mark: MessageMark };
/**
 * Why there is no call now. `sent_before`: the service has accepted this message. `under_way`: a call may still be
 * answered within `waitMs`. `unreadable`: an earlier payment of the fee cannot be read, and may be paid. `used_up`: no call
 * was answered.
 */
type NoTurn = { kind: "overtaken" | "sent_before" | "used_up" } | { kind: "under_way" | "unreadable"; waitMs: number };

async function deliver(ports: SendingPorts, taken: Taken): Promise<Ended> {
  const turn = await takeTurn(ports, taken);
  if (turn.kind !== "begun") {
    ports.log.info("user_notified", { ...fieldsOf(taken), outcome: turn.kind });
    await putAside(ports, taken, turn);
    return turn.kind;
  }
  const { kind, status } = await send(ports, turn, taken.received.body);
  ports.log.info("user_notified", { ...fieldsOf(taken), outcome: kind, status });
  await settle(ports, taken, turn.mark, kind);
  if (kind === "not_allowed") await pause(ports, status);
  return kind;
}

/** Until a person has changed the setting or the service, every message would be refused like this one. */
async function pause({ log, count, clock, pause: pauses }: SendingPorts, status: number | undefined): Promise<void> {
  log.error("notification_refused", { status });
  count("NotificationRefused");
  await pauses.begin(clock.now() + PAUSE_MS);
}

/** Marks the message before its call, so that neither its copies nor a restored payment send it again. */
async function takeTurn(ports: NotifyUserPorts, { received, payment }: Taken): Promise<Turn | NoTurn> {
  const message = received.body;
  if (!payment?.userId || !isCurrent(message.event, payment)) return { kind: "overtaken" };
  if (message.event !== "paid" && message.event !== "refunded") {
    const { earlier, isWhole } = await earlierPayments(ports, payment);
    if (mayBePaidBefore(earlier)) return { kind: "overtaken" };
    if (!isWhole) return { kind: "unreadable", waitMs: UNREADABLE_WAIT_SECONDS * SECOND_MS };
  }
  const { userId } = payment;
  const now = ports.clock.now();
  const first = { by: ports.newId(), tries: 1, triedAt: now };
  const known = await ports.marks.begin(message, first, now);
  if (!known) return { kind: "begun", payment, userId, mark: first };
  if (known.sentAt !== undefined) return { kind: "sent_before" };
  const waitMs = (known.triedAt ?? Number.NEGATIVE_INFINITY) + BETWEEN_TRIES_MS - now;
  if (waitMs > 0) return { kind: "under_way", waitMs };
  if (known.tries >= TRIES) return { kind: "used_up" };
  const mark = { by: ports.newId(), tries: known.tries + 1, triedAt: now };
  const isMine = await ports.marks.replace(message, { from: known, to: mark }, now);
  return isMine ? { kind: "begun", payment, userId, mark } : { kind: "under_way", waitMs: BETWEEN_TRIES_MS };
}

async function send(
  ports: SendingPorts,
  { payment, userId }: Turn,
  { event, version }: NotificationMessage,
): Promise<Delivery> {
  const now = ports.clock.now();
  const contact = await ports.contacts.find(payment.ref, now);
  const paymentId = paymentIdOf(payment.ref);
  const path = event === "paid" ? await ports.receiptOf(paymentId, now) : checkoutPath(paymentId);
  return ports.notification.send({
    userId,
    event,
    amount: amountOf(payment, event === "refunded" ? version : undefined),
    txRef: shownTxRef(payment),
    link: `${ports.baseUrl}${path}`,
    email: contact?.email,
    phone: contact?.phone,
    language: contact?.language,
  });
}

/** @param refundedAt the version in which money of ours arrived, if the message is about that */
function amountOf(payment: Payment, refundedAt: number | undefined): string {
  const returned = refundedAt === undefined ? undefined : settledInVersion(payment, refundedAt);
  return `${toBirr(returned ?? paidAmount(payment))} ${payment.terms.currency}`;
}

function fieldsOf({ received, payment }: Taken): LogFields {
  const { ref, event } = received.body;
  return { ...(payment ? paymentFields(payment) : { payment_id: paymentIdOf(ref) }), event };
}

async function putAside(ports: NotifyUserPorts, taken: Taken, why: NoTurn): Promise<void> {
  switch (why.kind) {
    case "overtaken":
    case "sent_before":
      return taken.received.done();
    case "under_way":
    case "unreadable":
      return taken.received.later(why.waitMs / SECOND_MS);
    case "used_up":
      return drop(ports, taken);
  }
}

async function settle(
  ports: NotifyUserPorts,
  taken: Taken,
  mark: MessageMark,
  outcome: Delivery["kind"],
): Promise<void> {
  const { received } = taken;
  const now = ports.clock.now();
  const remark = (change: Partial<MessageMark>) =>
    ports.marks.replace(received.body, { from: mark, to: { ...mark, ...change, by: ports.newId() } }, now);
  switch (outcome) {
    case "sent":
      // Each of them keeps the message from being sent again, even if the other fails.
      await Promise.all([remark({ sentAt: now }), received.done()]);
      return;
    case "later": {
      await remark({ tries: mark.tries - 1, triedAt: undefined });
      const waitMs = clamp(MINUTE_MS * 2 ** (received.receives - 1), MINUTE_MS, 15 * MINUTE_MS);
      return received.later(waitMs / SECOND_MS);
    }
    case "not_allowed":
      await remark({ tries: mark.tries - 1, triedAt: undefined });
      await ports.waiting.send({ message: received.body });
      return received.done();
    case "maybe":
      if (mark.tries >= TRIES) return drop(ports, taken);
      return received.later(BETWEEN_TRIES_MS / SECOND_MS);
    case "refused":
      await remark({ tries: mark.tries - 1, triedAt: undefined });
      return drop(ports, taken);
  }
}

async function drop(ports: NotifyUserPorts, taken: Taken): Promise<void> {
  const { received } = taken;
  ports.log.warn("user_notification_dropped", fieldsOf(taken));
  await ports.dropped.send({ message: received.body });
  await received.done();
}
