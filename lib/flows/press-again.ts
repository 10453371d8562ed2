import type { Ref } from "../domain/ids.ts";
import { linkTarget } from "../domain/lasting-link.ts";
import type { Payment } from "../domain/payment.ts";
import type { ContactTable } from "../table/contacts.ts";
import type { PaymentTable } from "../table/payments.ts";
import { initiate } from "./initiate.ts";
import type { InitiatePorts, InitiateRun } from "./steps/begin-request.ts";
import { laterPayments } from "./steps/payments-of-fee.ts";

export type PressAgainPorts = InitiatePorts & {
  contacts: Pick<ContactTable, "find">;
  newId: () => string;
};

/** Returns the payment to which the link of a payment leads: the one with which its fee has gone on. */
export async function lastOfFee(
  ports: { payments: Pick<PaymentTable, "find"> },
  ref: Ref,
): Promise<Payment | undefined> {
  const payment = await ports.payments.find(ref);
  return payment && ((await laterPayments(ports, payment)).at(-1) ?? payment);
}

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
