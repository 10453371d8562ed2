import {
  attemptSubject,
  captureSubject,
  DELIVERY,
  entryIdOf,
  flagAnswered,
  flagged,
  flagsAnswered,
} from "./attention.ts";
import type { ClosingEvidence } from "./evidence.ts";
import type { Fee, PaymentKey, Ref, Uuid } from "./ids.ts";
import { applied, unstoredPayment } from "./new-version.ts";
import {
  type Attempt,
  type Flag,
  hasEnded,
  isTestMoney,
  type Lease,
  openedAttempts,
  type Payment,
  spentSince,
  type Terms,
} from "./payment.ts";
import type { Instant } from "./time.ts";
import { type ContextOf, isSpentFor, isTriedAgain, type TransitionContext } from "./transitions.ts";
import { nextVerification } from "./verification-schedule.ts";
import type { AttemptEnd, NoticeTarget } from "./vocabulary.ts";

/** How an attempt begins: the terms of its checkout, and the lease of the caller that opens it. */
export type Start = { terms: Terms; lease: Lease };

/** `isUnknown`: Chapa has said that it does not know the latest attempt, so its reference can be used. */
export type TakeOver = Start & { isUnknown?: true | undefined };

/** What is paid for, the payment of the same fee that was left before, and the request that asks. */
export type Claim = Fee & { previous?: Ref | undefined; requestId?: Uuid | undefined };

/** Returns a new payment. It is stored before we call Chapa, and is inert until a checkout is opened. */
export function claim(key: PaymentKey, fee: Claim, { terms, lease }: Start, context: TransitionContext): Payment {
  const unstored = { ...unstoredPayment(key, terms, context), ...fee };
  const asked = { ...context, holder: lease.holder, key: terms.key };
  return applied(unstored, "claim", asked, { changes: { attempt: 0, lease } });
}

/**
 * Returns the payment under the lease of another caller. The attempt gets a new reference, unless Chapa does not know
 * the latest one.
 */
export function takeOver(payment: Payment, start: TakeOver, context: TransitionContext): Payment {
  const asking = { holder: start.lease.holder, key: start.terms.key, isUnknown: start.isUnknown };
  const attempt = isTriedAgain(payment, asking) ? payment.attempt : payment.attempt + 1;
  return applied(payment, "takeOver", { ...context, ...asking }, { changes: beginning(attempt, start, context) });
}

/** Returns the payment with an opened checkout: it can be paid at `checkoutUrl`. */
export function open(payment: Payment, holder: string, checkoutUrl: string, context: TransitionContext): Payment {
  const opened = { ...payment.terms, openedAt: context.now };
  const verifyAt = nextVerification(opened, context.now, context.policy);
  const changes = {
    attempts: { ...payment.attempts, [payment.attempt]: { ...opened, verifyAt } },
    checkoutUrl,
    lease: undefined,
    failureReason: undefined,
    firstOpenedAt: payment.firstOpenedAt ?? context.now,
  };
  return applied(payment, "open", { ...context, holder }, { changes });
}

/** Returns the payment as failed because Chapa refused its data; `reason` is our own text. */
export function reject(payment: Payment, holder: string, reason: string, context: TransitionContext): Payment {
  const changes = { lease: undefined, failureReason: reason, settledAt: context.now };
  return applied(payment, "reject", { ...context, holder }, { changes });
}

/**
 * Returns the payment with the next attempt under the caller's lease; the old checkout is past its window and closed.
 */
export function renew(payment: Payment, closing: ClosingEvidence, start: Start, context: TransitionContext): Payment {
  const attempts = closedAttempts(payment, closing, "renewed", context);
  const changes = { ...beginning(payment.attempt + 1, start, context), attempts };
  return applied(payment, "renew", { ...context, ...closing }, { changes, evidence: closing.cancel });
}

/**
 * Returns the payment with a further attempt, after it was settled unpaid.
 * @param recordedAt when the caller's request was first recorded
 */
export function reopen(payment: Payment, recordedAt: Instant, start: Start, context: TransitionContext): Payment {
  const changes = beginning(payment.attempt + 1, start, context);
  const { lease, terms } = start;
  return applied(payment, "reopen", { ...context, holder: lease.holder, key: terms.key, recordedAt }, { changes });
}

/** Returns the payment settled without money; `closing` proves that its checkout can no longer be paid. */
export function settleUnpaid(
  payment: Payment,
  name: "fail" | "expire" | "cancel",
  closing: ClosingEvidence,
  context: TransitionContext,
): Payment {
  const left = ({ fail: "failed", expire: "expired", cancel: "cancelled" } as const)[name];
  const changes = {
    attempts: closedAttempts(payment, closing, left, context),
    checkoutUrl: undefined,
    lease: undefined,
    settledAt: context.now,
  };
  return applied(payment, name, { ...context, ...closing }, { changes, evidence: closing.cancel });
}

/**
 * Returns the payment without its test checkout, because the stage now takes real money. A live one may follow at once.
 */
export function modeChanged(payment: Payment, attempt: number, context: TransitionContext): Payment {
  const changes = {
    ...leftAsTest(payment, [attempt], context),
    ...(attempt === payment.attempt ? { checkoutUrl: undefined } : {}),
  };
  return applied(payment, "modeChanged", { ...context, attempt }, { changes });
}

/** Returns the payment with a further attempt, although test money waits for a person: the stage now takes real money. */
export function leaveTest(payment: Payment, start: Start, context: TransitionContext): Payment {
  const tests = openedAttempts(payment)
    .filter(({ mode }) => mode === "test")
    .map(({ number }) => number);
  const changes = { ...beginning(payment.attempt + 1, start, context), ...leftAsTest(payment, tests, context) };
  const { lease, terms } = start;
  return applied(payment, "leaveTest", { ...context, holder: lease.holder, key: terms.key }, { changes });
}

/** Test checkouts are not verified any more, and nobody needs to see what was raised about them. */
function leftAsTest(
  payment: Payment,
  tests: readonly number[],
  context: TransitionContext,
): Pick<Payment, "attempts" | "attention"> {
  const attempts = { ...payment.attempts };
  const subjects = tests.map(attemptSubject);
  for (const number of tests) {
    const record = attempts[number];
    if (record) attempts[number] = { ...record, end: "mode_changed", verifyAt: undefined, lastRead: undefined };
  }
  for (const capture of payment.captures) {
    if (tests.includes(capture.attempt) && isTestMoney(payment, capture)) subjects.push(captureSubject(capture));
  }
  return { attempts, attention: flagsAnswered(payment, subjects, { ...context, reason: LEFT_AS_TEST }) };
}

const LEFT_AS_TEST = "a test checkout of a stage that now takes real money";

/**
 * Returns the payment left for the next one of its fee, because it is spent or used up. Money that comes here later is
 * a duplicate.
 * @param asked the request, and what lets us leave each checkout that has not ended
 */
export function follow(
  payment: Payment,
  next: Ref,
  asked: Pick<ContextOf<"follow">, "holder" | "recordedAt" | "payableAgain" | "closings">,
  context: TransitionContext,
): Payment {
  let { attempts } = payment;
  for (const closing of asked.closings) {
    attempts = closedAttempts({ ...payment, attempts }, closing, "superseded", context);
  }
  const isSpent = isSpentFor(payment, asked, context);
  const spentAt = isSpent ? spentSince(payment, asked.payableAgain, context.policy.expectedMode) : undefined;
  const changes = { next, spentAt, attempts, checkoutUrl: undefined, lease: undefined };
  return applied(payment, "follow", { ...context, ...asked }, { changes, evidence: next });
}

/**
 * Returns the payment with one more attempt ended: one beside the live one, one of a payment that is paid, or the live
 * one beside a duplicate.
 */
export function end(
  payment: Payment,
  closing: Pick<ContextOf<"end">, keyof ClosingEvidence | "isBesideDuplicate">,
  context: TransitionContext,
): Payment {
  const changes = {
    attempts: closedAttempts(payment, closing, "superseded", context),
    ...(closing.attempt === payment.attempt ? { checkoutUrl: undefined } : {}),
  };
  return applied(payment, "end", { ...context, ...closing }, { changes, evidence: closing.cancel });
}

/**
 * Returns the payment after a person let it go on: every attempt that Chapa does not let us leave ends as lapsed.
 * @param reason the person's own words
 */
export function release(payment: Payment, reason: string, context: TransitionContext): Payment {
  const attempts = Object.fromEntries(
    openedAttempts(payment).map(({ number, ...record }) => [
      number,
      hasEnded(payment, number) ? record : lapsedAttempt(record, context),
    ]),
  );
  const lease =
    payment.state === "CREATED" ? payment.lease && { ...payment.lease, released: true as const } : undefined;
  const changes = { attempts, lease, checkoutUrl: undefined };
  return applied(payment, "release", { ...context, reason }, { changes, evidence: reason });
}

/**
 * Returns the payment finalised: the listing may get FAILED, and no attempt may follow.
 * @param attempt the attempt that was just verified and found unpaid
 */
export function finalise(payment: Payment, attempt: number, context: TransitionContext): Payment {
  return applied(payment, "finalise", { ...context, attempt }, { changes: { finalised: true } });
}

/** Returns the payment with a flag for a person. One about the delivery ends it. */
export function flag(payment: Payment, { code, subject, amount }: Flag, context: TransitionContext): Payment {
  const attention = flagged(payment, { code, subject, amount }, context);
  const changes = subject === DELIVERY ? { attention, sentAt: undefined } : { attention };
  return applied(payment, "flag", { ...context, code, subject }, { changes, evidence: entryIdOf({ code, subject }) });
}

/** Returns the payment with a person's answer to the flag with the id `entry`; `context.by` is that person. */
export function answer(
  payment: Payment,
  { entry, reason }: { entry: string; reason: string },
  context: TransitionContext,
): Payment {
  const changes = { attention: flagAnswered(payment, { entry, reason }, context) };
  return applied(payment, "answer", { ...context, entry }, { changes, evidence: entry });
}

/** Returns the payment in a version of its own, which is what is sent once more. */
export function notifyAgain(payment: Payment, { target, reason }: Again, context: TransitionContext): Payment {
  return applied(payment, "notifyAgain", { ...context, reason }, { changes: {}, evidence: `${target} ${reason}` });
}

/** Who is informed once more, and why. */
export type Again = { target: NoticeTarget; reason: string };

function beginning(attempt: number, { terms, lease }: Start, { now }: TransitionContext): Partial<Payment> {
  return { attempt, terms, lease, beganAt: now, checkoutUrl: undefined, settledAt: undefined };
}

/** Returns the attempts with one of them ended by what lets us leave it. */
export function closedAttempts(
  payment: Payment,
  closing: ClosingEvidence,
  end: AttemptEnd,
  context: TransitionContext,
): Payment["attempts"] {
  const record = payment.attempts[closing.attempt];
  if (!record || record.closedAt !== undefined || closing.cancel === "ended") return payment.attempts;
  const left = closing.cancel === "lapse" ? lapsedAttempt(record, context) : closedAttempt(record, end, context);
  return { ...payment.attempts, [closing.attempt]: left };
}

/** Returns the record of an attempt that we leave although it may still be payable. It is verified for three months. */
function lapsedAttempt(record: Attempt, { now, policy }: TransitionContext): Attempt {
  if (record.lapsedAt !== undefined) return record;
  const left = { ...record, end: "lapsed" as const, lapsedAt: now, lastRead: undefined };
  return { ...left, verifyAt: nextVerification(left, now, policy) };
}

/** Returns the record of an attempt that can no longer be paid, with its next verification scheduled. */
function closedAttempt(record: Attempt, end: AttemptEnd, { now, policy }: TransitionContext): Attempt {
  const left = { ...record, closedAt: now, end: record.end ?? end, lastRead: undefined };
  return { ...left, verifyAt: nextVerification(left, now, policy) };
}
