import { release } from "../domain/apply.ts";
import { isMadeSince } from "../domain/decisions.ts";
import { DecisionImpossible, PaymentNotFound } from "../domain/errors.ts";
import type { Payment } from "../domain/payment.ts";
import { isAllowed } from "../domain/transitions.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { PaymentTable } from "../table/payments.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { requireSeen } from "./steps/seen-version.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type ReleasePorts = {
  payments: Pick<PaymentTable, "save">;
  clock: Pick<Clock, "now">;
  log: Log;
  policy: Policy;
};

/** A person's word that a payment shall go on although a checkout cannot be left, and the version that they saw. */
export type Release = { reason: string; version: number; by: string };

/**
 * Lets a stuck payment go on: its open checkouts end as lapsed.
 * @returns the payment, released now or since the person saw it
 * @throws VersionChanged, DecisionImpossible if nothing holds it, PaymentNotFound
 */
export async function releasePayment(
  ports: ReleasePorts,
  payment: Payment,
  { reason, version, by }: Release,
): Promise<Payment> {
  const updated = await updatePayment(ports.payments, payment, (current) => {
    if (isMadeSince(current, "release", version)) return undefined;
    requireSeen(current, version);
    const context = { now: ports.clock.now(), by, policy: ports.policy };
    if (!isAllowed("release", current, { ...context, reason })) {
      throw new DecisionImpossible(current.state, "only a payment that is `stuck` can be released");
    }
    return release(current, reason, context);
  });
  if (!updated.payment) throw new PaymentNotFound();
  const { state, version: now } = updated.payment;
  if (updated.stepped) {
    const fields = { ...paymentFields(updated.payment), transition: "release", state, version: now };
    ports.log.info("payment_transitioned", fields);
  }
  return updated.payment;
}
