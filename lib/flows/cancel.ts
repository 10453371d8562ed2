import type { ChapaClient } from "../chapa/client.ts";
import { CheckoutBeingOpened, GatewayUnavailable, PaymentTaken } from "../domain/errors.ts";
import { txRefOf } from "../domain/ids.ts";
import type { Policy } from "../domain/looks.ts";
import { type Act, settleUnpaid } from "../domain/moves.ts";
import type { Payment } from "../domain/payment.ts";
import type { PaymentTable } from "../table/payments.ts";
import { closeCheckout } from "./steps/close-checkout.ts";
import { type CapturePorts, recordCapture } from "./steps/record-capture.ts";

export type CancelPorts = Omit<CapturePorts, "payments" | "chapa"> & {
  payments: Pick<PaymentTable, "create" | "save">;
  chapa: Pick<ChapaClient, "verify" | "cancel" | "mode">;
  policy: Policy;
};

const RETRY_SECONDS = 5;
const ROUNDS = 5;

/**
 * Gives a payment up because somebody asks for it; only closing evidence lets it go.
 * @param by who asks, as history names him
 * @returns the payment, cancelled now or given up before
 * @throws PaymentTaken when it has taken money, GatewayUnavailable when nothing can be known, CheckoutBeingOpened
 */
export async function cancel(ports: CancelPorts, payment: Payment, by: string, deadline: number): Promise<Payment> {
  const act = (): Act => ({ now: ports.clock.now(), by, policy: ports.policy });
  let current = payment;
  for (let round = 0; round < ROUNDS; round++) {
    if (!isOpen(current, ports.clock.now())) return current;
    const closing = await closeCheckout(ports.chapa, ports.clock, current, undefined, deadline);
    if (closing.came === "unclear") throw new GatewayUnavailable(RETRY_SECONDS);
    if (closing.came === "money") {
      await recordCapture(ports, current, txRefOf(current.ref, current.attempt), closing.evidence, { act, deadline });
      throw new PaymentTaken();
    }
    const saved = await ports.payments.save(current, settleUnpaid(current, "cancel", closing.evidence, act()));
    if (saved.won || !saved.payment) return saved.payment ?? current;
    current = saved.payment;
  }
  throw new Error(`payment ${payment.ref} changed ${ROUNDS} times while it was cancelled`);
}

/** Whether there is anything to give up. */
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
