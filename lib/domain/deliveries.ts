import { DELIVERY } from "./attention.ts";
import type { Payment } from "./payment.ts";
import type { Instant } from "./time.ts";
import { awaitsAcknowledgement, type Policy } from "./verification-schedule.ts";

/** What the listing has heard about a payment, since when, and when it hears it again at the latest. */
export type ListingDelivery = {
  outcome: "acknowledged" | "unanswered" | "waiting" | "refused" | "unclear" | "failed_sent" | "nothing";
  at?: Instant | undefined;
  nextAt?: Instant | undefined;
};

/**
 * Returns what is stored of the delivery to the listing. How FAILED was answered is not stored, because nothing depends on
 * it.
 */
export function listingDelivery(payment: Payment, policy: Policy): ListingDelivery {
  const { acknowledgedAt, sentAt, dueAt, settledAt } = payment;
  if (acknowledgedAt !== undefined) return { outcome: "acknowledged", at: acknowledgedAt };
  const refused = payment.attention.find(({ subject }) => subject === DELIVERY);
  if (refused) return { outcome: refused.code === "listing_unclear" ? "unclear" : "refused", at: refused.at };
  if (awaitsAcknowledgement(payment, policy)) {
    if (sentAt !== undefined) return { outcome: "unanswered", at: sentAt, nextAt: dueAt };
    return { outcome: "waiting", at: settledAt, nextAt: dueAt };
  }
  if (payment.finalised) return { outcome: "failed_sent", at: finalisedAt(payment) };
  return { outcome: "nothing" };
}

function finalisedAt({ history }: Payment): Instant | undefined {
  return history.findLast(({ transition }) => transition === "finalise")?.at;
}
