import type { LawName } from "./laws.ts";
import { BASE, type Rules } from "./rules.ts";
import type { Bounds } from "./state.ts";

export type Ablation = { name: string; without: Partial<Rules>; bounds: Partial<Bounds> } & (
  | { breaks: LawName }
  | { harmless: string }
);

/** Where ablations are searched unless they need more. */
export const ABLATION_BOUNDS: Bounds = {
  attempts: 3,
  initiators: 1,
  closers: 1,
  requests: 1,
  wrong: 0,
  operator: false,
  joined: true,
};

const TWO = { initiators: 2, requests: 2 } as const;
const REVIEWED = { attempts: 2, wrong: 1, operator: true } as const;

/** Rules that are missed: what they are called, what is taken away, the law that then breaks, and where. */
const MISSED: readonly [string, Partial<Rules>, LawName, Partial<Bounds>?][] = [
  ["a row is recorded before Chapa hears of it", { recordsFirst: false }, "record before effect"],
  [
    "a refused request discards its own untouched claim only",
    { discardsOnlyItsOwn: false },
    "every capture is accounted for",
    TWO,
  ],
  ["take over begins a new reference", { newReferenceOnTakeOver: false }, "nobody is stuck"],
  [
    "open asks for its attempt, lease and version (the fenced save)",
    { unversioned: ["open"] },
    "one live checkout",
    TWO,
  ],
  [
    "whoever is overtaken answers with the stored URL",
    { answersStoredUrl: false },
    "a URL that is given is stored",
    TWO,
  ],
  [
    "a lost answer is found out by comparing the old item",
    { comparesOldItem: false },
    "a stored link is ended by a closing only",
  ],
  ["renew needs closing evidence", { withoutEvidence: ["renew"] }, "one live checkout"],
  [
    "fail and expire need closing evidence",
    { withoutEvidence: ["fail", "expire"] },
    "told FAILED, nothing can be paid",
  ],
  [
    "rejectReview needs closing evidence",
    { withoutEvidence: ["rejectReview"] },
    "what was left cannot be paid",
    REVIEWED,
  ],
  ["closing cancels at Chapa", { cancels: false }, "told FAILED, nothing can be paid"],
  [
    "a cancel that is not answered definitively is none",
    { unclearIsNothing: false },
    "told FAILED, nothing can be paid",
  ],
  ["closing verifies again after the cancel", { secondVerify: false }, "nothing is left over a capture"],
  ["an error while verifying says nothing: closing", { silenceIsNothing: false }, "nothing is left over a capture"],
  [
    "an error while verifying says nothing: the last look",
    { silenceIsNothing: false },
    "every capture is accounted for",
  ],
  ["expire asks for the version: a paid fee", { unversioned: ["expire"] }, "success never goes back"],
  ["expire asks for the version: a link that lives", { unversioned: ["expire"] }, "what was left cannot be paid"],
  ["fail asks for the version", { unversioned: ["fail"] }, "what was left cannot be paid"],
  ["cancel asks for the version", { unversioned: ["cancel"] }, "what was left cannot be paid"],
  ["reject asks for the version", { unversioned: ["reject"] }, "what was left cannot be paid", TWO],
  ["renew asks for the version", { unversioned: ["renew"] }, "what was left cannot be paid", TWO],
  ["reopen asks for the version", { unversioned: ["reopen"] }, "success never goes back", TWO],
  ["take over asks for the version", { unversioned: ["takeOver"] }, "success never goes back", TWO],
  ["seal asks for the version", { unversioned: ["seal"] }, "sealed stays sealed"],
  ["notes ask for the version", { notesAskForVersion: false }, "every capture is accounted for"],
  [
    "only a request that came after the settling reopens",
    { unguarded: { reopen: ["request recorded after it was settled"] } },
    "a replay never reopens",
  ],
  ["a sealed payment never reopens", { unguarded: { reopen: ["not sealed"] } }, "sealed stays sealed"],
  ["the listing hears FAILED of a sealed payment only", { tellsSealedOnly: false }, "told FAILED, nothing can be paid"],
  [
    "a look that found no money comes before the seal",
    { sealsAfterLook: false },
    "sealed over no money that had landed",
  ],
  [
    "no other checkout's look is overdue at the seal",
    { unguarded: { seal: ["no other checkout's look overdue"] } },
    "sealed over no money that had landed",
  ],
  ["a webhook proves nothing", { verifiesWebhooks: false }, "success has its money"],
  ["amount, currency and mode are compared", { comparesAmounts: false }, "success has its money", REVIEWED],
  ["a success beats every settling", { lateTruthWins: false }, "every capture is accounted for"],
  ["a success on any attempt confirms", { accountsOldAttempts: false }, "every capture is accounted for"],
  ["a second capture is recorded", { secondCapturesCount: false }, "every capture is accounted for"],
  [
    "captures are told apart by attempt, not by their code",
    { countsEachCapture: false },
    "every capture is accounted for",
  ],
  ["what is settled stays due", { dueWhenSettled: false }, "every capture is accounted for"],
  [
    "an acknowledged success stays due while another checkout awaits its look",
    { dueAfterAcknowledgement: false },
    "every capture is accounted for",
  ],
  [
    "every move sets the date, not the first open only",
    { dueAfterEachMove: false, listingHearsFailed: false },
    "every capture is accounted for",
  ],
  ["a checkout that was left is looked at again", { looksAfterClosing: false }, "every capture is accounted for"],
  ["the sweep looks at every attempt", { looksAtEveryAttempt: false }, "every capture is accounted for"],
  ["a due success has its other checkouts looked at", { looksBesideSuccess: false }, "every capture is accounted for"],
  ["confirming ends every other link", { endsOtherLinks: false }, "beside a paid link nothing stays payable"],
  ["an unheard success stays due", { dueForTheListing: false }, "the listing hears of a success"],
  ["only the listing's answer acknowledges", { listingIsAsked: false }, "the listing hears of a success"],
];

/** Rules that nothing misses, and why they are kept. */
const KEPT: readonly [string, Partial<Rules>, string, Partial<Bounds>?][] = [
  [
    "the first verify of a closing",
    { firstVerify: false },
    "it spares a payer who has just paid the cancel, and Chapa the call",
  ],
  ["open: no checkout URL yet", { unguarded: { open: ["no checkout URL yet"] } }, "the version says so already", TWO],
  [
    "review: evidence not decided before",
    { unguarded: { review: ["evidence not decided before"] } },
    "without it each look would make another version, event and alarm",
    REVIEWED,
  ],
  [
    "duplicate: capture not recorded before",
    { unguarded: { duplicate: ["capture not recorded before"] } },
    "without it each look would make another version, event and alarm",
  ],
  [
    "seal: not sealed",
    { unguarded: { seal: ["not sealed"] } },
    "without it each look would make another version and event",
  ],
];

export const ABLATIONS: readonly Ablation[] = [
  ...MISSED.map(([name, without, breaks, bounds = {}]) => ({ name, without, breaks, bounds })),
  ...KEPT.map(([name, without, harmless, bounds = {}]) => ({ name, without, harmless, bounds })),
];

export function rulesWithout(ablation: Ablation): Rules {
  return { ...BASE, ...ablation.without };
}
