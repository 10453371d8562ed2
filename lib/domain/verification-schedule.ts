import { LAST_ATTEMPT } from "./ids.ts";
import {
  type Attempt,
  type Capture,
  hasEnded,
  isInert,
  isSettledUnpaid,
  mayBePaid,
  openedAttempts,
  type Payment,
  shownTerms,
} from "./payment.ts";
import { clamp, DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "./time.ts";
import type { Mode } from "./vocabulary.ts";

/**
 * When to verify a checkout, and when to settle a payment. Time decides only when to verify, never whether it was paid.
 * `ladderMs`: ages of an opened checkout at which it is verified; the last one repeats.
 */
export type Policy = {
  ladderMs: readonly number[];
  timeoutMs: number;
  /** How long a checkout can be paid: its window. */
  checkoutTtlMs: number;
  /** How long after its window a checkout that Chapa does not close may be left. */
  lapseMs: number;
  listingHearsFailed: boolean;
  /**
   * How long after its first checkout an unpaid payment is finalised. The listing keeps the first FAILED that it gets,
   * and rejects an unpaid property by itself after a week, so that no owner is locked out by ours.
   */
  listingFailedAfterMs: number;
  /** The purposes whose payments confirm the listing. The listing gets nothing about the others. */
  confirmingPurposes: readonly string[];
  /** The mode in which this stage takes money. */
  expectedMode: Mode;
};

/** How many checkouts one payment may open. */
const MAX_OPENED = 64;

/** Money that was under way may still arrive after a checkout is closed, so three more verifications follow. */
const VERIFICATIONS_AFTER_CLOSING_MS = [HOUR_MS, DAY_MS, 7 * DAY_MS] as const;

/** A confirmed checkout is verified once more, because money may go back after Chapa's list was compared. */
const VERIFICATION_AFTER_CONFIRM_MS = 60 * DAY_MS;

/**
 * A checkout that lapsed can perhaps still be paid, so it is verified, and its cancel tried, for much longer. So is a
 * closed one that Chapa calls by a word that may mean money.
 */
const VERIFICATIONS_AFTER_LAPSE_MS = [HOUR_MS, ...[1, 3, 7, 14, 30, 60, 90].map((days) => days * DAY_MS)] as const;

/** Two readings that no money came, at least so far apart, stand before a lapse. */
const BETWEEN_READINGS_MS = 10 * MINUTE_MS;

/** A checkout that nobody can leave for this long calls a person. */
const STUCK_AFTER_MS = DAY_MS;

const FIRST_RETRY_MS = MINUTE_MS;
const LONGEST_RETRY_MS = 6 * HOUR_MS;
const FIRST_REPUBLISH_MS = 15 * MINUTE_MS;
const LONGEST_REPUBLISH_MS = DAY_MS;

/** Returns when `attempt` is verified next after a verification at `now`; undefined after its last verification. */
export function nextVerification(
  attempt: Pick<Attempt, "openedAt" | "closedAt" | "lapsedAt" | "end" | "lastRead">,
  now: Instant,
  policy: Policy,
): Instant | undefined {
  const { openedAt, closedAt, lapsedAt, end, lastRead } = attempt;
  if (end === "mode_changed") return undefined;
  if (closedAt !== undefined) {
    const ages = lastRead === "maybe_money" ? VERIFICATIONS_AFTER_LAPSE_MS : VERIFICATIONS_AFTER_CLOSING_MS;
    return ages.map((age) => closedAt + age).find((at) => at > now);
  }
  if (lapsedAt !== undefined) {
    return VERIFICATIONS_AFTER_LAPSE_MS.map((age) => lapsedAt + age).find((at) => at > now);
  }
  const rung = policy.ladderMs.map((age) => openedAt + age).find((at) => at > now);
  if (rung !== undefined) return rung;
  const period = policy.ladderMs.at(-1) ?? DAY_MS;
  return openedAt + (Math.floor((now - openedAt) / period) + 1) * period;
}

/** Returns when a confirmed checkout is verified once more; undefined after that. */
export function lastVerification(confirmedAt: Instant, now: Instant): Instant | undefined {
  const at = confirmedAt + VERIFICATION_AFTER_CONFIRM_MS;
  return at > now ? at : undefined;
}

/** Returns when an attempt is verified because a webhook's report of a refund must be confirmed by then. */
export function reportDay({ reports = [] }: Payment, attempt: number, now: Instant): Instant | undefined {
  const days = reports.filter((report) => report.attempt === attempt).map(({ at }) => at + DAY_MS);
  const ahead = days.filter((day) => day > now);
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}

/** Returns when an attempt that awaits a verification is verified next, after one at `now`. */
export function verificationAfter(
  payment: Payment,
  attempt: number,
  now: Instant,
  policy: Policy,
): Instant | undefined {
  const record = payment.attempts[attempt];
  if (record?.verifyAt === undefined && record?.lastRead !== "maybe_money") return undefined;
  const captures = payment.captures.filter((capture) => capture.attempt === attempt);
  const confirmed = captures.find(({ kind }) => kind === "confirmed");
  // A duplicate awaits no verification of its own.
  const isOpen = captures.length === 0 || captures.some(({ kind }) => kind === "reviewed");
  const open = isOpen ? nextVerification(record, now, policy) : undefined;
  const next = confirmed ? lastVerification(confirmed.at, now) : open;
  const moments = [next ?? [], reportDay(payment, attempt, now) ?? []].flat();
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

/** Returns the earliest time at which the payment needs work; undefined if it needs none. */
export function dueAt(payment: Payment, now: Instant, policy: Policy): Instant | undefined {
  if (isInert(payment)) return undefined;
  const verifications = openedAttempts(payment).flatMap(({ verifyAt }) => verifyAt ?? []);
  const refunds = (payment.refunds ?? []).flatMap(({ checkAt }) => checkAt ?? []);
  const moments = [...verifications, ...refunds, ...stateMoments(payment, now, policy)];
  if (moments.length === 0 && awaitsPerson(payment)) return now + DAY_MS;
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

/** Whether a person decides about its money. Test money that was left waits for a press only. */
function awaitsPerson(payment: Payment): boolean {
  return payment.state === "REVIEW" && openedAttempts(payment).some(({ end }) => end !== "mode_changed");
}

function stateMoments(payment: Payment, now: Instant, policy: Policy): Instant[] {
  switch (payment.state) {
    case "CREATED":
    case "PENDING":
      return [upcoming(timeoutAt(payment, policy), now)];
    case "SUCCESS":
      return awaitsAcknowledgement(payment, policy) ? [republishAt(payment, now)] : [];
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED": {
      const finalising = finaliseAt(payment, policy);
      return finalising === undefined ? [] : [upcoming(finalising, now)];
    }
    case "REVIEW":
      return [];
  }
}

/** What should have happened by `now` and could not is tried again an hour later. */
function upcoming(at: Instant, now: Instant): Instant {
  return at > now ? at : now + HOUR_MS;
}

/** Returns when an unpaid payment expires, once there is closing evidence. */
export function timeoutAt(payment: Payment, policy: Policy): Instant {
  return payment.beganAt + policy.timeoutMs;
}

/** Whether the listing gets the result of this payment. */
export function confirmsListing(
  { purpose }: Payment,
  { confirmingPurposes }: Pick<Policy, "confirmingPurposes">,
): boolean {
  return confirmingPurposes.some((one) => one === purpose);
}

/** Whether it is of a test key while the stage sells for real: no money that anybody hears of. */
export function isPlayMoney({ mode }: { mode: Mode }, { expectedMode }: Pick<Policy, "expectedMode">): boolean {
  return expectedMode === "live" && mode === "test";
}

/** Whether the listing still has to acknowledge a success. */
export function awaitsAcknowledgement(payment: Payment, policy: Policy): boolean {
  if (payment.state !== "SUCCESS" || payment.acknowledgedAt !== undefined) return false;
  if (!confirmsListing(payment, policy) || isPlayMoney(shownTerms(payment), policy)) return false;
  return !payment.attention.some(({ code }) => code === "listing_closed" || code === "listing_unclear");
}

/**
 * Returns when an unpaid payment is finalised and the listing gets FAILED; undefined if that never happens. The first
 * verification after settling comes before, because it may find money that was under way. Nobody is told FAILED while
 * Chapa has spoken of money.
 */
export function finaliseAt(payment: Payment, policy: Policy): Instant | undefined {
  if (!isSettledUnpaid(payment) || payment.finalised || payment.next !== undefined) return undefined;
  if (!policy.listingHearsFailed) return undefined;
  if (!confirmsListing(payment, policy)) return undefined;
  if (payment.firstOpenedAt === undefined || payment.settledAt === undefined) return undefined;
  if (hasLapsedLink(payment) || mayBePaid(payment)) return undefined;
  return Math.max(
    payment.firstOpenedAt + policy.listingFailedAfterMs,
    payment.settledAt + VERIFICATIONS_AFTER_CLOSING_MS[0],
  );
}

/** Whether a checkout lapsed and was not closed since. It may still be paid, so nobody is told that it failed. */
export function hasLapsedLink(payment: Payment): boolean {
  return openedAttempts(payment).some(({ end, closedAt }) => end === "lapsed" && closedAt === undefined);
}

/** Whether the verification of a checkout other than `attempt` is overdue. That checkout may have been paid. */
export function isOtherOverdue(payment: Payment, attempt: number, now: Instant): boolean {
  return openedAttempts(payment).some(
    ({ number, verifyAt = Number.POSITIVE_INFINITY }) => number !== attempt && verifyAt <= now,
  );
}

/**
 * Returns when to publish an unacknowledged success again: after 15 minutes at first, then at doubling intervals up to
 * a day.
 */
export function republishAt(payment: Payment, now: Instant): Instant {
  const waited = now - (payment.settledAt ?? now);
  return now + clamp(waited, FIRST_REPUBLISH_MS, LONGEST_REPUBLISH_MS);
}

/**
 * Returns when to verify again while Chapa is unavailable: after as long as it has been unavailable, from 1 minute to 6
 * hours.
 */
export function retryAt(payment: Payment, now: Instant): Instant {
  return retryAfter(payment.unreachableSince ?? now, now);
}

/** Returns when to ask again what has not been answered since `since`. */
export function retryAfter(since: Instant, now: Instant): Instant {
  return now + clamp(now - since, FIRST_RETRY_MS, LONGEST_RETRY_MS);
}

/**
 * Returns all attempts whose verification is due at `now`, not only the latest. If none is due, returns the latest
 * attempt, or in REVIEW the attempt of the last capture.
 */
export function attemptsToVerify(payment: Payment, now: Instant): number[] {
  const refunded = attemptsWithRefundDue(payment, now);
  const isDue = ({ number, verifyAt = Number.POSITIVE_INFINITY }: { number: number; verifyAt?: Instant | undefined }) =>
    verifyAt <= now || refunded.includes(number);
  const due = openedAttempts(payment).filter(isDue);
  if (due.length > 0) return due.map(({ number }) => number);
  const last = payment.captures.at(-1)?.attempt;
  return [payment.state === "REVIEW" && last !== undefined ? last : payment.attempt];
}

/** Returns the attempts with money of which a refund has its next step due. */
export function attemptsWithRefundDue({ captures, refunds = [] }: Payment, now: Instant): number[] {
  const hasRefundDue = ({ reference }: Capture) =>
    refunds.some(({ capture, checkAt = Number.POSITIVE_INFINITY }) => capture === reference && checkAt <= now);
  return captures.filter(hasRefundDue).map(({ attempt }) => attempt);
}

/** Returns all opened attempts that still await a verification, the latest first; the latest one if none does. */
export function attemptsToAsk(payment: Payment): number[] {
  const awaiting = openedAttempts(payment).filter(({ verifyAt }) => verifyAt !== undefined);
  return awaiting.length > 0 ? awaiting.map(({ number }) => number).reverse() : attemptsToVerify(payment, 0);
}

/** Whether the latest checkout is past its window, so that the next request opens a new one. */
export function isPastWindow(payment: Payment, now: Instant, policy: Policy): boolean {
  const opened = payment.attempts[payment.attempt];
  return opened !== undefined && now >= windowEnd(opened, policy);
}

/** Returns when the window of the latest checkout ends; undefined if none was opened. */
export function windowEndOf({ attempts, attempt }: Payment, policy: Policy): Instant | undefined {
  const opened = attempts[attempt];
  return opened && windowEnd(opened, policy);
}

function windowEnd({ openedAt }: Attempt, { checkoutTtlMs }: Policy): Instant {
  return openedAt + checkoutTtlMs;
}

/**
 * Returns when an attempt may be left although Chapa does not close it: its lapse is over, and an earlier reading after
 * its window found no money. Without such a reading one at `now` counts as the earlier. An attempt that was never
 * opened was given to nobody and may be left at once.
 */
export function lapseAt(payment: Payment, number: number, now: Instant, policy: Policy): Instant {
  const attempt = payment.attempts[number];
  if (!attempt) return now;
  const reading = Math.max(attempt.unpaidReadAt ?? now, windowEnd(attempt, policy));
  return Math.max(windowEnd(attempt, policy) + policy.lapseMs, reading + BETWEEN_READINGS_MS);
}

/** Whether window and lapse of an attempt are over, so that only Chapa's answers keep it. */
export function isPastLapse({ attempts }: Payment, number: number, now: Instant, policy: Policy): boolean {
  const attempt = attempts[number];
  return attempt !== undefined && now >= windowEnd(attempt, policy) + policy.lapseMs;
}

/** Whether a readable answer without money, read at `now`, counts for the lapse of an attempt. */
export function isAfterWindow({ attempts }: Payment, number: number, now: Instant, policy: Policy): boolean {
  const attempt = attempts[number];
  return attempt !== undefined && now >= windowEnd(attempt, policy);
}

/** Since when an attempt cannot be left, or nobody can find out what became of it; undefined if it has ended. */
function heldSince(payment: Payment, number: number): Instant | undefined {
  const record = payment.attempts[number];
  if (record) return hasEnded(payment, number) ? undefined : record.heldSince;
  const isBeingOpened = number === payment.attempt && payment.state === "CREATED" && !payment.lease?.released;
  return isBeingOpened ? payment.lease?.heldSince : undefined;
}

/** Whether an attempt has been held for a day, so that a person is called. */
export function isStuck(payment: Payment, number: number, now: Instant): boolean {
  const since = heldSince(payment, number);
  return since !== undefined && now >= since + STUCK_AFTER_MS;
}

/**
 * Returns the opened attempts other than the live one that have not ended, or that lapsed and may still be closed.
 * @param withLive also the live one
 */
export function attemptsToEnd(payment: Payment, withLive = false): number[] {
  const live = payment.checkoutUrl === undefined || withLive ? undefined : payment.attempt;
  return openedAttempts(payment)
    .filter(({ number, closedAt, end }) => {
      if (number === live || closedAt !== undefined) return false;
      return end === "lapsed" || !hasEnded(payment, number);
    })
    .map(({ number }) => number);
}

/** Whether a further attempt may begin. */
export function attemptsLeft(payment: Payment): boolean {
  return payment.attempt < LAST_ATTEMPT && Object.keys(payment.attempts).length < MAX_OPENED;
}
