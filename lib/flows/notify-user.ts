import type { NotificationMessage } from "../contract/queues.ts";
import { PaymentUnreadable } from "../domain/errors.ts";
import { isCurrent } from "../domain/events.ts";
import { paymentIdOf, type Ref } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { type Payment, paidAmount, shownTxRef } from "../domain/payment.ts";
import { clamp, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import type { Drain, Received } from "../queue/drain.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log, LogFields } from "../runtime/logger.ts";
import type { Delivery, NotificationService } from "../services/notification.ts";
import type { ContactTable } from "../table/contacts.ts";
import type { PaymentTable } from "../table/payments.ts";
import { paymentFields } from "./steps/payment-fields.ts";

/** A message of the notification queue, with its ref parsed. */
type UserNotification = NotificationMessage & { ref: Ref };

export type NotifyUserPorts = {
  payments: Pick<PaymentTable, "find">;
  contacts: Pick<ContactTable, "find">;
  inbox: Pick<Drain<UserNotification>, "next">;
  /** Takes messages for another try. */
  again: Pick<Queue<NotificationMessage>, "send">;
  /** Takes messages that are given up. */
  dropped: Pick<Queue<NotificationMessage>, "send">;
  notification: Pick<NotificationService, "send">;
  clock: Pick<Clock, "now">;
  log: Log;
};

// The service allows ten calls a minute from one address and fails the eleventh. Others share this address.
const CALLS_A_MINUTE = 8;
// A message that may already have been sent is tried twice more, two minutes apart.
const FURTHER_TRIES = 2;
const BETWEEN_TRIES_SECONDS = 120;
const UNREADABLE_WAIT_SECONDS = 900;
// One call takes up to six seconds.
const CALL_MS = 8 * SECOND_MS;

/**
 * Sends payers as many messages as one minute allows. It never delays or changes a payment.
 * @returns how many were sent
 */
export async function notifyUsers(ports: NotifyUserPorts, deadline: number): Promise<{ sent: number }> {
  let sent = 0;
  for (let calls = 0; calls < CALLS_A_MINUTE && ports.clock.now() + CALL_MS < deadline; calls++) {
    const received = await ports.inbox.next();
    if (!received) break;
    if (received === "malformed") continue;
    const payment = await readable(ports, received);
    if (payment === "unreadable") continue;
    const delivery = await deliver(ports, payment, received.body.event);
    await settle(ports, { received, payment }, delivery);
    if (delivery === "sent") sent++;
    // The service is unavailable. Messages that are not received now keep their count of receives.
    if (delivery === "later") break;
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

async function deliver(
  ports: NotifyUserPorts,
  payment: Payment | undefined,
  event: NotificationMessage["event"],
): Promise<Delivery | "overtaken"> {
  if (!payment?.userId || !isCurrent(event, payment)) return "overtaken";
  const contact = await ports.contacts.find(payment.ref, ports.clock.now());
  return ports.notification.send({
    userId: payment.userId,
    event,
    amount: amountOf(payment),
    txRef: shownTxRef(payment),
    email: contact?.email,
    phone: contact?.phone,
    language: contact?.language,
  });
}

function amountOf(payment: Payment): string {
  return `${toBirr(paidAmount(payment))} ${payment.terms.currency}`;
}

type Taken = { received: Received<UserNotification>; payment: Payment | undefined };

function fieldsOf({ received, payment }: Taken): LogFields {
  const { ref, event } = received.body;
  return { ...(payment ? paymentFields(payment) : { payment_id: paymentIdOf(ref) }), event };
}

async function settle(ports: NotifyUserPorts, taken: Taken, delivery: Delivery | "overtaken"): Promise<void> {
  const { received } = taken;
  const message = received.body;
  ports.log.info("user_notified", { ...fieldsOf(taken), outcome: delivery });
  switch (delivery) {
    case "sent":
      return received.done();
    case "overtaken":
      return received.done();
    case "later": {
      const waitMs = clamp(MINUTE_MS * 2 ** (received.receives - 1), MINUTE_MS, 15 * MINUTE_MS);
      return received.later(waitMs / SECOND_MS);
    }
    case "maybe":
      if (message.tries >= FURTHER_TRIES) return drop(ports, taken);
      await ports.again.send({
        message: { ...message, tries: message.tries + 1 },
        delaySeconds: BETWEEN_TRIES_SECONDS,
      });
      return received.done();
    case "refused":
      return drop(ports, taken);
  }
}

async function drop(ports: NotifyUserPorts, taken: Taken): Promise<void> {
  const { received } = taken;
  ports.log.warn("user_notification_dropped", fieldsOf(taken));
  await ports.dropped.send({ message: received.body });
  await received.done();
}
