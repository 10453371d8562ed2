import { DependencyUnavailable } from "../domain/errors.ts";
import { MINUTE_MS } from "../domain/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayHealth, GatewayHealthTable } from "../table/gateway-health.ts";

/** How we are; `…Error` says what is wrong in words. */
export type Health = {
  isHealthy: boolean;
  db: "ok" | "error";
  dbError?: string;
  chapa: "ok" | "error" | "unknown";
  chapaError?: string;
};

export type HealthPorts = { gatewayHealth: Pick<GatewayHealthTable, "last">; clock: Pick<Clock, "now"> };

// The sweep asks every minute; an older answer means that it does not run.
const FRESH_MS = 5 * MINUTE_MS;

export async function reportHealth({ gatewayHealth, clock }: HealthPorts): Promise<Health> {
  try {
    const chapa = judge(await gatewayHealth.last(), clock.now());
    return { isHealthy: chapa.chapa === "ok", db: "ok", ...chapa };
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    const chapaError = "what is known of it is in the table";
    return { isHealthy: false, db: "error", dbError: error.message, chapa: "unknown", chapaError };
  }
}

function judge(known: GatewayHealth | undefined, now: number): Pick<Health, "chapa" | "chapaError"> {
  if (!known) return { chapa: "unknown", chapaError: "nobody has asked it yet" };
  if (now - known.at > FRESH_MS) {
    return { chapa: "unknown", chapaError: `last asked at ${new Date(known.at).toISOString()}` };
  }
  return known.isReachable ? { chapa: "ok" } : { chapa: "error", chapaError: "it did not answer when last asked" };
}
