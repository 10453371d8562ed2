import type { RefundCommand } from "../domain/commands.ts";
import {
  CaptureUnclear,
  DecisionImpossible,
  DependencyUnavailable,
  PaymentNotFound,
  RefundAboveLeft,
  RefundLimitReached,
  RefundNotFound,
  RequestDiffers,
} from "../domain/errors.ts";
import { toBirr } from "../domain/money.ts";
import { type Capture, leftOf, type Payment, STORED_REFUNDS } from "../domain/payment.ts";
import { differingIn, refundIn, requestRefund, settleRefund } from "../domain/refunds.ts";
import { isAllowed, type RefundRequest } from "../domain/transitions.ts";
import type { RefundLimitTable } from "../table/refund-limits.ts";
import { limitedRefund, type RefundPorts, refused, requireOpen, sendOnce } from "./steps/advance-refunds.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { runContext } from "./steps/run-context.ts";
import { requireSeen } from "./steps/seen-version.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type RefundPaymentPorts = RefundPorts & {
  limits: Pick<RefundLimitTable, "take" | "giveBack">;
  /** What one person or program may send back in a day, in santim. */
  dailyLimit: number;
};

/**
 * Requests a refund, once for each id, and sends it. If it cannot be sent now, the sweep sends it.
 * @returns the payment with the refund, this one or the one that the same request made before
 * @throws RequestDiffers, VersionChanged, DecisionImpossible, CaptureUnclear, RefundAboveLeft, RefundLimitReached,
 * RefundsPaused, PaymentNotFound
 */
export async function refundPayment(
  ports: RefundPaymentPorts,
  payment: Payment,
  asked: RefundCommand,
  deadline: number,
): Promise<Payment> {
  if (isKnown(payment, asked)) return payment;
  await requireOpen(ports);
  const run = { context: runContext(ports, asked.by), deadline };
  const request = requestOf(payment, asked);
  const { now } = run.context();
  const { id, amount } = request;
  const limited = limitedRefund(payment, { ...request, by: asked.by, at: now, state: "REQUESTED" });
  const me = ports.newId();
  if (!(await ports.limits.take(limited, ports.dailyLimit, me))) throw new RefundLimitReached(toBirr(amount));
  const requested = await updatePayment(ports.payments, payment, (current) => {
    if (isKnown(current, asked)) return undefined;
    requireSeen(current, asked.version);
    return requestRefund(current, request, { now, by: asked.by, policy: ports.policy });
  }).catch(async (error: unknown) => {
    // Without an answer of the table, the refund may be stored.
    if (!(error instanceof DependencyUnavailable)) await ports.limits.giveBack(limited, me);
    throw error;
  });
  if (!requested.payment) throw new PaymentNotFound();
  if (!requested.stepped) return requested.payment;
  ports.log.info("refund_requested", { ...paymentFields(requested.payment), refund: id, by: asked.by });
  return sendOnce(ports, requested.payment, id, run);
}

/** Whether the same request was made before. @throws RequestDiffers if its id was used for another refund */
function isKnown(payment: Payment, { id, capture, amount, reason }: RefundCommand): boolean {
  const known = refundIn(payment, id);
  if (!known) return false;
  const differing = differingIn(known, { capture, amount, reason });
  if (differing.length > 0) throw new RequestDiffers(differing);
  return true;
}

function requestOf(payment: Payment, asked: RefundCommand): RefundRequest {
  requireSeen(payment, asked.version);
  const { state, captures, refunds = [] } = payment;
  if (captures.length === 0) throw new DecisionImpossible(state, "no money came");
  if (state === "REVIEW") throw new DecisionImpossible(state, "a person must accept or reject the money first");
  if (refunds.length >= STORED_REFUNDS) throw new DecisionImpossible(state, `it has ${STORED_REFUNDS} refunds`);
  const capture = captureOf(payment, asked.capture);
  const left = leftOf(payment, capture);
  const { reference, amount: captured } = capture;
  if (reference === undefined || captured === undefined) {
    throw new DecisionImpossible(state, "Chapa has not named this money");
  }
  const amount = asked.amount ?? left;
  if (amount > left || left === 0) throw new RefundAboveLeft(toBirr(left));
  return { id: asked.id, capture: reference, amount, reason: asked.reason };
}

/** Without a name it is the one capture of which something is left. */
function captureOf(payment: Payment, named: string | undefined): Capture {
  const { captures } = payment;
  const withRest = captures.filter((capture) => leftOf(payment, capture) > 0);
  const candidates = named === undefined ? withRest : captures.filter(({ reference }) => reference === named);
  const [capture, another] = named === undefined && withRest.length === 0 ? captures.slice(0, 1) : candidates;
  if (!capture || another) throw new CaptureUnclear(withRest.flatMap(({ reference }) => reference ?? []));
  return capture;
}

/** A person's word of what became of a refund, and the version of the payment that they saw. */
export type RefundOutcome = { outcome: "settled" | "refused"; reason: string; version: number; by: string };

/**
 * Records what a person found out about a refund that Chapa does not answer for.
 * @returns the payment; the refund has ended, now or before with the same outcome
 * @throws RefundNotFound, VersionChanged, DecisionImpossible, PaymentNotFound
 */
export async function recordRefundOutcome(
  ports: Pick<RefundPaymentPorts, "payments" | "limits" | "clock" | "log" | "policy">,
  payment: Payment,
  id: string,
  { outcome, reason, version, by }: RefundOutcome,
): Promise<Payment> {
  const run = { context: runContext(ports, by) };
  const refund = refundIn(payment, id);
  if (!refund) throw new RefundNotFound();
  if (refund.state === (outcome === "settled" ? "SETTLED" : "REFUSED")) return payment;
  requireSeen(payment, version);
  if (!isAllowed("refundSettled", payment, { ...run.context(), id })) {
    throw new DecisionImpossible(payment.state, `the refund is ${refund.state}`);
  }
  ports.log.info("refund_decided", { ...paymentFields(payment), refund: id, outcome, by });
  if (outcome === "refused") return refused(ports, payment, id, { reason, run, seen: version });
  const updated = await updatePayment(ports.payments, payment, (current) => {
    requireSeen(current, version);
    return settleRefund(current, id, run.context());
  });
  if (!updated.payment) throw new PaymentNotFound();
  return updated.payment;
}
