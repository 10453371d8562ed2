import type { ChapaClient } from "../chapa/client.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayHealthTable } from "../table/gateway-health.ts";

export type CheckGatewayPorts = {
  chapa: Pick<ChapaClient, "isReachable">;
  gatewayHealth: Pick<GatewayHealthTable, "record">;
  clock: Pick<Clock, "now">;
};

const CHECK_MS = 4_000;

/** Checks whether Chapa answers and stores the result for health requests. */
export async function checkGateway({ chapa, gatewayHealth, clock }: CheckGatewayPorts): Promise<void> {
  const isReachable = await chapa.isReachable(CHECK_MS);
  await gatewayHealth.record({ isReachable, at: clock.now() });
}
