import { createChapa } from "../lib/composition/chapa.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ListingMessage, ResolveMessage } from "../lib/contract/queues.ts";
import { checkGateway } from "../lib/flows/check-gateway.ts";
import { publishAttention } from "../lib/flows/publish-attention.ts";
import { countCalls } from "../lib/flows/steps/count-calls.ts";
import { sweep } from "../lib/flows/sweep.ts";
import { PayerMessages } from "../lib/queue/payer-messages.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { scheduled } from "../lib/runtime/invocation.ts";
import { log } from "../lib/runtime/logger.ts";
import { count, gauge } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { GatewayHealthTable } from "../lib/table/gateway-health.ts";
import { DUE_SHARDS, FLAG_SHARDS } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["timeout-payments"].env);
const sqs = sqsClient();
const client = documentClient();
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  shards: DUE_SHARDS,
  resolve: new Queue<ResolveMessage>(sqs, env.RESOLVE_QUEUE_URL),
  listing: new Queue<ListingMessage>(sqs, env.LISTING_QUEUE_URL),
  notification: new PayerMessages(sqs, env),
  policy: createPolicy(env),
  clock: systemClock,
  log,
  count,
  gauge,
  flagShards: FLAG_SHARDS,
  totals: new TotalsTable(client, env.TABLE_NAME),
  gatewayHealth: new GatewayHealthTable(client, env.TABLE_NAME),
  chapa: createChapa(env, createGatewaySecret(env)),
};

async function sweepAndMeasure(deadline: number) {
  try {
    return await sweep(ports, deadline);
  } finally {
    // Also after a failed sweep, so that a person still knows of what waits for them.
    await publishAttention(ports);
  }
}

export const handler = scheduled(async (deadline) => {
  const done = await sweepAndMeasure(deadline);
  await countCalls(ports, { timeout_jobs_run: 1 });
  // Last, so that due payments do not wait for a health check.
  await checkGateway(ports);
  return done;
});
