import type { ResolveMessage } from "../contract/queues.ts";
import { DependencyUnavailable, errorName } from "../domain/errors.ts";
import { txRefOf } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import { SECOND_MS } from "../domain/time.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Verdict } from "../runtime/rate-limit.ts";

export type ReadRepairPorts = {
  resolve: Pick<Queue<ResolveMessage>, "send">;
  /** Keeps many readers of one payment from asking for many looks. */
  bucket: { take(key: string): Promise<Verdict> };
  clock: Pick<Clock, "now">;
  log: Log;
};

const STALE_MS = 15 * SECOND_MS;

/** Whoever reads that a payment is still open, a while after Chapa was last asked, causes a look and waits for none. */
export async function readRepair(ports: ReadRepairPorts, payment: Payment): Promise<void> {
  const opened = payment.attempts[payment.attempt]?.openedAt;
  if (payment.state !== "PENDING" || opened === undefined) return;
  if (ports.clock.now() - Math.max(opened, payment.verifiedAt ?? 0) < STALE_MS) return;
  if (!(await ports.bucket.take(payment.ref)).allowed) return;
  try {
    await ports.resolve.send({ message: { tx_ref: txRefOf(payment.ref, payment.attempt), trigger: "read" } });
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    ports.log.warn("look_not_asked", { ref: payment.ref, error: errorName(error) });
  }
}
