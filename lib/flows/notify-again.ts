import type { ListingMessage, NotificationMessage } from "../contract/queues.ts";
import { type Again, notifyAgain } from "../domain/apply.ts";
import { DecisionImpossible, PaymentNotFound } from "../domain/errors.ts";
import { listingStatusOf, mayBeListed, userEventAgain } from "../domain/events.ts";
import type { Payment } from "../domain/payment.ts";
import { awaitsAcknowledgement, confirmsListing, type Policy } from "../domain/verification-schedule.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PaymentTable } from "../table/payments.ts";
import { listingMessage } from "./steps/listing-message.ts";
import { requireSeen } from "./steps/seen-version.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type NotifyAgainPorts = {
  payments: Pick<PaymentTable, "save">;
  listing: Pick<Queue<ListingMessage>, "send">;
  notification: Pick<Queue<NotificationMessage>, "send">;
  clock: Pick<Clock, "now">;
  policy: Policy;
};

/**
 * Has the listing or the payer informed once more of the payment's state. The history names who asked and why before
 * anything is sent. The message names the version of that entry, so it is another one than those of before, and is sent
 * at most once itself.
 * @throws DecisionImpossible if there is nothing to send, VersionChanged, PaymentNotFound
 */
export async function sendAgain(
  ports: NotifyAgainPorts,
  payment: Payment,
  { target, reason, version, by }: Again & { version: number; by: string },
): Promise<Payment> {
  const updated = await updatePayment(ports.payments, payment, (current) => {
    requireSeen(current, version);
    const context = { now: ports.clock.now(), by, policy: ports.policy };
    const why = target === "listing" ? nothingForListing(current, ports.policy) : nothingForPayer(current);
    if (why !== undefined) throw new DecisionImpossible(current.state, why);
    return notifyAgain(current, { target, reason }, context);
  });
  const after = updated.payment;
  if (!after) throw new PaymentNotFound();
  await (target === "listing" ? ports.listing.send(listingMessage(after)) : sendToPayer(ports, after));
  return after;
}

async function sendToPayer({ notification }: NotifyAgainPorts, payment: Payment): Promise<void> {
  const { ref, version } = payment;
  const event = userEventAgain(payment);
  if (event) await notification.send({ message: { ref, version, event } });
}

/** A success that the listing acknowledged is delivered, and what it refused for good needs another decision. */
function nothingForListing(payment: Payment, policy: Policy): string | undefined {
  if (!confirmsListing(payment, policy)) return "its purpose does not confirm a listing";
  const status = listingStatusOf(payment);
  if (status === undefined || !mayBeListed(payment, policy)) return "there is nothing that the listing may hear of it";
  if (status === "FAILED") return policy.listingHearsFailed ? undefined : "the listing hears nothing of failures";
  if (payment.acknowledgedAt !== undefined) return "the listing has acknowledged it";
  return awaitsAcknowledgement(payment, policy) ? undefined : "the delivery has ended";
}

function nothingForPayer(payment: Payment): string | undefined {
  return userEventAgain(payment) === undefined ? "there is no message about this state" : undefined;
}
