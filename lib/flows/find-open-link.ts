import { givenLink } from "../domain/decide.ts";
import { linkTarget } from "../domain/lasting-link.ts";
import type { Payment } from "../domain/payment.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PaymentTable } from "../table/payments.ts";
import { earlierPayments } from "./steps/payments-of-fee.ts";

export type FindOpenLinkPorts = {
  payments: Pick<PaymentTable, "find">;
  clock: Pick<Clock, "now">;
  policy: Policy;
};

/**
 * Returns the link of a payment's checkout, if a press would be answered with it without asking Chapa. What cannot be
 * read may forbid it, so then there is none.
 */
export async function findOpenLink(ports: FindOpenLinkPorts, payment: Payment): Promise<string | undefined> {
  const { clock, policy } = ports;
  const now = clock.now();
  if (linkTarget(payment, now, policy).kind !== "open") return undefined;
  const { earlier, isWhole } = await earlierPayments(ports, payment);
  return isWhole ? givenLink({ payment, earlier }, { now, by: "read", policy }) : undefined;
}
