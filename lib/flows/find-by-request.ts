import { PaymentNotFound } from "../domain/errors.ts";
import { requestHash, type Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { PaymentTable } from "../table/payments.ts";
import type { RequestTable } from "../table/requests.ts";
import { paymentFor } from "./steps/payments-of-fee.ts";

export type FindByRequestPorts = {
  requests: Pick<RequestTable, "find">;
  payments: Pick<PaymentTable, "find">;
  /** The namespace of ids; see `lib/contract/secrets.ts`. */
  namespace: () => Promise<string>;
};

/**
 * Returns the payment of a user's request: the one to which a press with it leads.
 * @throws PaymentNotFound
 */
export async function findByRequest(
  { requests, payments, namespace }: FindByRequestPorts,
  { userId, requestId }: { userId: Uuid; requestId: string },
): Promise<Payment> {
  const request = await requests.find(requestHash(await namespace(), userId, requestId));
  const first = request && (await payments.find(request.ref));
  if (!first) throw new PaymentNotFound();
  return paymentFor({ payments }, first, request);
}
