import { captureSubject, flagEnded, flagged, flagsAnswered, isRaisable, nextSubject } from "./attention.ts";
import type { VerifiedMoney } from "./evidence.ts";
import { type Santim, sum } from "./money.ts";
import { applied } from "./new-version.ts";
import {
  backOf,
  type Capture,
  type Flag,
  isRefundOpen,
  isSameCapture,
  leftOf,
  type Payment,
  type Refund,
  refundsOf,
} from "./payment.ts";
import { clamp, DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "./time.ts";
import type { RefundRequest, TransitionContext } from "./transitions.ts";
import { dueAt } from "./verification-schedule.ts";
import type { TransitionName } from "./vocabulary.ts";

// Chapa promises one to three days. Without a definite answer we ask at these ages of a refund, then daily.
const CHECKS_AFTER_SENDING_MS = [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;
/** A refund that cannot be sent is tried again after as long as it has waited, within these limits. */
const BETWEEN_TRIES_TO_SEND_MS = { least: MINUTE_MS, most: HOUR_MS } as const;
/** A refund that is not sent or not settled by then calls a person; so does a settled one, this long after its last check. */
const CLEAR_WITHIN_MS = DAY_MS;
/** What has settled may still come to nothing. */
const LAST_CHECK_MS = 7 * DAY_MS;
const CHECKS_AFTER_SETTLING_MS = [DAY_MS, LAST_CHECK_MS] as const;

const RETURNED = "all of this money went back";

export function refundIn({ refunds = [] }: Pick<Payment, "refunds">, id: string): Refund | undefined {
  return refunds.find((refund) => refund.id === id);
}

/** Returns how much of our refunds arrived in a version of the payment; undefined if the history says of none. */
export function settledInVersion(payment: Payment, version: number): Santim | undefined {
  const { transition, at, evidence = "" } = payment.history.at(version - payment.version - 1) ?? {};
  if (transition === "refundSettled") return refundIn(payment, evidence)?.amount;
  if (transition !== "wentBack") return undefined;
  const settled = (payment.refunds ?? []).filter(({ settledAt }) => settledAt === at);
  return settled.length > 0 ? sum(settled.map(({ amount }) => amount)) : undefined;
}

/**
 * Returns a refund that is to be sent at once. A decision that sends several captures back adds one for each to the
 * payment, in its own write; for a single one see {@link requestRefund}.
 */
export function requestedRefund(
  { id, capture, amount, reason }: RefundRequest,
  { now, by }: Pick<TransitionContext, "now" | "by">,
): Refund {
  return { id, capture, amount, reason, by, state: "REQUESTED", at: now, checkAt: now };
}

/** Returns the payment with a refund requested. What is left of the capture is less from now on. */
export function requestRefund(payment: Payment, request: RefundRequest, context: TransitionContext): Payment {
  const refunds = [...(payment.refunds ?? []), requestedRefund(request, context)];
  return applied(
    payment,
    "refundRequested",
    { ...context, ...request },
    { changes: { refunds }, evidence: request.id },
  );
}

/**
 * Returns the payment with a refund that we are about to send. It is never sent again.
 * @param sentBy names this sender, as no other one is named
 */
export function sendRefund(payment: Payment, id: string, sentBy: string, context: TransitionContext): Payment {
  const { now } = context;
  const sent = { state: "SENT", sentAt: now, sentBy, checkAt: now + CHECKS_AFTER_SENDING_MS[0] } as const;
  return stepped(payment, "refundSent", { id, changes: sent }, context);
}

/** Returns the payment after the money of a refund arrived at the payer. */
export function settleRefund(payment: Payment, id: string, context: TransitionContext): Payment {
  const { now } = context;
  const settled = { state: "SETTLED", settledAt: now, checkAt: now + CHECKS_AFTER_SETTLING_MS[0] } as const;
  return stepped(payment, "refundSettled", { id, changes: settled }, context);
}

/**
 * Returns the payment after a refund came to nothing before it settled. Its money is here, and a person is called.
 * @param refusal why, in our words
 */
export function refuseRefund(payment: Payment, id: string, refusal: string, context: TransitionContext): Payment {
  const refused = { state: "REFUSED", refusal, checkAt: undefined } as const;
  return stepped(payment, "refundRefused", { id, changes: refused }, context);
}

/** Returns the payment after a settled refund came to nothing. Its money is here again, and a person is called. */
export function undoRefund(payment: Payment, id: string, context: TransitionContext): Payment {
  return stepped(payment, "refundUndone", { id, changes: { state: "UNDONE", checkAt: undefined } }, context);
}

type RefundStep = Extract<TransitionName, "refundSent" | "refundSettled" | "refundRefused" | "refundUndone">;

function stepped(
  payment: Payment,
  name: RefundStep,
  { id, changes }: { id: string; changes: Partial<Refund> },
  context: TransitionContext,
): Payment {
  const refunds = (payment.refunds ?? []).map((refund) => (refund.id === id ? { ...refund, ...changes } : refund));
  const after = { ...payment, refunds };
  const attention = raised(attentionAfter(payment, after, context), flagOf(after, name, id), context);
  return applied(payment, name, { ...context, id }, { changes: { refunds, attention }, evidence: id });
}

function raised(
  attention: Payment["attention"],
  flag: Flag | undefined,
  context: TransitionContext,
): Payment["attention"] {
  return flag ? flagged({ attention }, flag, context) : attention;
}

/** Money that comes back to a payment that was left may pay its fee, as a duplicate does. */
function flagOf(payment: Payment, name: RefundStep, id: string): Flag | undefined {
  const { capture, amount } = refundIn(payment, id) ?? {};
  if (name === "refundRefused") return { code: "refund_refused", subject: id, amount };
  if (name !== "refundUndone") return undefined;
  if (payment.next === undefined || capture === undefined) return { code: "refund_undone", subject: id, amount };
  return { code: "duplicate", subject: nextSubject(payment, { code: "duplicate", subject: capture }) };
}

/**
 * Returns the attention after some refunds have ended: nobody waits for them any more, and what was raised about a
 * capture is answered once nothing is left of it.
 */
export function attentionAfter(
  before: Payment,
  after: Payment,
  { now, by }: Pick<TransitionContext, "now" | "by">,
): Payment["attention"] {
  let { attention } = after;
  for (const refund of after.refunds ?? []) {
    const known = refundIn(before, refund.id);
    if (known?.state === refund.state) continue;
    if (known) attention = flagEnded({ attention }, unclear(known), { now });
    if (isRefundOpen(refund)) continue;
    attention = flagEnded({ attention }, unclear({ ...refund, state: "SENT" }), { now });
    const capture = after.captures.find(({ reference }) => reference === refund.capture);
    const isReturned = refund.state === "SETTLED" && refund.before === undefined;
    if (isReturned && capture && isAllBack(after, capture)) {
      attention = flagsAnswered({ attention }, [captureSubject(capture)], { now, by, reason: RETURNED });
    }
  }
  return attention;
}

function isAllBack(payment: Payment, capture: Capture): boolean {
  return leftOf(payment, capture) === 0 && !refundsOf(payment, capture).some(isRefundOpen);
}

/**
 * Returns the refunds after verify reported money of a capture. With nothing left of it at Chapa, an open one has
 * settled. One that only the bank's reversal settled is open again once the bank has returned the money.
 */
export function refundsAfter(
  { refunds }: Payment,
  captures: readonly Capture[],
  { attempt, result }: VerifiedMoney,
  now: Instant,
): Payment["refunds"] {
  const { reference } = result.facts;
  const capture = captures.find((known) => isSameCapture(known, { attempt, reference }));
  if (!refunds || !capture) return refunds;
  const { refunded, reversed } = backOf(capture);
  const isGone = reversed > 0 || refunded >= (capture.amount || 1);
  return refunds.map((refund): Refund => {
    if (refund.capture !== capture.reference) return refund;
    if (refund.before !== undefined && reversed === 0) {
      return { ...refund, state: refund.before, before: undefined, settledAt: undefined, checkAt: now };
    }
    const { state } = refund;
    if (!isGone || !isKnownOpen(state)) return refund;
    const before = reversed > 0 ? state : undefined;
    // What Chapa has settled may still come to nothing, however we heard of it.
    const checkAt = before === undefined ? now + CHECKS_AFTER_SETTLING_MS[0] : undefined;
    return { ...refund, state: "SETTLED", settledAt: now, checkAt, before };
  });
}

function isKnownOpen(state: Refund["state"]): state is "REQUESTED" | "SENT" {
  return state === "REQUESTED" || state === "SENT";
}

/** What came of a refund's next step. `silent`: Chapa could not be asked; `unclear`: its words say nothing of the refund. */
export type RefundCheck = { kind: "answered" | "unclear" | "silent"; chapaRef?: string | undefined };

/**
 * Returns the payment after a step of a refund was tried and its end is still not known: with the date of the next try,
 * and Chapa's own reference, if it named one.
 */
export function noteRefundChecked(
  payment: Payment,
  id: string,
  { kind, chapaRef }: RefundCheck,
  { now, policy }: TransitionContext,
): Payment {
  const checked = (refund: Refund): Refund => ({
    ...refund,
    chapaRef: refund.chapaRef ?? chapaRef,
    checkAt: nextCheck(payment, refund, kind, now),
  });
  const refunds = (payment.refunds ?? []).map((refund) => (refund.id === id ? checked(refund) : refund));
  const next = { ...payment, refunds };
  return { ...next, dueAt: dueAt(next, now, policy) };
}

/** A check that Chapa did not answer is not done: it is repeated, in an hour after silence and in a day after other words. */
const REPEATED_AFTER_MS = { answered: Number.POSITIVE_INFINITY, unclear: DAY_MS, silent: HOUR_MS } as const;

function nextCheck(payment: Payment, refund: Refund, kind: RefundCheck["kind"], now: Instant): Instant | undefined {
  const { state, at, sentAt, settledAt } = refund;
  const { least, most } = BETWEEN_TRIES_TO_SEND_MS;
  const repeated = now + REPEATED_AFTER_MS[kind];
  const rungAfter = (since: Instant, ages: readonly number[]) =>
    ages.map((age) => since + age).find((moment) => moment > now);
  switch (state) {
    case "REQUESTED":
      return now + clamp(now - at, least, most);
    case "SENT":
      // The answer may be written long after it was read. Then a person is called by the next run, not by the next check.
      if (unclearFlag(payment, refund, now)) return now;
      return Math.min(rungAfter(sentAt ?? now, CHECKS_AFTER_SENDING_MS) ?? now + DAY_MS, repeated);
    case "SETTLED": {
      const rung = rungAfter(settledAt ?? now, CHECKS_AFTER_SETTLING_MS);
      if (rung !== undefined) return Math.min(rung, repeated);
      return kind === "answered" || isUnclearAnswered(payment, refund) ? undefined : repeated;
    }
    default:
      return undefined;
  }
}

/** Whether a person has answered that nobody knows the end of this refund. */
function isUnclearAnswered({ attention }: Payment, refund: Refund): boolean {
  const { code, subject } = unclear(refund);
  return attention.some((entry) => entry.code === code && entry.subject === subject && entry.answered !== undefined);
}

/** Returns the payment with its refunds asked about at once: a webhook spoke of one. It proves nothing. */
export function refundsAskedNow(payment: Payment, { now, policy }: TransitionContext): Payment | undefined {
  const { refunds = [] } = payment;
  const isAsked = ({ state, before }: Refund) => (state === "SENT" || state === "SETTLED") && before === undefined;
  if (!refunds.some((refund) => isAsked(refund) && (refund.checkAt === undefined || refund.checkAt > now)))
    return undefined;
  const asked = refunds.map((refund) => (isAsked(refund) ? { ...refund, checkAt: now } : refund));
  const next = { ...payment, refunds: asked };
  return { ...next, dueAt: dueAt(next, now, policy) };
}

/** Returns the refunds whose next step is due, the oldest first. */
export function refundsDue({ refunds = [] }: Pick<Payment, "refunds">, now: Instant): Refund[] {
  return refunds.filter(({ checkAt = Number.POSITIVE_INFINITY }) => checkAt <= now);
}

/** Whether another refund of the same money may be under way at Chapa. */
export function isOtherUnanswered({ refunds = [] }: Pick<Payment, "refunds">, { id, capture }: Refund): boolean {
  return refunds.some((other) => other.id !== id && other.capture === capture && other.state === "SENT");
}

/**
 * Returns the flag about a refund that nobody could send for a day, or whose end nobody has learned a day after it was
 * requested, or that Chapa has not spoken of a day after its last check; undefined before, and once it is raised.
 */
export function unclearFlag(payment: Payment, refund: Refund, now: Instant): Flag | undefined {
  const flag = unclear(refund);
  const since = unclearSince(refund);
  const isLate = since !== undefined && now >= since + CLEAR_WITHIN_MS;
  return isLate && isRaisable(payment, flag, now) ? flag : undefined;
}

function unclearSince({ state, at, settledAt, checkAt }: Refund): Instant | undefined {
  if (state === "REQUESTED" || state === "SENT") return at;
  return state === "SETTLED" && checkAt !== undefined && settledAt !== undefined
    ? settledAt + LAST_CHECK_MS
    : undefined;
}

/** What waits for another step is a fact of its own, so that an answer about one never hides the next. */
function unclear({ id, state }: Pick<Refund, "id" | "state">): Flag {
  const subjects: Partial<Record<Refund["state"], string>> = { REQUESTED: `${id}.unsent`, SETTLED: `${id}.settled` };
  return { code: "refund_unclear", subject: subjects[state] ?? id };
}

/** Returns in which fields a request differs from the refund that its id names. What it leaves out equals anything. */
export function differingIn(
  refund: Refund,
  asked: { [Field in "capture" | "amount" | "reason"]?: Refund[Field] | undefined },
): string[] {
  const fields = ["capture", "amount", "reason"] as const;
  return fields.filter((field) => asked[field] !== undefined && asked[field] !== refund[field]);
}
