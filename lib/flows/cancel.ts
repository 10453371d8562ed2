import type { ChapaClient } from "../chapa/client.ts";
import { settleUnpaid } from "../domain/apply.ts";
import { CheckoutBeingOpened, PaymentTaken, PaymentUnclear } from "../domain/errors.ts";
import { mayBePaidEarlier, type Payment } from "../domain/payment.ts";
import { isAllowed } from "../domain/transitions.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import { closeCheckout } from "./steps/close-checkout.ts";
import { heldError, holdCheckout } from "./steps/hold-checkout.ts";
import { type CapturePorts, recordCapture } from "./steps/record-capture.ts";
import { runContext } from "./steps/run-context.ts";

export type CancelPorts = CapturePorts & { chapa: Pick<ChapaClient, "verify">; policy: Policy };

const ROUNDS = 5;

/**
 * Cancels a payment on request, once closing evidence proves that it can no longer be paid.
 * @param by who asks, as the history names them
 * @returns the payment, cancelled now or settled unpaid before
 * @throws PaymentTaken if it has taken money, PaymentUnclear, CheckoutBeingOpened, and the errors of {@link heldError}
 */
export async function cancel(ports: CancelPorts, payment: Payment, by: string, deadline: number): Promise<Payment> {
  const context = runContext(ports, by);
  let current = payment;
  for (let round = 0; round < ROUNDS; round++) {
    if (!isOpen(current, ports.clock.now())) return current;
    // The table refuses such a cancel. This refuses it before the live checkout is closed.
    if (mayBePaidEarlier(current)) throw new PaymentUnclear();
    const { attempt } = current;
    const closing = await closeCheckout(ports, current, { attempt }, { context, deadline });
    if (closing.kind === "held") {
      const held = { attempt, last: closing.last };
      await holdCheckout(ports, current, held, context);
      throw heldError(current, held, context());
    }
    if (closing.kind === "money") {
      const money = { attempt, result: closing.result };
      await recordCapture(ports, { key: current, payment: current }, money, { context, deadline });
      throw new PaymentTaken();
    }
    const { evidence } = closing;
    if (!isAllowed("cancel", current, { ...context(), ...evidence })) throw new PaymentUnclear();
    const saved = await ports.payments.save(current, settleUnpaid(current, "cancel", evidence, context()));
    if (saved.won && evidence.cancel === "lapse") ports.count("CheckoutLapsed");
    if (saved.won || !saved.payment) return saved.payment ?? current;
    current = saved.payment;
  }
  throw new Error(`payment ${payment.ref} changed ${ROUNDS} times while it was cancelled`);
}

/**
 * Whether the payment can still be cancelled.
 * @throws PaymentTaken, CheckoutBeingOpened
 */
function isOpen({ state, lease }: Payment, now: number): boolean {
  switch (state) {
    case "CREATED": {
      const heldMs = (lease?.until ?? 0) - now;
      if (heldMs > 0) throw new CheckoutBeingOpened(Math.ceil(heldMs / 1000));
      return true;
    }
    case "PENDING":
      return true;
    case "SUCCESS":
    case "REVIEW":
      throw new PaymentTaken();
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return false;
  }
}
