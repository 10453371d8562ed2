import { type Guard, MOVES, type Move, type Proof, type Rule } from "../../lib/domain/transitions.ts";
import type { Request, Row } from "./state.ts";

/** The rules of the protocol, each of which can be taken away alone. */
export type Rules = {
  /** A policy, not a rule: where it is off, nothing is sealed, and what is settled rests after its last look. */
  listingHearsFailed: boolean;
  /** The table of legal moves; a test may give a doctored one. */
  moves: Readonly<Record<Move, Rule>>;
  /** Guards of the table that nobody asks for. */
  unguarded: Partial<Record<Move, readonly Guard[]>>;
  /** Moves that are written without asking for the version that was read. */
  unversioned: readonly Move[];
  /** Which closings are begun at the end: with no evidence at all. */
  withoutEvidence: readonly Move[];
  firstVerify: boolean;
  secondVerify: boolean;
  cancels: boolean;
  /** A cancel whose answer was lost, or a 5xx, is not a cancel. */
  unclearIsNothing: boolean;
  silenceIsNothing: boolean;
  recordsFirst: boolean;
  comparesOldItem: boolean;
  answersStoredUrl: boolean;
  newReferenceOnTakeOver: boolean;
  verifiesWebhooks: boolean;
  comparesAmounts: boolean;
  accountsOldAttempts: boolean;
  lateTruthWins: boolean;
  secondCapturesCount: boolean;
  /** A further capture is known by its attempt, not by there being one already. */
  countsEachCapture: boolean;
  sealsAfterLook: boolean;
  notesAskForVersion: boolean;
  discardsOnlyItsOwn: boolean;
  endsOtherLinks: boolean;
  tellsSealedOnly: boolean;
  listingIsAsked: boolean;
  /** When the row leaves the sweep's index, and which attempts the sweep has looked at. */
  dueWhenSettled: boolean;
  dueAfterAcknowledgement: boolean;
  dueAfterEachMove: boolean;
  dueForTheListing: boolean;
  looksAfterClosing: boolean;
  looksAtEveryAttempt: boolean;
  looksBesideSuccess: boolean;
};

export const BASE: Rules = {
  listingHearsFailed: true,
  moves: MOVES,
  unguarded: {},
  unversioned: [],
  withoutEvidence: [],
  firstVerify: true,
  secondVerify: true,
  cancels: true,
  unclearIsNothing: true,
  silenceIsNothing: true,
  recordsFirst: true,
  comparesOldItem: true,
  answersStoredUrl: true,
  newReferenceOnTakeOver: true,
  verifiesWebhooks: true,
  comparesAmounts: true,
  accountsOldAttempts: true,
  lateTruthWins: true,
  secondCapturesCount: true,
  countsEachCapture: true,
  sealsAfterLook: true,
  notesAskForVersion: true,
  discardsOnlyItsOwn: true,
  endsOtherLinks: true,
  tellsSealedOnly: true,
  listingIsAsked: true,
  dueWhenSettled: true,
  dueAfterAcknowledgement: true,
  dueAfterEachMove: true,
  dueForTheListing: true,
  looksAfterClosing: true,
  looksAtEveryAttempt: true,
  looksBesideSuccess: true,
};

/**
 * What whoever makes a move can show for it. `fresh`: the row is as he read it. `attempt`: the one that it is about.
 * `next`: the attempt that would begin.
 */
export type Claim = { proof: Proof; fresh: boolean; attempt: number; next?: number; request?: Request };

// Every comparison with a clock is free to come out either way: clocks decide nothing that must hold.
const ANY_TIME = () => true;

const GUARDS: Record<Guard, (row: Row, claim: Claim, rules: Rules) => boolean> = {
  "key absent": (row) => row.state === "none",
  "lease over, or mine": ANY_TIME,
  "attempts left": (row, { next }) => next === undefined || next < row.recs.length,
  // Whoever wrote the lease wrote the newest version: every move that changes it makes another.
  "my attempt and my lease": (_row, { fresh }) => fresh,
  "no checkout URL yet": (row, { attempt }) => row.recs[attempt] === "",
  "checkout past its window": ANY_TIME,
  "window over after a failed try, or attempts used up": ANY_TIME,
  "latest attempt older than the timeout": ANY_TIME,
  "request recorded after it was settled": (_row, { request }) => request === "new",
  "not sealed": (row) => !row.sealed,
  "attempt is one of ours": (row, { attempt }) => attempt <= row.attempt,
  "evidence not decided before": (row, { attempt }) => row.recs[attempt] !== "review",
  "capture not recorded before": (row, { attempt }) => !isRecorded(row, attempt),
  "code not there yet": (row) => row.listing !== "attended",
  "first open older than the timeout, listing hears FAILED": (row, _claim, { listingHearsFailed }) =>
    listingHearsFailed && row.recs.some((rec) => rec !== ""),
  "no other checkout's look overdue": (row, { attempt }) =>
    row.recs.every((rec, at) => at === attempt || rec !== "closed"),
  // Refunds are outside this model.
  "refundable covers it, refund id unused": () => false,
};

export function isRecorded(row: Row, attempt: number): boolean {
  const rec = row.recs[attempt];
  return rec === "paid" || rec === "review" || rec === "accepted";
}

/**
 * The row after `move`, or undefined when the table does not have it, a guard forbids it, or the row has moved on
 * since it was read. States come from the table only. The version is the one condition that is written: without it,
 * table and guards were asked of what was read, and what is there is overwritten.
 */
export function moved(rules: Rules, row: Row, move: Move, claim: Claim, changes: Partial<Row>): Row | undefined {
  const { from, to, proof, guards } = rules.moves[move];
  if (proof !== claim.proof) throw new Error(`${move} needs ${proof}, and was tried with ${claim.proof}`);
  if (claim.fresh) {
    const ignored = rules.unguarded[move] ?? [];
    if (!from.includes(row.state)) return undefined;
    if (!guards.every((guard) => ignored.includes(guard) || GUARDS[guard](row, claim, rules))) return undefined;
  } else if (!rules.unversioned.includes(move)) return undefined;
  const next = { ...row, ...changes, state: to === "same" ? row.state : to };
  const isFirstOpen = move === "open" && row.recs.every((rec) => rec === "");
  const due = rules.dueAfterEachMove || isFirstOpen ? isDue(rules, next) : next.due;
  return { ...next, due };
}

/** The row after a note beside the version, which dates it anew. */
export function noted(rules: Rules, row: Row, changes: Partial<Row>): Row {
  const next = { ...row, ...changes };
  return { ...next, due: isDue(rules, next) && (rules.dueAfterEachMove || row.due) };
}

/** Whether there is anything that the row waits for. */
export function isDue(rules: Rules, row: Row): boolean {
  if (row.recs.every((rec) => rec === "")) return false;
  const awaitsLook = row.recs.some((rec) => rec === "open" || rec === "closed" || rec === "looked" || rec === "review");
  switch (row.state) {
    case "none":
      return false;
    case "CREATED":
    case "PENDING":
    case "REVIEW":
      return true;
    case "SUCCESS":
      if (row.listing !== "" && !rules.dueAfterAcknowledgement) return false;
      return awaitsLook || (row.listing === "" && rules.dueForTheListing);
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return rules.dueWhenSettled && (awaitsLook || (rules.listingHearsFailed && !row.sealed));
  }
}

/** What an attempt is after it was left. */
export function left(rules: Rules, row: Row, attempt: number): Row["recs"] {
  return row.recs.map((rec, at) =>
    at === attempt && rec === "open" ? (rules.looksAfterClosing ? "closed" : "done") : rec,
  );
}
