import { LINE_RULES, type LineBounds, type LineInvariant, type LineRules } from "./serials.ts";

/** A line of payments that is searched completely. `isQuick`: small enough for the gate. */
export type LineConfiguration = { name: string; bounds: LineBounds; isQuick: boolean };

const ALONE: LineBounds = { attempts: [2, 1], presses: 1, undone: 0, lapses: false };
const TWO: LineBounds = { attempts: [1, 1], presses: 2, undone: 0, lapses: false };
const UNDONE: LineBounds = { attempts: [1, 1], presses: 1, undone: 2, lapses: false };
const THREE: LineBounds = { attempts: [2, 1, 1], presses: 1, undone: 0, lapses: false };

export const LINES: readonly LineConfiguration[] = [
  { name: "2 payments", bounds: ALONE, isQuick: true },
  { name: "2 payments, money comes back twice", bounds: UNDONE, isQuick: true },
  { name: "2 payments, two presses", bounds: TWO, isQuick: false },
  { name: "2 payments, Chapa does not cancel", bounds: { ...ALONE, lapses: true }, isQuick: false },
  { name: "3 payments", bounds: THREE, isQuick: false },
];

/** A rule of a line that is taken away, and the invariant that breaks then; or why none does. */
export type LineAblation = { name: string; without: Partial<LineRules>; bounds?: LineBounds } & (
  | { breaks: LineInvariant }
  | { harmless: string }
);

export const LINE_ABLATIONS: readonly LineAblation[] = [
  {
    name: "a press beside an unanswered duplicate is refused",
    without: { refusesBesideDuplicate: false },
    breaks: "no link is given out to a press that began beside an unanswered duplicate",
  },
  {
    name: "only a later payment with something left settles a duplicate",
    without: { asksForRest: false },
    bounds: { attempts: [1, 1, 1], presses: 1, undone: 1, lapses: false },
    breaks: "no link is given out to a press that began beside an unanswered duplicate",
  },
  {
    name: "confirm: withoutNext",
    without: { unguarded: { confirm: ["withoutNext"] } },
    breaks: "money on a payment that was left calls a person",
  },
  {
    name: "renew: withoutNext",
    without: { unguarded: { renew: ["withoutNext"] } },
    harmless: "a press that sees `next` goes on, and a press that has not seen it has an older version",
  },
  {
    name: "follow asks for the version",
    without: { followAsksForVersion: false },
    breaks: "money on a payment that was left calls a person",
  },
  {
    name: "follow: everyAttemptEnds",
    without: { unguarded: { follow: ["everyAttemptEnds"] } },
    breaks: "one live checkout of a fee",
  },
  {
    name: "follow: spentOrUsedUp",
    without: { unguarded: { follow: ["spentOrUsedUp"] } },
    breaks: "a request recorded before the fee was spent opens nothing",
  },
  {
    name: "a payment that was left is verified on",
    without: { verifiesLeft: false },
    breaks: "money is recorded in the end",
  },
  {
    name: "an attempt with its money recorded has ended",
    without: { captureEndsAttempt: false },
    breaks: "an owner of a spent fee can pay",
  },
  {
    name: "each verification of the last payment cancels beside a duplicate",
    without: { verificationsCancel: false },
    breaks: "no link stays payable beside an unanswered duplicate",
  },
  {
    name: "the worker that records a duplicate cancels the last checkout",
    without: { recorderCancels: false },
    harmless: "the next verification of that checkout does it minutes later, and somebody may pay meanwhile",
  },
  {
    name: "`spent_at` is written anew each time a payment becomes spent",
    without: { spentIsWrittenAnew: false },
    bounds: UNDONE,
    breaks: "a request recorded before the fee was spent opens nothing",
  },
  {
    name: "`spent_at` never changes after `next`",
    without: { spentStaysAfterNext: false },
    bounds: UNDONE,
    breaks: "a request never goes back to an earlier payment",
  },
  {
    name: "money that comes back to a payment that was left is a duplicate",
    without: { duplicateIsRaisedAnew: false },
    bounds: UNDONE,
    breaks: "money on a payment that was left calls a person",
  },
  {
    name: "a payment that was left expires in silence",
    without: { expiresInSilence: false },
    breaks: "nobody hears that nobody paid while the fee goes on or may be paid",
  },
  {
    name: "a payment expires in silence beside an unanswered duplicate",
    without: { silentBesideDuplicate: false },
    breaks: "nobody hears that nobody paid while the fee goes on or may be paid",
  },
];

export const LINE_ABLATION_BOUNDS = ALONE;

export function lineRulesWithout({ without }: LineAblation): LineRules {
  return { ...LINE_RULES, ...without };
}
