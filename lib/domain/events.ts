import { isInert, openFlags, type Payment } from "./payment.ts";
import { type TotalsDelta, totalsDelta } from "./totals.ts";
import { type AttentionCode, type FinalStatus, type UserEvent, WIRE_STATUS } from "./vocabulary.ts";

/** What one version of a payment means to others. */
export type Outcome = {
  /** The payment's current state must be delivered to the listing. */
  listing: boolean;
  user: UserEvent | undefined;
  /** Flags that this version raised. */
  attention: AttentionCode[];
  totals: TotalsDelta | undefined;
};

/** Reads one step of a payment's life, `before` to `after`. An unchanged version means nothing to anyone. */
export function outcomeOf(before: Payment | undefined, after: Payment): Outcome {
  const nothing: Outcome = { listing: false, user: undefined, attention: [], totals: undefined };
  if (before?.version === after.version) return nothing;
  const known = before ? openFlags(before) : [];
  return {
    listing: listingStatusOf(after) !== undefined && (!before || listingStatusOf(before) !== listingStatusOf(after)),
    user: before?.state === after.state ? undefined : userEventOf(after),
    attention: openFlags(after).filter((code) => !known.includes(code)),
    totals: totalsDelta(before, after),
  };
}

/** What the listing may be told: a success at once, a failure only when finalised; undefined for everything open. */
export function listingStatusOf(payment: Payment): FinalStatus | undefined {
  if (payment.state === "SUCCESS") return "SUCCESS";
  return payment.finalised && WIRE_STATUS[payment.state] === "FAILED" ? "FAILED" : undefined;
}

/** Whether what `event` says is still so; a message that has been overtaken is not sent. */
export function isCurrent(event: UserEvent, payment: Payment): boolean {
  return userEventOf(payment) === event;
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
