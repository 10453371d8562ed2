import { errorName } from "../../domain/errors.ts";
import type { Calls } from "../../domain/totals.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/logger.ts";
import type { TotalsTable } from "../../table/totals.ts";

export type CountPorts = { totals: Pick<TotalsTable, "count">; clock: Pick<Clock, "now">; log: Log };

/** Counts calls for the metrics. A lost count is only logged, because it must not fail the call. */
export async function countCalls({ totals, clock, log }: CountPorts, calls: Partial<Calls>): Promise<void> {
  try {
    await totals.count(calls, clock.now());
  } catch (error) {
    log.warn("totals_not_counted", { error: errorName(error) });
  }
}
