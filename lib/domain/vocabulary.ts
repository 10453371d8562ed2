// Every closed list of words. Code, contract, table, cloud and tests derive theirs from these. Imports nothing.

/** A word that a newer release stored in a row. This release keeps it when it writes, and decides nothing by it. */
export type UnknownWord = string & { readonly isUnknownWord: true };

/** The states of a payment. Only CREATED and PENDING await money; REVIEW awaits a person. */
export const STATES = ["CREATED", "PENDING", "SUCCESS", "REVIEW", "FAILED", "EXPIRED", "CANCELLED"] as const;
export type State = (typeof STATES)[number];

/** What callers see as `status`. */
export const WIRE_STATUSES = ["PENDING", "SUCCESS", "FAILED"] as const;
export type WireStatus = (typeof WIRE_STATUSES)[number];

/** Callers know exactly three statuses. REVIEW maps to PENDING, because callers must not read it as unpaid. */
export const WIRE_STATUS = {
  CREATED: "PENDING",
  PENDING: "PENDING",
  REVIEW: "PENDING",
  SUCCESS: "SUCCESS",
  FAILED: "FAILED",
  EXPIRED: "FAILED",
  CANCELLED: "FAILED",
} as const satisfies Record<State, WireStatus>;

/** The final status that the listing service gets. */
export const FINAL_STATUSES = ["SUCCESS", "FAILED"] as const satisfies readonly WireStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Settled without money. A verified success still replaces each of them. */
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
  "modeChanged",
  "leaveTest",
  "follow",
  "release",
  "end",
  "confirm",
  "review",
  "duplicate",
  "unmatched",
  "acceptReview",
  "rejectReview",
  "flag",
  "answer",
  "wentBack",
  "capturedAgain",
  "finalise",
  "refundRequested",
  "refundSent",
  "refundSettled",
  "refundRefused",
  "refundUndone",
  "notifyAgain",
] as const;
export type TransitionName = (typeof TRANSITION_NAMES)[number];

/**
 * How an opened checkout ended. `lapsed` and `mode_changed`: we left it without knowing that it is closed, so it is
 * verified on, or was only a test.
 */
export const ATTEMPT_ENDS = [
  "renewed",
  "failed",
  "expired",
  "cancelled",
  "superseded",
  "paid",
  "lapsed",
  "mode_changed",
] as const;
export type AttemptEnd = (typeof ATTEMPT_ENDS)[number];

/** How a capture relates to its payment. */
export const CAPTURE_KINDS = ["confirmed", "reviewed", "duplicate"] as const;
export type CaptureKind = (typeof CAPTURE_KINDS)[number];

/** How captured money went back at Chapa: refunded (we or the merchant sent it back) or reversed (the bank took it). */
export const REVERSALS = ["refunded", "reversed"] as const;
export type Reversal = (typeof REVERSALS)[number];

/**
 * The states of a refund that somebody asked for here. Only one SENT may have reached Chapa without an answer. UNDONE:
 * it had settled, and then came to nothing.
 */
export const REFUND_STATES = ["REQUESTED", "SENT", "SETTLED", "REFUSED", "UNDONE"] as const;
export type RefundState = (typeof REFUND_STATES)[number];

/** What verify reports of captured money: it is here, or it went back. */
export type MoneyKind = "paid" | Reversal;

/**
 * The events of webhooks, in lower case, that say that money went back. `refund.reversed` and `refund.failed` say that a
 * refund came to nothing.
 */
export const MONEY_BACK_EVENTS = [
  "charge.refunded",
  "charge.reversed",
  "refund.success",
  "refund.completed",
  "refund.refunded",
] as const;

/** The reasons for which verify reports no money. Only these count in closing evidence. */
export const UNPAID_REASONS = ["pending", "failed", "not_found"] as const;
export type UnpaidReason = (typeof UNPAID_REASONS)[number];

/** What a verification may find after which a press asks Chapa again before it gives out the link. */
export const LAST_READS = ["failed", "maybe_money"] as const;
export type LastRead = (typeof LAST_READS)[number];

/**
 * Why Chapa gave no usable answer. None of these says anything about money. `misconfigured`: Chapa accepts no key of
 * ours for it. `foreign`: a key that never read the checkout says not found, so it may belong to another account.
 */
export const UNAVAILABLE = ["unreachable", "busy", "misconfigured", "unreadable", "foreign"] as const;
export type Unavailable = (typeof UNAVAILABLE)[number];

/** Answers to a cancel after which no payer can begin to pay. */
export const DEFINITIVE_CANCELS = ["closed", "already_over", "not_found"] as const;
export type DefinitiveCancel = (typeof DEFINITIVE_CANCELS)[number];

/**
 * What lets us leave a checkout: a definitive cancel between two verifications; or, where Chapa does not say that it is
 * closed, its lapse; or an end that is already recorded.
 */
export const LEFT_BY = [...DEFINITIVE_CANCELS, "lapse", "ended"] as const;
export type LeftBy = (typeof LEFT_BY)[number];

/** Facts that a person must decide about. They stay until they are answered. */
export const ATTENTION_FACTS = [
  "mismatch",
  "duplicate",
  "unmatched",
  "reversed",
  "refunded_outside",
  "listing_closed",
  "listing_unclear",
  "refund_unclear",
  "refund_refused",
  "refund_undone",
  "refund_unconfirmed",
  "unknown_status",
  "not_found",
  "paid_twice_property",
  "too_many_captures",
] as const;

/** What a person must know of while it lasts. It ends by itself. */
export const ATTENTION_CONDITIONS = ["stuck"] as const;

/** Why a person must look at a payment. */
export const ATTENTION_CODES = [...ATTENTION_FACTS, ...ATTENTION_CONDITIONS] as const;
export type AttentionCode = (typeof ATTENTION_CODES)[number];

/** What a payment must not wait for longer than a day. */
export const DEADLINES = ["delivery", "expiry", "verification", "refund"] as const;
export type Deadline = (typeof DEADLINES)[number];

/** The messages that a payer gets. Each is sent once per change, as best effort, and never delays a payment. */
export const USER_EVENTS = ["initiated", "paid", "failed", "expired", "cancelled", "refunded"] as const;
export type UserEvent = (typeof USER_EVENTS)[number];

/**
 * Why a checkout is verified. `webhook` is signed; `schedule` is the sweep; `reconcile` is the daily reconciliation;
 * `manual` is an administrator or a program. The others are unverified notices: from callers that are not authenticated
 * (`callback`, `return`), or from a read of the payment (`read`). They share a small budget of verifications a minute.
 */
export const TRIGGERS = ["webhook", "schedule", "reconcile", "manual", "callback", "return", "read"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Whether a key of Chapa moves real money. */
export const MODES = ["test", "live"] as const;
export type Mode = (typeof MODES)[number];

export const CURRENCIES = ["ETB", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];

/** What a payment of a purpose confirms: the publication of its property, or nothing. */
export const CONFIRMS = ["listing", "none"] as const;

/** How often one owner may pay for one property and purpose. */
export const PAYABLE = ["once", "again"] as const;

/**
 * Why a payment is not paid. `try_failed`: only the last try on Chapa's page, and it can be tried again. `gateway_refused`:
 * Chapa did not take its data. `not_accepted`: a person decided that the money does not pay the fee.
 */
export const FAILURE_CODES = [
  "try_failed",
  "gateway_refused",
  "payment_failed",
  "not_accepted",
  "expired",
  "cancelled",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/**
 * The codes of errors. A code never changes its meaning. `internal_error` is any error that is not ours; `unhealthy` is
 * only the answer of the health route.
 */
export const ERROR_CODES = [
  "input_invalid",
  "purpose_unknown",
  "price_differs",
  "currency_differs",
  "request_differs",
  "unauthenticated",
  "wrong_login",
  "forbidden",
  "user_unknown",
  "route_unknown",
  "method_not_allowed",
  "payment_not_found",
  "rate_limited",
  "entry_not_found",
  "version_changed",
  "decision_impossible",
  "refund_above_left",
  "capture_unclear",
  "refund_limit",
  "refund_not_found",
  "checkout_being_opened",
  "payment_taken",
  "listing_closed",
  "gateway_refused",
  "checkout_closing",
  "payment_unclear",
  "gateway_unavailable",
  "gateway_misconfigured",
  "dependency_unavailable",
  "payment_unreadable",
  "initiate_paused",
  "refunds_paused",
  "pause_impossible",
  "body_too_large",
  "webhook_invalid",
  "internal_error",
  "unhealthy",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The codes of errors that have a class: a refusal or an outage that callers see. */
export type RefusalCode = Exclude<ErrorCode, "internal_error" | "unhealthy">;

/**
 * Why no payment may begin and no money may go back: a person paused them, the row was written in another table (a restored
 * copy) or with another namespace (ids would not lead to the payments that are there), or it cannot be read.
 */
export const CLOSED = ["paused", "other_table", "other_namespace", "unreadable"] as const;
export type Closed = (typeof CLOSED)[number];

/** Whom a person may have informed once more. */
export const NOTICE_TARGETS = ["listing", "payer"] as const;
export type NoticeTarget = (typeof NOTICE_TARGETS)[number];
