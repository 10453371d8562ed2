import { randomUUID } from "node:crypto";
import { createChapa } from "../lib/composition/chapa.ts";
import { createRefundsClosed } from "../lib/composition/closed.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { ResolveMessage } from "../lib/contract/queues.ts";
import { parseTxRef } from "../lib/domain/ids.ts";
import { speaksOfRefund } from "../lib/domain/refund-reports.ts";
import { comesBackAfter, type Resolved, resolve } from "../lib/flows/resolve.ts";
import { advanceRefunds } from "../lib/flows/steps/advance-refunds.ts";
import { countCalls } from "../lib/flows/steps/count-calls.ts";
import { keepSignedNotice } from "../lib/flows/steps/refund-reports.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { worker } from "../lib/queue/worker.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RefundLimitTable } from "../lib/table/refund-limits.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["resolve-payment"].env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const table = documentClient();
const ports = {
  payments: new PaymentTable(table, env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, gateway),
  budget: createLimiter({ name: "triggers", limit: env.RATE_LIMIT_TRIGGERS }, auth),
  policy: createPolicy(env),
  limits: new RefundLimitTable(table, env.TABLE_NAME),
  closed: createRefundsClosed(env, table, auth),
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};
const calls = { totals: new TotalsTable(table, env.TABLE_NAME), clock: systemClock, log };
const client = sqsClient();
const again = new Queue<ResolveMessage>(client, env.RESOLVE_QUEUE_URL);

// Not awaited: the first payment is read beside the secrets, because nobody verifies it without both.
void prime(
  () => auth.get(),
  () => gateway.get(),
);

/** One write for each batch: all notices are counted in the same row. */
function countNotices(messages: readonly ResolveMessage[]): Promise<void> {
  const notices = messages.filter(({ trigger }) => trigger === "webhook" || trigger === "callback");
  return notices.length === 0 ? Promise.resolve() : countCalls(calls, { webhook_calls: notices.length });
}

export const handler = worker(
  { schema: ResolveMessage, client, queueUrl: env.RESOLVE_QUEUE_URL, afterBatch: countNotices },
  async (message, { deadline, receives }) => {
    const checkout = parseTxRef(message.tx_ref, env.TX_STAGE);
    if (!checkout) return { kind: "done" };
    const resolved = await resolve(ports, checkout, message.trigger, deadline);
    // After Chapa's answer, so that no write comes before it.
    if (message.trigger === "webhook" && !isKept(message, resolved)) await keepSignedNotice(ports, checkout, message);
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

/** Whether all that the notice says was stored with the money that Chapa reported. */
function isKept({ reference, event }: ResolveMessage, resolved: Resolved): boolean {
  const result = resolved.kind === "verified" ? resolved.result : undefined;
  return result !== undefined && "facts" in result && result.facts.reference === reference && !speaksOfRefund(event);
}
