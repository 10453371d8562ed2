import { entryIdOf, openEntries } from "./attention.ts";
import { type Flag, hasEnded, isInert, isSettledUnpaid, mayBePaid, type Payment, shownTerms } from "./payment.ts";
import { DAY_MS } from "./time.ts";
import { type TotalsDelta, totalsDelta } from "./totals.ts";
import { TRANSITIONS } from "./transitions.ts";
import { confirmsListing, type Policy } from "./verification-schedule.ts";
import { type FinalStatus, type UserEvent, WIRE_STATUS } from "./vocabulary.ts";

const STEPS: Readonly<Record<string, { to: string } | undefined>> = TRANSITIONS;

/** For how long a message and a count are marked as done. */
export const MARK_MS = 30 * DAY_MS;

/** What one version of a payment means for other services. */
export type Outcome = {
  /** The payment's current state must be delivered to the listing. */
  listing: boolean;
  user: UserEvent | undefined;
  /** Flags that this version raised. */
  attention: Flag[];
  totals: TotalsDelta | undefined;
};

/**
 * Whether `after` is a version that was not there before. A row that was put back from a backup is none: it appears with
 * a version above 1, or replaces a later one.
 */
export function isNewVersion(before: Payment | undefined, after: Payment): boolean {
  return before ? after.version > before.version : after.version === 1;
}

/** Returns what the step from `before` to `after` means for others; nothing without a new version. */
export function outcomeOf(
  before: Payment | undefined,
  after: Payment,
  policy: Pick<Policy, "confirmingPurposes">,
): Outcome {
  const nothing: Outcome = { listing: false, user: undefined, attention: [], totals: undefined };
  if (!isNewVersion(before, after)) return nothing;
  const known = before ? openEntries(before).map(entryIdOf) : [];
  return {
    listing: confirmsListing(after, policy) && isNewForListing(before, after),
    user: newUserEvent(before, after) ?? (isRefundSettled(before, after) ? "refunded" : undefined),
    attention: openEntries(after)
      .filter((entry) => !known.includes(entryIdOf(entry)))
      .map(({ code, subject }) => ({ code, subject })),
    totals: totalsDelta(before, after),
  };
}

function newUserEvent(before: Payment | undefined, after: Payment): UserEvent | undefined {
  const event = before?.state === after.state ? undefined : userEventOf(after);
  return event === "initiated" && !isFirstOpen(after) ? undefined : event;
}

/** Whether money of a refund of ours has arrived at the payer in this step. */
function isRefundSettled(before: Payment | undefined, after: Payment): boolean {
  const known = settledRefunds(before);
  return settledRefunds(after).some((id) => !known.includes(id));
}

function settledRefunds(payment: Payment | undefined): string[] {
  const settled = (payment?.refunds ?? []).filter(({ state, before }) => state === "SETTLED" && before === undefined);
  return settled.map(({ id }) => id);
}

function isNewForListing(before: Payment | undefined, after: Payment): boolean {
  const status = listingStatusOf(after);
  return status !== undefined && (!before || listingStatusOf(before) !== status);
}

/**
 * Returns the status to deliver to the listing: a success at once, a failure only when finalised; undefined otherwise.
 */
export function listingStatusOf(payment: Payment): FinalStatus | undefined {
  if (payment.state === "SUCCESS") return "SUCCESS";
  return payment.finalised && WIRE_STATUS[payment.state] === "FAILED" ? "FAILED" : undefined;
}

/** Whether the listing may hear the payment's state. It never hears a success that is not of the stage's mode. */
export function mayBeListed(payment: Payment, { expectedMode }: Pick<Policy, "expectedMode">): boolean {
  return payment.state !== "SUCCESS" || shownTerms(payment).mode === expectedMode;
}

/**
 * Whether `event` still describes the payment. An outdated message is not sent, nor that nobody paid while a signed
 * webhook waits for Chapa's answer or Chapa's last word may mean money.
 */
export function isCurrent(event: UserEvent, payment: Payment): boolean {
  if (event === "refunded") return settledRefunds(payment).length > 0;
  return userEventOf(payment) === event && (event === "paid" || !mayBePaid(payment));
}

/** Returns the message about the payment's state that its payer can get once more; undefined if there is none. */
export function userEventAgain(payment: Payment): UserEvent | undefined {
  const event = payment.userId === undefined ? undefined : userEventOf(payment);
  return event !== undefined && isCurrent(event, payment) ? event : undefined;
}

/** Returns the version that brought the payment into its state: the one that messages about this state name. */
export function stateVersion({ version, history }: Payment): number {
  // A transition that only a newer release knows counts as one that keeps the state.
  const last = history.findLastIndex(({ transition }) => (STEPS[transition]?.to ?? "same") !== "same");
  return version - (history.length - 1 - last);
}

/** A payer whose fee goes on with another payment hears nothing of an unpaid one that was left. */
function userEventOf(payment: Payment): UserEvent | undefined {
  if (isInert(payment) || (payment.next !== undefined && isSettledUnpaid(payment))) return undefined;
  switch (payment.state) {
    case "SUCCESS":
      return "paid";
    case "FAILED":
      // The person who did not accept the money tells the payer why.
      return settledBy(payment) === "rejectReview" ? undefined : "failed";
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "PENDING":
      return hasEnded(payment, payment.attempt) ? undefined : "initiated";
    case "CREATED":
    case "REVIEW":
      return undefined;
  }
}

function settledBy({ state, history }: Payment): string | undefined {
  return history.findLast(({ transition }) => STEPS[transition]?.to === state)?.transition;
}

/** Whether this checkout is the first since the payment was claimed or reopened. A renewed one is no news. */
function isFirstOpen({ history }: Payment): boolean {
  const began = history.findLastIndex(({ transition }) => transition === "claim" || transition === "reopen");
  return history.slice(began).filter(({ transition }) => transition === "open").length === 1;
}
