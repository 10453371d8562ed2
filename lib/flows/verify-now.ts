import { GatewayUnavailable, type Quota, RateLimited } from "../domain/errors.ts";
import { checkoutRefOf } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import { callsPerMinuteOf, nameOf, type Principal } from "../domain/principal.ts";
import { attemptsToAsk } from "../domain/verification-schedule.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import { ask, type ResolvePorts, resolve } from "./resolve.ts";

export type VerifyNowPorts = ResolvePorts & { limiter: { take(caller: string, limit?: number): Promise<Verdict> } };

const RETRY_SECONDS = 5;

/**
 * Verifies a payment now, whatever the schedule says, because an administrator or a program asks for it: every opened
 * checkout whose last verification is to come.
 * @returns the payment after the verification, or as stored if it was verified a moment ago
 * @throws RateLimited, GatewayUnavailable if Chapa did not answer
 */
export async function verifyNow(
  ports: VerifyNowPorts,
  payment: Payment,
  principal: Principal,
  deadline: number,
): Promise<{ payment: Payment; quota: Quota }> {
  const verdict = await ports.limiter.take(nameOf(principal), callsPerMinuteOf(principal));
  if (!verdict.allowed) throw new RateLimited(verdict);
  const [first = payment.attempt, ...others] = attemptsToAsk(payment);
  const resolved = await resolve(ports, checkoutRefOf(payment, first), "manual", deadline);
  let after = resolved.kind === "unknown" ? payment : (resolved.payment ?? payment);
  if (resolved.kind === "verified") {
    for (const attempt of others) {
      if (after.unreachableSince !== undefined) break;
      const asked = await ask(ports, { ...checkoutRefOf(payment, attempt), payment: after }, "manual", deadline);
      after = asked.kind === "unknown" ? after : (asked.payment ?? after);
    }
    if (after.unreachableSince !== undefined) throw new GatewayUnavailable(RETRY_SECONDS);
  }
  return { payment: after, quota: verdict.quota };
}
