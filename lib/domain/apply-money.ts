import { captureSubject, flagged, nextSubject, openEntries } from "./attention.ts";
import { type PaidFacts, reversalOf, type VerifiedMoney } from "./evidence.ts";
import type { PaymentKey } from "./ids.ts";
import { Santim } from "./money.ts";
import { applied, unstoredPayment } from "./new-version.ts";
import {
  backAfter,
  type Capture,
  isSameCapture,
  isSettledUnpaid,
  type Payment,
  refundedElsewhere,
  STORED_CAPTURES,
  type Terms,
  termsOf,
} from "./payment.ts";
import { attentionAfter, refundsAfter } from "./refunds.ts";
import type { Instant } from "./time.ts";
import type { MoneyTransition, TransitionContext } from "./transitions.ts";
import { lastVerification, nextVerification, reportDay } from "./verification-schedule.ts";
import type { AttentionCode, Reversal } from "./vocabulary.ts";

// Terms of a checkout that we did not open. No reported amount equals them, so only a person can accept the money.
const NEVER_AGREED = Santim.parse(0);

/** Makes the transition that {@link transitionForMoney} returned. */
export function applyCapture(
  payment: Payment,
  name: MoneyTransition,
  money: VerifiedMoney,
  context: TransitionContext,
): Payment {
  const { result } = money;
  const reversal = reversalOf(result);
  const record = (kind: Capture["kind"]) => recorded(payment, kind, money, context);
  const withFlag = (code: AttentionCode) => ({ attention: flaggedMoney(payment, code, money, context) });
  const changes = (): Partial<Payment> => {
    switch (name) {
      case "confirm":
        return { ...record("confirmed"), ...succeeded(payment, context) };
      case "review":
        return { ...record("reviewed"), ...WITHOUT_LINK, ...withFlag(reversal ? FLAG_OF[reversal] : "mismatch") };
      case "unmatched":
        return { ...record("reviewed"), ...WITHOUT_LINK, ...withFlag("unmatched") };
      case "duplicate":
        return { ...record("duplicate"), ...withFlag(reversal ? FLAG_OF[reversal] : "duplicate") };
      case "wentBack":
        return wentBack(payment, record("duplicate"), money, context);
      case "capturedAgain":
        return {
          ...record("duplicate"),
          ...(paysItsFee(payment, money) ? {} : withFlag("duplicate")),
        };
    }
  };
  const evidence = `${result.kind} ${result.facts.reference ?? ""}`.trim();
  return applied(payment, name, { ...context, ...money }, { changes: changes(), evidence });
}

/** Whether money that the bank has returned is what confirmed the payment, or what still waits for a person's decision. */
function paysItsFee(payment: Payment, { attempt, result }: VerifiedMoney): boolean {
  const { reference } = result.facts;
  if (payment.next !== undefined) return false;
  const known = payment.captures.find((capture) => isSameCapture(capture, { attempt, reference }));
  if (payment.state !== "REVIEW") return payment.state === "SUCCESS" && known?.kind === "confirmed";
  // A person who has answered for this money without a decision believes that it is gone.
  return openEntries(payment).some(({ code }) => code === "mismatch" || code === "unmatched");
}

/** What refunds of ours explain needs nobody. */
function wentBack(
  payment: Payment,
  record: Partial<Payment>,
  money: VerifiedMoney,
  context: TransitionContext,
): Partial<Payment> {
  const { attempt, result } = money;
  const after = { ...payment, ...record };
  const attention = attentionAfter(payment, after, context);
  const { reference } = result.facts;
  const capture = after.captures.find((known) => isSameCapture(known, { attempt, reference }));
  const isOurs = result.kind === "refunded" && capture !== undefined && refundedElsewhere(after, capture) === 0;
  const code = FLAG_OF[reversalOf(result) ?? "reversed"];
  return {
    ...record,
    attention: isOurs ? attention : flaggedMoney({ ...payment, attention }, code, money, context),
  };
}

/** Returns a payment in REVIEW for an unmatched capture: money on a reference of our form that has no row. */
export function adoptUnmatched(
  key: PaymentKey,
  money: VerifiedMoney,
  expected: Pick<Terms, "currency" | "mode" | "key">,
  context: TransitionContext,
): Payment {
  const unstored = unstoredPayment(key, { ...expected, amount: NEVER_AGREED }, context);
  return applyCapture(unstored, "unmatched", money, context);
}

function recorded(
  payment: Payment,
  kind: Capture["kind"],
  { attempt, result }: VerifiedMoney,
  { now, policy }: TransitionContext,
): Partial<Payment> {
  if (kind !== "confirmed" && isOneTooMany(payment, { attempt, result })) return { verifiedAt: now };
  const captures = withCapture(payment, kind, { attempt, result }, now);
  const terms = attempt > payment.attempt ? { ...payment.terms, amount: NEVER_AGREED } : termsOf(payment, attempt);
  const record = payment.attempts[attempt] ?? { ...terms, openedAt: now };
  const awaitsPerson = captures.at(-1)?.kind === "reviewed" && result.kind === "paid";
  const confirmed = captures.find((capture) => capture.kind === "confirmed" && capture.attempt === attempt);
  const ofConfirmed = kind === "confirmed" ? lastVerification(now, now) : confirmed && record.verifyAt;
  const next = awaitsPerson ? nextVerification(record, now, policy) : (ofConfirmed ?? reportDay(payment, attempt, now));
  // A webhook that Chapa has not answered still waits.
  const verifyAt =
    record.webhookAt === undefined ? next : Math.min(next ?? Number.POSITIVE_INFINITY, record.verifyAt ?? now);
  return {
    attempt: Math.max(payment.attempt, attempt),
    attempts: { ...payment.attempts, [attempt]: { ...record, end: "paid", verifyAt } },
    captures,
    refunds: refundsAfter(payment, captures, { attempt, result }, now),
    firstOpenedAt: payment.firstOpenedAt ?? now,
    verifiedAt: now,
    unreachableSince: undefined,
  };
}

function withCapture(
  payment: Pick<Payment, "captures" | "refunds">,
  kind: Capture["kind"],
  { attempt, result }: VerifiedMoney,
  now: Instant,
): Capture[] {
  const { amount, currency, mode, reference, method, charge }: PaidFacts = result.facts;
  const { captures } = payment;
  const known = captures.find((capture) => isSameCapture(capture, { attempt, reference }));
  const reversal = reversalOf(result);
  const reported = { amount, currency, mode, reference: reference ?? known?.reference, method, charge };
  const money: Capture = known
    ? { ...known, ...(reversal ? {} : reported), kind: kind === "confirmed" ? kind : known.kind }
    : { attempt, at: now, kind, ...reported };
  const back = backAfter(payment, money, result.kind);
  const capture = back.refunded > 0 || back.reversed > 0 ? { ...money, back } : withoutBack(money);
  return [...captures.filter((other) => other !== known), capture];
}

function withoutBack({ back: _, ...capture }: Capture): Capture {
  return capture;
}

function succeeded(payment: Payment, { now }: TransitionContext): Partial<Payment> {
  return {
    ...WITHOUT_LINK,
    failureReason: undefined,
    settledAt: now,
    ...(isSettledUnpaid(payment) ? { late: true } : {}),
  };
}

/** The payment's URL can no longer be paid, and no caller may open another checkout. */
const WITHOUT_LINK = { lease: undefined, checkoutUrl: undefined } as const;

const FLAG_OF = { refunded: "refunded_outside", reversed: "reversed" } as const satisfies Record<
  Reversal,
  AttentionCode
>;

/** Raises `code` about one capture. A capture keeps its subject if its reference becomes known later. */
function flaggedMoney(
  payment: Payment,
  code: AttentionCode,
  { attempt, result }: VerifiedMoney,
  context: TransitionContext,
): Payment["attention"] {
  const { reference } = result.facts;
  const known = payment.captures.find((capture) => isSameCapture(capture, { attempt, reference }));
  const capture = captureSubject(known ?? { attempt, reference });
  // A recorded capture is reversed, or captured again, a further time.
  const isRepeated = known && (code === "reversed" || code === "duplicate");
  const subject = isRepeated ? nextSubject(payment, { code, subject: capture }) : capture;
  const isStored = !isOneTooMany(payment, { attempt, result });
  return flagged(payment, { code: isStored ? code : "too_many_captures", subject }, context);
}

function isOneTooMany({ captures }: Payment, { attempt, result: { facts } }: VerifiedMoney): boolean {
  const isKnown = captures.some((capture) => isSameCapture(capture, { attempt, reference: facts.reference }));
  return !isKnown && captures.length >= STORED_CAPTURES;
}
