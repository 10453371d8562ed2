import { HOUR_MS, SECOND_MS } from "../domain/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Gauge } from "../runtime/metrics.ts";
import type { PaymentTable } from "../table/payments.ts";

export type PublishAttentionPorts = {
  payments: Pick<PaymentTable, "flagged">;
  flagShards: readonly string[];
  clock: Pick<Clock, "now">;
  gauge: Gauge;
};

/** Payments that are counted in each bucket. Beyond it the number only means: far too many. */
const COUNTED_LIMIT = 500;
/** An entry that another function's clock dates ahead counts, too. */
const CLOCKS_DIFFER_MS = HOUR_MS;

/**
 * Publishes how many payments need a person, and how many seconds the oldest has waited; 0 and 0 if none does. It reads
 * the table, so a lost stream record hides nothing, and the alarm lasts until a person answers.
 */
export async function publishAttention({ payments, flagShards, clock, gauge }: PublishAttentionPorts): Promise<void> {
  const now = clock.now();
  const found = await Promise.all(
    flagShards.map((shard) => payments.flagged(shard, { from: 0, to: now + CLOCKS_DIFFER_MS }, COUNTED_LIMIT)),
  );
  const since = found.flat().map(({ at }) => at);
  gauge("OpenAttention", since.length);
  gauge("OldestAttentionSeconds", Math.floor((now - Math.min(now, ...since)) / SECOND_MS));
}
