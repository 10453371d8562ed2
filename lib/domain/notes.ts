import { closedAttempt } from "./apply.ts";
import type { Unpaid } from "./evidence.ts";
import { type Capture, isSameCapture, type Lease, type Payment } from "./payment.ts";
import type { TransitionContext } from "./transitions.ts";
import { dueAt, retryAt, verificationAfter } from "./verification-schedule.ts";

// Notes change a payment without a transition: they keep its state and its version.

/**
 * Returns the payment after a verification of `attempt` that made no transition: with the date of the next
 * verification, and the reason of a failed try.
 */
export function noteVerification(
  payment: Payment,
  attempt: number,
  found: Unpaid | undefined,
  { now, policy }: TransitionContext,
): Payment {
  const record = payment.attempts[attempt];
  const attempts =
    record?.verifyAt === undefined
      ? payment.attempts
      : { ...payment.attempts, [attempt]: { ...record, verifyAt: verificationAfter(payment, attempt, now, policy) } };
  const failed = found?.reason === "failed" && payment.state === "PENDING" && attempt === payment.attempt;
  const next: Payment = {
    ...payment,
    attempts,
    verifiedAt: now,
    unreachableSince: undefined,
    failureReason: failed ? (found.failureReason ?? "the last try failed") : payment.failureReason,
  };
  return { ...next, dueAt: dueAt(next, now, policy) };
}

/**
 * Returns the payment with another checkout marked as superseded, because a different one was paid and Chapa confirmed
 * the cancel. Three more verifications of it follow.
 */
export function superseded(payment: Payment, attempt: number, context: TransitionContext): Payment {
  const record = payment.attempts[attempt];
  if (!record || record.closedAt !== undefined) return payment;
  const next = {
    ...payment,
    attempts: { ...payment.attempts, [attempt]: closedAttempt(record, "superseded", context) },
  };
  return { ...next, dueAt: dueAt(next, context.now, context.policy) };
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
