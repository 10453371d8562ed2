import { isNotMoney, type VerifyResult } from "./evidence.ts";
import { type Attempt, type Capture, isSameCapture, type Lease, type Payment } from "./payment.ts";
import type { Instant } from "./time.ts";
import type { TransitionContext } from "./transitions.ts";
import { dueAt, isAfterWindow, isPastLapse, retryAfter, retryAt, verificationAfter } from "./verification-schedule.ts";
import type { LastRead } from "./vocabulary.ts";

// Notes change a payment without a transition: they keep its state and its version.

/**
 * Returns the payment after a verification of `attempt` that made no transition: with the date of the next
 * verification, what Chapa said, and the reason of a failed try.
 */
export function noteVerification(
  payment: Payment,
  attempt: number,
  found: VerifyResult | undefined,
  context: TransitionContext,
): Payment {
  const { now, policy } = context;
  const record = payment.attempts[attempt];
  const isLate = isAfterWindow(payment, attempt, now, policy);
  const hasFailed = found?.kind === "unpaid" && found.reason === "failed";
  const read = record && verifiedAttempt(payment, attempt, withReading(record, found, isLate, now), context);
  const attempts = read ? { ...payment.attempts, [attempt]: read } : payment.attempts;
  const isShown = hasFailed && payment.state === "PENDING" && attempt === payment.attempt;
  const next: Payment = {
    ...payment,
    attempts,
    verifiedAt: now,
    unreachableSince: undefined,
    failureReason: isShown ? (found.failureReason ?? "the last try failed") : payment.failureReason,
  };
  return { ...next, dueAt: dueAt(next, now, policy) };
}

/** Returns the payment without a further verification of `attempt`, whatever webhook has named it. */
export function notVerifiedAgain(payment: Payment, attempt: number, { now, policy }: TransitionContext): Payment {
  const record = payment.attempts[attempt];
  const left = record && { ...record, verifyAt: undefined, webhookAt: undefined };
  const next = left ? { ...payment, attempts: { ...payment.attempts, [attempt]: left } } : payment;
  return { ...next, verifiedAt: now, unreachableSince: undefined, dueAt: dueAt(next, now, policy) };
}

/** `now` is when Chapa was asked: a webhook that came later still waits. */
function verifiedAttempt(
  payment: Payment,
  attempt: number,
  record: Attempt,
  { now, policy }: TransitionContext,
): Attempt {
  if (record.webhookAt !== undefined && record.webhookAt >= now) return record;
  const read = { ...payment, attempts: { ...payment.attempts, [attempt]: record } };
  return { ...record, webhookAt: undefined, verifyAt: verificationAfter(read, attempt, now, policy) };
}

/**
 * Returns the payment after a signed webhook named `attempt` and Chapa did not answer. The attempt, whatever became of
 * it, is asked again until Chapa answers a question that was asked later. Each webhook is a new date.
 */
export function webhookWaits(payment: Payment, attempt: number, { now, policy }: TransitionContext): Payment {
  const record = payment.attempts[attempt];
  if (!record) return payment;
  const webhookAt = Math.max(now, (record.webhookAt ?? 0) + 1);
  return dated(payment, attempt, { ...record, webhookAt }, { now, policy });
}

/** Returns the payment with the next verification of an attempt that a signed webhook has named; see {@link webhookWaits}. */
export function webhookWaitsOn(payment: Payment, attempt: number, { now, policy }: TransitionContext): Payment {
  const record = payment.attempts[attempt];
  return record?.webhookAt === undefined ? payment : dated(payment, attempt, record, { now, policy });
}

function dated(
  payment: Payment,
  attempt: number,
  record: Attempt,
  { now, policy }: Pick<TransitionContext, "now" | "policy">,
): Payment {
  const verifyAt = retryAfter(record.webhookAt ?? now, now);
  const next = { ...payment, attempts: { ...payment.attempts, [attempt]: { ...record, verifyAt } } };
  return { ...next, unreachableSince: payment.unreachableSince ?? now, dueAt: dueAt(next, now, policy) };
}

/** What Chapa's answer says for later: the key that reads the attempt, a failed try, the first reading for a lapse. */
function withReading(record: Attempt, found: VerifyResult | undefined, isLate: boolean, now: Instant): Attempt {
  if (!found || found.kind === "unavailable") return record;
  const known = found.kind === "maybe_money" ? undefined : record.unpaidReadAt;
  return {
    ...record,
    key: found.key ?? record.key,
    lastRead: lastReadOf(found),
    unpaidReadAt: isNotMoney(found) && isLate ? (known ?? now) : known,
  };
}

function lastReadOf(found: VerifyResult): LastRead | undefined {
  if (found.kind === "maybe_money") return "maybe_money";
  return found.kind === "unpaid" && found.reason === "failed" ? "failed" : undefined;
}

/**
 * Returns the payment after somebody tried to leave `attempt` and could not: with what Chapa said, and since when the
 * attempt is held, if its lapse is over.
 */
export function noteHeld(
  payment: Payment,
  attempt: number,
  found: VerifyResult | undefined,
  context: TransitionContext,
): Payment {
  const { now, policy } = context;
  const record = payment.attempts[attempt];
  if (!record) {
    if (attempt !== payment.attempt || !payment.lease) return payment;
    return { ...payment, lease: { ...payment.lease, heldSince: payment.lease.heldSince ?? now } };
  }
  const read = withReading(record, found, isAfterWindow(payment, attempt, now, policy), now);
  const heldSince = isPastLapse(payment, attempt, now, policy) ? (read.heldSince ?? now) : read.heldSince;
  return { ...payment, attempts: { ...payment.attempts, [attempt]: { ...read, heldSince } } };
}

/** Returns the payment with only its next verification rescheduled, because Chapa was unavailable. */
export function unreachable(payment: Payment, { now }: TransitionContext): Payment {
  const next = { ...payment, unreachableSince: payment.unreachableSince ?? now };
  return { ...next, dueAt: retryAt(next, now) };
}

/** Returns the payment with a lease that its holder gave up, or keeps until `until`. */
export function leased(payment: Payment, lease: Lease): Payment {
  if (payment.lease?.holder !== lease.holder) throw new Error("only the holder changes a lease");
  return { ...payment, lease };
}

/** Returns the payment with a delivery to the listing under way; its outcome is unknown until {@link deliveryEnded}. */
export function deliverySent(payment: Payment, { now }: TransitionContext): Payment {
  return { ...payment, sentAt: now };
}

/**
 * Returns the payment after a definite answer of the listing; `isAcknowledged`: the listing has the success and keeps
 * it.
 */
export function deliveryEnded(payment: Payment, isAcknowledged: boolean, { now, policy }: TransitionContext): Payment {
  const next = { ...payment, sentAt: undefined, ...(isAcknowledged ? { acknowledgedAt: now } : {}) };
  return isAcknowledged ? { ...next, dueAt: dueAt(next, now, policy) } : next;
}

/**
 * Returns the payment with a capture marked as listed by Chapa, under the reference in the list if verify reported none;
 * undefined if there is nothing to change.
 */
export function listedCapture(payment: Payment, capture: Pick<Capture, "attempt" | "reference">): Payment | undefined {
  const known = payment.captures.find((other) => isSameCapture(other, capture));
  if (!known) return undefined;
  const { reference = capture.reference } = known;
  if (known.listed && known.reference === reference) return undefined;
  const listed: Capture = { ...known, listed: true, ...(reference === undefined ? {} : { reference }) };
  return { ...payment, captures: payment.captures.map((other) => (other === known ? listed : other)) };
}

/** Returns the payment with the time at which the sweep publishes its unacknowledged success again. */
export function republished(payment: Payment, { now, policy }: TransitionContext): Payment {
  return { ...payment, dueAt: dueAt(payment, now, policy) };
}
