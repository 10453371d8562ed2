import type { ChapaClient } from "../chapa/client.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayHealthTable } from "../table/gateway-health.ts";

export type CheckGatewayPorts = {
  chapa: Pick<ChapaClient, "isReachable">;
  gatewayHealth: Pick<GatewayHealthTable, "record">;
  clock: Pick<Clock, "now">;
};

const CHECK_MS = 4_000;

/** Asks Chapa whether it is there, and keeps the answer for whoever wants to know how we are. */
export async function checkGateway({ chapa, gatewayHealth, clock }: CheckGatewayPorts): Promise<void> {
  const isReachable = await chapa.isReachable(CHECK_MS);
  await gatewayHealth.record({ isReachable, at: clock.now() });
}
