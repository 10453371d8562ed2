import type { InvariantName } from "./invariants.ts";
import { BASE, type Rules } from "./rules.ts";
import { type Bounds, GOOD_CHAPA } from "./state.ts";

/**
 * Name of the rule, what is taken away, and the invariant that then breaks; or none, where the rule is kept for other
 * reasons.
 */
export type Ablation = { name: string; without: Partial<Rules>; bounds?: Partial<Bounds> } & (
  | { breaks: InvariantName }
  | { harmless: string }
);

/** Where ablations are searched unless they need more. */
export const ABLATION_BOUNDS: Bounds = {
  attempts: 3,
  initiators: 1,
  closers: 1,
  requests: 1,
  wrong: 0,
  chapa: GOOD_CHAPA,
  timed: false,
  persons: false,
  joined: true,
};

const TWO = { initiators: 2, requests: 2 } as const;
const REVIEWED = { attempts: 2, wrong: 1 } as const;
const TIMED = { attempts: 2, timed: true } as const;
const NEVER_CANCELS = { ...TIMED, chapa: { ...GOOD_CHAPA, cancels: "never" } } as const;
const SOMETIMES_CANCELS = { ...TIMED, chapa: { ...GOOD_CHAPA, cancels: "sometimes" } } as const;
const UNKNOWN_WORDS = { ...TIMED, chapa: { ...GOOD_CHAPA, words: true } } as const;

export const ABLATIONS: readonly Ablation[] = [
  {
    name: "a row is recorded before Chapa hears of it",
    without: { recordsFirst: false },
    breaks: "record before effect",
  },
  {
    name: "a refused request discards its own untouched claim only",
    without: { discardsOnlyItsOwn: false },
    bounds: TWO,
    breaks: "every capture is accounted for",
  },
  {
    name: "a reference that Chapa knows is not tried again",
    without: { knownMovesOn: false },
    breaks: "nobody is stuck",
  },
  {
    name: "open asks for its attempt, lease and version (the fenced save)",
    without: { unversioned: ["open"] },
    bounds: TWO,
    breaks: "one live checkout",
  },
  {
    name: "whoever is overtaken answers with the stored URL",
    without: { answersStoredUrl: false },
    bounds: TWO,
    breaks: "a URL that is given is stored",
  },
  {
    name: "a lost answer is found out by comparing the old item",
    without: { comparesOldItem: false },
    breaks: "a stored link is ended by a closing only",
  },
  {
    name: "renew needs closing evidence",
    without: { withoutEvidence: ["renew"] },
    breaks: "one live checkout",
  },
  {
    name: "fail and expire need closing evidence",
    without: { withoutEvidence: ["fail", "expire"] },
    breaks: "told FAILED, nothing can be paid",
  },
  {
    name: "closing cancels at Chapa",
    without: { cancels: false },
    breaks: "told FAILED, nothing can be paid",
  },
  {
    name: "a cancel that is not answered definitively is none",
    without: { unclearIsNothing: false },
    breaks: "told FAILED, nothing can be paid",
  },
  {
    name: "closing verifies again after the cancel",
    without: { secondVerify: false },
    breaks: "nothing is left over a capture",
  },
  {
    name: "an error while verifying says nothing: closing",
    without: { silenceIsNothing: false },
    breaks: "nothing is left over a capture",
  },
  {
    name: "an error while verifying says nothing: the last verification",
    without: { silenceIsNothing: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "expire asks for the version: a paid fee",
    without: { unversioned: ["expire"] },
    breaks: "success never goes back",
  },
  {
    name: "expire asks for the version: a link that lives",
    without: { unversioned: ["expire"] },
    breaks: "what was left cannot be paid",
  },
  {
    name: "fail asks for the version",
    without: { unversioned: ["fail"] },
    breaks: "what was left cannot be paid",
  },
  {
    name: "cancel asks for the version",
    without: { unversioned: ["cancel"] },
    breaks: "what was left cannot be paid",
  },
  {
    name: "reject asks for the version",
    without: { unversioned: ["reject"] },
    bounds: TWO,
    breaks: "what was left cannot be paid",
  },
  {
    name: "renew asks for the version",
    without: { unversioned: ["renew"] },
    bounds: TWO,
    breaks: "what was left cannot be paid",
  },
  {
    name: "reopen asks for the version",
    without: { unversioned: ["reopen"] },
    bounds: TWO,
    breaks: "success never goes back",
  },
  {
    name: "take over asks for the version",
    without: { unversioned: ["takeOver"] },
    bounds: TWO,
    breaks: "success never goes back",
  },
  {
    name: "finalise asks for the version",
    without: { unversioned: ["finalise"] },
    breaks: "finalised stays finalised",
  },
  {
    name: "notes ask for the version",
    without: { notesAskForVersion: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "only a request that came after the settling reopens",
    without: { unguarded: { reopen: ["requestIsNewer"] } },
    breaks: "a replay never reopens",
  },
  {
    name: "a finalised payment never reopens",
    without: { unguarded: { reopen: ["notFinalised"] } },
    breaks: "finalised stays finalised",
  },
  {
    name: "the listing hears FAILED of a finalised payment only",
    without: { tellsFinalisedOnly: false },
    breaks: "told FAILED, nothing can be paid",
  },
  {
    name: "a verification that found no money comes before finalise",
    without: { finalisesAfterVerification: false },
    breaks: "finalised over no money that had landed",
  },
  {
    name: "no other checkout's verification is overdue at finalise",
    without: { unguarded: { finalise: ["noOtherVerificationOverdue"] } },
    breaks: "finalised over no money that had landed",
  },
  {
    name: "a webhook proves nothing",
    without: { verifiesWebhooks: false },
    breaks: "success has its money",
  },
  {
    name: "amount, currency and mode are compared",
    without: { comparesAmounts: false },
    bounds: REVIEWED,
    breaks: "success has its money",
  },
  {
    name: "a success beats every settling",
    without: { lateTruthWins: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "a success on any attempt confirms",
    without: { accountsOldAttempts: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "a second capture is recorded",
    without: { secondCapturesCount: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "captures are told apart by attempt, not by their code",
    without: { countsEachCapture: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "what is settled stays due",
    without: { dueWhenSettled: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "an acknowledged success stays due while another checkout awaits its verification",
    without: { dueAfterAcknowledgement: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "every move sets the date, not the first open only",
    without: { dueAfterEachMove: false, listingHearsFailed: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "a checkout that was left is verified again",
    without: { verifiesAfterClosing: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "the sweep looks at every attempt",
    without: { verifiesEveryAttempt: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "a due success has its other checkouts looked at",
    without: { verifiesBesideSuccess: false },
    breaks: "every capture is accounted for",
  },
  {
    name: "confirming ends every other link",
    without: { endsOtherLinks: false },
    breaks: "beside a paid link nothing stays payable",
  },
  {
    name: "an unheard success stays due",
    without: { dueForTheListing: false },
    breaks: "the listing hears of a success",
  },
  {
    name: "only the listing's answer acknowledges",
    without: { listingIsAsked: false },
    breaks: "the listing hears of a success",
  },
  {
    name: "a lost attempt is verified before a further try",
    without: { verifiesLost: false },
    breaks: "an outage costs no attempt",
  },
  {
    name: "a reference that Chapa does not know is tried again",
    without: { unknownIsTriedAgain: false },
    breaks: "an outage costs no attempt",
  },
  {
    name: "no answer spends no attempt",
    without: { silenceSpendsNothing: false },
    breaks: "an outage costs no attempt",
  },
  {
    name: "a burnt reference is not tried again",
    without: { burntMovesOn: false },
    bounds: { attempts: 2, chapa: { ...GOOD_CHAPA, burnt: 1 } },
    breaks: "nobody is stuck",
  },
  {
    name: "the next attempt is written before the lost one is cancelled",
    without: { writesBeforeCancel: false },
    bounds: TWO,
    breaks: "a stored link is ended by a closing only",
  },
  {
    name: "the cancel of a lost attempt needs no answer",
    without: { lostCancelNeedsNoAnswer: false },
    bounds: NEVER_CANCELS,
    breaks: "nobody is stuck",
  },
  {
    name: "a checkout that Chapa does not close lapses",
    without: { lapses: false },
    bounds: NEVER_CANCELS,
    breaks: "nobody is stuck",
  },
  {
    name: "lapse: a cancel is tried first",
    without: { cancelsBeforeLapse: false },
    bounds: TIMED,
    breaks: "where Chapa cancels, nothing payable lapses",
  },
  {
    name: "lapse: verified again after the cancel",
    without: { secondVerify: false },
    bounds: NEVER_CANCELS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "lapse: after its window",
    without: { lapseWaitsForWindow: false },
    bounds: NEVER_CANCELS,
    breaks: "nothing lapses in its window",
  },
  {
    name: "lapse: two readings without money",
    without: { lapseNeedsFirstReading: false },
    bounds: UNKNOWN_WORDS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "lapse: ten minutes between the readings",
    without: { readingsAreApart: false },
    bounds: UNKNOWN_WORDS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "words that we do not know are not closing evidence",
    without: { wordsProveNothing: false },
    bounds: UNKNOWN_WORDS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "maybe money is not unpaid",
    without: { maybeMoneyHolds: false },
    bounds: UNKNOWN_WORDS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "maybe money removes the first reading",
    without: { maybeMoneyForgetsReading: false },
    bounds: UNKNOWN_WORDS,
    breaks: "nothing is left over a capture",
  },
  {
    name: "maybe money on a closed checkout calls a person, again if need be",
    without: { unclearIsRaisedAgain: false },
    bounds: UNKNOWN_WORDS,
    breaks: "every capture is accounted for",
  },
  {
    name: "nothing is finalised while a checkout lapsed and was not closed",
    without: { unguarded: { finalise: ["noLapsedLink"] } },
    bounds: NEVER_CANCELS,
    breaks: "told FAILED, nothing can be paid",
  },
  {
    name: "a lapsed checkout is verified on",
    without: { verifiesLapsed: false },
    bounds: NEVER_CANCELS,
    breaks: "every capture is accounted for",
  },
  {
    name: "a lapsed checkout is cancelled again at each verification",
    without: { cancelsLapsed: false },
    bounds: SOMETIMES_CANCELS,
    breaks: "beside a paid link nothing stays payable",
  },
  {
    name: "release asks for a stuck that has not ended",
    without: { stuckMustLast: false },
    bounds: { ...SOMETIMES_CANCELS, persons: true },
    breaks: "nothing lapses in its window",
  },
  {
    name: "a stuck about an attempt that was never opened ends, too",
    without: { unopenedStuckEnds: false },
    bounds: { ...TIMED, persons: true },
    breaks: "nothing lapses in its window",
  },
  {
    name: "the first verify of a closing",
    without: { firstVerify: false },
    harmless: "it spares a payer who has just paid the cancel, and Chapa the call",
  },
  {
    name: "open: noCheckoutUrl",
    without: { unguarded: { open: ["noCheckoutUrl"] } },
    bounds: TWO,
    harmless: "the version says so already",
  },
  {
    name: "review: notRecordedAlike",
    without: { unguarded: { review: ["notRecordedAlike"] } },
    bounds: REVIEWED,
    harmless: "without it each verification would make another version, event and alarm",
  },
  {
    name: "duplicate: captureNotRecorded",
    without: { unguarded: { duplicate: ["captureNotRecorded"] } },
    harmless: "without it each verification would make another version, event and alarm",
  },
  {
    name: "finalise: notFinalised",
    without: { unguarded: { finalise: ["notFinalised"] } },
    harmless: "without it each verification would make another version and event",
  },
];

export function rulesWithout(ablation: Ablation): Rules {
  return { ...BASE, ...ablation.without };
}
