import type { ChapaClient } from "../chapa/client.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ProbeTable } from "../table/probes.ts";

export type ProbePorts = {
  chapa: Pick<ChapaClient, "isReachable">;
  probes: Pick<ProbeTable, "record">;
  clock: Pick<Clock, "now">;
};

const PROBE_MS = 4_000;

/** Asks Chapa whether it is there, and keeps the answer for whoever wants to know how we are. */
export async function probe({ chapa, probes, clock }: ProbePorts): Promise<void> {
  const isReachable = await chapa.isReachable(PROBE_MS);
  await probes.record({ isReachable, at: clock.now() });
}
