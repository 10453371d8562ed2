import { createChapa } from "../lib/composition/chapa.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { reconcile } from "../lib/flows/reconcile.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { scheduled } from "../lib/runtime/invocation.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { dayBuckets } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { ProgressTable } from "../lib/table/progress.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["reconcile-payments"].env);
const client = documentClient();
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

export const handler = scheduled((deadline) => reconcile(ports, deadline));
