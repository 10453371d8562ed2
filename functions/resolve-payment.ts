import { randomUUID } from "node:crypto";
import { createChapa } from "../lib/composition/chapa.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { ResolveMessage } from "../lib/contract/queues.ts";
import { parseTxRef } from "../lib/domain/ids.ts";
import { comesBackAfter, resolve } from "../lib/flows/resolve.ts";
import { advanceRefunds } from "../lib/flows/steps/advance-refunds.ts";
import { countCalls } from "../lib/flows/steps/count-calls.ts";
import { keepSignedNotice } from "../lib/flows/steps/refund-reports.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { worker } from "../lib/queue/worker.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RefundLimitTable } from "../lib/table/refund-limits.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["resolve-payment"].env);
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, createGatewaySecret(env)),
  budget: createLimiter({ name: "triggers", limit: env.RATE_LIMIT_TRIGGERS }, createAuthSecret(env)),
  policy: createPolicy(env),
  limits: new RefundLimitTable(documentClient(), env.TABLE_NAME),
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};
const calls = { totals: new TotalsTable(documentClient(), env.TABLE_NAME), clock: systemClock, log };
const client = sqsClient();
const again = new Queue<ResolveMessage>(client, env.RESOLVE_QUEUE_URL);

// Notices of this process that are not counted yet. One write for each batch: all of them go to the same row.
let notices = 0;

async function countNotices(): Promise<void> {
  const webhook_calls = notices;
  notices = 0;
  await countCalls(calls, { webhook_calls });
}

export const handler = worker(
  { schema: ResolveMessage, client, queueUrl: env.RESOLVE_QUEUE_URL, afterBatch: countNotices },
  async (message, { deadline, receives }) => {
    if (message.trigger === "webhook" || message.trigger === "callback") notices++;
    const checkout = parseTxRef(message.tx_ref, env.TX_STAGE);
    if (!checkout) return { kind: "done" };
    const resolved = await resolve(ports, checkout, message.trigger, deadline);
    // After Chapa's answer, so that no write comes before it.
    if (message.trigger === "webhook") await keepSignedNotice(ports, checkout, message);
    if (resolved.kind === "verified" && resolved.payment?.refunds) {
      const isAnswered = resolved.result?.kind !== "unavailable";
      const payment = await ports.payments.find(checkout.ref);
      if (payment) await advanceRefunds(ports, payment, isAnswered, deadline);
    }
    // Sent as a new message, because another receive of the old one would count towards the dead-letter queue.
    if (resolved.kind === "suppressed") await again.send({ message, delaySeconds: Math.ceil(resolved.afterMs / 1000) });
    const delaySeconds = comesBackAfter(resolved, receives);
    return delaySeconds === undefined ? { kind: "done" } : { kind: "retry", delaySeconds };
  },
);
