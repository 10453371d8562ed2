import { attemptSubject, flagEnded } from "./attention.ts";
import type { PaymentKey } from "./ids.ts";
import { hasEnded, isEmptied, openedAttempts, type Payment, type Terms } from "./payment.ts";
import { type ContextOf, refusalOf, TRANSITIONS, type TransitionContext } from "./transitions.ts";
import { dueAt } from "./verification-schedule.ts";
import type { TransitionName } from "./vocabulary.ts";

// Only an owner who retries for days while Chapa is down reaches the limit. The first and the latest entries are kept.
const HISTORY_LIMIT = 120;
const HISTORY_HEAD = 20;

/** Returns a payment that is not stored yet. */
export function unstoredPayment({ ref, txStage }: PaymentKey, terms: Terms, { now }: TransitionContext): Payment {
  return {
    ref,
    txStage,
    serial: 0,
    state: "CREATED",
    version: 0,
    revision: 0,
    attempt: -1,
    terms,
    attempts: {},
    createdAt: now,
    updatedAt: now,
    beganAt: now,
    captures: [],
    attention: [],
    history: [],
  };
}

/** Creates every version: checks the table of transitions, raises the version, dates it and writes the history. */
export function applied<Name extends TransitionName>(
  payment: Payment,
  name: Name,
  context: ContextOf<Name>,
  { changes, evidence }: { changes: Partial<Payment>; evidence?: string },
): Payment {
  const refusal = refusalOf(name, payment, context);
  if (refusal) throw new Error(refusal);
  const { now, by, policy } = context;
  const { to } = TRANSITIONS[name];
  const next: Payment = {
    ...payment,
    ...changes,
    state: to === "same" ? payment.state : to,
    version: payment.version + 1,
    updatedAt: now,
    history: shortened([...payment.history, { transition: name, at: now, by, evidence }]),
  };
  const isSpent = isEmptied(next, policy.expectedMode);
  return {
    ...next,
    ...(next.next === undefined ? { spentAt: isSpent ? (payment.spentAt ?? now) : undefined } : {}),
    attention: withEnded(payment, next, context),
    dueAt: dueAt(next, now, policy),
  };
}

/** What was raised about an attempt ends with it. Words that may mean money end only by what this step has proved. */
function withEnded(before: Payment, after: Payment, context: TransitionContext): Payment["attention"] {
  let { attention } = after;
  for (const { number, closedAt } of openedAttempts(after)) {
    const subject = attemptSubject(number);
    const isClosedNow = closedAt !== undefined && before.attempts[number]?.closedAt === undefined;
    const isProven = isClosedNow || capturesOn(after, number) > capturesOn(before, number);
    if (isProven) attention = flagEnded({ attention }, { code: "unknown_status", subject }, context);
  }
  for (let number = 0; number <= after.attempt; number++) {
    if (isNoLongerHeld(before, after, number))
      attention = flagEnded({ attention }, { code: "stuck", subject: attemptSubject(number) }, context);
  }
  return attention;
}

/** Whether an attempt has ended, or we know by now what became of one that we could not find out about. */
function isNoLongerHeld(before: Payment, after: Payment, number: number): boolean {
  if (after.attempts[number]) return hasEnded(after, number) || before.attempts[number] === undefined;
  return number < after.attempt || after.state !== "CREATED" || after.lease?.released === true;
}

function capturesOn({ captures }: Payment, number: number): number {
  return captures.filter(({ attempt }) => attempt === number).length;
}

function shortened(history: Payment["history"]): Payment["history"] {
  if (history.length <= HISTORY_LIMIT) return history;
  return [...history.slice(0, HISTORY_HEAD), ...history.slice(HISTORY_HEAD - HISTORY_LIMIT)];
}
