import { closedAttempts } from "./apply.ts";
import { captureSubject, entryIdOf } from "./attention.ts";
import { applied } from "./new-version.ts";
import type { Attention, Capture, HistoryEntry, Payment } from "./payment.ts";
import { requestedRefund } from "./refunds.ts";
import type { ContextOf, TransitionContext } from "./transitions.ts";
import { lastVerification } from "./verification-schedule.ts";
import type { TransitionName } from "./vocabulary.ts";

// What a person decides about money in REVIEW, in their own words, which the history keeps.

/** What of the payment's money waits for a person: every capture that the fee's terms did not accept. */
export function reviewedCaptures({ captures }: Pick<Payment, "captures">): Capture[] {
  return captures.filter(({ kind }) => kind === "reviewed");
}

/** Returns the payment as paid: a person takes all its reviewed money for the fee. It was paid when the first of it came. */
export function acceptReview(
  payment: Payment,
  decision: Pick<ContextOf<"acceptReview">, "reason" | "confirmed">,
  context: TransitionContext,
): Payment {
  const { now } = context;
  const taken = reviewedCaptures(payment);
  const attempts = { ...payment.attempts };
  for (const { attempt } of taken) {
    const record = attempts[attempt];
    if (record) attempts[attempt] = { ...record, verifyAt: lastVerification(now, now) };
  }
  const changes: Partial<Payment> = {
    attempts,
    captures: payment.captures.map((capture) =>
      capture.kind === "reviewed" ? { ...capture, kind: "confirmed" } : capture,
    ),
    attention: decidedOn(payment, taken, decision.reason, context),
    lease: undefined,
    checkoutUrl: undefined,
    failureReason: undefined,
    settledAt: now,
  };
  return applied(payment, "acceptReview", { ...context, ...decision }, { changes, evidence: decision.reason });
}

/**
 * Returns the payment as FAILED: a person says that its reviewed money does not pay the fee. Each capture of which
 * something is left is sent back whole, or kept for a stated reason. A later request may open a new checkout.
 */
export function rejectReview(
  payment: Payment,
  decision: Pick<ContextOf<"rejectReview">, "reason" | "closings" | "kept" | "refunds">,
  context: TransitionContext,
): Payment {
  let { attempts } = payment;
  for (const closing of decision.closings) {
    attempts = closedAttempts({ ...payment, attempts }, closing, "failed", context);
  }
  const requested = decision.refunds.map((refund) => requestedRefund(refund, context));
  const changes: Partial<Payment> = {
    attempts,
    ...(decision.refunds.length > 0 ? { refunds: [...(payment.refunds ?? []), ...requested] } : {}),
    attention: decidedOn(payment, reviewedCaptures(payment), decision.reason, context),
    lease: undefined,
    checkoutUrl: undefined,
    failureReason: NOT_ACCEPTED,
    settledAt: context.now,
  };
  const kept = decision.kept.map(({ capture, reason }) => `${capture} is kept: ${reason}`);
  const sentBack = decision.refunds.map(({ id, capture }) => `${capture} is sent back as ${id}`);
  const evidence = [decision.reason, ...kept, ...sentBack].join("; ");
  return applied(payment, "rejectReview", { ...context, ...decision }, { changes, evidence });
}

const NOT_ACCEPTED = "The money that arrived was not accepted for this fee";

/** Only what was raised about these captures is answered by the decision. */
function decidedOn(
  { attention }: Payment,
  captures: readonly Capture[],
  reason: string,
  { now, by }: TransitionContext,
): Payment["attention"] {
  const entries = captures
    .map(captureSubject)
    .flatMap((subject) => [entryIdOf({ code: "mismatch", subject }), entryIdOf({ code: "unmatched", subject })]);
  const isDecided = (entry: Attention) => !entry.answered && entries.includes(entryIdOf(entry));
  return attention.map((entry) => (isDecided(entry) ? { ...entry, answered: { at: now, by, reason } } : entry));
}

/** Returns what was made of the payment after the version that a person saw, as far as the history has it. */
export function changesSince({ history, version }: Payment, seen: number): readonly HistoryEntry[] {
  return seen >= version ? [] : history.slice(-Math.max(version - seen, 0));
}

/** Whether `name` was made after the version that a person saw: their decision has been made already. */
export function isMadeSince(payment: Payment, name: TransitionName, seen: number): boolean {
  return changesSince(payment, seen).some(({ transition }) => transition === name);
}
