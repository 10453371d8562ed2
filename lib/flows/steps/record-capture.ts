import type { ChapaClient } from "../../chapa/client.ts";
import { type Evidence, moveFor } from "../../domain/evidence.ts";
import { parseTxRef, type Ref, type TxRef, txRefOf } from "../../domain/ids.ts";
import { type Act, account, adoptOrphan, superseded } from "../../domain/moves.ts";
import { openedAttempts, type Payment } from "../../domain/payment.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/logger.ts";
import type { Count } from "../../runtime/metrics.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { updatePayment } from "./update-payment.ts";

export type CapturePorts = {
  payments: Pick<PaymentTable, "create" | "save">;
  chapa: Pick<ChapaClient, "cancel" | "mode">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
};

type Money = Extract<Evidence, { facts: unknown }>;

/**
 * Writes what verify says about captured money into the payment, whatever state it is in, and ends every other link of
 * a paid fee.
 * @param payment undefined when the reference is of our form but has no row
 * @returns the payment as it now is
 */
export async function recordCapture(
  ports: CapturePorts,
  payment: Payment | undefined,
  txRef: TxRef,
  evidence: Money,
  run: { act: () => Act; deadline: number },
): Promise<Payment | undefined> {
  const { ref, attempt } = parts(txRef);
  const row = payment ?? (await adopt(ports, ref, attempt, evidence, run.act()));
  let move = payment ? null : moveFor(undefined, attempt, evidence);
  const revised = await updatePayment(ports.payments, row, (current) => {
    move = moveFor(current, attempt, evidence);
    return move ? account(current, move, attempt, evidence, run.act()) : undefined;
  });
  const after = revised.payment;
  if (revised.stepped && after) {
    const paid = move === "confirm" ? { late: after.late ?? false, took_ms: tookMs(after, attempt) } : {};
    ports.log.info("payment_moved", { ref, move: move ?? "", state: after.state, version: after.version, ...paid });
    if (move === "confirm") ports.count("PaymentConfirmed");
  }
  return after?.state === "SUCCESS" ? endOtherLinks(ports, after, run) : after;
}

/** From the checkout to its money, as far as we know. */
function tookMs({ attempts, settledAt }: Payment, attempt: number): number {
  return (settledAt ?? 0) - (attempts[attempt]?.openedAt ?? settledAt ?? 0);
}

async function adopt(ports: CapturePorts, ref: Ref, attempt: number, evidence: Money, act: Act): Promise<Payment> {
  const orphan = adoptOrphan(ref, attempt, evidence, { currency: "ETB", mode: await ports.chapa.mode() }, act);
  const { payment } = await ports.payments.create(orphan);
  return payment;
}

/** Cancels what can still be paid beside the checkout that was; a link that does not end now is tried at its next look. */
export async function endOtherLinks(
  ports: CapturePorts,
  payment: Payment,
  run: { act: () => Act; deadline: number },
): Promise<Payment> {
  let current = payment;
  for (const { number, closedAt, end } of openedAttempts(payment)) {
    if (closedAt !== undefined || end === "paid") continue;
    const cancelled = await ports.chapa.cancel(txRefOf(payment.ref, number), run.deadline - ports.clock.now());
    if (cancelled === "unclear") continue;
    const revised = await updatePayment(ports.payments, current, (seen) => {
      const next = superseded(seen, number, run.act());
      return next === seen ? undefined : next;
    });
    current = revised.payment ?? current;
  }
  return current;
}

function parts(txRef: TxRef): { ref: Ref; attempt: number } {
  const parsed = parseTxRef(txRef);
  if (!parsed) throw new Error("a reference that was checked is not one");
  return parsed;
}
