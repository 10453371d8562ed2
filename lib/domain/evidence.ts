import { LAST_ATTEMPT, txRefOf } from "./ids.ts";
import { attemptsLeft, isOtherOverdue, isPastWindow, type Policy, sealAt, timeoutAt } from "./looks.ts";
import type { Santim } from "./money.ts";
import { isSameCapture, type Payment, termsOf } from "./payment.ts";
import type { Instant } from "./time.ts";
import type { Move } from "./transitions.ts";
import type { Reversal } from "./vocabulary.ts";

/** What verify says about money that arrived. A field that it did not report, or not readably, is absent. */
export type PaidFacts = {
  txRef?: string | undefined;
  amount?: Santim | undefined;
  currency?: string | undefined;
  mode?: string | undefined;
  reference?: string | undefined;
  method?: string | undefined;
  charge?: Santim | undefined;
};

/** Why a question to the gateway taught us nothing. None of these says anything about money. */
export type Silence = "unreachable" | "busy" | "misconfigured" | "unreadable";

/** What one verify of one checkout proves. `unpaid` counts only inside closing evidence; elsewhere it proves nothing. */
export type Evidence =
  | { says: "paid"; facts: PaidFacts }
  | { says: "returned"; how: Reversal; facts: PaidFacts }
  | { says: "unpaid"; because: "pending" | "failed" | "not_found"; reason?: string | undefined }
  | { says: "nothing"; silence: Silence };

/** That a checkout can take no money any more: verified unpaid, cancelled definitively, verified unpaid again. */
export type ClosingEvidence = { attempt: number; cancel: "closed" | "already_over" | "not_found" };

/**
 * The move that `evidence` about attempt `attempt` justifies by itself, or null to leave the payment alone.
 * Money that was captured is never ignored, whatever the state and whatever our clock says.
 * @param payment undefined when there is no row of ours
 */
export function moveFor(payment: Payment | undefined, attempt: number, evidence: Evidence): Move | null {
  switch (evidence.says) {
    case "nothing":
    case "unpaid":
      return null;
    case "paid":
      return moveForMoney(payment, attempt, evidence.facts, undefined);
    case "returned":
      return moveForMoney(payment, attempt, evidence.facts, evidence.how);
  }
}

function moveForMoney(
  payment: Payment | undefined,
  attempt: number,
  facts: PaidFacts,
  returned: Reversal | undefined,
): Move | null {
  if (!payment) return "orphan";
  const known = payment.captures.find((capture) => isSameCapture(capture, { attempt, reference: facts.reference }));
  if (payment.state === "SUCCESS" || (payment.state === "REVIEW" && returned)) {
    if (returned) return known?.returned === returned ? null : "returned";
    return known ? null : "duplicate";
  }
  const decidedBefore = known !== undefined && known.returned === returned && isSameMoney(known, facts);
  if (attempt > payment.attempt) return decidedBefore ? null : "orphan";
  if (!returned && isAsAgreed(payment, attempt, facts)) return "confirm";
  return decidedBefore ? null : "review";
}

/** Whether verify reports exactly the checkout that we opened: reference, amount, currency and mode. */
export function isAsAgreed(payment: Payment, attempt: number, facts: PaidFacts): boolean {
  const terms = termsOf(payment, attempt);
  return (
    facts.txRef === txRefOf(payment.ref, attempt) &&
    facts.amount === terms.amount &&
    facts.currency === terms.currency &&
    facts.mode === terms.mode
  );
}

function isSameMoney(a: PaidFacts, b: PaidFacts): boolean {
  return a.amount === b.amount && a.currency === b.currency && a.mode === b.mode;
}

/**
 * The move that has become due after a look at `attempt` found it unpaid, or null. All but `seal` need closing
 * evidence for the latest attempt first.
 */
export function moveDue(
  payment: Payment,
  attempt: number,
  found: { because: "pending" | "failed" | "not_found" },
  now: Instant,
  policy: Policy,
): "expire" | "fail" | "seal" | null {
  switch (payment.state) {
    case "CREATED":
      return now >= timeoutAt(payment, policy) ? "expire" : null;
    case "PENDING": {
      if (now >= timeoutAt(payment, policy)) return "expire";
      if (attempt !== payment.attempt || !isPastWindow(payment, now, policy)) return null;
      return found.because === "failed" || !attemptsLeft(payment, LAST_ATTEMPT) ? "fail" : null;
    }
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED": {
      const sealing = sealAt(payment, policy);
      if (sealing === undefined || now < sealing) return null;
      return isOtherOverdue(payment, attempt, now) ? null : "seal";
    }
    case "SUCCESS":
    case "REVIEW":
      return null;
  }
}
