import type { Payment } from "../domain/payment.ts";
import { SECOND_MS } from "../domain/time.ts";
import { type ResolvePorts, resolve } from "./resolve.ts";

// The payer's browser waits for this.
const LOOK_MS = 5 * SECOND_MS;

/**
 * The payer comes back from Chapa: one look, as far as hints may cause one, and then what is known.
 * @returns undefined for a reference that is not ours
 */
export async function handleReturn(
  ports: ResolvePorts,
  reference: string,
  deadline: number,
): Promise<Payment | undefined> {
  const resolved = await resolve(ports, reference, "return", Math.min(deadline, ports.clock.now() + LOOK_MS));
  return resolved.came === "unknown" ? undefined : resolved.payment;
}
