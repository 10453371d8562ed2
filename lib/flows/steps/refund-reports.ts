import type { ResolveMessage } from "../../contract/queues.ts";
import type { CheckoutRef } from "../../domain/ids.ts";
import { parseBirr } from "../../domain/money.ts";
import type { Payment } from "../../domain/payment.ts";
import { saysMoneyWentBack, speaksOfRefund, withJudgedReports, withRefundReport } from "../../domain/refund-reports.ts";
import { refundsAskedNow } from "../../domain/refunds.ts";
import type { TransitionContext } from "../../domain/transitions.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { runContext } from "./run-context.ts";
import { updatePayment } from "./update-payment.ts";

export type NoticePorts = {
  payments: Pick<PaymentTable, "find" | "point" | "save">;
  clock: Pick<Clock, "now">;
  policy: Policy;
};

/**
 * Keeps what a signed webhook says and verify may never show: Chapa's own reference, and that a part of the money went
 * back. It proves nothing, and may come again.
 */
export async function keepSignedNotice(
  ports: NoticePorts,
  { ref, attempt }: CheckoutRef,
  { reference, event, amount }: Pick<ResolveMessage, "reference" | "event" | "amount">,
): Promise<void> {
  if (reference !== undefined) await ports.payments.point(reference, { ref, attempt });
  if (!speaksOfRefund(event)) return;
  const payment = await ports.payments.find(ref);
  const context = runContext(ports, "webhook")();
  const report = { attempt, reference, amount: parseBirr(amount ?? ""), at: context.now };
  if (!payment) return;
  const { payment: asked } = await updatePayment(ports.payments, payment, (current) =>
    refundsAskedNow(current, context),
  );
  if (!asked || !saysMoneyWentBack(event)) return;
  await updatePayment(ports.payments, asked, (current) => withRefundReport(current, report, context));
}

/**
 * Judges every report that money went back, after a verification.
 * @returns the payment as it now is; undefined if the row is gone
 */
export async function judgeRefundReports(
  ports: Pick<NoticePorts, "payments">,
  payment: Payment,
  context: () => TransitionContext,
): Promise<Payment | undefined> {
  let current = payment;
  for (let left = payment.reports?.length ?? 0; left > 0; left--) {
    const updated = await updatePayment(ports.payments, current, (seen) => withJudgedReports(seen, context()));
    if (!updated.stepped || !updated.payment) return updated.payment;
    current = updated.payment;
  }
  return current;
}
