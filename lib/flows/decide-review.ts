import type { ChapaClient } from "../chapa/client.ts";
import { attemptSubject, captureSubject } from "../domain/attention.ts";
import { acceptReview, isMadeSince, rejectReview, reviewedCaptures } from "../domain/decisions.ts";
import {
  DecisionImpossible,
  DependencyUnavailable,
  GatewayUnavailable,
  PaymentNotFound,
  PaymentUnclear,
  RefundLimitReached,
} from "../domain/errors.ts";
import type { ClosingEvidence } from "../domain/evidence.ts";
import { txRefOf } from "../domain/ids.ts";
import { Santim, toBirr } from "../domain/money.ts";
import { hasEnded, leftOf, mayBePaid, openedAttempts, type Payment } from "../domain/payment.ts";
import { type KeptCapture, refusalOf, type TransitionContext } from "../domain/transitions.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { LimitedRefund, RefundLimitTable } from "../table/refund-limits.ts";
import { limitedRefund, type RefundPorts, requireOpen, sendOnce } from "./steps/advance-refunds.ts";
import { closeCheckout, ownerOf } from "./steps/close-checkout.ts";
import { endOtherLinks } from "./steps/end-links.ts";
import { heldError, holdCheckout } from "./steps/hold-checkout.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { type CapturePorts, recordCapture } from "./steps/record-capture.ts";
import { type Run, runContext } from "./steps/run-context.ts";
import { requireSeen } from "./steps/seen-version.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type DecideReviewPorts = CapturePorts &
  RefundPorts & {
    chapa: Pick<ChapaClient, "verify">;
    limits: Pick<RefundLimitTable, "take" | "giveBack">;
    /** What one person or program may send back in a day, in santim. */
    dailyLimit: number;
    policy: Policy;
  };

/** A person's decision about the money in REVIEW, their reason, who they are, and the version that they saw. */
export type ReviewDecision = {
  decision: "accept" | "reject";
  reason: string;
  version: number;
  by: string;
  /** Of a rejection: why each capture of which something is left is not sent back, or the id under which it is. */
  kept: readonly KeptCapture[];
  returned: readonly { capture: string; refundId: string }[];
};

/**
 * Makes the decision, once Chapa has said in this call what it needs: accepted money is still there, and rejected money
 * leaves no link behind that somebody can pay.
 * @returns the payment as it is after the decision, this one or an equal one that was made since
 * @throws VersionChanged, DecisionImpossible, PaymentUnclear, GatewayUnavailable, RefundsPaused, and the errors of {@link heldError}
 */
export async function decideReview(
  ports: DecideReviewPorts,
  payment: Payment,
  decision: ReviewDecision,
  deadline: number,
): Promise<Payment> {
  const run = { context: runContext(ports, decision.by), deadline };
  const name = decision.decision === "accept" ? "acceptReview" : "rejectReview";
  if (isMadeSince(payment, name, decision.version)) return payment;
  requireSeen(payment, decision.version);
  if (payment.state !== "REVIEW") {
    throw new DecisionImpossible(payment.state, "only money under review can be accepted or rejected");
  }
  return decision.decision === "accept" ? accept(ports, payment, decision, run) : reject(ports, payment, decision, run);
}

async function accept(
  ports: DecideReviewPorts,
  payment: Payment,
  { reason, version }: ReviewDecision,
  run: Run,
): Promise<Payment> {
  const confirmed = [...new Set(reviewedCaptures(payment).map(({ attempt }) => attempt))];
  for (const attempt of confirmed) await confirmMoney(ports, payment, attempt, run);
  const evidence = { reason, confirmed };
  const after = await decided(ports, payment, { name: "acceptReview", version }, (current) => {
    const refusal = refusalOf("acceptReview", current, { ...run.context(), ...evidence });
    if (refusal !== undefined) throw new DecisionImpossible(current.state, whyNot(current, run.context()));
    return acceptReview(current, evidence, run.context());
  });
  return endOtherLinks(ports, after, run);
}

/** Money that Chapa does not confirm now is recorded as it is now, and is accepted by nobody. */
async function confirmMoney(ports: DecideReviewPorts, payment: Payment, attempt: number, run: Run): Promise<void> {
  const left = run.deadline - ports.clock.now();
  const result = await ports.chapa.verify(txRefOf(payment, attempt), ownerOf(payment, attempt), left);
  if (result.kind === "unavailable") throw new GatewayUnavailable(RETRY_SECONDS);
  if (result.kind !== "paid" && result.kind !== "refunded" && result.kind !== "reversed") {
    throw new DecisionImpossible(payment.state, `Chapa does not confirm the money on ${attemptSubject(attempt)}`);
  }
  const after = await recordCapture(ports, { key: payment, payment }, { attempt, result }, run);
  if (after) requireSeen(after, payment.version);
}

const RETRY_SECONDS = 5;

function whyNot(payment: Payment, { policy }: TransitionContext): string {
  const reviewed = reviewedCaptures(payment);
  if (payment.next !== undefined) return "the fee goes on with another payment";
  if (!payment.userId || !payment.propertyId) return "it is not known who paid for what";
  if (reviewed.some((capture) => leftOf(payment, capture) === 0)) return "nothing is left of some of the money";
  if (reviewed.some(({ mode }) => mode !== policy.expectedMode)) return "some of the money is of the other mode";
  return "some of the money is of another currency";
}

async function reject(
  ports: DecideReviewPorts,
  payment: Payment,
  { reason, version, kept, returned, by }: ReviewDecision,
  run: Run,
): Promise<Payment> {
  const undecided = reviewedCaptures(payment)
    .filter((capture) => leftOf(payment, capture) > 0)
    .map(captureSubject)
    .filter((subject) => ![...kept, ...returned].some(({ capture }) => capture === subject));
  if (undecided.length > 0) {
    throw new DecisionImpossible(payment.state, `nothing is said about the money ${undecided.join(", ")}`);
  }
  if (mayBePaid(payment)) throw new PaymentUnclear();
  if (returned.length > 0) await requireOpen(ports);
  const closings: ClosingEvidence[] = [];
  for (const { number } of openedAttempts(payment)) {
    if (!hasEnded(payment, number)) closings.push(await closed(ports, payment, number, run));
  }
  const refunds = returned.map((one) => refundFor(payment, one, reason));
  const limited = refunds.map((refund) =>
    limitedRefund(payment, { ...refund, by, at: run.context().now, state: "REQUESTED" }),
  );
  const me = ports.newId();
  await takeLimits(ports, limited, me);
  const evidence = { reason, closings, kept, refunds };
  const after = await decided(ports, payment, { name: "rejectReview", version }, (current) => {
    const refusal = refusalOf("rejectReview", current, { ...run.context(), ...evidence });
    if (refusal !== undefined) throw new DecisionImpossible(current.state, "a checkout of it cannot be left");
    return rejectReview(current, evidence, run.context());
  }).catch(async (error: unknown) => {
    // Without an answer of the table, the refunds may be stored.
    if (!(error instanceof DependencyUnavailable)) for (const one of limited) await ports.limits.giveBack(one, me);
    throw error;
  });
  if (closings.some(({ cancel }) => cancel === "lapse")) ports.count("CheckoutLapsed");
  let current = after;
  for (const { id } of refunds) current = await sendOnce(ports, current, id, run);
  return current;
}

/** All that is left of the money goes back. */
function refundFor(payment: Payment, { capture, refundId }: { capture: string; refundId: string }, reason: string) {
  const money = payment.captures.find(({ reference }) => reference === capture);
  if (!money) throw new DecisionImpossible(payment.state, `it has no money ${capture} that can be sent back`);
  return { id: refundId, capture, amount: leftOf(payment, money), reason };
}

async function takeLimits(ports: DecideReviewPorts, limited: readonly LimitedRefund[], me: string): Promise<void> {
  const taken: LimitedRefund[] = [];
  for (const one of limited) {
    if (await ports.limits.take(one, ports.dailyLimit, me)) taken.push(one);
    else {
      for (const earlier of taken) await ports.limits.giveBack(earlier, me);
      throw new RefundLimitReached(toBirr(Santim.parse(one.amount)));
    }
  }
}

async function closed(ports: DecideReviewPorts, payment: Payment, attempt: number, run: Run): Promise<ClosingEvidence> {
  const closing = await closeCheckout(ports, payment, { attempt }, run);
  switch (closing.kind) {
    case "closed":
      return closing.evidence;
    case "money": {
      const money = { attempt, result: closing.result };
      const after = await recordCapture(ports, { key: payment, payment }, money, run);
      requireSeen(after ?? payment, payment.version);
      throw new PaymentUnclear();
    }
    case "held": {
      const held = { attempt, last: closing.last };
      await holdCheckout(ports, payment, held, run.context);
      throw heldError(payment, held, run.context());
    }
  }
}

/** A decision is never carried over to a version that the person has not seen. */
async function decided(
  ports: DecideReviewPorts,
  payment: Payment,
  { name, version }: { name: "acceptReview" | "rejectReview"; version: number },
  step: (current: Payment) => Payment,
): Promise<Payment> {
  const updated = await updatePayment(ports.payments, payment, (current) => {
    if (isMadeSince(current, name, version)) return undefined;
    requireSeen(current, version);
    return step(current);
  });
  const after = updated.payment;
  if (!after) throw new PaymentNotFound();
  if (updated.stepped) {
    const { state, version: now } = after;
    ports.log.info("payment_transitioned", { ...paymentFields(after), transition: name, state, version: now });
    if (name === "acceptReview") ports.count("PaymentConfirmed");
  }
  return after;
}
