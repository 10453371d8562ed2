import { paymentIdOf, txRefOf } from "../../domain/ids.ts";
import { type Payment, shownTxRef } from "../../domain/payment.ts";

/** What every record about a payment carries; `attempt` where it is about a certain checkout. */
export function paymentFields(payment: Payment, attempt?: number): { payment_id: string; tx_ref: string } {
  return {
    payment_id: paymentIdOf(payment.ref),
    tx_ref: attempt === undefined ? shownTxRef(payment) : txRefOf(payment.ref, attempt),
  };
}
