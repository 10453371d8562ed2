import { keyIdOf } from "../../lib/chapa/client.ts";
import { claim, open, renew, settleUnpaid } from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { attemptSubject, captureSubject, DELIVERY } from "../../lib/domain/attention.ts";
import type { Money, PaidFacts } from "../../lib/domain/evidence.ts";
import { type PaymentKey, type Ref, refOf, txRefOf, Uuid } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Attempt, Attention, Capture, Lease, Payment, Terms } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { TransitionContext } from "../../lib/domain/transitions.ts";
import type { Policy } from "../../lib/domain/verification-schedule.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import { TX_STAGE } from "../../local/environment.ts";

export const NAMESPACE = "test-namespace";
export const T0 = Date.UTC(2026, 10, 24, 6, 0, 0);
export const CHECKOUT_URL = "https://checkout.chapa.co/checkout/payment/V38ejWQhSpFWzSAZBqmlQrGkyhXQUOtx2Mu4ZTmFLbP";

export const POLICY: Policy = {
  ladderMs: [2, 5, 10, 20, 65, 360, 1440].map((minutes) => minutes * MINUTE_MS),
  timeoutMs: 7 * DAY_MS,
  listingFailedAfterMs: 7 * DAY_MS,
  checkoutTtlMs: HOUR_MS,
  lapseMs: HOUR_MS,
  expectedMode: "test",
  listingHearsFailed: true,
  confirmingPurposes: ["listing_fee"],
};

export const FEE = {
  userId: Uuid.parse("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11"),
  propertyId: Uuid.parse("0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22"),
  purpose: "listing_fee",
  serial: 0,
};

/** The key that opened every checkout. */
export const KEY = keyIdOf(CHAPA_DEFAULTS.secretKey);

export const TERMS: Terms = { amount: Santim.parse(50_000), currency: "ETB", mode: "test", key: KEY };

export function aContext(now = T0, by = "test"): TransitionContext {
  return { now, by, policy: POLICY };
}

/** The same, under a policy that gives up and finalises at once. */
export function timedOut(context: TransitionContext): TransitionContext {
  return { ...context, policy: { ...context.policy, timeoutMs: 0, listingFailedAfterMs: 0 } };
}

/** Two hours after {@link T0}: when most steps after the first checkout are made. */
export const LATER = aContext(T0 + 2 * HOUR_MS, "later");

export function aLease(holder = "me", until = T0 + MINUTE_MS): Lease {
  return { holder, until };
}

/** The first checkout is closed after a failed try. */
export const CLOSING = { attempt: 0, found: "failed", cancel: "closed" } as const;

/** What verify reports of money that is not as agreed. */
export function differing({ kind, facts }: Money, amount = 1): Money {
  return { kind, facts: { ...facts, amount: Santim.parse(amount) } };
}

let next = 0;

/** A ref that no other test uses. */
export function aRef(): Ref {
  return refOf(NAMESPACE, { ...FEE, serial: next++ });
}

export function aClaim(ref: Ref = aRef(), now = T0): Payment {
  return claim({ ref, txStage: TX_STAGE }, FEE, { terms: TERMS, lease: aLease("me", now + MINUTE_MS) }, aContext(now));
}

/** A payment whose first checkout is open. */
export function anOpened(ref: Ref = aRef(), now = T0): Payment {
  return open(aClaim(ref, now), "me", CHECKOUT_URL, aContext(now));
}

/** A payment whose latest checkout is closed, and another one is open. */
export function aRenewed(payment = anOpened(), context = LATER, terms = TERMS): Payment {
  const closing = { ...CLOSING, attempt: payment.attempt };
  return open(renew(payment, closing, { terms, lease: aLease() }, context), "me", CHECKOUT_URL, context);
}

/** An opened checkout's record. */
export function anAttempt(change: Partial<Attempt> = {}): Attempt {
  return { ...TERMS, openedAt: T0, ...change };
}

/** A payment with these opened checkouts, the last of which is the latest. */
export function withAttempts(...changes: Partial<Attempt>[]): Payment {
  const attempts = Object.fromEntries(changes.map((change, number) => [number, anAttempt(change)]));
  return { ...anOpened(), attempt: changes.length - 1, attempts };
}

/** Recorded money as it was agreed, but for the change. */
export function aCapture(change: Partial<Capture> = {}): Capture {
  const { attempt = 0 } = change;
  return { attempt, at: T0, kind: "confirmed", ...REPORTED, reference: `AP${attempt}`, ...change };
}

/** The transitions that settle a payment unpaid. */
export const UNPAID_TRANSITIONS = ["fail", "expire", "cancel"] as const;

export function aSettled(
  transition: (typeof UNPAID_TRANSITIONS)[number] = "expire",
  payment = anOpened(),
  context = timedOut(LATER),
): Payment {
  return settleUnpaid(payment, transition, { ...CLOSING, attempt: payment.attempt }, context);
}

type Reported = Partial<PaidFacts> & { kind?: Money["kind"] };

/** What verify says of the terms: it knows nothing of our key. */
export const REPORTED = { amount: TERMS.amount, currency: TERMS.currency, mode: TERMS.mode };

/** What verify reports of an attempt's money: what was agreed, but for the change. */
export function moneyOn(key: PaymentKey, attempt = 0, { kind = "paid", ...change }: Reported = {}): Money {
  return { kind, facts: { ...REPORTED, txRef: txRefOf(key, attempt), reference: `AP${attempt}`, ...change } };
}

export function captured(
  payment: Payment,
  transition: Parameters<typeof applyCapture>[1],
  result: Money,
  attempt = 0,
): Payment {
  return applyCapture(payment, transition, { attempt, result }, LATER);
}

export function aConfirmed(payment = anOpened(), attempt = 0): Payment {
  return captured(payment, "confirm", moneyOn(payment, attempt), attempt);
}

/** A payment one of whose captures waits for a person. */
export function aReviewed(payment = anOpened(), attempt = 0): Payment {
  return captured(payment, "review", differing(moneyOn(payment, attempt)), attempt);
}

/** The listing accepts no success any more. */
export const CLOSED_LISTING = { code: "listing_closed", subject: DELIVERY } as const;

const ABOUT_MONEY: readonly Attention["code"][] = [
  "mismatch",
  "duplicate",
  "unmatched",
  "refunded_outside",
  "reversed",
];

/** What a flag about a capture may name: its reference, or its attempt while the reference was not known. */
export function subjectsOf(capture: Capture): string[] {
  return [captureSubject(capture), attemptSubject(capture.attempt)];
}

/** Money beside the one confirmed capture about which nobody was called. */
export function capturesWithoutCall({ captures, attention }: Payment): Payment["captures"] {
  const isCalled = (capture: Capture) =>
    attention.some(({ code, subject }) => ABOUT_MONEY.includes(code) && subjectsOf(capture).includes(subject));
  return captures.filter((capture) => capture.kind !== "confirmed" && !isCalled(capture));
}
