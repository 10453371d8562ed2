import { SETTLED_UNPAID, STATES, type State } from "./vocabulary.ts";

const UNSETTLED = ["CREATED", "PENDING"] as const satisfies readonly State[];
const NOT_SUCCESS = [...UNSETTLED, ...SETTLED_UNPAID, "REVIEW"] as const satisfies readonly State[];

/** What must be known before a move may happen. */
export type Proof =
  | "a request"
  | "Chapa answered with a checkout"
  | "Chapa refused the data"
  | "closing evidence"
  | "verified success, all equal"
  | "verified success, something differs"
  | "verified success, no row of ours"
  | "verified: the money went back"
  | "the listing's answer"
  | "the clock and a look that found no money"
  | "an operator's word with a reason"
  | "a refund's course";

/** What must hold of the stored payment; every move is one write conditional on the version seen. */
export type Guard =
  | "key absent"
  | "lease over, or mine"
  | "attempts left"
  | "my attempt and my lease"
  | "no checkout URL yet"
  | "checkout past its window"
  | "window over after a failed try, or attempts used up"
  | "latest attempt older than the timeout"
  | "request recorded after it was settled"
  | "not sealed"
  | "attempt is one of ours"
  | "evidence not decided before"
  | "capture not recorded before"
  | "code not there yet"
  | "first open older than the timeout, listing hears FAILED"
  | "no other checkout's look overdue"
  | "refundable covers it, refund id unused";

export type Rule = {
  readonly from: readonly (State | "none")[];
  readonly to: State | "same";
  readonly proof: Proof;
  readonly guards: readonly Guard[];
};

/** Every legal move, once. Conditions, documents and the model read this table; nothing else changes a state. */
export const MOVES = {
  claim: { from: ["none"], to: "CREATED", proof: "a request", guards: ["key absent"] },
  takeOver: {
    from: ["CREATED"],
    to: "CREATED",
    proof: "a request",
    guards: ["lease over, or mine", "attempts left"],
  },
  open: {
    from: ["CREATED"],
    to: "PENDING",
    proof: "Chapa answered with a checkout",
    guards: ["my attempt and my lease", "no checkout URL yet"],
  },
  reject: { from: ["CREATED"], to: "FAILED", proof: "Chapa refused the data", guards: ["my attempt and my lease"] },
  renew: {
    from: ["PENDING"],
    to: "CREATED",
    proof: "closing evidence",
    guards: ["checkout past its window", "attempts left"],
  },
  fail: {
    from: ["PENDING"],
    to: "FAILED",
    proof: "closing evidence",
    guards: ["window over after a failed try, or attempts used up"],
  },
  expire: {
    from: UNSETTLED,
    to: "EXPIRED",
    proof: "closing evidence",
    guards: ["latest attempt older than the timeout"],
  },
  cancel: { from: UNSETTLED, to: "CANCELLED", proof: "closing evidence", guards: [] },
  reopen: {
    from: SETTLED_UNPAID,
    to: "CREATED",
    proof: "a request",
    guards: ["request recorded after it was settled", "not sealed", "attempts left"],
  },
  confirm: {
    from: NOT_SUCCESS,
    to: "SUCCESS",
    proof: "verified success, all equal",
    guards: ["attempt is one of ours"],
  },
  review: {
    from: NOT_SUCCESS,
    to: "REVIEW",
    proof: "verified success, something differs",
    guards: ["attempt is one of ours", "evidence not decided before"],
  },
  duplicate: {
    from: ["SUCCESS"],
    to: "same",
    proof: "verified success, all equal",
    guards: ["capture not recorded before"],
  },
  orphan: {
    from: ["none", ...NOT_SUCCESS],
    to: "REVIEW",
    proof: "verified success, no row of ours",
    guards: ["evidence not decided before"],
  },
  attend: { from: ["SUCCESS"], to: "same", proof: "the listing's answer", guards: ["code not there yet"] },
  returned: {
    from: ["SUCCESS", "REVIEW"],
    to: "same",
    proof: "verified: the money went back",
    guards: ["code not there yet"],
  },
  answer: { from: STATES, to: "same", proof: "an operator's word with a reason", guards: [] },
  acceptReview: { from: ["REVIEW"], to: "SUCCESS", proof: "an operator's word with a reason", guards: [] },
  rejectReview: { from: ["REVIEW"], to: "FAILED", proof: "closing evidence", guards: [] },
  seal: {
    from: SETTLED_UNPAID,
    to: "same",
    proof: "the clock and a look that found no money",
    guards: [
      "not sealed",
      "first open older than the timeout, listing hears FAILED",
      "no other checkout's look overdue",
    ],
  },
  refund: {
    from: ["SUCCESS", "REVIEW"],
    to: "same",
    proof: "a refund's course",
    guards: ["refundable covers it, refund id unused"],
  },
} as const satisfies Record<string, Rule>;
export type Move = keyof typeof MOVES;

/** Whether the table has a row for `move` out of `state`. */
export function mayMove(move: Move, state: State | "none"): boolean {
  const from: readonly (State | "none")[] = MOVES[move].from;
  return from.includes(state);
}
