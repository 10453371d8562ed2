import type { ChapaClient } from "../chapa/client.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Count } from "../runtime/metrics.ts";
import type { GatewayHealthTable } from "../table/gateway-health.ts";

export type CheckGatewayPorts = {
  chapa: Pick<ChapaClient, "isReachable" | "current">;
  gatewayHealth: Pick<GatewayHealthTable, "record">;
  clock: Pick<Clock, "now">;
  count: Count;
  policy: Pick<Policy, "expectedMode">;
};

const CHECK_MS = 4_000;

/** Checks whether Chapa answers, for health requests, and whether its key is of the stage's mode. */
export async function checkGateway(ports: CheckGatewayPorts): Promise<void> {
  const { chapa, gatewayHealth, clock } = ports;
  const isReachable = await chapa.isReachable(CHECK_MS);
  await gatewayHealth.record({ isReachable, at: clock.now() });
  if ((await chapa.current()).mode !== ports.policy.expectedMode) ports.count("KeyModeWrong");
}
