import { HealthResponse, UnhealthyResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { VERSION } from "../lib/contract/version.ts";
import { reportHealth } from "../lib/flows/report-health.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { problemOf } from "../lib/http/problem.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { GatewayHealthTable } from "../lib/table/gateway-health.ts";

const env = readEnv(FUNCTIONS["get-health"].env);
const ports = { gatewayHealth: new GatewayHealthTable(documentClient(), env.TABLE_NAME), clock: systemClock };

export const handler = endpoint("nothing", async ({ requestId }) => {
  const { isHealthy, db, dbError, chapa, chapaError } = await reportHealth(ports);
  const version = VERSION;
  if (isHealthy) return json(200, HealthResponse, { status: "healthy", db: "ok", chapa_api: "ok", version });
  const found = { db, db_error: dbError, chapa_api: chapa, chapa_api_error: chapaError, version };
  const body = {
    ...problemOf("unhealthy"),
    detail: { status: "unhealthy", ...found },
    request_id: requestId,
    ...found,
  };
  return json(503, UnhealthyResponse, body, { "content-type": "application/problem+json" });
});
