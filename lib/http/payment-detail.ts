import type { PaymentDetail } from "../contract/api.ts";
import { entryIdOf } from "../domain/attention.ts";
import { listingDelivery } from "../domain/deliveries.ts";
import { explanationOf } from "../domain/explanation.ts";
import { paymentIdOf, txRefOf } from "../domain/ids.ts";
import {
  backOf,
  type Capture,
  openedAttempts,
  type Payment,
  refundableOf,
  refundedElsewhere,
  shownTxRef,
} from "../domain/payment.ts";
import type { Instant } from "../domain/time.ts";
import { type Policy, timeoutAt } from "../domain/verification-schedule.ts";
import { REVERSALS } from "../domain/vocabulary.ts";
import { toListing } from "./deliveries-response.ts";
import { MASKED, toStatusResponse } from "./payment-response.ts";

/**
 * Returns a payment with its checkouts, captures and history.
 * @param reader `showsAll`: whether they may see Chapa's references and evidence; `now`: when they read it
 */
export function toDetail(
  payment: Payment,
  policy: Policy,
  { showsAll, now }: { showsAll: boolean; now: Instant },
): PaymentDetail {
  const masked = <Value>(value: Value) => (showsAll ? value : MASKED);
  const isUndecided = payment.state === "CREATED" || payment.state === "PENDING";
  return {
    ...toStatusResponse(payment),
    chapa_tx_ref: masked(shownTxRef(payment)),
    explanation: explanationOf(payment, now, policy),
    previous_payment_id: payment.previous === undefined ? null : paymentIdOf(payment.previous),
    listing: toListing(listingDelivery(payment, policy)),
    version: payment.version,
    late: payment.late ?? false,
    finalised: payment.finalised ?? false,
    attention: payment.attention.map((entry) => ({
      id: masked(entryIdOf(entry)),
      code: entry.code,
      subject: masked(entry.subject),
      at: iso(entry.at),
      amount: entry.amount === undefined ? null : entry.amount / 100,
      answered: entry.answered
        ? { at: iso(entry.answered.at), by: masked(entry.answered.by), reason: masked(entry.answered.reason) }
        : null,
    })),
    expires_at: isUndecided ? iso(timeoutAt(payment, policy)) : null,
    attempts: openedAttempts(payment).map(({ number, amount, mode, openedAt, closedAt, end }) => ({
      number,
      chapa_tx_ref: masked(txRefOf(payment, number)),
      amount: amount / 100,
      mode,
      opened_at: iso(openedAt),
      closed_at: closedAt === undefined ? null : iso(closedAt),
      end: end ?? null,
    })),
    captures: payment.captures.map(({ attempt, at, kind, amount, currency, mode, method, reference, back }) => ({
      attempt,
      at: iso(at),
      kind,
      amount: amount === undefined ? null : amount / 100,
      currency: currency ?? null,
      mode: mode ?? null,
      method: method ?? null,
      reference: reference === undefined ? null : masked(reference),
      back: wentBack(payment, { amount, reference, back }),
    })),
    refundable: refundableOf(payment) / 100,
    refunds: (payment.refunds ?? []).map(({ id, capture, amount, state, by, reason, at, settledAt, refusal }) => ({
      id: masked(id),
      capture: masked(capture),
      amount: amount / 100,
      state,
      by: showsAll ? by : null,
      reason: showsAll ? reason : null,
      at: iso(at),
      settled_at: settledAt === undefined ? null : iso(settledAt),
      refusal: showsAll ? (refusal ?? null) : null,
    })),
    support_links: (payment.supportLinks ?? []).map(({ at, by, reason }) => ({ at: iso(at), by: masked(by), reason })),
    history: payment.history.map(({ transition, at, by, evidence }) => ({
      transition,
      at: iso(at),
      by,
      evidence: showsAll ? (evidence ?? null) : null,
    })),
  };
}

/** What of a capture went back without a refund of ours: at Chapa or by the bank. */
function wentBack(
  payment: Payment,
  capture: Pick<Capture, "amount" | "reference" | "back">,
): PaymentDetail["captures"][number]["back"] {
  const back = { refunded: refundedElsewhere(payment, capture), reversed: backOf(capture).reversed };
  return REVERSALS.filter((kind) => back[kind] > 0).map((kind) => ({ kind, amount: back[kind] / 100, by: "chapa" }));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
