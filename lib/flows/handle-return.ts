import { parseTxRef } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import { SECOND_MS } from "../domain/time.ts";
import { type ResolvePorts, resolve } from "./resolve.ts";

// The payer's browser waits for this verification.
const VERIFY_MS = 5 * SECOND_MS;

/**
 * Handles the payer's return from Chapa: causes one verification if the budget for unverified notices allows it.
 * @returns the payment as it then is; undefined for a reference that is not ours
 */
export async function handleReturn(
  ports: ResolvePorts & { txStage: string },
  reference: string,
  deadline: number,
): Promise<Payment | undefined> {
  const checkout = parseTxRef(reference, ports.txStage);
  if (!checkout) return undefined;
  const resolved = await resolve(ports, checkout, "return", Math.min(deadline, ports.clock.now() + VERIFY_MS));
  return resolved.kind === "unknown" ? undefined : resolved.payment;
}
