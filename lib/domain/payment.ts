import * as z from "zod";
import { type Ref, type TxRef, txRefOf, type Uuid } from "./ids.ts";
import { Santim, sum } from "./money.ts";
import type { Instant } from "./time.ts";
import {
  type AttemptEnd,
  type AttentionCode,
  type CaptureKind,
  type Currency,
  type LastRead,
  type Mode,
  type MoneyKind,
  type RefundState,
  SETTLED_UNPAID,
  type State,
  type TransitionName,
  type UnknownWord,
} from "./vocabulary.ts";

/** The fingerprint of a key of Chapa's: 8 hexadecimal digits of its SHA-256. */
export type KeyId = string & z.$brand<"KeyId">;
export const KeyId = z
  .string()
  .regex(/^[0-9a-f]{8}$/)
  .transform((text) => text as KeyId);

/**
 * What one checkout asks for, and the key that asks. A success counts only if verify reports exactly this amount,
 * currency and mode.
 */
export type Terms = { amount: Santim; currency: Currency; mode: Mode; key: KeyId };

/**
 * One checkout that was opened, or that took money before its opening was recorded. Only closing evidence or a
 * definitive cancel sets `closedAt`. `verifyAt` is the time of the next verification; it is absent after the last one.
 * `key` is the key that opened it, or that has read it since.
 */
export type Attempt = Terms & {
  openedAt: Instant;
  closedAt?: Instant | undefined;
  end?: AttemptEnd | UnknownWord | undefined;
  /** Since when it is lapsed; its verifications count from then. */
  lapsedAt?: Instant | undefined;
  verifyAt?: Instant | undefined;
  /** What the last recorded verification found, where a press must ask again before it gives out the link. */
  lastRead?: LastRead | UnknownWord | undefined;
  /** When a signed webhook named it and Chapa did not answer; it is asked until it answers a later question. */
  webhookAt?: Instant | undefined;
  /** When Chapa first said, after the window, readably that no money came. */
  unpaidReadAt?: Instant | undefined;
  /** When we first tried to leave it after window and lapse were over, and could not. */
  heldSince?: Instant | undefined;
};

/**
 * The right to call Chapa for the latest attempt. `unsent`: its holder knows that Chapa does not know the reference.
 * `lost` counts the answers in a row that were lost.
 */
export type Lease = {
  holder: string;
  until: Instant;
  unsent?: true | undefined;
  lost?: number | undefined;
  /** Since when nobody could find out what became of the attempt. */
  heldSince?: Instant | undefined;
  /** A person says that the next attempt may begin without knowing. */
  released?: true | undefined;
};

/**
 * What of a capture went back at Chapa, in santim: by refunds, and because the bank took it. Each is the largest total
 * that Chapa ever reported, never a sum of reports.
 */
export type Back = { refunded: Santim; reversed: Santim };

/** Money that verify reported on one attempt. A field is absent if verify did not report it. */
export type Capture = {
  attempt: number;
  at: Instant;
  kind: CaptureKind | UnknownWord;
  amount?: Santim | undefined;
  currency?: string | undefined;
  mode?: string | undefined;
  reference?: string | undefined;
  method?: string | undefined;
  charge?: Santim | undefined;
  /** Set once some of the money has gone back at Chapa. */
  back?: Back | undefined;
  /** Set once Chapa's own list contains it. */
  listed?: true | undefined;
};

/**
 * What a person must see, and what it is about: a capture (Chapa's reference, or its attempt), a refund (its id), an
 * attempt (`attempt-N`), or `delivery`.
 */
export type Flag = { code: AttentionCode | UnknownWord; subject: string; amount?: Santim | undefined };

/** A raised flag. It raises an alarm until it is answered, by a person or because it has ended. */
export type Attention = Flag & {
  at: Instant;
  answered?: { at: Instant; by: string; reason: string } | undefined;
};

/**
 * Money of one capture that somebody here sends back. `by` is that person or program. It is sent to Chapa once, under a
 * reference made of its id, and asked about until its end is known.
 */
export type Refund = {
  id: string;
  /** Chapa's reference of the capture. */
  capture: string;
  amount: Santim;
  state: RefundState | UnknownWord;
  by: string;
  reason: string;
  at: Instant;
  sentAt?: Instant | undefined;
  /** Names the sender, so that of two only one calls Chapa. */
  sentBy?: string | undefined;
  settledAt?: Instant | undefined;
  /** Chapa's own reference of the refund. */
  chapaRef?: string | undefined;
  /** Why Chapa refused it, in our words. */
  refusal?: string | undefined;
  /** When its next step is due: it is sent, or Chapa is asked about it. */
  checkAt?: Instant | undefined;
  /** What it was before the bank took the money, which alone settled it. */
  before?: "REQUESTED" | "SENT" | undefined;
};

/** How many refunds one payment may have. */
export const STORED_REFUNDS = 32;

/** A signed webhook's word that money of one capture went back, which verify and Chapa's list have not confirmed yet. */
export type RefundReport = {
  attempt: number;
  reference?: string | undefined;
  amount?: Santim | undefined;
  at: Instant;
};

/** A link that an administrator or a program asked for in the owner's name, for a reason that the owner reads. */
export type SupportLink = { at: Instant; by: string; reason: string };

/** How many links made by support one payment may have. */
export const STORED_SUPPORT_LINKS = 32;

/** How many captures are stored in full. One more is only raised as `too_many_captures`. */
export const STORED_CAPTURES = 64;

/** One state change: what, when, by whom, on what evidence. It is never rewritten. */
export type HistoryEntry = {
  transition: TransitionName | UnknownWord;
  at: Instant;
  by: string;
  evidence?: string | undefined;
};

/**
 * One fee and everything known about its money. Attempts 0 to `attempt` are ours; `attempts` holds those that were
 * opened. Only transitions raise `version`; changes of `dueAt`, verifications and acknowledgements do not. Every write
 * raises `revision`, and no write is made over one that it has not seen. `userId`,
 * `propertyId` and `purpose` are absent only if money arrived before a caller claimed the fee.
 */
export type Payment = {
  ref: Ref;
  /** Not stored: it is the same for all payments of the stage. */
  txStage: string;
  serial: number;
  userId?: Uuid | undefined;
  propertyId?: Uuid | undefined;
  purpose?: string | undefined;
  /** The id of the request that claimed it, if that is a UUID. */
  requestId?: Uuid | undefined;
  /** The earlier payment of the same fee, which this one follows. */
  previous?: Ref | undefined;
  /** The payment with which the fee goes on. Money that comes here from then on is a duplicate. */
  next?: Ref | undefined;
  state: State;
  version: number;
  revision: number;
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
  /** When its first checkout was opened, or when money arrived without one. */
  firstOpenedAt?: Instant | undefined;
  settledAt?: Instant | undefined;
  /** Since when nothing is left of its money; with `next`, since when it was spent when it was left. */
  spentAt?: Instant | undefined;
  failureReason?: string | undefined;
  /** Set if it was paid after it had been settled unpaid. */
  late?: true | undefined;
  /** Set once the listing may get FAILED: no attempt may follow. */
  finalised?: true | undefined;
  captures: readonly Capture[];
  reports?: readonly RefundReport[] | undefined;
  refunds?: readonly Refund[] | undefined;
  supportLinks?: readonly SupportLink[] | undefined;
  attention: readonly Attention[];
  /** When the listing acknowledged the success; it is never delivered again after that. */
  acknowledgedAt?: Instant | undefined;
  /** When a delivery to the listing was sent whose outcome is unknown. */
  sentAt?: Instant | undefined;
  verifiedAt?: Instant | undefined;
  /** Since when every verification has failed. */
  unreachableSince?: Instant | undefined;
  dueAt?: Instant | undefined;
  history: readonly HistoryEntry[];
};

/**
 * Whether it was never opened and never paid. An inert payment causes no event, is not counted or indexed, and expires.
 */
export function isInert(payment: Payment): boolean {
  return payment.firstOpenedAt === undefined;
}

/**
 * Whether an attempt can be left behind: it is closed, it took money, or we left it without knowing that it is closed.
 * An attempt that was never opened has not ended.
 */
export function hasEnded({ attempts, captures }: Payment, number: number): boolean {
  const { closedAt, end } = attempts[number] ?? {};
  if (closedAt !== undefined || end === "lapsed" || end === "mode_changed") return true;
  return captures.some(({ attempt }) => attempt === number);
}

/** Whether Chapa has spoken of money on a checkout, by a signed webhook or in words that we do not know. */
export function mayBePaid(payment: Payment): boolean {
  return openedAttempts(payment).some(isSpokenOf);
}

/** The same of a checkout other than the latest one, which is asked about whenever it is left. */
export function mayBePaidEarlier(payment: Payment): boolean {
  return openedAttempts(payment).some((opened) => opened.number !== payment.attempt && isSpokenOf(opened));
}

/** Whether Chapa's last word about a checkout may mean money. A slow verification may write it after a test is left. */
export function isUnclear({ end, lastRead }: Attempt): boolean {
  return lastRead === "maybe_money" && end !== "mode_changed";
}

function isSpokenOf(attempt: Attempt): boolean {
  return isUnclear(attempt) || (attempt.webhookAt !== undefined && attempt.end !== "mode_changed");
}

export function isSettledUnpaid(payment: Payment): boolean {
  const settled: readonly State[] = SETTLED_UNPAID;
  return settled.includes(payment.state);
}

/** Whether money on an attempt is of a test key, so that no stage that sells for real counts it. */
export function isTestMoney(payment: Payment, { attempt, mode }: Pick<Capture, "attempt" | "mode">): boolean {
  return termsOf(payment, attempt).mode === "test" && mode !== "live";
}

/** Whether money came, and nothing is left of it. On a stage that sells for real, test money is none. */
export function isEmptied(payment: Payment, expectedMode: Mode): boolean {
  if (payment.state !== "SUCCESS" && payment.state !== "REVIEW") return false;
  return isAllGone(
    payment,
    payment.captures.filter((capture) => expectedMode === "test" || !isTestMoney(payment, capture)),
  );
}

/**
 * Returns since when a request that is recorded later starts the next payment of the fee: nothing is left of its money,
 * a paid fee may be paid again, or it was paid in the other mode; undefined while it is not spent. It never changes after
 * the payment was left.
 */
export function spentSince(payment: Payment, payableAgain: boolean, expectedMode: Mode): Instant | undefined {
  if (payment.next !== undefined || payment.state !== "SUCCESS") return payment.spentAt;
  const isSold = !payableAgain && shownTerms(payment).mode === expectedMode;
  return isSold ? payment.spentAt : payment.settledAt;
}

/** Whether it is paid in the stage's mode, and some of that money is still here. */
export function isPaidWithRest(payment: Payment, expectedMode: Mode): boolean {
  if (payment.state !== "SUCCESS" || shownTerms(payment).mode !== expectedMode) return false;
  return confirmedCaptures(payment).some((capture) => leftOf(payment, capture) > 0);
}

/** Returns the attempts that were opened, with their numbers, oldest first. */
export function openedAttempts(payment: Payment): (Attempt & { number: number })[] {
  // JavaScript returns whole numbers as keys in ascending order.
  return Object.entries(payment.attempts).map(([number, attempt]) => ({ ...attempt, number: Number(number) }));
}

/** Whether what was read as `before` is still so, but for notes about other attempts. */
export function isUnchanged(before: Payment, after: Payment, number: number): boolean {
  const a = Object.entries(before.attempts[number] ?? {}).filter(([, value]) => value !== undefined);
  const b = new Map(Object.entries(after.attempts[number] ?? {}).filter(([, value]) => value !== undefined));
  return before.version === after.version && a.length === b.size && a.every(([name, value]) => b.get(name) === value);
}

/** Returns the amount, currency and mode that a success on `attempt` must report. */
export function termsOf(payment: Payment, attempt: number): Terms {
  return payment.attempts[attempt] ?? payment.terms;
}

/** Returns the reference that callers see: that of the confirmed checkout, else the latest. */
export function shownTxRef(payment: Payment): TxRef {
  return txRefOf(payment, shownAttempt(payment));
}

/** Returns the terms that callers see, of the same checkout as {@link shownTxRef}. */
export function shownTerms(payment: Payment): Terms {
  return termsOf(payment, shownAttempt(payment));
}

function shownAttempt(payment: Payment): number {
  return confirmedMoney(payment)?.attempt ?? payment.attempt;
}

/** Returns the money that confirmed the payment, the first of it; undefined if there is none. */
export function confirmedMoney(payment: Payment): Capture | undefined {
  return confirmedCaptures(payment)[0];
}

function confirmedCaptures({ captures }: Payment): Capture[] {
  return captures.filter(({ kind }) => kind === "confirmed");
}

/** Returns when the money that confirmed the payment came. It never changes, even when that money goes back. */
export function paidAt(payment: Payment): Instant | undefined {
  const [first, ...others] = confirmedCaptures(payment).map(({ at }) => at);
  return first === undefined ? undefined : Math.min(first, ...others);
}

/** Returns the confirmed money in santim, less what went back. */
export function netOf(payment: Payment): number {
  return sum(confirmedCaptures(payment).flatMap((capture) => (capture.amount ? [leftOf(payment, capture)] : [])));
}

/** Returns the codes that still await a person's decision. An unknown code awaits one, too. */
export function openFlags(payment: Payment): Flag["code"][] {
  return payment.attention.filter(({ answered }) => !answered).map(({ code }) => code);
}

/** Whether both report the same money. Two references on one attempt are two captures. */
export function isSameCapture(a: Pick<Capture, "attempt" | "reference">, b: typeof a): boolean {
  return a.attempt === b.attempt && (!a.reference || !b.reference || a.reference === b.reference);
}

const NOTHING = Santim.parse(0);
const NOTHING_BACK: Back = { refunded: NOTHING, reversed: NOTHING };
// An amount that verify did not report counts as this much: it is here, or it is gone.
const UNKNOWN_AMOUNT = Santim.parse(1);

/** Returns what of a capture has gone back at Chapa. */
export function backOf({ back }: Pick<Capture, "back">): Back {
  return back ?? NOTHING_BACK;
}

type Refunded = Pick<Payment, "refunds">;

/** Returns our refunds of a capture, whatever became of them. */
export function refundsOf({ refunds = [] }: Refunded, { reference }: Pick<Capture, "reference">): Refund[] {
  return refunds.filter(({ capture }) => capture === reference);
}

/** Whether it may still go out or settle. A state that a newer release added counts as open. */
export function isRefundOpen({ state }: Pick<Refund, "state">): boolean {
  return state !== "SETTLED" && state !== "REFUSED" && state !== "UNDONE";
}

function amountIn(refunds: readonly Refund[], is: (refund: Refund) => boolean): number {
  return sum(refunds.filter(is).map(({ amount }) => amount));
}

type Booked = Pick<Capture, "amount" | "back" | "reference">;

/** Returns what of a capture was refunded, by us or elsewhere. What only the bank's reversal settled was not. */
export function refundedOf(payment: Refunded, capture: Booked): number {
  const refunds = refundsOf(payment, capture);
  const undone = amountIn(refunds, ({ state }) => state === "UNDONE");
  const settled = amountIn(refunds, ({ state, before }) => state === "SETTLED" && before === undefined);
  return Math.max(backOf(capture).refunded - undone, settled);
}

/** Returns what of a capture's refunded money no refund of ours explains. */
export function refundedElsewhere(payment: Refunded, capture: Booked): Santim {
  const ours = amountIn(refundsOf(payment, capture), ({ state }) => state === "SETTLED" || state === "UNDONE");
  return Santim.parse(Math.max(backOf(capture).refunded - ours, 0));
}

/**
 * Returns what of a capture has gone back once verify reports `kind`. The words refunded and reversed mean all of it;
 * the bank takes only what was not refunded before. A success after a reversal means that the bank returned the money.
 * Of a capture of which we requested a part back, refunded may mean that part, so it says nothing.
 */
export function backAfter(payment: Refunded, capture: Booked, kind: MoneyKind): Back {
  const { refunded, reversed } = backOf(capture);
  const all = capture.amount || UNKNOWN_AMOUNT;
  switch (kind) {
    case "paid":
      return { refunded, reversed: NOTHING };
    case "refunded": {
      const isInPart = refundsOf(payment, capture).some(({ amount }) => amount < all);
      return { refunded: isInPart ? refunded : greater(refunded, all), reversed };
    }
    case "reversed": {
      const rest = Santim.parse(Math.max(all - refundedOf(payment, capture), 0));
      return { refunded, reversed: greater(reversed, rest) };
    }
  }
}

function greater(a: Santim, b: Santim): Santim {
  return a > b ? a : b;
}

/**
 * Returns what of a capture is still with us and promised to nobody, in santim of its currency: nothing after the bank
 * took it.
 */
export function leftOf(payment: Refunded, capture: Booked): Santim {
  if (backOf(capture).reversed > 0) return NOTHING;
  const open = amountIn(refundsOf(payment, capture), isRefundOpen);
  return Santim.parse(Math.max((capture.amount || UNKNOWN_AMOUNT) - refundedOf(payment, capture) - open, 0));
}

/** Whether money was captured, nothing is left of it, and no refund is open that may come to nothing. */
function isAllGone(payment: Refunded, captures: readonly Capture[]): boolean {
  const isGone = (capture: Capture) =>
    leftOf(payment, capture) === 0 && !refundsOf(payment, capture).some(isRefundOpen);
  return captures.length > 0 && captures.every(isGone);
}

/** Returns how much of the captured money is still here and can be refunded, in santim of the terms' currency. */
export function refundableOf(payment: Pick<Payment, "captures" | "terms" | "refunds">): Santim {
  const { captures, terms } = payment;
  return sum(
    captures.flatMap((capture) =>
      capture.amount && capture.currency === terms.currency ? [leftOf(payment, capture)] : [],
    ),
  );
}

/** Returns the amount of the confirmed capture in santim, else the amount asked for. */
export function paidAmount(payment: Payment): Santim {
  return confirmedMoney(payment)?.amount ?? payment.terms.amount;
}
