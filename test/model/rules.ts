import { type GuardName, type Origin, type Proof, TRANSITIONS } from "../../lib/domain/transitions.ts";
import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Request, Row } from "./state.ts";

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
  newReferenceOnTakeOver: boolean;
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
 * the attempt that would begin. `agreed`: the money is what was agreed.
 */
export type Claim = {
  proof: Proof;
  fresh: boolean;
  attempt: number;
  next?: number;
  request?: Request;
  agreed?: boolean;
};

// Every comparison with a clock may have either result, because no invariant may depend on clocks.
const ANY_TIME = () => true;
const ATTEMPTS_LEFT = (row: Row, { next }: Claim) => next === undefined || next < row.recs.length;

/** The guards of lib/domain/transitions.ts in this model. A test compares both. */
export const GUARDS: Record<GuardName, (row: Row, claim: Claim, rules: Rules) => boolean> = {
  leaseOverOrMine: ANY_TIME,
  attemptsLeft: ATTEMPTS_LEFT,
  attemptsLeftOrUnsent: ATTEMPTS_LEFT,
  // The holder of the lease has written the newest version, because every transition that changes it makes a new one.
  leaseIsMine: (_row, { fresh }) => fresh,
  noCheckoutUrl: (row, { attempt }) => row.recs[attempt] === "",
  closesLatestAttempt: (row, { attempt }) => attempt === row.attempt,
  windowOver: ANY_TIME,
  failedTryOrNoAttemptLeft: ANY_TIME,
  timeoutOver: ANY_TIME,
  requestIsNewer: (_row, { request }) => request === "new",
  notFinalised: (row) => !row.finalised,
  attemptIsOurs: (row, { attempt }) => attempt <= row.attempt,
  attemptIsUnknown: (row, { attempt }) => attempt > row.attempt,
  asAgreed: (_row, { agreed }, { comparesAmounts }) => agreed === true || !comparesAmounts,
  // Nobody decides in this model.
  notDecidedOn: () => true,
  notAsAgreed: (_row, { agreed }, { comparesAmounts }) => agreed === false && comparesAmounts,
  notRecordedAlike: (row, { attempt }) => row.recs[attempt] !== "review",
  captureNotRecorded: (row, { attempt }) => !isRecorded(row, attempt),
  notFlaggedYet: (row) => row.listing !== "flagged",
  // Nobody answers in this model.
  entryIsOpen: () => false,
  finaliseTimeReached: (row, _claim, { listingHearsFailed }) =>
    listingHearsFailed && row.recs.some((rec) => rec !== ""),
  noOtherVerificationOverdue: (row, { attempt }) => row.recs.every((rec, at) => at === attempt || rec !== "closed"),
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
  newReferenceOnTakeOver: true,
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
  const next = { ...row, ...changes, state: to === "same" ? row.state : to };
  const isFirstOpen = name === "open" && row.recs.every((rec) => rec === "");
  const due = rules.dueAfterEachMove || isFirstOpen ? isDue(rules, next) : next.due;
  return { ...next, due };
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
    (rec) => rec === "open" || rec === "closed" || rec === "verified" || rec === "review",
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

/** The state of an attempt after it was left. */
export function left(rules: Rules, row: Row, attempt: number): Row["recs"] {
  return row.recs.map((rec, at) =>
    at === attempt && rec === "open" ? (rules.verifiesAfterClosing ? "closed" : "done") : rec,
  );
}
