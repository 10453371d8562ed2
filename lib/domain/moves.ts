import type { ClosingEvidence, Evidence, PaidFacts } from "./evidence.ts";
import { type Fee, LAST_ATTEMPT, type Ref } from "./ids.ts";
import { attemptsLeft, dueAt, nextLook, type Policy, retryAt } from "./looks.ts";
import { Santim } from "./money.ts";
import {
  type Attempt,
  type Capture,
  isSameCapture,
  isSettledUnpaid,
  type Lease,
  type Payment,
  refundableOf,
  type Terms,
  termsOf,
} from "./payment.ts";
import type { Instant } from "./time.ts";
import { MOVES, type Move, mayMove } from "./transitions.ts";
import type { AttemptEnd, AttentionCode } from "./vocabulary.ts";

/** When, by whom and under which policy a move is made. */
export type Act = { now: Instant; by: string; policy: Policy };

// Only an owner who presses for days while Chapa is down gets here; the beginning and the recent past are kept.
const HISTORY_LIMIT = 120;
const HISTORY_HEAD = 20;

// The terms of a checkout that is not of our making: no report of money equals them, so only a person accepts it.
const NEVER_AGREED = Santim.parse(0);

/** A payment begins: recorded before Chapa hears of it, inert until a checkout is opened. */
export function claim(ref: Ref, fee: Fee, terms: Terms, lease: Lease, act: Act): Payment {
  return {
    ref,
    ...fee,
    state: "CREATED",
    version: 1,
    attempt: 0,
    terms,
    attempts: {},
    lease,
    createdAt: act.now,
    updatedAt: act.now,
    beganAt: act.now,
    captures: [],
    refundable: Santim.parse(0),
    attention: [],
    history: [{ move: "claim", at: act.now, by: act.by }],
  };
}

/** The right to open passes on; under a new reference, unless the last holder knows that it sent nothing. */
export function takeOver(payment: Payment, terms: Terms, lease: Lease, act: Act): Payment {
  const { lease: held } = payment;
  if (held && held.holder !== lease.holder && held.until > act.now) throw new Error("the lease is held");
  return begin(payment, "takeOver", held?.unsent ? payment.attempt : payment.attempt + 1, terms, lease, act);
}

/** Chapa has opened a checkout: the payment can be paid at `checkoutUrl`. */
export function open(payment: Payment, holder: string, checkoutUrl: string, act: Act): Payment {
  if (payment.lease?.holder !== holder || payment.checkoutUrl) throw new Error("only the holder opens, and once");
  const opened = { ...payment.terms, openedAt: act.now };
  return moved(payment, "open", act, {
    attempts: { ...payment.attempts, [payment.attempt]: { ...opened, lookAt: nextLook(opened, act.now, act.policy) } },
    checkoutUrl,
    lease: undefined,
    failureReason: undefined,
    firstOpenedAt: payment.firstOpenedAt ?? act.now,
  });
}

/** Chapa refused the data; `reason` is in our words. */
export function reject(payment: Payment, holder: string, reason: string, act: Act): Payment {
  if (payment.lease?.holder !== holder) throw new Error("only the holder rejects");
  return moved(payment, "reject", act, { lease: undefined, failureReason: reason, settledAt: act.now });
}

/** The checkout's window is over and it is closed: the next attempt begins under the caller's lease. */
export function renew(payment: Payment, closing: ClosingEvidence, terms: Terms, lease: Lease, act: Act): Payment {
  const closed = { ...payment, attempts: closedAttempts(payment, closing, "renewed", act) };
  return begin(closed, "renew", payment.attempt + 1, terms, lease, act, closing.cancel);
}

/** A caller comes back to a fee that was settled unpaid. */
export function reopen(payment: Payment, terms: Terms, lease: Lease, act: Act): Payment {
  if (payment.sealed) throw new Error("a sealed payment never reopens");
  return begin(payment, "reopen", payment.attempt + 1, terms, lease, act);
}

/** Settles an unpaid payment; `closing` proves that its checkout takes no money any more. */
export function settleUnpaid(
  payment: Payment,
  move: "fail" | "expire" | "cancel",
  closing: ClosingEvidence,
  act: Act,
): Payment {
  const end = ({ fail: "failed", expire: "expired", cancel: "cancelled" } as const)[move];
  return moved(
    payment,
    move,
    act,
    {
      attempts: closedAttempts(payment, closing, end, act),
      checkoutUrl: undefined,
      lease: undefined,
      settledAt: act.now,
    },
    closing.cancel,
  );
}

/** From here on the listing may hear that nobody paid, and no attempt may follow. */
export function seal(payment: Payment, act: Act): Payment {
  return moved(payment, "seal", act, { sealed: true });
}

/** The listing has an answer that only a person can deal with. */
export function attend(payment: Payment, code: "listing_closed" | "listing_unclear", act: Act): Payment {
  if (payment.attention.some((attention) => attention.code === code)) throw new Error(`${code} is there already`);
  return moved(payment, "attend", act, { attention: attentionOf(payment, code, act), listingSentAt: undefined }, code);
}

/**
 * Makes the move that {@link moveFor} chose for money reported on `attempt`.
 * @param evidence `paid` or `returned`
 */
export function account(
  payment: Payment,
  move: Move,
  attempt: number,
  evidence: Extract<Evidence, { facts: PaidFacts }>,
  act: Act,
): Payment {
  const returned = evidence.says === "returned" ? evidence.how : undefined;
  const said = `${returned ?? "paid"} ${evidence.facts.reference ?? ""}`.trim();
  const record = (kind: Capture["kind"]) => recorded(payment, attempt, evidence.facts, kind, returned, act);
  switch (move) {
    case "confirm":
      return moved(payment, move, act, { ...record("confirmed"), ...succeeded(payment, act) }, said);
    case "review":
      return moved(
        payment,
        move,
        act,
        { ...record("reviewed"), ...held(payment, returned ?? "mismatch", attempt, act) },
        said,
      );
    case "orphan":
      return moved(payment, move, act, { ...record("reviewed"), ...held(payment, "orphan", attempt, act) }, said);
    case "duplicate":
      return moved(
        payment,
        move,
        act,
        { ...record("duplicate"), attention: attentionOf(payment, "duplicate", act, attempt) },
        said,
      );
    case "returned":
      return moved(
        payment,
        move,
        act,
        {
          ...record(payment.state === "REVIEW" ? "reviewed" : "duplicate"),
          attention: attentionOf(payment, returned ?? "reversed", act, attempt),
        },
        said,
      );
    default:
      throw new Error(`${move} does not account for money`);
  }
}

/** Money on a reference of our form without a row of ours: recorded with what is known, for a person to find out. */
export function adoptOrphan(
  ref: Ref,
  attempt: number,
  evidence: Extract<Evidence, { facts: PaidFacts }>,
  expected: Pick<Terms, "currency" | "mode">,
  act: Act,
): Payment {
  const nothing: Payment = {
    ref,
    serial: 0,
    state: "CREATED",
    version: 0,
    attempt: -1,
    terms: { ...expected, amount: NEVER_AGREED },
    attempts: {},
    createdAt: act.now,
    updatedAt: act.now,
    beganAt: act.now,
    captures: [],
    refundable: Santim.parse(0),
    attention: [],
    history: [],
  };
  return account(nothing, "orphan", attempt, evidence, act);
}

/** A look at `attempt` has ended without a move: when it is looked at next, and what a failed try said. */
export function looked(
  payment: Payment,
  attempt: number,
  found: Extract<Evidence, { says: "unpaid" }> | undefined,
  act: Act,
): Payment {
  const record = payment.attempts[attempt];
  const attempts =
    record?.lookAt === undefined
      ? payment.attempts
      : { ...payment.attempts, [attempt]: { ...record, lookAt: nextLook(record, act.now, act.policy) } };
  const failed = found?.because === "failed" && payment.state === "PENDING" && attempt === payment.attempt;
  const next: Payment = {
    ...payment,
    attempts,
    verifiedAt: act.now,
    unreachableSince: undefined,
    failureReason: failed ? (found.reason ?? "the last try was not successful") : payment.failureReason,
  };
  return { ...next, dueAt: dueAt(next, act.now, act.policy) };
}

/** The live link of an attempt beside the paid one has been cancelled definitively: three looks remain. */
export function superseded(payment: Payment, attempt: number, act: Act): Payment {
  const record = payment.attempts[attempt];
  if (!record || record.closedAt !== undefined) return payment;
  const next = { ...payment, attempts: { ...payment.attempts, [attempt]: closed(record, "superseded", act) } };
  return { ...next, dueAt: dueAt(next, act.now, act.policy) };
}

/** Chapa could not be asked: nothing is known, so only the next try is put off. */
export function unreachable(payment: Payment, act: Act): Payment {
  const next = { ...payment, unreachableSince: payment.unreachableSince ?? act.now };
  return { ...next, dueAt: retryAt(next, act.now) };
}

/** The holder gives its lease up, or holds others off until `until`. */
export function leased(payment: Payment, lease: Lease): Payment {
  if (payment.lease?.holder !== lease.holder) throw new Error("only the holder changes a lease");
  return { ...payment, lease };
}

/** A confirm is about to leave for the listing; until {@link listingAnswered} its outcome is unknown. */
export function listingAsked(payment: Payment, act: Act): Payment {
  return { ...payment, listingSentAt: act.now };
}

/** The listing has answered definitely; with `heard` it has the success, for good. */
export function listingAnswered(payment: Payment, heard: boolean, act: Act): Payment {
  const next = { ...payment, listingSentAt: undefined, ...(heard ? { listingHeardAt: act.now } : {}) };
  return heard ? { ...next, dueAt: dueAt(next, act.now, act.policy) } : next;
}

/** Chapa's list has a capture that we have; undefined when that was known, or is not so. */
export function listedCapture(payment: Payment, capture: Pick<Capture, "attempt" | "reference">): Payment | undefined {
  const known = payment.captures.find((other) => isSameCapture(other, capture));
  if (!known || known.listed) return undefined;
  return {
    ...payment,
    captures: payment.captures.map((other) => (other === known ? { ...known, listed: true } : other)),
  };
}

/** The sweep has published an unheard success again: when it does so next. */
export function republished(payment: Payment, act: Act): Payment {
  return { ...payment, dueAt: dueAt(payment, act.now, act.policy) };
}

function begin(
  payment: Payment,
  move: "takeOver" | "renew" | "reopen",
  attempt: number,
  terms: Terms,
  lease: Lease,
  act: Act,
  evidence?: string,
): Payment {
  if (attempt > payment.attempt && !attemptsLeft(payment, LAST_ATTEMPT)) throw new Error("no attempt is left");
  const changes = { attempt, terms, lease, beganAt: act.now, checkoutUrl: undefined, settledAt: undefined };
  return moved(payment, move, act, changes, evidence);
}

/** The one place where a version is made: checks the table of moves, counts, dates, and writes history. */
function moved(payment: Payment, move: Move, act: Act, changes: Partial<Payment>, evidence?: string): Payment {
  const isNew = payment.version === 0;
  if (!mayMove(move, isNew ? "none" : payment.state)) throw new Error(`no ${move} out of ${payment.state}`);
  const { to } = MOVES[move];
  const next: Payment = {
    ...payment,
    ...changes,
    state: to === "same" ? payment.state : to,
    version: payment.version + 1,
    updatedAt: act.now,
    history: shortened([...payment.history, { move, at: act.now, by: act.by, evidence }]),
  };
  return { ...next, dueAt: dueAt(next, act.now, act.policy) };
}

function shortened(history: Payment["history"]): Payment["history"] {
  if (history.length <= HISTORY_LIMIT) return history;
  return [...history.slice(0, HISTORY_HEAD), ...history.slice(HISTORY_HEAD - HISTORY_LIMIT)];
}

function closedAttempts(payment: Payment, closing: ClosingEvidence, end: AttemptEnd, act: Act): Payment["attempts"] {
  if (closing.attempt !== payment.attempt) throw new Error("closing evidence is for another attempt");
  const record = payment.attempts[closing.attempt];
  if (!record || record.closedAt !== undefined) return payment.attempts;
  return { ...payment.attempts, [closing.attempt]: closed(record, end, act) };
}

function closed(record: Attempt, end: AttemptEnd, act: Act): Attempt {
  const left = { ...record, closedAt: act.now, end: record.end ?? end };
  return { ...left, lookAt: nextLook(left, act.now, act.policy) };
}

function recorded(
  payment: Payment,
  attempt: number,
  facts: PaidFacts,
  kind: Capture["kind"],
  returned: Capture["returned"],
  act: Act,
): Partial<Payment> {
  const known = payment.captures.find((capture) => isSameCapture(capture, { attempt, reference: facts.reference }));
  const { amount, currency, mode, reference, method, charge } = facts;
  const reported = { amount, currency, mode, reference: reference ?? known?.reference, method, charge };
  const capture: Capture = known
    ? { ...known, ...(returned ? {} : reported), kind: kind === "confirmed" ? kind : known.kind, returned }
    : { attempt, at: act.now, kind, ...reported, returned };
  const captures = [...payment.captures.filter((other) => other !== known), capture];
  const terms = attempt > payment.attempt ? { ...payment.terms, amount: NEVER_AGREED } : termsOf(payment, attempt);
  const record = payment.attempts[attempt] ?? { ...terms, openedAt: act.now };
  const awaitsPerson = kind === "reviewed" && !returned;
  const lookAt = awaitsPerson ? nextLook(record, act.now, act.policy) : undefined;
  return {
    attempt: Math.max(payment.attempt, attempt),
    attempts: { ...payment.attempts, [attempt]: { ...record, end: "paid", lookAt } },
    captures,
    refundable: refundableOf(captures, payment.terms),
    firstOpenedAt: payment.firstOpenedAt ?? act.now,
    verifiedAt: act.now,
    unreachableSince: undefined,
    ...(captures.every((other) => other.returned) ? { settledAt: act.now } : {}),
  };
}

function succeeded(payment: Payment, act: Act): Partial<Payment> {
  return {
    checkoutUrl: undefined,
    lease: undefined,
    failureReason: undefined,
    settledAt: act.now,
    ...(isSettledUnpaid(payment) ? { late: true } : {}),
  };
}

function held(payment: Payment, code: AttentionCode, attempt: number, act: Act): Partial<Payment> {
  return {
    lease: undefined,
    checkoutUrl: undefined,
    attention: attentionOf(payment, code, act, attempt),
  };
}

function attentionOf(payment: Payment, code: AttentionCode, act: Act, attempt?: number): Payment["attention"] {
  const there = payment.attention.some(
    (known) => known.code === code && known.attempt === attempt && !known.answeredAt,
  );
  return there ? payment.attention : [...payment.attention, { code, at: act.now, attempt }];
}
