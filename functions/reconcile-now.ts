import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { ReconcileRequest, ReconcileResponse } from "../lib/contract/actions.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { reconcile } from "../lib/flows/reconcile.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { dayBuckets } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { ProgressTable } from "../lib/table/progress.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["reconcile-now"].env);
const client = documentClient();
const authenticate = createAuthenticate(env, createAuthSecret(env));
const ANSWER_MS = 1_000;
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  progress: new ProgressTable(client, env.TABLE_NAME),
  totals: new TotalsTable(client, env.TABLE_NAME),
  chapa: createChapa(env, createGatewaySecret(env)),
  pagesLimit: env.RECONCILE_PAGES,
  bucketsOf: dayBuckets,
  policy: createPolicy(env),
  txStage: env.TX_STAGE,
  clock: systemClock,
  log,
  count,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, body, endsAt }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const { reason } = parseRequest("body", ReconcileRequest, body);
  log.info("reconcile_asked", { by, reason });
  const { kind, verifications, findings } = await reconcile(ports, endsAt - ANSWER_MS, true);
  return json(200, ReconcileResponse, { outcome: kind, verifications, findings });
});
