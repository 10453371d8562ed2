import type { NotificationMessage } from "../contract/queues.ts";
import { checkoutPath } from "../contract/routes.ts";
import { mayBePaidBefore } from "../domain/decide.ts";
import { PaymentUnreadable } from "../domain/errors.ts";
import { isCurrent } from "../domain/events.ts";
import { paymentIdOf, type Ref, type Uuid } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { type Payment, paidAmount, shownTxRef } from "../domain/payment.ts";
import { clamp, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import type { Drain, Received } from "../queue/drain.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log, LogFields } from "../runtime/logger.ts";
import type { Delivery, NotificationService } from "../services/notification.ts";
import type { ContactTable } from "../table/contacts.ts";
import type { MarkTable, MessageMark } from "../table/marks.ts";
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
  /** Takes messages that are given up. */
  dropped: Pick<Queue<NotificationMessage>, "send">;
  notification: Pick<NotificationService, "send">;
  /** The public address of this service. */
  baseUrl: string;
  /** Names a write, so that it is recognised if its answer is lost. */
  newId: () => string;
  clock: Pick<Clock, "now">;
  log: Log;
};

// The service allows ten calls a minute from one address and fails the eleventh. Others share this address.
const CALLS_A_MINUTE = 8;
// A message that may already have been sent is tried twice more, two minutes apart.
const TRIES = 3;
const BETWEEN_TRIES_MS = 2 * MINUTE_MS;
const UNREADABLE_WAIT_SECONDS = 900;
// One call takes up to six seconds.
const CALL_MS = 8 * SECOND_MS;

/**
 * Sends payers as many messages as one minute allows. It never delays or changes a payment.
 * @returns how many were sent
 */
export async function notifyUsers(ports: NotifyUserPorts, deadline: number): Promise<{ sent: number }> {
  let sent = 0;
  for (let calls = 0; calls < CALLS_A_MINUTE && ports.clock.now() + CALL_MS < deadline; ) {
    const received = await ports.inbox.next();
    if (!received) break;
    if (received === "malformed") continue;
    const payment = await readable(ports, received);
    if (payment === "unreadable") continue;
    const outcome = await deliver(ports, { received, payment });
    if (!NOT_CALLED.includes(outcome)) calls++;
    if (outcome === "sent") sent++;
    // The service is unavailable. Messages that are not received now keep their count of receives.
    if (outcome === "later") break;
  }
  return { sent };
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
const NOT_CALLED: readonly (Delivery | NoTurn["kind"])[] = ["overtaken", "sent_before", "under_way", "used_up"];

/** The right to make one call. */
type Turn = { kind: "begun"; payment: Payment; userId: Uuid; mark: MessageMark };
/**
 * Why there is no call now. `sent_before`: the service has accepted this message. `under_way`: a call may still be
 * answered within `waitMs`. `used_up`: no call was answered.
 */
type NoTurn = { kind: "overtaken" | "sent_before" | "used_up" } | { kind: "under_way"; waitMs: number };

async function deliver(ports: NotifyUserPorts, taken: Taken): Promise<Delivery | NoTurn["kind"]> {
  const turn = await takeTurn(ports, taken);
  const ended = (outcome: string) => ports.log.info("user_notified", { ...fieldsOf(taken), outcome });
  if (turn.kind !== "begun") {
    ended(turn.kind);
    await putAside(ports, taken, turn);
    return turn.kind;
  }
  const delivery = await send(ports, turn, taken.received.body.event);
  ended(delivery);
  await settle(ports, taken, turn.mark, delivery);
  return delivery;
}

/** Marks the message before its call, so that neither its copies nor a restored payment send it again. */
async function takeTurn(ports: NotifyUserPorts, { received, payment }: Taken): Promise<Turn | NoTurn> {
  const message = received.body;
  if (!payment?.userId || !isCurrent(message.event, payment)) return { kind: "overtaken" };
  if (message.event !== "paid" && mayBePaidBefore(await earlierPayments(ports, payment))) return { kind: "overtaken" };
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
  ports: NotifyUserPorts,
  { payment, userId }: Turn,
  event: NotificationMessage["event"],
): Promise<Delivery> {
  const contact = await ports.contacts.find(payment.ref, ports.clock.now());
  return ports.notification.send({
    userId,
    event,
    amount: amountOf(payment),
    txRef: shownTxRef(payment),
    link: `${ports.baseUrl}${checkoutPath(paymentIdOf(payment.ref))}`,
    email: contact?.email,
    phone: contact?.phone,
    language: contact?.language,
  });
}

function amountOf(payment: Payment): string {
  return `${toBirr(paidAmount(payment))} ${payment.terms.currency}`;
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
      return taken.received.later(why.waitMs / SECOND_MS);
    case "used_up":
      return drop(ports, taken);
  }
}

async function settle(ports: NotifyUserPorts, taken: Taken, mark: MessageMark, delivery: Delivery): Promise<void> {
  const { received } = taken;
  const now = ports.clock.now();
  const remark = (change: Partial<MessageMark>) =>
    ports.marks.replace(received.body, { from: mark, to: { ...mark, ...change, by: ports.newId() } }, now);
  switch (delivery) {
    case "sent":
      // Each of them keeps the message from being sent again, even if the other fails.
      await Promise.all([remark({ sentAt: now }), received.done()]);
      return;
    case "later": {
      await remark({ tries: mark.tries - 1, triedAt: undefined });
      const waitMs = clamp(MINUTE_MS * 2 ** (received.receives - 1), MINUTE_MS, 15 * MINUTE_MS);
      return received.later(waitMs / SECOND_MS);
    }
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
