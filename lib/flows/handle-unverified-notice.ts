import type { ResolveMessage } from "../contract/queues.ts";
import { parseTxRef } from "../domain/ids.ts";
import type { Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import type { PaymentTable } from "../table/payments.ts";
import { isWanted } from "./resolve.ts";

export type UnverifiedNoticePorts = {
  payments: Pick<PaymentTable, "find">;
  resolve: Pick<Queue<ResolveMessage>, "send">;
  /** Keeps one process from queueing more than the shared budget allows. */
  bucket: { take(key: string): Promise<Verdict> };
  clock: Pick<Clock, "now">;
  txStage: string;
};

export type NoticeOutcome = "not_found" | "already_processed" | "processed";

/**
 * Handles a notice from a caller that is not authenticated: Chapa's callback, a browser, or a replayed constant header.
 * It causes at most one verification. If the bucket is empty, the schedule verifies the payment later.
 * @returns what happened, for the answer to the caller
 */
export async function handleUnverifiedNotice(ports: UnverifiedNoticePorts, reference: string): Promise<NoticeOutcome> {
  const parsed = parseTxRef(reference, ports.txStage);
  const payment = parsed && (await ports.payments.find(parsed.ref));
  if (!payment || parsed.attempt > payment.attempt) return "not_found";
  if (!isWanted(payment, "callback", ports.clock.now())) return "already_processed";
  const verdict = await ports.bucket.take("unverified");
  if (verdict.allowed) await ports.resolve.send({ message: { tx_ref: parsed.txRef, trigger: "callback" } });
  return "processed";
}
