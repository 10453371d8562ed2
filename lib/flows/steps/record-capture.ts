import type { ChapaClient } from "../../chapa/client.ts";
import { adoptUnmatched, applyCapture } from "../../domain/apply-money.ts";
import { isDuplicateOpen } from "../../domain/decide.ts";
import type { VerifiedMoney } from "../../domain/evidence.ts";
import type { PaymentKey } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import { type MoneyTransition, transitionForMoney } from "../../domain/transitions.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/logger.ts";
import type { Count } from "../../runtime/metrics.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { endLastLink, endOtherLinks } from "./end-links.ts";
import { paymentFields } from "./payment-fields.ts";
import type { Run } from "./run-context.ts";
import { updatePayment } from "./update-payment.ts";

export type CapturePorts = {
  payments: Pick<PaymentTable, "create" | "find" | "point" | "save">;
  chapa: Pick<ChapaClient, "cancel" | "current">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
};

/**
 * Records captured money in the payment, whatever its state, and cancels every other link of a paid fee.
 * @param known `payment` is undefined for an unmatched capture: a reference of our form without a row
 * @returns the payment as it now is
 */
export async function recordCapture(
  ports: CapturePorts,
  known: { key: PaymentKey; payment: Payment | undefined },
  money: VerifiedMoney,
  run: Run,
): Promise<Payment | undefined> {
  await pointTo(ports, known, money);
  const row = known.payment ?? (await adopt(ports, known.key, money, run));
  let made: MoneyTransition | undefined;
  const updated = await updatePayment(ports.payments, row, (current) => {
    const context = run.context();
    made = transitionForMoney(current, money, context);
    // A success that was read before the row changed may be older than the bank's reversal. The next verification tells.
    if (made === "capturedAgain" && current.version !== row.version) made = undefined;
    return made && applyCapture(current, made, money, context);
  });
  const after = updated.payment;
  if (updated.stepped && made && after) logTransition(ports, after, made, money.attempt);
  if (after && isDuplicateOpen(after)) await endLastLink(ports, after, run);
  return after?.state === "SUCCESS" ? endOtherLinks(ports, after, run) : after;
}

/** A capture is found by Chapa's own reference, so that is stored before it. */
async function pointTo(
  ports: CapturePorts,
  { key: { ref }, payment }: { key: PaymentKey; payment: Payment | undefined },
  { attempt, result }: VerifiedMoney,
): Promise<void> {
  const { reference } = result.facts;
  const isKnown = payment?.captures.some((capture) => capture.reference === reference);
  if (reference !== undefined && !isKnown) await ports.payments.point(reference, { ref, attempt });
}

function logTransition(ports: CapturePorts, after: Payment, transition: MoneyTransition, attempt: number): void {
  const { state, version } = after;
  const paid = transition === "confirm" ? { late: after.late ?? false, took_ms: tookMs(after, attempt) } : {};
  ports.log.info("payment_transitioned", { ...paymentFields(after, attempt), transition, state, version, ...paid });
  if (transition === "confirm") ports.count("PaymentConfirmed");
}

/** Returns the milliseconds from the opening of the checkout to the confirm; 0 if the opening is unknown. */
function tookMs({ attempts, settledAt }: Payment, attempt: number): number {
  return (settledAt ?? 0) - (attempts[attempt]?.openedAt ?? settledAt ?? 0);
}

async function adopt(ports: CapturePorts, of: PaymentKey, money: VerifiedMoney, run: Run): Promise<Payment> {
  const { key } = await ports.chapa.current();
  const context = run.context();
  const expected = { currency: "ETB", mode: context.policy.expectedMode, key } as const;
  const { payment } = await ports.payments.create(adoptUnmatched(of, money, expected, context));
  return payment;
}
