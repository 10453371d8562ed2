import { type KnownRequest, staysAt } from "../../domain/decide.ts";
import { PaymentUnreadable } from "../../domain/errors.ts";
import type { Ref } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { PaymentTable } from "../../table/payments.ts";

// A fee that is spent or used up goes on with another payment. Each names the one before it and the one after it.

type Finding = { payments: Pick<PaymentTable, "find"> };

/**
 * Returns the payments of the fee before this one, the earliest first. One that cannot be read ends the search, and then
 * `isWhole` is false.
 */
export async function earlierPayments(
  { payments }: Finding,
  payment: Payment,
): Promise<{ earlier: Payment[]; isWhole: boolean }> {
  const earlier: Payment[] = [];
  for (let { previous } = payment; previous !== undefined; ) {
    const found = await readable(payments, previous);
    if (!found) return { earlier, isWhole: false };
    earlier.unshift(found);
    previous = found.previous;
  }
  return { earlier, isWhole: true };
}

/** Returns the payments of the fee after this one, the latest last, as far as there are any that can be read. */
export async function laterPayments({ payments }: Finding, payment: Payment): Promise<Payment[]> {
  const later: Payment[] = [];
  for (let { next } = payment; next !== undefined; ) {
    const found = await readable(payments, next);
    if (!found) break;
    later.push(found);
    next = found.next;
  }
  return later;
}

async function readable(payments: Finding["payments"], ref: Ref): Promise<Payment | undefined> {
  try {
    return await payments.find(ref);
  } catch (error) {
    if (error instanceof PaymentUnreadable) return undefined;
    throw error;
  }
}

/** Returns the payment that a press with this request leads to, among those that are stored. */
export async function paymentFor({ payments }: Finding, first: Payment, request: KnownRequest): Promise<Payment> {
  let payment = first;
  while (payment.next !== undefined && !staysAt(payment, request)) {
    const next = await payments.find(payment.next);
    if (!next) break;
    payment = next;
  }
  return payment;
}
