import type { ChapaClient } from "../../chapa/client.ts";
import { end } from "../../domain/apply.ts";
import { isBesideDuplicate } from "../../domain/decide.ts";
import { txRefOf } from "../../domain/ids.ts";
import { type Payment, termsOf } from "../../domain/payment.ts";
import { isAllowed } from "../../domain/transitions.ts";
import { attemptsToEnd } from "../../domain/verification-schedule.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { earlierPayments, laterPayments } from "./payments-of-fee.ts";
import type { Run } from "./run-context.ts";
import { updatePayment } from "./update-payment.ts";

export type EndPorts = {
  payments: Pick<PaymentTable, "find" | "save">;
  chapa: Pick<ChapaClient, "cancel">;
  clock: Pick<Clock, "now">;
};

/**
 * Cancels the other checkouts of a paid payment, or, beside a duplicate, also the live one. One that stays open is tried
 * again at its next verification.
 */
export async function endOtherLinks(
  ports: EndPorts,
  payment: Payment,
  run: Run,
  which?: "with_live",
): Promise<Payment> {
  const isBesideDuplicate = which === "with_live" || undefined;
  let current = payment;
  for (const attempt of attemptsToEnd(payment, isBesideDuplicate)) {
    const left = run.deadline - ports.clock.now();
    const cancel = await ports.chapa.cancel(txRefOf(payment, attempt), termsOf(payment, attempt).key, left);
    if (cancel === "unclear") continue;
    const closing = { attempt, found: "pending", cancel, isBesideDuplicate } as const;
    const updated = await updatePayment(ports.payments, current, (seen) => {
      const context = run.context();
      return isAllowed("end", seen, { ...context, ...closing }) ? end(seen, closing, context) : undefined;
    });
    current = updated.payment ?? current;
  }
  return current;
}

/** Money came to a payment that was left: cancels the live checkout of the fee's last payment, so that nobody pays twice. */
export async function endLastLink(ports: EndPorts, payment: Payment, run: Run): Promise<void> {
  const later = await laterPayments(ports, payment);
  const last = later.at(-1);
  if (last && isBesideDuplicate([payment, ...later], run.context().policy)) {
    await endOtherLinks(ports, last, run, "with_live");
  }
}

/** The same, from the last payment of the fee: a checkout that Chapa did not cancel is tried again. */
export async function endBesideDuplicate(ports: EndPorts, payment: Payment, run: Run): Promise<Payment> {
  if (payment.previous === undefined || payment.next !== undefined) return payment;
  const { earlier } = await earlierPayments(ports, payment);
  const isBeside = isBesideDuplicate([...earlier, payment], run.context().policy);
  return isBeside ? endOtherLinks(ports, payment, run, "with_live") : payment;
}
