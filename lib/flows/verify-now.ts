import { GatewayUnavailable, type Quota, RateLimited } from "../domain/errors.ts";
import { txRefOf } from "../domain/ids.ts";
import { attemptsToLookAt } from "../domain/looks.ts";
import type { Payment } from "../domain/payment.ts";
import { nameOf, type Principal } from "../domain/principal.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import { type ResolvePorts, resolve } from "./resolve.ts";

export type VerifyNowPorts = ResolvePorts & { limiter: { take(caller: string): Promise<Verdict> } };

const RETRY_SECONDS = 5;

/**
 * An administrator or a program wants Chapa to be asked now, whatever the schedule says.
 * @returns the payment after the look, or as it is stored when Chapa was asked a moment ago
 * @throws RateLimited, GatewayUnavailable when Chapa did not answer
 */
export async function verifyNow(
  ports: VerifyNowPorts,
  payment: Payment,
  principal: Principal,
  deadline: number,
): Promise<{ payment: Payment; quota: Quota }> {
  const verdict = await ports.limiter.take(nameOf(principal));
  if (!verdict.allowed) throw new RateLimited(verdict);
  const [attempt = payment.attempt] = attemptsToLookAt(payment, ports.clock.now());
  const resolved = await resolve(ports, txRefOf(payment.ref, attempt), "asked", deadline);
  const after = resolved.came === "unknown" ? payment : (resolved.payment ?? payment);
  const isUnanswered = resolved.came === "looked" && after.unreachableSince !== undefined;
  if (isUnanswered) throw new GatewayUnavailable(RETRY_SECONDS);
  return { payment: after, quota: verdict.quota };
}
