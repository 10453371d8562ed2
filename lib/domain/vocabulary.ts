// Closed lists of words, each once: code, contract, table, cloud and tests derive theirs from these. Imports nothing.

/** The states of a payment. Only CREATED and PENDING await money; REVIEW awaits a person. */
export const STATES = ["CREATED", "PENDING", "SUCCESS", "REVIEW", "FAILED", "EXPIRED", "CANCELLED"] as const;
export type State = (typeof STATES)[number];

/** What callers see as `status`. */
export const WIRE_STATUSES = ["PENDING", "SUCCESS", "FAILED"] as const;
export type WireStatus = (typeof WIRE_STATUSES)[number];

/** Callers know exactly three words, and REVIEW must not read as unpaid. */
export const WIRE_STATUS = {
  CREATED: "PENDING",
  PENDING: "PENDING",
  REVIEW: "PENDING",
  SUCCESS: "SUCCESS",
  FAILED: "FAILED",
  EXPIRED: "FAILED",
  CANCELLED: "FAILED",
} as const satisfies Record<State, WireStatus>;

/** What the listing service is told, as the end of a payment. */
export const FINAL_STATUSES = ["SUCCESS", "FAILED"] as const satisfies readonly WireStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Settled, as far as anyone knows, without money. A verified success still beats each of them. */
export const SETTLED_UNPAID = ["FAILED", "EXPIRED", "CANCELLED"] as const satisfies readonly State[];

/** The transitions of a payment, as its history names them. */
export const TRANSITION_NAMES = [
  "claim",
  "takeOver",
  "open",
  "reject",
  "renew",
  "fail",
  "expire",
  "cancel",
  "reopen",
  "confirm",
  "review",
  "duplicate",
  "unmatched",
  "flag",
  "reversal",
  "finalise",
] as const;
export type TransitionName = (typeof TRANSITION_NAMES)[number];

/** How a checkout that was opened has ended. */
export const ATTEMPT_ENDS = ["renewed", "failed", "expired", "cancelled", "superseded", "paid"] as const;
export type AttemptEnd = (typeof ATTEMPT_ENDS)[number];

/** What a capture is to its payment. */
export const CAPTURE_KINDS = ["confirmed", "reviewed", "duplicate"] as const;
export type CaptureKind = (typeof CAPTURE_KINDS)[number];

/** How captured money went back at Chapa: we or the merchant sent it, or the bank took it. */
export const REVERSALS = ["refunded", "reversed"] as const;
export type Reversal = (typeof REVERSALS)[number];

/** In which way verify reported that nothing was paid. */
export const UNPAID_REASONS = ["pending", "failed", "not_found"] as const;
export type UnpaidReason = (typeof UNPAID_REASONS)[number];

/** Why a question to the gateway taught us nothing. None of these says anything about money. */
export const UNAVAILABLE = ["unreachable", "busy", "misconfigured", "unreadable"] as const;
export type Unavailable = (typeof UNAVAILABLE)[number];

/** Answers to a cancel after which nobody can begin to pay. */
export const DEFINITIVE_CANCELS = ["closed", "already_over", "not_found"] as const;
export type DefinitiveCancel = (typeof DEFINITIVE_CANCELS)[number];

/** Why a person must look at a payment. */
export const ATTENTION_CODES = [
  "mismatch",
  "duplicate",
  "unmatched",
  "refunded",
  "reversed",
  "listing_closed",
  "listing_unclear",
] as const;
export type AttentionCode = (typeof ATTENTION_CODES)[number];

/** What the payer is told. Each is sent once per change, best effort, and never holds a payment back. */
export const USER_EVENTS = ["paid", "failed", "expired", "cancelled"] as const;
export type UserEvent = (typeof USER_EVENTS)[number];

/**
 * Why Chapa should be asked. `webhook` is signed; `schedule` is the sweep, `reconcile` the comparison of
 * books, `manual` an administrator or a program. The others are unverified notices: from callers that prove nothing
 * about themselves (`callback`, `return`), or from whoever reads a payment (`read`). They may cause a verification,
 * and only a few of them a minute.
 */
export const TRIGGERS = ["webhook", "schedule", "reconcile", "manual", "callback", "return", "read"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Whether a key of the gateway moves real money. */
export const MODES = ["test", "live"] as const;
export type Mode = (typeof MODES)[number];

export const CURRENCIES = ["ETB", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];

/** How often one owner may pay for one property under one purpose. */
export const PAYABLE = ["once", "again"] as const;
