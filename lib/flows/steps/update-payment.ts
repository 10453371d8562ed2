import type { Payment } from "../../domain/payment.ts";
import type { PaymentTable } from "../../table/payments.ts";

// Each lost round means that somebody else made progress on this one payment.
const ROUNDS = 10;

/**
 * Takes `step` from the payment as it is stored, again from what is there when somebody else was faster.
 * @param step gives the payment to store, or undefined when there is nothing (more) to do
 * @returns the payment as it now is and whether a step was stored; undefined when the row is gone
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
