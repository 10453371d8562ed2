import { linkTarget } from "../domain/lasting-link.ts";
import type { Payment } from "../domain/payment.ts";
import type { ContactTable } from "../table/contacts.ts";
import { initiate } from "./initiate.ts";
import type { InitiatePorts, InitiateRun } from "./steps/begin-request.ts";

export type PressAgainPorts = InitiatePorts & {
  contacts: Pick<ContactTable, "find">;
  newId: () => string;
};

/**
 * Presses for a payer who has only the link of a message. Their fee is the payment's, at the price that it has now.
 * @returns the fee's payment as it then is
 * @throws every PaymentError that a caller of initiate may see
 */
export async function pressAgain(ports: PressAgainPorts, payment: Payment, run: InitiateRun): Promise<Payment> {
  const { ref, userId, propertyId, purpose } = payment;
  const now = ports.clock.now();
  if (linkTarget(payment, now, ports.policy).kind !== "payable" || !userId || !propertyId) return payment;
  const command = {
    userId,
    propertyId,
    purpose,
    amount: undefined,
    currency: undefined,
    requestId: ports.newId(),
    contact: await ports.contacts.find(ref, now),
    caller: ref,
  };
  return (await initiate(ports, command, run)).payment;
}
