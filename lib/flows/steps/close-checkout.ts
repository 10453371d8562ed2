import type { ChapaClient } from "../../chapa/client.ts";
import type { ClosingEvidence, Money, Unpaid, VerifyResult } from "../../domain/evidence.ts";
import { txRefOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { Clock } from "../../runtime/clock.ts";

export type ClosePorts = { chapa: Pick<ChapaClient, "verify" | "cancel">; clock: Pick<Clock, "now"> };

/** `closed`: it can no longer be paid. `money`: it was paid. `unclear`: nothing may be concluded. */
export type Closing =
  | { kind: "closed"; evidence: ClosingEvidence }
  | { kind: "money"; result: Money }
  | { kind: "unclear" };

/**
 * Gathers closing evidence for the latest attempt within this invocation: verified unpaid, cancelled definitively,
 * verified unpaid again. The second verify finds a payer who paid in between.
 * @param first the result of a verify that this invocation has just made of this attempt
 */
export async function closeCheckout(
  { chapa, clock }: ClosePorts,
  payment: Payment,
  deadline: number,
  first?: Unpaid,
): Promise<Closing> {
  const { attempt } = payment;
  const txRef = txRefOf(payment, attempt);
  const left = () => deadline - clock.now();

  const before = first ?? (await chapa.verify(txRef, left()));
  if (before.kind !== "unpaid") return concluded(before);
  const cancel = await chapa.cancel(txRef, left());
  const after = await chapa.verify(txRef, left());
  if (after.kind !== "unpaid") return concluded(after);
  if (cancel === "unclear") return { kind: "unclear" };
  return { kind: "closed", evidence: { attempt, found: before.reason, cancel } };
}

function concluded(result: Exclude<VerifyResult, Unpaid>): Closing {
  return result.kind === "unavailable" ? { kind: "unclear" } : { kind: "money", result };
}
