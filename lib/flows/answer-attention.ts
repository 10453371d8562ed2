import { answer } from "../domain/apply.ts";
import { entryIdOf } from "../domain/attention.ts";
import { EntryNotFound, PaymentNotFound } from "../domain/errors.ts";
import type { Payment } from "../domain/payment.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PaymentTable } from "../table/payments.ts";
import { requireSeen } from "./steps/seen-version.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type AnswerAttentionPorts = {
  payments: Pick<PaymentTable, "save">;
  clock: Pick<Clock, "now">;
  policy: Policy;
};

/** A person's answer to one entry of attention, and the version of the payment that they saw. */
export type AttentionAnswer = { entry: string; reason: string; version: number; by: string };

/**
 * Records the answer.
 * @returns the payment with the answer, this one or an earlier one
 * @throws EntryNotFound, VersionChanged if the payment changed after the person saw it, PaymentNotFound
 */
export async function answerAttention(
  ports: AnswerAttentionPorts,
  payment: Payment,
  { entry, reason, version, by }: AttentionAnswer,
): Promise<Payment> {
  const context = () => ({ now: ports.clock.now(), by, policy: ports.policy });
  const updated = await updatePayment(ports.payments, payment, (current) => {
    const known = current.attention.find((one) => entryIdOf(one) === entry);
    if (!known) throw new EntryNotFound();
    if (known.answered) return undefined;
    requireSeen(current, version);
    return answer(current, { entry, reason }, context());
  });
  if (!updated.payment) throw new PaymentNotFound();
  return updated.payment;
}
