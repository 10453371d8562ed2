import type { TransitionName } from "../lib/domain/vocabulary.ts";
import { moment, plain } from "./text.ts";

/** What each transition of a payment means to a person. */
const TRANSITIONS: Readonly<Record<TransitionName, string>> = {
  claim: "begun",
  takeOver: "opening taken over",
  open: "checkout given out",
  reject: "checkout refused by Chapa",
  renew: "new checkout begun",
  fail: "failed",
  expire: "expired",
  cancel: "cancelled",
  reopen: "begun again",
  modeChanged: "left, because the mode changed",
  leaveTest: "test money left behind",
  follow: "left, the fee goes on with another payment",
  release: "let go on by a person",
  end: "checkout ended",
  confirm: "paid",
  review: "money waits for a decision",
  duplicate: "money came once more",
  unmatched: "money came that nobody asked for",
  acceptReview: "money accepted",
  rejectReview: "money rejected",
  flag: "flagged for a person",
  answer: "answered by a person",
  notifyAgain: "sent again by a person",
  wentBack: "money went back",
  capturedAgain: "money is here again",
  finalise: "closed for good",
  refundRequested: "refund asked for",
  refundSent: "refund sent to Chapa",
  refundSettled: "refund arrived",
  refundRefused: "refund refused",
  refundUndone: "refund undone",
};

/** Returns a transition as a person reads it. A word of a later release stays a word. */
export function transitionText(name: string): string {
  return isTransition(name) ? TRANSITIONS[name] : plain(name);
}

function isTransition(name: string): name is TransitionName {
  return Object.hasOwn(TRANSITIONS, name);
}

/** Returns what the listing got, as a person reads it. */
export function listingText(outcome: string): string {
  return outcome === "nothing" ? "nothing to deliver" : plain(outcome);
}

/** Returns a text of the service with its moments in the time of Addis Ababa. */
export function withLocalMoments(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z/g, (iso) => moment(iso));
}
