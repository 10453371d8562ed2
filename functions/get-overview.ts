import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { OverviewResponse } from "../lib/contract/reports.ts";
import { readOverview } from "../lib/flows/read-overview.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { toOverview } from "../lib/http/overview-response.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { GatewayHealthTable } from "../lib/table/gateway-health.ts";
import { DUE_SHARDS, FLAG_SHARDS } from "../lib/table/keys.ts";
import { NotificationPauseTable } from "../lib/table/notification-pause.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { TableIdentity } from "../lib/table/table-identity.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["get-overview"].env);
const client = documentClient();
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const identity = new TableIdentity(client, env.TABLE_NAME, systemClock);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  shards: DUE_SHARDS,
  flagShards: FLAG_SHARDS,
  totals: new TotalsTable(client, env.TABLE_NAME),
  gatewayHealth: new GatewayHealthTable(client, env.TABLE_NAME),
  pause: new NotificationPauseTable(client, env.TABLE_NAME),
  stop: async () => identity.read((await auth.get()).namespace),
  policy: createPolicy(env),
  clock: systemClock,
};

export const handler = authenticatedEndpoint(authenticate, "nothing", async () =>
  json(200, OverviewResponse, toOverview(await readOverview(ports))),
);
