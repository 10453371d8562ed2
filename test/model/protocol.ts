import { TRANSITION_NAMES, type TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Model, Step } from "./checker.ts";
import { closingSteps, finalisingSteps } from "./closers.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { initiatorSteps } from "./initiators.ts";
import { invariantsOf } from "./invariants.ts";
import { listingSteps, outsideSteps } from "./outside.ts";
import { BASE, type Rules } from "./rules.ts";
import { splitVerificationSteps } from "./split-verifications.ts";
import { type Bounds, IDLE, initialState, type S } from "./state.ts";
import { verificationSteps } from "./verifications.ts";

/** Transitions of the table that this model does not make, and why. */
export const LEFT_OUT: Partial<Record<TransitionName, string>> = {
  unmatched: "needs money under a reference without a row of ours, which 'record before effect' proves impossible here",
  answer: "a person's answer to a flag, which changes nothing but that flag",
  acceptReview: "a person's decision about money that differs: nobody decides in this model",
  rejectReview: "a person's decision about money that differs, as acceptReview is",
  modeChanged: "needs a test checkout on a stage that sells for real: this model's stage and keys have one mode",
  leaveTest: "needs test money on a stage that sells for real, as modeChanged does",
  follow: "needs a second payment of the fee: the model of serials makes it",
  wentBack: "money that goes back at Chapa: captures stay in this model",
  capturedAgain: "money that comes back from the bank: captures stay in this model",
  refundRequested: "money that is sent back: captures stay in this model",
  refundSent: "a step of a refund, as refundRequested is",
  refundSettled: "a step of a refund, as refundRequested is",
  refundRefused: "a step of a refund, as refundRequested is",
  refundUndone: "a step of a refund, as refundRequested is",
  notifyAgain: "a person has a message sent once more, which changes nothing of the payment",
};

export const MODELLED = TRANSITION_NAMES.filter((name) => !(name in LEFT_OUT));

/**
 * One fee as an explicit-state model: its row, Chapa, the running invocations, the listing, callers and payers. Each
 * effect on the outside is one transition. Between two of them an invocation may stop for any time, or for ever. States
 * and guards come from the table in lib/domain/transitions.ts.
 *
 * The model has no clocks. A comparison with a clock may have either result, so no invariant depends on a lease, a
 * timeout or synchronised clocks. Only where a checkout may lapse (`timed`), three moments are a part of the state: its
 * lapse is over, ten minutes have passed, and Chapa's odd answers end, which last less than that and come once. They
 * meet readings and closings only. The model has one key and one mode. It assumes: a payment that was under way when its
 * link ended has arrived by the last verification (seven days later); Chapa captures a reference at most once, and a
 * capture stays; after a definitive cancel no payer can begin to pay; a lapsed checkout is paid while it is verified, or
 * never; one message at a time is sent to the listing service. A lost message, webhook or answer needs no transition: it
 * is a transition that does not happen.
 *
 * With `joined`, several steps are one if no other step between them can make a difference: a read and the conditional
 * write with its version; a question with a permanent answer and the write that follows. A test compares the reachable
 * states with and without.
 */
export function protocol(bounds: Bounds, rules: Rules = BASE): Model<S> {
  const setting = { bounds, rules };
  return { initial: [initialState(bounds)], next: (s) => stepsOf(setting, s), invariants: invariantsOf(setting) };
}

function stepsOf(setting: Setting, s: S): Step<S>[] {
  return [
    ...outsideSteps(setting, s),
    ...(setting.bounds.joined ? verificationSteps(setting, s) : []),
    ...listingSteps(setting, s),
    ...each(s, "initiators").flatMap((place) => [
      ...initiatorSteps(setting, s, place.index),
      ...closingSteps(setting, s, place),
      ...vanishes(setting, s, place),
    ]),
    ...each(s, "closers").flatMap((place) => [
      ...closingSteps(setting, s, place),
      ...finalisingSteps(setting, s, place.index),
      ...(setting.bounds.joined ? [] : splitVerificationSteps(setting, s, place)),
      ...vanishes(setting, s, place),
    ]),
  ];
}

/** The invocations of one kind without duplicates, because equal ones have the same next steps. */
function each(s: S, kind: Place["kind"]): Place[] {
  return s[kind].flatMap((one, index) => (s[kind][index - 1] === one ? [] : [{ kind, index }]));
}

function vanishes(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s[place.kind][place.index];
  if (!one || one.pc === "idle") return [];
  return [new Change(setting, s).becomes(place, IDLE).build(`${place.kind.slice(0, -1)}: vanishes before "${one.pc}"`)];
}
