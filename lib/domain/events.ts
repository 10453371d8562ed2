import { entryIdOf, openEntries } from "./attention.ts";
import { type Flag, isInert, type Payment, shownTerms } from "./payment.ts";
import { type TotalsDelta, totalsDelta } from "./totals.ts";
import { type FinalStatus, type Mode, type UserEvent, WIRE_STATUS } from "./vocabulary.ts";

/** What one version of a payment means for other services. */
export type Outcome = {
  /** The payment's current state must be delivered to the listing. */
  listing: boolean;
  user: UserEvent | undefined;
  /** Flags that this version raised. */
  attention: Flag[];
  totals: TotalsDelta | undefined;
};

/** Returns what the step from `before` to `after` means for others; nothing if the version is unchanged. */
export function outcomeOf(before: Payment | undefined, after: Payment): Outcome {
  const nothing: Outcome = { listing: false, user: undefined, attention: [], totals: undefined };
  if (before?.version === after.version) return nothing;
  const known = before ? openEntries(before).map(entryIdOf) : [];
  return {
    listing: listingStatusOf(after) !== undefined && (!before || listingStatusOf(before) !== listingStatusOf(after)),
    user: before?.state === after.state ? undefined : userEventOf(after),
    attention: openEntries(after)
      .filter((entry) => !known.includes(entryIdOf(entry)))
      .map(({ code, subject }) => ({ code, subject })),
    totals: totalsDelta(before, after),
  };
}

/**
 * Returns the status to deliver to the listing: a success at once, a failure only when finalised; undefined otherwise.
 */
export function listingStatusOf(payment: Payment): FinalStatus | undefined {
  if (payment.state === "SUCCESS") return "SUCCESS";
  return payment.finalised && WIRE_STATUS[payment.state] === "FAILED" ? "FAILED" : undefined;
}

/** Whether the listing may hear the payment's state. It never hears a success that is not of the stage's mode. */
export function mayBeListed(payment: Payment, expected: Mode): boolean {
  return payment.state !== "SUCCESS" || shownTerms(payment).mode === expected;
}

/** Whether `event` still describes the payment. An outdated message is not sent. */
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
