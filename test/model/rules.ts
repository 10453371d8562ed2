import { type GuardName, type Origin, type Proof, TRANSITIONS } from "../../lib/domain/transitions.ts";
import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Entry, LeftBy, Request, Row } from "./state.ts";

/** A row of the table of transitions, with its guards by name. */
export type Rule = {
  readonly from: readonly Origin[];
  readonly to: Origin | "same";
  readonly proof: Proof;
  readonly guards: readonly GuardName[];
};

/** The rules of the protocol. Each can be removed alone. */
export type Rules = {
  /**
   * A policy, not a rule. If it is off, no payment is finalised, and a settled one rests after its last verification.
   */
  listingHearsFailed: boolean;
  /** The table of legal transitions. A test may pass a changed one. */
  table: Readonly<Record<TransitionName, Rule>>;
  /** Guards of the table that are not checked. */
  unguarded: Partial<Record<TransitionName, readonly GuardName[]>>;
  /** Transitions that are written without the condition on the version. */
  unversioned: readonly TransitionName[];
  /** Closings that skip all evidence. */
  withoutEvidence: readonly TransitionName[];
  firstVerify: boolean;
  secondVerify: boolean;
  cancels: boolean;
  /** A cancel whose answer was lost, or a 5xx, is not a cancel. */
  unclearIsNothing: boolean;
  silenceIsNothing: boolean;
  recordsFirst: boolean;
  comparesOldItem: boolean;
  answersStoredUrl: boolean;
  /** What is found out about a lost attempt before a further try, and what follows. */
  verifiesLost: boolean;
  unknownIsTriedAgain: boolean;
  knownMovesOn: boolean;
  burntMovesOn: boolean;
  silenceSpendsNothing: boolean;
  writesBeforeCancel: boolean;
  lostCancelNeedsNoAnswer: boolean;
  /** When a checkout that Chapa does not close is left, and what follows. */
  lapses: boolean;
  cancelsBeforeLapse: boolean;
  lapseWaitsForWindow: boolean;
  lapseNeedsFirstReading: boolean;
  readingsAreApart: boolean;
  wordsProveNothing: boolean;
  maybeMoneyHolds: boolean;
  maybeMoneyForgetsReading: boolean;
  unclearIsRaisedAgain: boolean;
  stuckMustLast: boolean;
  unopenedStuckEnds: boolean;
  verifiesLapsed: boolean;
  cancelsLapsed: boolean;
  verifiesWebhooks: boolean;
  comparesAmounts: boolean;
  accountsOldAttempts: boolean;
  lateTruthWins: boolean;
  secondCapturesCount: boolean;
  /** A further capture is recognised by its attempt, not by the presence of an earlier one. */
  countsEachCapture: boolean;
  finalisesAfterVerification: boolean;
  notesAskForVersion: boolean;
  discardsOnlyItsOwn: boolean;
  endsOtherLinks: boolean;
  tellsFinalisedOnly: boolean;
  listingIsAsked: boolean;
  /** When the row leaves the sweep's index, and which attempts the sweep verifies. */
  dueWhenSettled: boolean;
  dueAfterAcknowledgement: boolean;
  dueAfterEachMove: boolean;
  dueForTheListing: boolean;
  verifiesAfterClosing: boolean;
  verifiesEveryAttempt: boolean;
  verifiesBesideSuccess: boolean;
};

/**
 * What can be shown for a transition. `fresh`: the row is as it was read. `attempt`: the one that it is about. `next`:
 * the attempt that would begin. `agreed`: the money is what was agreed. `by`: what the attempt is left by; `late`: its
 * window and its lapse are over. `about`: what a flag says.
 */
export type Claim = {
  proof: Proof;
  fresh: boolean;
  attempt: number;
  next?: number;
  request?: Request;
  agreed?: boolean;
  by?: LeftBy;
  late?: boolean;
  about?: "listing" | "unclear" | "stuck";
};

// Every comparison with a clock may have either result, because no invariant may depend on clocks.
const ANY_TIME = () => true;
const ATTEMPTS_LEFT = (row: Row, { next }: Claim) => next === undefined || next < row.recs.length;

/** The guards of lib/domain/transitions.ts in this model. A test compares both. */
export const GUARDS: Record<GuardName, (row: Row, claim: Claim, rules: Rules) => boolean> = {
  // This model has one payment of the fee; serials.ts has two.
  withoutNext: () => true,
  spentOrUsedUp: () => false,
  everyAttemptEnds: () => false,
  paidOrFollowed: ({ state }) => state === "SUCCESS",
  leaseOverOrMine: ANY_TIME,
  attemptsLeft: ATTEMPTS_LEFT,
  attemptsLeftOrUnsent: ATTEMPTS_LEFT,
  // The holder of the lease has written the newest version, because every transition that changes it makes a new one.
  leaseIsMine: (_row, { fresh }) => fresh,
  noCheckoutUrl: (row, { attempt }) => row.recs[attempt] === "",
  closesLatestAttempt: (row, { attempt }) => attempt === row.attempt,
  windowOver: ANY_TIME,
  tryFailed: ANY_TIME,
  // What Chapa said last of another checkout is not in this model, so it may settle a payment that lib keeps open.
  noWordOfMoney: ANY_TIME,
  timeoutOver: ANY_TIME,
  requestIsNewer: (_row, { request }) => request === "new",
  notFinalised: (row) => !row.finalised,
  evidenceHolds: (row, { attempt, by, late }, rules) => {
    if (by === "ended") return hasEnded(row, attempt);
    return by !== "lapse" || hasLapsed(row, attempt, late === true, rules);
  },
  windowOverOrTryFailed: ANY_TIME,
  isToEnd: (row, { attempt }) => attemptsToEnd(row).includes(attempt),
  noLapsedLink: (row) => !row.recs.includes("lapsed"),
  stuckLasts: (row, _claim, { stuckMustLast }) =>
    row.stuck.some((entry) => entry === "open" || (entry === "ended" && !stuckMustLast)),
  someAttemptHeld: (row) => row.state === "CREATED" || row.state === "PENDING" || attemptsToEnd(row).length > 0,
  // This stage has one mode.
  testOnLiveStage: () => false,
  onlyTestMoney: () => false,
  notLeftAsTest: () => true,
  attemptIsOurs: (row, { attempt }) => attempt <= row.attempt,
  attemptIsUnknown: (row, { attempt }) => attempt > row.attempt,
  asAgreed: (_row, { agreed }, { comparesAmounts }) => agreed === true || !comparesAmounts,
  // Nobody decides in this model.
  notDecidedOn: () => true,
  notAsAgreed: (_row, { agreed }, { comparesAmounts }) => agreed === false && comparesAmounts,
  notRecordedAlike: (row, { attempt }) => row.recs[attempt] !== "review",
  captureNotRecorded: (row, { attempt }) => !isRecorded(row, attempt),
  notFlaggedYet: (row, { attempt, about }, { unclearIsRaisedAgain }) => {
    if (about === "unclear")
      return row.unclear[attempt] === "" || (row.unclear[attempt] === "ended" && unclearIsRaisedAgain);
    return about === "stuck" ? row.stuck[attempt] !== "open" : row.listing !== "flagged";
  },
  // Nobody answers in this model.
  entryIsOpen: () => false,
  finaliseTimeReached: (row, _claim, { listingHearsFailed }) =>
    listingHearsFailed && row.recs.some((rec) => rec !== ""),
  noOtherVerificationOverdue: (row, { attempt }) => row.recs.every((rec, at) => at === attempt || rec !== "closed"),
  // Nobody decides about reviewed money in this model.
  feeIsKnown: () => false,
  moneyConfirmed: () => false,
  // Refunds have a model of their own.
  refundIdUnused: () => false,
  leftCovers: () => false,
  roomForRefund: () => false,
  refundIsRequested: () => false,
  refundIsSent: () => false,
  refundIsSettled: () => false,
  noOpenWordOfMoney: () => false,
  everyCaptureDecided: () => false,
  refundsFit: () => false,
  // There are no refunds in this model.
  moreWentBack: () => false,
  onlyCapturedAgain: () => false,
};

const isGuard = (name: string): name is GuardName => Object.hasOwn(GUARDS, name);

export const TABLE = Object.fromEntries(
  Object.entries(TRANSITIONS).map(([name, { guards, ...row }]): [string, Rule] => [
    name,
    { ...row, guards: Object.keys(guards).filter(isGuard) },
  ]),
) as Record<TransitionName, Rule>;

export const BASE: Rules = {
  listingHearsFailed: true,
  table: TABLE,
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
  verifiesLost: true,
  unknownIsTriedAgain: true,
  knownMovesOn: true,
  burntMovesOn: true,
  silenceSpendsNothing: true,
  writesBeforeCancel: true,
  lostCancelNeedsNoAnswer: true,
  lapses: true,
  cancelsBeforeLapse: true,
  lapseWaitsForWindow: true,
  lapseNeedsFirstReading: true,
  readingsAreApart: true,
  wordsProveNothing: true,
  maybeMoneyHolds: true,
  maybeMoneyForgetsReading: true,
  unclearIsRaisedAgain: true,
  stuckMustLast: true,
  unopenedStuckEnds: true,
  verifiesLapsed: true,
  cancelsLapsed: true,
  verifiesWebhooks: true,
  comparesAmounts: true,
  accountsOldAttempts: true,
  lateTruthWins: true,
  secondCapturesCount: true,
  countsEachCapture: true,
  finalisesAfterVerification: true,
  notesAskForVersion: true,
  discardsOnlyItsOwn: true,
  endsOtherLinks: true,
  tellsFinalisedOnly: true,
  listingIsAsked: true,
  dueWhenSettled: true,
  dueAfterAcknowledgement: true,
  dueAfterEachMove: true,
  dueForTheListing: true,
  verifiesAfterClosing: true,
  verifiesEveryAttempt: true,
  verifiesBesideSuccess: true,
};

export function isRecorded(row: Row, attempt: number): boolean {
  const rec = row.recs[attempt];
  return rec === "paid" || rec === "review";
}

/**
 * The row after the transition `name`, or undefined when the table does not have it, a guard forbids it, or the row has
 * moved on since it was read. States come from the table only. The version is the one condition that is written:
 * without it, table and guards were asked of what was read, and what is there is overwritten.
 */
export function moved(
  rules: Rules,
  row: Row,
  name: TransitionName,
  { claim, changes }: { claim: Claim; changes: Partial<Row> },
): Row | undefined {
  const { from, to, proof, guards } = rules.table[name];
  if (proof !== claim.proof) throw new Error(`${name} needs ${proof}, and was tried with ${claim.proof}`);
  if (claim.fresh) {
    const ignored = rules.unguarded[name] ?? [];
    if (!from.includes(row.state)) return undefined;
    if (!guards.every((guard) => ignored.includes(guard) || GUARDS[guard](row, claim, rules))) return undefined;
  } else if (!rules.unversioned.includes(name)) return undefined;
  const isKept = name === "flag" || name === "end" || name === "release";
  const released = row.released && isKept;
  const next = withEnded(rules, row, { ...row, released, ...changes, state: to === "same" ? row.state : to });
  const isFirstOpen = name === "open" && row.recs.every((rec) => rec === "");
  const due = rules.dueAfterEachMove || isFirstOpen ? isDue(rules, next) : next.due;
  return { ...next, due };
}

/** What was raised about an attempt ends with it. Words that may mean money end only by proof, with the write of it. */
function withEnded(rules: Rules, before: Row, row: Row): Row {
  const ended = (entries: Row["stuck"], isOver: (at: number) => boolean) => {
    const after = entries.map((entry, at): Entry => (entry === "open" && isOver(at) ? "ended" : entry));
    return after.every((entry, at) => entry === entries[at]) ? entries : after;
  };
  const isOver = (at: number) =>
    hasEnded(row, at) || (rules.unopenedStuckEnds && !isLost(row, at) && isLost(before, at));
  const stuck = ended(row.stuck, isOver);
  const isProvenNow = (at: number) =>
    (isProven(row, at) && !isProven(before, at)) || (isRecorded(row, at) && !isRecorded(before, at));
  const unclear = ended(row.unclear, (at) => (rules.unclearIsRaisedAgain ? isProvenNow(at) : isProven(row, at)));
  // The reading of an attempt that is proved to be over means nothing any more.
  const isRead = row.readings.some((reading, at) => reading !== "" && isProven(row, at));
  const readings = isRead ? row.readings.map((reading, at) => (isProven(row, at) ? "" : reading)) : row.readings;
  return { ...row, readings, stuck, unclear };
}

/** Whether nobody knows yet what became of the attempt, which was never opened, and nobody has let it go. */
export function isLost({ state, attempt, recs, released }: Row, at: number): boolean {
  return state === "CREATED" && at === attempt && recs[at] === "" && !released;
}

/** Whether nothing can be paid on the attempt any more, other than what was under way. */
export function isProven(row: Row, attempt: number): boolean {
  return hasEnded(row, attempt) && row.recs[attempt] !== "lapsed";
}

/** Whether the attempt can be left behind. */
export function hasEnded({ recs }: Row, attempt: number): boolean {
  const rec = recs[attempt] ?? "";
  return rec !== "" && rec !== "open";
}

/** Whether the attempt may be left although Chapa does not close it. One that was never opened was given to nobody. */
export function hasLapsed({ recs, readings }: Row, attempt: number, late: boolean, rules: Rules): boolean {
  if (recs[attempt] === "") return true;
  const reading = readings[attempt] ?? "";
  const isRead = reading === "old" || !rules.lapseNeedsFirstReading || (reading !== "" && !rules.readingsAreApart);
  return isRead && (late || !rules.lapseWaitsForWindow);
}

/** The live attempt, whose URL the row has. */
export function liveAttempt({ state, attempt, recs }: Row): number | undefined {
  return state === "PENDING" && recs[attempt] === "open" ? attempt : undefined;
}

/** As attemptsToEnd of lib/domain/verification-schedule.ts. */
export function attemptsToEnd(row: Row): number[] {
  const live = liveAttempt(row);
  return row.recs.flatMap((rec, at) => (at !== live && (rec === "open" || rec === "lapsed") ? [at] : []));
}

/** The row after a note, which does not change the version but sets a new date. */
export function noted(rules: Rules, row: Row, changes: Partial<Row>): Row {
  const next = { ...row, ...changes };
  return { ...next, due: isDue(rules, next) && (rules.dueAfterEachMove || row.due) };
}

/** Whether the row waits for anything. */
export function isDue(rules: Rules, row: Row): boolean {
  if (row.recs.every((rec) => rec === "")) return false;
  const awaitsVerification = row.recs.some(
    (rec) =>
      rec === "open" ||
      rec === "closed" ||
      rec === "verified" ||
      rec === "review" ||
      (rec === "lapsed" && rules.verifiesLapsed),
  );
  switch (row.state) {
    case "none":
      return false;
    case "CREATED":
    case "PENDING":
    case "REVIEW":
      return true;
    case "SUCCESS":
      if (row.listing !== "" && !rules.dueAfterAcknowledgement) return false;
      return awaitsVerification || (row.listing === "" && rules.dueForTheListing);
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return rules.dueWhenSettled && (awaitsVerification || (rules.listingHearsFailed && !row.finalised));
  }
}

/** The records of the attempts after one was left. */
export function left(rules: Rules, row: Row, attempt: number, by: LeftBy): Row["recs"] {
  const closed = rules.verifiesAfterClosing ? "closed" : "done";
  return row.recs.map((rec, at) => {
    if (at !== attempt || (rec !== "open" && rec !== "lapsed") || by === "ended") return rec;
    return by === "lapse" ? "lapsed" : closed;
  });
}
