import { type Ref, type TxRef, txRefOf, type Uuid } from "./ids.ts";
import { type Santim, sum } from "./money.ts";
import type { Instant } from "./time.ts";
import {
  type AttemptEnd,
  type AttentionCode,
  type CaptureKind,
  type Currency,
  type Mode,
  type Reversal,
  SETTLED_UNPAID,
  type State,
  type TransitionName,
} from "./vocabulary.ts";

/** What one checkout asks for. A success counts only when verify reports exactly this. */
export type Terms = { amount: Santim; currency: Currency; mode: Mode };

/**
 * One checkout that was opened, or that took money before we knew it was open. `closedAt` is set by closing evidence
 * or a definitive cancel only. `verifyAt` is when it is verified next; absent once its last verification is done.
 */
export type Attempt = Terms & {
  openedAt: Instant;
  closedAt?: Instant | undefined;
  end?: AttemptEnd | undefined;
  verifyAt?: Instant | undefined;
};

/** The right to call Chapa for the latest attempt. `unsent`: its holder knows that nothing left for Chapa. */
export type Lease = { holder: string; until: Instant; unsent?: true | undefined };

/** Money that verify reported on one attempt. Fields that verify did not report are absent. */
export type Capture = {
  attempt: number;
  at: Instant;
  kind: CaptureKind;
  amount?: Santim | undefined;
  currency?: string | undefined;
  mode?: string | undefined;
  reference?: string | undefined;
  method?: string | undefined;
  charge?: Santim | undefined;
  /** The money has left us again at Chapa. */
  reversal?: Reversal | undefined;
  /** Chapa's own list has it, too. */
  listed?: true | undefined;
};

/** Something that a person must look at; it raises an alarm until `answeredAt`. */
export type Attention = {
  code: AttentionCode;
  at: Instant;
  attempt?: number | undefined;
  answeredAt?: Instant | undefined;
};

/** One state change: what, when, by whom, on what evidence. Never rewritten. */
export type HistoryEntry = { transition: TransitionName; at: Instant; by: string; evidence?: string | undefined };

/**
 * One fee and everything known about its money. Attempts 0..`attempt` are ours; `attempts` records those that were
 * opened. Only transitions raise `version`; `dueAt`, `verifiedAt`, verifications and acknowledgements do not.
 * `userId`, `propertyId` and `purpose` are absent only on money that arrived before anybody claimed the fee here.
 */
export type Payment = {
  ref: Ref;
  serial: number;
  userId?: Uuid | undefined;
  propertyId?: Uuid | undefined;
  purpose?: string | undefined;
  state: State;
  version: number;
  attempt: number;
  /** Of the latest attempt, opened or not. */
  terms: Terms;
  attempts: Readonly<Record<number, Attempt>>;
  lease?: Lease | undefined;
  /** Of the latest attempt, while it can be paid. */
  checkoutUrl?: string | undefined;
  createdAt: Instant;
  updatedAt: Instant;
  /** When the latest attempt began. */
  beganAt: Instant;
  /** When this fee first mattered to anyone: its first checkout, or money that came without one. */
  firstOpenedAt?: Instant | undefined;
  settledAt?: Instant | undefined;
  failureReason?: string | undefined;
  /** Paid after it had been settled as unpaid. */
  late?: true | undefined;
  /** The listing may hear, or has heard, that nobody paid: no attempt may follow. */
  finalised?: true | undefined;
  captures: readonly Capture[];
  /** What could still be refunded, in the terms' currency. */
  refundable: Santim;
  attention: readonly Attention[];
  /** When the listing acknowledged the success; never judged again. */
  acknowledgedAt?: Instant | undefined;
  /** A send to the listing that has not come to a definite end. */
  sentAt?: Instant | undefined;
  verifiedAt?: Instant | undefined;
  /** Since when every verification has failed. */
  unreachableSince?: Instant | undefined;
  dueAt?: Instant | undefined;
  history: readonly HistoryEntry[];
};

/** Never opened and never paid: no event, no count, no index, gone after a while. */
export function isInert(payment: Payment): boolean {
  return payment.firstOpenedAt === undefined;
}

export function isSettledUnpaid(payment: Payment): boolean {
  const settled: readonly State[] = SETTLED_UNPAID;
  return settled.includes(payment.state);
}

/** Whether the fee's money has all gone back, or may be paid again anyway: a new request then starts a new serial. */
export function isSpent(payment: Payment, payableAgain: boolean): boolean {
  if (payment.state !== "SUCCESS" && payment.state !== "REVIEW") return false;
  if (payment.captures.length > 0 && payment.captures.every((capture) => capture.reversal)) return true;
  return payableAgain && payment.state === "SUCCESS";
}

/** The attempts that were opened, with their numbers, oldest first. */
export function openedAttempts(payment: Payment): (Attempt & { number: number })[] {
  // Whole numbers as keys always come in their order.
  return Object.entries(payment.attempts).map(([number, attempt]) => ({ ...attempt, number: Number(number) }));
}

/** The amount, currency and mode that a success on `attempt` must report. */
export function termsOf(payment: Payment, attempt: number): Terms {
  return payment.attempts[attempt] ?? payment.terms;
}

/** The reference that callers are shown: the checkout that took the money, else the latest. */
export function shownTxRef(payment: Payment): TxRef {
  const confirmed = payment.captures.find((capture) => capture.kind === "confirmed");
  return txRefOf(payment.ref, confirmed?.attempt ?? payment.attempt);
}

/** Which codes still wait for a person. */
export function openFlags(payment: Payment): AttentionCode[] {
  return payment.attention.filter((attention) => !attention.answeredAt).map((attention) => attention.code);
}

/** The same money reported again. Two references on one attempt are two captures. */
export function isSameCapture(a: Pick<Capture, "attempt" | "reference">, b: typeof a): boolean {
  return a.attempt === b.attempt && (!a.reference || !b.reference || a.reference === b.reference);
}

/** What of `captures` is still with us and could be sent back. */
export function refundableOf(captures: readonly Capture[], terms: Terms): Santim {
  return sum(
    captures.flatMap(({ amount, currency, reversal }) =>
      amount !== undefined && currency === terms.currency && !reversal ? [amount] : [],
    ),
  );
}

/** The amount that the confirmed checkout brought, for receipts and totals. */
export function paidAmount(payment: Payment): Santim {
  const confirmed = payment.captures.find((capture) => capture.kind === "confirmed");
  return confirmed?.amount ?? payment.terms.amount;
}
