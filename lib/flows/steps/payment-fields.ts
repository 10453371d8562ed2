import { paymentIdOf, txRefOf } from "../../domain/ids.ts";
import { type Payment, shownTxRef } from "../../domain/payment.ts";

/**
 * Returns the fields that every log record about a payment carries; pass `attempt` if the record is about one checkout.
 */
export function paymentFields(payment: Payment, attempt?: number): { payment_id: string; tx_ref: string } {
  return {
    payment_id: paymentIdOf(payment.ref),
    tx_ref: attempt === undefined ? shownTxRef(payment) : txRefOf(payment, attempt),
  };
}
