import type { ResolveMessage } from "../contract/queues.ts";
import { DependencyUnavailable, errorName } from "../domain/errors.ts";
import { txRefOf } from "../domain/ids.ts";
import { isSettledUnpaid, openedAttempts, type Payment } from "../domain/payment.ts";
import { SECOND_MS } from "../domain/time.ts";
import { attemptsToAsk } from "../domain/verification-schedule.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import { isWanted } from "./resolve.ts";
import { paymentFields } from "./steps/payment-fields.ts";

export type ReadRepairPorts = {
  resolve: Pick<Queue<ResolveMessage>, "send">;
  /** Keeps many readers of one payment from causing many verifications. */
  bucket: { take(key: string): Promise<Verdict> };
  clock: Pick<Clock, "now">;
  log: Log;
};

const STALE_MS = 15 * SECOND_MS;

/**
 * Requests a verification if the payment that was read may be outdated: it is pending, or settled unpaid while money
 * may still arrive. The reader does not wait for it.
 */
export async function readRepair(ports: ReadRepairPorts, payment: Payment): Promise<void> {
  if (!mayBeOutdated(payment, ports.clock.now())) return;
  if (!(await ports.bucket.take(payment.ref)).allowed) return;
  try {
    // Money may lie on an older link.
    for (const attempt of isSettledUnpaid(payment) ? attemptsToAsk(payment) : [payment.attempt]) {
      await ports.resolve.send({ message: { tx_ref: txRefOf(payment, attempt), trigger: "read" } });
    }
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    ports.log.warn("verification_not_requested", { ...paymentFields(payment), error: errorName(error) });
  }
}

function mayBeOutdated(payment: Payment, now: number): boolean {
  const latest = payment.attempts[payment.attempt];
  if (payment.state === "PENDING" && latest) {
    return now - Math.max(latest.openedAt, payment.verifiedAt ?? 0) >= STALE_MS;
  }
  const isAwaited = openedAttempts(payment).some(({ verifyAt }) => verifyAt !== undefined);
  return isSettledUnpaid(payment) && isAwaited && isWanted(payment, "read", now);
}
