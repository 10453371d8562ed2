import type { ListedPayment, PaymentResponse, PaymentStatus } from "../contract/api.ts";
import { returnPath } from "../contract/routes.ts";
import { listingDelivery } from "../domain/deliveries.ts";
import { failureCodeOf } from "../domain/failure.ts";
import { paymentIdOf } from "../domain/ids.ts";
import { openFlags, type Payment, paidAmount, paidAt, shownTerms, shownTxRef } from "../domain/payment.ts";
import { lastSupportLink } from "../domain/support-links.ts";
import { type Instant, MINUTE_MS } from "../domain/time.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import { WIRE_STATUS } from "../domain/vocabulary.ts";
import { toListing } from "./deliveries-response.ts";

export const MASKED = "********";

/** Returns a payment for the caller that wants to pay it. It always has a reference and an address to go to. */
export function toCheckoutResponse(payment: Payment, requestId: string, baseUrl: string): PaymentResponse {
  const txRef = shownTxRef(payment);
  return {
    ...toStatusResponse(payment),
    request_id: requestId,
    chapa_tx_ref: txRef,
    checkout_url: payment.checkoutUrl ?? `${baseUrl}${returnPath(txRef)}`,
  };
}

/** Returns a payment for who waits for it. @param link where it can be paid */
export function toPaymentStatus(payment: Payment, link: string | undefined, now: Instant): PaymentStatus {
  return {
    ...toStatusResponse(payment),
    checkout_url: link ?? null,
    reference: shownTxRef(payment),
    support_reason: lastSupportLink(payment)?.reason ?? null,
    retry_after: retryAfter(payment, now) ?? null,
  };
}

/** Most payers pay within minutes. A person decides about a payment under review. */
function retryAfter({ state, beganAt }: Payment, now: Instant): number | undefined {
  if (state === "REVIEW") return 60;
  if (state !== "CREATED" && state !== "PENDING") return undefined;
  const waited = now - beganAt;
  if (waited < 2 * MINUTE_MS) return 3;
  return waited < 15 * MINUTE_MS ? 15 : 60;
}

/** Returns a payment as a row of a list. @param showsAll whether its reader may see the reference */
export function toListed(payment: Payment, policy: Policy, showsAll: boolean): ListedPayment {
  return {
    ...toStatusResponse(payment),
    ...(showsAll ? { chapa_tx_ref: shownTxRef(payment) } : {}),
    attention: openFlags(payment),
    listing: toListing(listingDelivery(payment, policy)),
  };
}

/** Returns a payment for any caller that may read it. The reference is masked, as the predecessor did. */
export function toStatusResponse(payment: Payment): PaymentResponse {
  const { currency, mode } = shownTerms(payment);
  const at = paidAt(payment);
  return {
    request_id: payment.requestId ?? null,
    property_id: payment.propertyId ?? null,
    user_id: payment.userId ?? null,
    amount: paidAmount(payment) / 100,
    currency,
    mode,
    purpose: payment.purpose ?? null,
    id: paymentIdOf(payment.ref),
    status: WIRE_STATUS[payment.state],
    state: payment.state,
    chapa_tx_ref: MASKED,
    checkout_url: null,
    next_payment_id: payment.next === undefined ? null : paymentIdOf(payment.next),
    created_at: new Date(payment.createdAt).toISOString(),
    updated_at: new Date(payment.updatedAt).toISOString(),
    failure_reason: payment.failureReason ?? null,
    failure_code: failureCodeOf(payment) ?? null,
    approved_at: at === undefined ? null : new Date(at).toISOString(),
  };
}
