import type { Santim } from "./money.ts";
import { isInert, openAttention, type Payment } from "./payment.ts";
import { type TotalsDelta, totalsDelta } from "./totals.ts";
import { type AttentionCode, type FinalStatus, type UserEvent, WIRE_STATUS } from "./vocabulary.ts";

/** What one version of a payment means to others. */
export type Outcome = {
  /** The listing must hear the payment's current state. */
  listing: boolean;
  user: UserEvent | undefined;
  /** Codes that this version added: a person must look. */
  attention: AttentionCode[];
  totals: TotalsDelta | undefined;
};

/** Reads one step of a payment's life, `before` to `after`. An unchanged version means nothing to anyone. */
export function outcomeOf(before: Payment | undefined, after: Payment): Outcome {
  const nothing: Outcome = { listing: false, user: undefined, attention: [], totals: undefined };
  if (before?.version === after.version) return nothing;
  const known = before ? openAttention(before) : [];
  return {
    listing: whatListingHears(after) !== undefined && (!before || whatListingHears(before) !== whatListingHears(after)),
    user: before?.state === after.state ? undefined : userEventOf(after),
    attention: openAttention(after).filter((code) => !known.includes(code)),
    totals: totalsDelta(before, after),
  };
}

/** What the listing may be told: a success at once, a failure only when sealed; undefined for everything open. */
export function whatListingHears(payment: Payment): FinalStatus | undefined {
  if (payment.state === "SUCCESS") return "SUCCESS";
  return payment.sealed && WIRE_STATUS[payment.state] === "FAILED" ? "FAILED" : undefined;
}

/** Whether what `event` says is still so; a message that has been overtaken is not sent. */
export function isCurrent(event: UserEvent, payment: Payment): boolean {
  return userEventOf(payment) === event;
}

/** The amount that the confirmed checkout brought, for receipts and totals. */
export function paidAmount(payment: Payment): Santim {
  const confirmed = payment.captures.find((capture) => capture.kind === "confirmed");
  return confirmed?.amount ?? payment.terms.amount;
}

function userEventOf(payment: Payment): UserEvent | undefined {
  if (isInert(payment)) return undefined;
  switch (payment.state) {
    case "SUCCESS":
      return "paid";
    case "FAILED":
      return "failed";
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "CREATED":
    case "PENDING":
    case "REVIEW":
      return undefined;
  }
}
