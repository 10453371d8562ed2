import type { ChapaClient } from "../../chapa/client.ts";
import type { ClosingEvidence, Evidence } from "../../domain/evidence.ts";
import { txRefOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { Clock } from "../../runtime/clock.ts";

type Unpaid = Extract<Evidence, { says: "unpaid" }>;
type Money = Exclude<Evidence, Unpaid | { says: "nothing" }>;

/** `closed`: nobody can pay it any more. `money`: it was paid. `unclear`: nothing may be concluded. */
export type Closing =
  | { came: "closed"; evidence: ClosingEvidence }
  | { came: "money"; evidence: Money }
  | { came: "unclear" };

/**
 * Gathers closing evidence for the latest attempt, all of it in this invocation: verified unpaid, cancelled
 * definitively, verified unpaid again. The second verify is what finds the payer who paid in between.
 * @param first what this invocation's own look has just found, when it looked at this attempt
 */
export async function closeCheckout(
  chapa: Pick<ChapaClient, "verify" | "cancel">,
  clock: Pick<Clock, "now">,
  payment: Payment,
  first: Unpaid | undefined,
  deadline: number,
): Promise<Closing> {
  const txRef = txRefOf(payment.ref, payment.attempt);
  const left = () => deadline - clock.now();

  const before = first ?? (await chapa.verify(txRef, left()));
  if (before.says !== "unpaid") return concluded(before);
  const cancel = await chapa.cancel(txRef, left());
  const after = await chapa.verify(txRef, left());
  if (after.says !== "unpaid") return concluded(after);
  if (cancel === "unclear") return { came: "unclear" };
  return { came: "closed", evidence: { attempt: payment.attempt, cancel } };
}

function concluded(evidence: Exclude<Evidence, Unpaid>): Closing {
  return evidence.says === "nothing" ? { came: "unclear" } : { came: "money", evidence };
}
