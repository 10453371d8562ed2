import type { Env } from "../contract/env.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import { count } from "../runtime/metrics.ts";
import { documentClient } from "../table/client.ts";
import { dayBuckets } from "../table/keys.ts";
import { PaymentTable } from "../table/payments.ts";
import { ProgressTable } from "../table/progress.ts";
import { TotalsTable } from "../table/totals.ts";
import { createChapa } from "./chapa.ts";
import { createPolicy } from "./policy.ts";
import { createGatewaySecret } from "./secrets.ts";

/** Returns what a comparison with Chapa's list needs, by schedule or when a person asks. */
export function createReconcilePorts(
  env: Pick<Env, "TABLE_NAME" | "TX_STAGE" | "RECONCILE_PAGES"> &
    Parameters<typeof createChapa>[0] &
    Parameters<typeof createPolicy>[0] &
    Parameters<typeof createGatewaySecret>[0],
) {
  const client = documentClient();
  return {
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
}
