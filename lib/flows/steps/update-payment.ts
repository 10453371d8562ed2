import type { Payment } from "../../domain/payment.ts";
import type { PaymentTable } from "../../table/payments.ts";

// In each lost round another request has made progress on this payment.
const ROUNDS = 10;

/**
 * Applies `step` to the stored payment, and again to the newer one after each conflict.
 * @param step returns the payment to store, or undefined if there is nothing to do
 * @returns the payment as it now is, and whether a step was stored; undefined if the row is gone
 * @throws Error after {@link ROUNDS} conflicts
 */
export async function updatePayment(
  payments: Pick<PaymentTable, "save">,
  payment: Payment,
  step: (current: Payment) => Payment | undefined,
): Promise<{ payment: Payment | undefined; stepped: boolean }> {
  let current = payment;
  for (let round = 0; round < ROUNDS; round++) {
    const next = step(current);
    if (!next) return { payment: current, stepped: false };
    const saved = await payments.save(current, next);
    if (saved.won || !saved.payment) return { payment: saved.payment, stepped: saved.won };
    current = saved.payment;
  }
  throw new Error(`payment ${payment.ref} changed ${ROUNDS} times under one step`);
}
