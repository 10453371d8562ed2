import { expect, test } from "vitest";
import * as vocabulary from "../../lib/domain/vocabulary.ts";

const FACTS = [
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
];

// Callers, stored rows and messages under way hold these words: to rename one is a change of the wire.
const WORDS = {
  STATES: ["CREATED", "PENDING", "SUCCESS", "REVIEW", "FAILED", "EXPIRED", "CANCELLED"],
  WIRE_STATUSES: ["PENDING", "SUCCESS", "FAILED"],
  WIRE_STATUS: {
    CREATED: "PENDING",
    PENDING: "PENDING",
    REVIEW: "PENDING",
    SUCCESS: "SUCCESS",
    FAILED: "FAILED",
    EXPIRED: "FAILED",
    CANCELLED: "FAILED",
  },
  FINAL_STATUSES: ["SUCCESS", "FAILED"],
  SETTLED_UNPAID: ["FAILED", "EXPIRED", "CANCELLED"],
  TRANSITION_NAMES: [
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
    "answer",
    "wentBack",
    "capturedAgain",
    "finalise",
  ],
  ATTEMPT_ENDS: ["renewed", "failed", "expired", "cancelled", "superseded", "paid"],
  CAPTURE_KINDS: ["confirmed", "reviewed", "duplicate"],
  REVERSALS: ["refunded", "reversed"],
  MONEY_BACK_EVENTS: ["charge.refunded", "charge.reversed", "refund.success", "refund.completed", "refund.refunded"],
  UNPAID_REASONS: ["pending", "failed", "not_found"],
  UNAVAILABLE: ["unreachable", "busy", "misconfigured", "unreadable"],
  DEFINITIVE_CANCELS: ["closed", "already_over", "not_found"],
  ATTENTION_FACTS: FACTS,
  ATTENTION_CONDITIONS: ["stuck"],
  ATTENTION_CODES: [...FACTS, "stuck"],
  USER_EVENTS: ["paid", "failed", "expired", "cancelled"],
  TRIGGERS: ["webhook", "schedule", "reconcile", "manual", "callback", "return", "read"],
  MODES: ["test", "live"],
  CURRENCIES: ["ETB", "USD"],
  PAYABLE: ["once", "again"],
};

test("a word that is stored or sent stays as it is, and a new list is spelled out here too", () => {
  expect({ ...vocabulary }).toEqual(WORDS);
});
