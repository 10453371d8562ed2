import { captureSubject, isEntryOpen, isRaisable, lasts } from "./attention.ts";
import { type ClosingEvidence, isAsAgreed, isSameMoney, type VerifiedMoney } from "./evidence.ts";
import type { Santim } from "./money.ts";
import {
  backAfter,
  backOf,
  type Capture,
  type Flag,
  hasEnded,
  isSameCapture,
  isSettledUnpaid,
  isTestMoney,
  type KeyId,
  leftOf,
  mayBePaid,
  mayBePaidEarlier,
  openedAttempts,
  type Payment,
  STORED_CAPTURES,
  STORED_REFUNDS,
  spentSince,
  termsOf,
} from "./payment.ts";
import type { Instant } from "./time.ts";
import {
  attemptsLeft,
  attemptsToEnd,
  finaliseAt,
  hasLapsedLink,
  isOtherOverdue,
  isPastWindow,
  isPlayMoney,
  lapseAt,
  type Policy,
  timeoutAt,
} from "./verification-schedule.ts";
import { type RefundState, SETTLED_UNPAID, STATES, type State, type TransitionName } from "./vocabulary.ts";

/** When, by whom and under which policy a transition is made. */
export type TransitionContext = { now: Instant; by: string; policy: Policy };

/** What a transition requires, by the name of the proof in the table. */
type Proofs = {
  /** A caller asks to pay; `recordedAt` is when that request was first recorded. */
  /** `isUnknown`: Chapa has said that it does not know the latest attempt. */
  request: { holder: string; recordedAt?: Instant; key: KeyId; isUnknown?: true | undefined };
  checkout_opened: { holder: string };
  data_refused: { holder: string };
  /** A definitive cancel between two verifications, or a lapse. */
  closing_evidence: ClosingEvidence;
  /** The same; `isBesideDuplicate`: the live one, too, because an earlier payment of the fee took money. */
  ending_evidence: ClosingEvidence & { isBesideDuplicate?: true | undefined };
  /** A test checkout on a stage that sells for real. */
  test_checkout: { attempt: number };
  /** A request that needs the next payment of the fee, and what lets us leave each checkout that has not ended. */
  asked_anew: { holder: string; recordedAt: Instant; payableAgain: boolean; closings: readonly ClosingEvidence[] };
  /** A person says that the payment shall go on, although a checkout cannot be left. */
  persons_word: { reason: string };
  /** A person takes the reviewed money for the fee; Chapa has just confirmed it on these attempts. */
  accepted_money: { reason: string; confirmed: readonly number[] };
  /** A person does not take it: what lets us leave each checkout, and why each capture is kept or sent back. */
  refused_money: {
    reason: string;
    closings: readonly ClosingEvidence[];
    kept: readonly KeptCapture[];
    refunds: readonly RefundRequest[];
  };
  /** Verify reports money on this attempt. */
  verified_money: VerifiedMoney;
  /** Verify found no money on this attempt. */
  verified_unpaid: { attempt: number };
  /** A fact or a condition that a person must see. */
  fact_or_condition: Flag;
  /** A person answers the entry with this id. */
  persons_answer: { entry: string };
  /** A person or a program asks for a refund. */
  refund_request: RefundRequest;
  /** A step of the refund with this id: we are about to send it, or Chapa or a person says what became of it. */
  refund_step: { id: string };
};
export type Proof = keyof Proofs;

/** A refund to make: its id, Chapa's reference of the capture, how much of it, and why. */
export type RefundRequest = { id: string; capture: string; amount: Santim; reason: string };

/** A capture, by its reference (or `attempt-N`), that is not sent back, and why. */
export type KeptCapture = { capture: string; reason: string };

type Closing = TransitionContext & ClosingEvidence;

type Guard<P extends Proof> = (payment: Payment, context: TransitionContext & Proofs[P]) => boolean;

/** The state that a transition starts from; `none` before the payment is stored. */
export type Origin = State | "none";

export type Row<P extends Proof = Proof, Name extends string = string> = {
  /** From `none`, the write requires that the key is absent; from a state, that the version is unchanged. */
  readonly from: readonly Origin[];
  readonly to: State | "same";
  readonly proof: P;
  /** All must hold. Documents and the model refer to them by these names. */
  readonly guards: Readonly<Record<Name, Guard<P>>>;
};

const leaseOverOrMine = ({ lease }: Payment, { now, holder }: { now: Instant; holder: string }) =>
  !lease || lease.holder === holder || lease.until <= now;

const leaseIsMine = ({ lease }: Payment, { holder }: { holder: string }) => lease?.holder === holder;

type Asking = Pick<Proofs["request"], "key" | "isUnknown">;

/** Whether the next caller uses the latest reference again: Chapa does not know it, and the key is the same. */
export function isTriedAgain({ lease, terms }: Payment, { key, isUnknown }: Asking): boolean {
  return (lease?.unsent === true || isUnknown === true) && terms.key === key;
}

const noCheckoutUrl = ({ checkoutUrl }: Payment) => checkoutUrl === undefined;

/** An attempt of which Chapa knows nothing is tried again with the key that it has recorded. */
const attemptsLeftOrUnsent = (payment: Payment, asking: Asking) =>
  isTriedAgain(payment, asking) || attemptsLeft(payment);

const closesLatestAttempt = (payment: Payment, { attempt }: { attempt: number }) => attempt === payment.attempt;

const evidenceHolds = (payment: Payment, { attempt, cancel, now, policy }: Closing) => {
  // A test checkout whose URL was never stored was given to nobody.
  const isUngiven = payment.attempts[attempt] === undefined && isPlayMoney(termsOf(payment, attempt), policy);
  if (cancel === "ended") return hasEnded(payment, attempt) || isUngiven;
  return cancel !== "lapse" || now >= lapseAt(payment, attempt, now, policy);
};

const windowOver = (payment: Payment, { now, policy, cancel }: Closing) =>
  isPastWindow(payment, now, policy) || cancel === "ended";

const windowOverOrTryFailed = (payment: Payment, closing: Closing) =>
  windowOver(payment, closing) || closing.found === "failed";

/**
 * Chapa has not spoken of money on another checkout, nor, where nobody asks about it now, on the latest one. Nobody is
 * told that nobody paid before that is known.
 */
const noWordOfMoney = (payment: Payment, { cancel }: ClosingEvidence) =>
  !(cancel === "ended" ? mayBePaid(payment) : mayBePaidEarlier(payment));

const tryFailed = (_payment: Payment, { found }: ClosingEvidence) => found === "failed";

const withoutNext = ({ next }: Payment) => next === undefined;

const testOnLiveStage = (payment: Payment, context: TransitionContext & { attempt: number }) => {
  const { attempt, policy } = context;
  const record = payment.attempts[attempt];
  if (!record || !isPlayMoney(record, policy)) return false;
  const isReviewed = record.end !== "mode_changed" && onlyTestMoney(payment, context);
  return isReviewed || !hasEnded(payment, attempt);
};

/** In REVIEW for test money alone, with no other link that somebody can pay. */
const onlyTestMoney = (payment: Payment, { policy }: TransitionContext) =>
  payment.state === "REVIEW" &&
  payment.captures.every((capture) => isTestMoney(payment, capture)) &&
  openedAttempts(payment).every((opened) => hasEnded(payment, opened.number) || isPlayMoney(opened, policy)) &&
  policy.expectedMode === "live";

/** The row says so, because a worker may have read the stage's settings before the stage went live. */
const notLeftAsTest = (payment: Payment, { attempt, result }: VerifiedMoney) => {
  const isLeft = payment.attempts[attempt]?.end === "mode_changed" || payment.terms.mode === "live";
  return !isLeft || !isTestMoney(payment, { attempt, mode: result.facts.mode });
};

const isToEnd = (
  payment: Payment,
  { attempt, isBesideDuplicate }: { attempt: number; isBesideDuplicate?: true | undefined },
) => attemptsToEnd(payment, isBesideDuplicate).includes(attempt);

const spentOrUsedUp = (payment: Payment, asked: TransitionContext & Proofs["asked_anew"]) =>
  isSpentFor(payment, asked, asked) || isUsedUp(payment, asked);

/** Whether the fee was spent before a request was recorded. */
export function isSpentFor(
  payment: Payment,
  { recordedAt, payableAgain }: Pick<Proofs["asked_anew"], "recordedAt" | "payableAgain">,
  { policy }: Pick<TransitionContext, "policy">,
): boolean {
  const since = spentSince(payment, payableAgain, policy.expectedMode);
  return since !== undefined && recordedAt > since;
}

/** Whether an unpaid payment may begin no further attempt. */
export function isUsedUp(payment: Payment, context: TransitionContext): boolean {
  const isPaid = payment.state === "SUCCESS" || (payment.state === "REVIEW" && !onlyTestMoney(payment, context));
  return !isPaid && !attemptsLeft(payment);
}

const everyAttemptEnds = (
  payment: Payment,
  { closings, ...context }: TransitionContext & { closings: readonly ClosingEvidence[] },
) =>
  openedAttempts(payment).every(({ number }) => {
    if (hasEnded(payment, number)) return true;
    const closing = closings.find(({ attempt }) => attempt === number);
    return closing !== undefined && evidenceHolds(payment, { ...context, ...closing });
  });

const stuckLasts = (payment: Payment) => lasts(payment, "stuck");

const someAttemptHeld = (payment: Payment) =>
  payment.state === "CREATED" || payment.state === "PENDING" || attemptsToEnd(payment).length > 0;

const timeoutOver = (payment: Payment, { now, policy }: TransitionContext) => now >= timeoutAt(payment, policy);

const notFinalised = ({ finalised }: Payment) => !finalised;

const requestIsNewer = (
  { settledAt = Number.POSITIVE_INFINITY }: Payment,
  { recordedAt = Number.NEGATIVE_INFINITY }: { recordedAt?: Instant },
) => recordedAt > settledAt;

const attemptIsOurs = (payment: Payment, { attempt }: VerifiedMoney) => attempt <= payment.attempt;

const attemptIsUnknown = (payment: Payment, { attempt }: VerifiedMoney) => attempt > payment.attempt;

const asAgreed = (payment: Payment, { attempt, result, policy }: VerifiedMoney & TransitionContext) =>
  result.kind === "paid" &&
  isAsAgreed(payment, attempt, result.facts) &&
  !isPlayMoney(termsOf(payment, attempt), policy);

const notAsAgreed = (payment: Payment, money: VerifiedMoney & TransitionContext) => !asAgreed(payment, money);

/** A person has decided that this capture does not pay the fee. */
const notDecidedOn = (payment: Payment, money: VerifiedMoney) =>
  !(isSettledUnpaid(payment) && knownCapture(payment, money));

/** The same evidence does not reopen what a person has decided or is deciding. */
const notRecordedAlike = (payment: Payment, money: VerifiedMoney) => {
  const known = knownCapture(payment, money);
  if (!known) return captureNotRecorded(payment, money);
  return money.result.kind === "paid" && !isSameMoney(known, money.result.facts);
};

const paidOrFollowed = ({ state, next }: Payment) => state === "SUCCESS" || next !== undefined;

/** Beside the stored captures only one more is recorded: as `too_many_captures`. */
const captureNotRecorded = (payment: Payment, money: VerifiedMoney) => {
  const hasRoom = payment.captures.length < STORED_CAPTURES;
  const isOneTooMany = payment.attention.some(({ code }) => code === "too_many_captures");
  return knownCapture(payment, money) === undefined && (hasRoom || !isOneTooMany);
};

const moreWentBack = (payment: Payment, money: VerifiedMoney) => {
  const known = knownCapture(payment, money);
  if (!known) return false;
  const after = backAfter(payment, known, money.result.kind);
  const { refunded, reversed } = backOf(known);
  return after.refunded > refunded || after.reversed > reversed;
};

/** In REVIEW, money that counts as agreed, or that differs from what is known of it, is more than captured again. */
const onlyCapturedAgain = (payment: Payment, money: VerifiedMoney & TransitionContext) => {
  const known = knownCapture(payment, money);
  if (!known || money.result.kind !== "paid" || backOf(known).reversed === 0) return false;
  if (payment.state === "SUCCESS" || isSettledUnpaid(payment) || payment.next !== undefined) return true;
  return notAsAgreed(payment, money) && isSameMoney(known, money.result.facts);
};

/** Money of another currency or mode, or of which nothing is left, pays no fee. */
const moneyConfirmed = (payment: Payment, { confirmed, policy }: TransitionContext & Proofs["accepted_money"]) => {
  const reviewed = payment.captures.filter(({ kind }) => kind === "reviewed");
  const isGood = (capture: Capture) =>
    leftOf(payment, capture) > 0 &&
    confirmed.includes(capture.attempt) &&
    capture.currency === payment.terms.currency &&
    capture.mode === policy.expectedMode;
  return reviewed.length > 0 && reviewed.every(isGood);
};

const feeIsKnown = ({ userId, propertyId, purpose }: Payment) =>
  userId !== undefined && propertyId !== undefined && purpose !== undefined;

const everyCaptureDecided = (payment: Payment, { kept, refunds }: Proofs["refused_money"]) =>
  payment.captures.every((capture) => {
    const left = leftOf(payment, capture);
    if (capture.kind !== "reviewed" || left === 0) return true;
    const isKept = kept.some(({ capture: named }) => named === captureSubject(capture));
    return isKept || refunds.some((refund) => refund.capture === capture.reference && refund.amount === left);
  });

const refundsFit = (payment: Payment, { refunds }: Proofs["refused_money"]) => {
  const captures = new Set(refunds.map(({ capture }) => capture));
  const ids = new Set([...(payment.refunds ?? []), ...refunds].map(({ id }) => id));
  const isNew = ids.size === (payment.refunds ?? []).length + refunds.length;
  return (
    isNew &&
    captures.size === refunds.length &&
    refunds.every((refund) => leftCovers(payment, refund)) &&
    ids.size <= STORED_REFUNDS
  );
};

const noOpenWordOfMoney = (payment: Payment) => !mayBePaid(payment);

const notFlaggedYet = (payment: Payment, { code, subject, now }: Flag & { now: Instant }) =>
  isRaisable(payment, { code, subject }, now);

const entryIsOpen = (payment: Payment, { entry }: { entry: string }) => isEntryOpen(payment, entry);

const finaliseTimeReached = (payment: Payment, { now, policy }: TransitionContext) => {
  const at = finaliseAt(payment, policy);
  return at !== undefined && now >= at;
};

const noOtherVerificationOverdue = (payment: Payment, { attempt, now }: { attempt: number; now: Instant }) =>
  !isOtherOverdue(payment, attempt, now);

const noLapsedLink = (payment: Payment) => !hasLapsedLink(payment);

const refundIdUnused = ({ refunds = [] }: Payment, { id }: RefundRequest) => refunds.every((known) => known.id !== id);

const leftCovers = (payment: Payment, { capture: reference, amount }: RefundRequest) => {
  const capture = payment.captures.find((known) => known.reference === reference);
  return capture?.amount !== undefined && amount > 0 && amount <= leftOf(payment, capture);
};

const roomForRefund = ({ refunds = [] }: Payment) => refunds.length < STORED_REFUNDS;

const refundIsIn =
  (state: RefundState) =>
  ({ refunds = [] }: Payment, { id }: { id: string }) =>
    refunds.some((refund) => refund.id === id && refund.state === state);

const refundIsRequested = refundIsIn("REQUESTED");
const refundIsSent = refundIsIn("SENT");
const refundIsSettled = refundIsIn("SETTLED");

/** Checks that each guard accepts the row's proof. */
function row<P extends Proof, Name extends string>(entry: Row<P, Name>): Row<P, Name> {
  return entry;
}

const UNSETTLED = ["CREATED", "PENDING"] as const satisfies readonly State[];
const NOT_SUCCESS = [...UNSETTLED, ...SETTLED_UNPAID, "REVIEW"] as const satisfies readonly State[];

/** Every legal transition. Code, documents and the model read this table; nothing else changes a state. */
export const TRANSITIONS = {
  claim: row({ from: ["none"], to: "CREATED", proof: "request", guards: {} }),
  takeOver: row({
    from: ["CREATED"],
    to: "CREATED",
    proof: "request",
    guards: { withoutNext, leaseOverOrMine, attemptsLeftOrUnsent },
  }),
  open: row({
    from: ["CREATED"],
    to: "PENDING",
    proof: "checkout_opened",
    guards: { withoutNext, leaseIsMine, noCheckoutUrl },
  }),
  reject: row({ from: ["CREATED"], to: "FAILED", proof: "data_refused", guards: { leaseIsMine } }),
  renew: row({
    from: ["PENDING"],
    to: "CREATED",
    proof: "closing_evidence",
    guards: { withoutNext, closesLatestAttempt, evidenceHolds, windowOverOrTryFailed, attemptsLeft },
  }),
  fail: row({
    from: ["PENDING"],
    to: "FAILED",
    proof: "closing_evidence",
    guards: { closesLatestAttempt, evidenceHolds, noWordOfMoney, windowOver, tryFailed },
  }),
  expire: row({
    from: UNSETTLED,
    to: "EXPIRED",
    proof: "closing_evidence",
    guards: { closesLatestAttempt, evidenceHolds, noWordOfMoney, timeoutOver },
  }),
  cancel: row({
    from: UNSETTLED,
    to: "CANCELLED",
    proof: "closing_evidence",
    guards: { closesLatestAttempt, evidenceHolds, noWordOfMoney },
  }),
  reopen: row({
    from: SETTLED_UNPAID,
    to: "CREATED",
    proof: "request",
    guards: { withoutNext, notFinalised, requestIsNewer, attemptsLeft },
  }),
  modeChanged: row({
    from: ["PENDING", "SUCCESS", "REVIEW"],
    to: "same",
    proof: "test_checkout",
    guards: { testOnLiveStage },
  }),
  leaveTest: row({
    from: ["REVIEW"],
    to: "CREATED",
    proof: "request",
    guards: { withoutNext, onlyTestMoney, attemptsLeft },
  }),
  follow: row({
    from: STATES,
    to: "same",
    proof: "asked_anew",
    guards: { withoutNext, leaseOverOrMine, spentOrUsedUp, everyAttemptEnds },
  }),
  release: row({
    from: [...UNSETTLED, "SUCCESS", "REVIEW"],
    to: "same",
    proof: "persons_word",
    guards: { stuckLasts, someAttemptHeld },
  }),
  end: row({
    from: STATES,
    to: "same",
    proof: "ending_evidence",
    guards: { isToEnd, evidenceHolds },
  }),
  confirm: row({
    from: NOT_SUCCESS,
    to: "SUCCESS",
    proof: "verified_money",
    guards: { withoutNext, attemptIsOurs, asAgreed, notDecidedOn, notLeftAsTest },
  }),
  review: row({
    from: NOT_SUCCESS,
    to: "REVIEW",
    proof: "verified_money",
    guards: { withoutNext, attemptIsOurs, notAsAgreed, notRecordedAlike, notLeftAsTest },
  }),
  duplicate: row({
    from: STATES,
    to: "same",
    proof: "verified_money",
    guards: { paidOrFollowed, captureNotRecorded, notLeftAsTest },
  }),
  unmatched: row({
    from: ["none", ...NOT_SUCCESS],
    to: "REVIEW",
    proof: "verified_money",
    guards: { withoutNext, attemptIsUnknown, notRecordedAlike },
  }),
  acceptReview: row({
    from: ["REVIEW"],
    to: "SUCCESS",
    proof: "accepted_money",
    guards: { withoutNext, feeIsKnown, moneyConfirmed },
  }),
  rejectReview: row({
    from: ["REVIEW"],
    to: "FAILED",
    proof: "refused_money",
    guards: { withoutNext, noOpenWordOfMoney, everyAttemptEnds, everyCaptureDecided, refundsFit },
  }),
  flag: row({ from: STATES, to: "same", proof: "fact_or_condition", guards: { notFlaggedYet } }),
  answer: row({ from: STATES, to: "same", proof: "persons_answer", guards: { entryIsOpen } }),
  wentBack: row({ from: STATES, to: "same", proof: "verified_money", guards: { moreWentBack } }),
  capturedAgain: row({ from: STATES, to: "same", proof: "verified_money", guards: { onlyCapturedAgain } }),
  finalise: row({
    from: SETTLED_UNPAID,
    to: "same",
    proof: "verified_unpaid",
    guards: { withoutNext, notFinalised, finaliseTimeReached, noOtherVerificationOverdue, noLapsedLink },
  }),
  notifyAgain: row({ from: STATES, to: "same", proof: "persons_word", guards: {} }),
  // Of money under review only the decision requests a refund, in its own write.
  refundRequested: row({
    from: [...UNSETTLED, ...SETTLED_UNPAID, "SUCCESS"],
    to: "same",
    proof: "refund_request",
    guards: { refundIdUnused, leftCovers, roomForRefund },
  }),
  refundSent: row({ from: STATES, to: "same", proof: "refund_step", guards: { refundIsRequested } }),
  refundSettled: row({ from: STATES, to: "same", proof: "refund_step", guards: { refundIsSent } }),
  refundRefused: row({ from: STATES, to: "same", proof: "refund_step", guards: { refundIsSent } }),
  refundUndone: row({ from: STATES, to: "same", proof: "refund_step", guards: { refundIsSettled } }),
} satisfies Record<TransitionName, unknown>;

type Table = typeof TRANSITIONS;
type ProofOf<Name extends TransitionName> = Table[Name]["proof"];
export type GuardName = { [Name in TransitionName]: keyof Table[Name]["guards"] }[TransitionName];

/** The evidence for the transition `Name`, in addition to the payment. */
export type ContextOf<Name extends TransitionName> = TransitionContext & Proofs[ProofOf<Name>];

// The same table, typed so that the compiler knows which proof belongs to which name.
const ROWS: { readonly [Name in TransitionName]: Row<ProofOf<Name>> } = TRANSITIONS;

/**
 * Returns why `name` is not allowed: the state that has no such row, or the first guard that fails; undefined if it is
 * allowed.
 */
export function refusalOf<Name extends TransitionName>(
  name: Name,
  payment: Payment,
  context: ContextOf<Name>,
): string | undefined {
  const { from, guards } = ROWS[name];
  const origin = originOf(payment);
  if (!from.includes(origin)) return `no ${name} out of ${origin}`;
  const failed = Object.entries<Guard<ProofOf<Name>>>(guards).find(([, holds]) => !holds(payment, context));
  return failed && `no ${name}: ${failed[0]} does not hold`;
}

export function isAllowed<Name extends TransitionName>(
  name: Name,
  payment: Payment,
  context: ContextOf<Name>,
): boolean {
  return refusalOf(name, payment, context) === undefined;
}

/** A payment that is not stored yet has version 0. */
function originOf({ version, state }: Payment): Origin {
  return version === 0 ? "none" : state;
}

function knownCapture({ captures }: Payment, { attempt, result }: VerifiedMoney): Capture | undefined {
  return captures.find((capture) => isSameCapture(capture, { attempt, reference: result.facts.reference }));
}

const MONEY_TRANSITIONS = ["confirm", "review", "duplicate", "unmatched", "wentBack", "capturedAgain"] as const;
export type MoneyTransition = (typeof MONEY_TRANSITIONS)[number];

/**
 * Returns the transition that verified money justifies, or undefined if the money is already recorded. The guards allow
 * at most one. Captured money is never ignored, whatever the state or the time.
 */
export function transitionForMoney(
  payment: Payment,
  money: VerifiedMoney,
  context: TransitionContext,
): MoneyTransition | undefined {
  return MONEY_TRANSITIONS.find((name) => isAllowed(name, payment, { ...context, ...money }));
}

/**
 * Returns the transition that is due after a verification found `attempt` unpaid. All but `finalise` still need closing
 * evidence for the latest attempt.
 */
export function transitionDue(
  payment: Payment,
  { attempt, found }: { attempt: number; found: ClosingEvidence["found"] },
  context: TransitionContext,
): "expire" | "fail" | "finalise" | undefined {
  const onceClosed = { ...context, attempt: payment.attempt, found, cancel: "closed" as const };
  if (isAllowed("expire", payment, onceClosed)) return "expire";
  if (attempt === payment.attempt && isAllowed("fail", payment, onceClosed)) return "fail";
  return isAllowed("finalise", payment, { ...context, attempt }) ? "finalise" : undefined;
}
