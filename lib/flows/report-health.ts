import { DependencyUnavailable } from "../domain/errors.ts";
import { MINUTE_MS } from "../domain/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayHealth, GatewayHealthTable } from "../table/gateway-health.ts";

/** The health of this service; `dbError` and `chapaError` say in words what is wrong. */
export type Health = {
  isHealthy: boolean;
  db: "ok" | "error";
  dbError?: string;
  chapa: "ok" | "error" | "unknown";
  chapaError?: string;
};

export type HealthPorts = { gatewayHealth: Pick<GatewayHealthTable, "last">; clock: Pick<Clock, "now"> };

// The sweep checks every minute. An older result means that the sweep does not run.
const FRESH_MS = 5 * MINUTE_MS;

export async function reportHealth({ gatewayHealth, clock }: HealthPorts): Promise<Health> {
  try {
    const chapa = judge(await gatewayHealth.last(), clock.now());
    return { isHealthy: chapa.chapa === "ok", db: "ok", ...chapa };
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    const chapaError = "its last check cannot be read from the table";
    return { isHealthy: false, db: "error", dbError: error.message, chapa: "unknown", chapaError };
  }
}

function judge(known: GatewayHealth | undefined, now: number): Pick<Health, "chapa" | "chapaError"> {
  if (!known) return { chapa: "unknown", chapaError: "it has not been checked yet" };
  if (now - known.at > FRESH_MS) {
    return { chapa: "unknown", chapaError: `last checked at ${new Date(known.at).toISOString()}` };
  }
  return known.isReachable ? { chapa: "ok" } : { chapa: "error", chapaError: "it did not answer the last check" };
}
