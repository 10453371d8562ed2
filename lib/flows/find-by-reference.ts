import { PaymentNotFound } from "../domain/errors.ts";
import { parseTxRef, Ref, refOfPaymentId, Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { PaymentTable } from "../table/payments.ts";

export type FindByReferencePorts = { payments: Pick<PaymentTable, "find" | "pointed">; txStage: string };

/**
 * Returns the payment to which any reference that a person can hold leads: the tx_ref of one of its checkouts, its ref, its
 * id, or Chapa's own reference of its money. Case and white space around it do not matter.
 * @throws PaymentNotFound
 */
export async function findByReference(
  { payments, txStage }: FindByReferencePorts,
  reference: string,
): Promise<Payment> {
  const text = reference.trim();
  const ref = ownRefIn(text, txStage) ?? (await payments.pointed(text))?.ref;
  const payment = ref && (await payments.find(ref));
  if (!payment) throw new PaymentNotFound();
  return payment;
}

function ownRefIn(text: string, txStage: string): Ref | undefined {
  const id = Uuid.safeParse(text).data;
  if (id !== undefined) return refOfPaymentId(id);
  const upper = text.toUpperCase();
  return parseTxRef(upper, txStage)?.ref ?? Ref.safeParse(upper).data;
}
