import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { ResolveMessage } from "../lib/contract/queues.ts";
import { resolve } from "../lib/flows/resolve.ts";
import { sqsClient } from "../lib/queue/send.ts";
import { worker } from "../lib/queue/worker.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { RateLimiter } from "../lib/runtime/rate-limit.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { chapaOf, gatewaySecretOf, policyOf } from "../lib/wiring/parts.ts";

const env = readEnv(FUNCTIONS["resolve-payment"].env);
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME),
  chapa: chapaOf(env, gatewaySecretOf(env)),
  budget: new RateLimiter(env.RATE_LIMIT_TRIGGERS, systemClock),
  policy: policyOf(env),
  clock: systemClock,
  log,
  count,
};
const queue = { schema: ResolveMessage, client: sqsClient(), queueUrl: env.RESOLVE_QUEUE_URL };

export const handler = worker(queue, async ({ tx_ref, trigger }, { deadline }) => {
  const resolved = await resolve(ports, tx_ref, trigger, deadline);
  return resolved.came === "suppressed" ? { later: resolved.afterMs / 1000 } : "done";
});
