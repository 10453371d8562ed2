import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentStatus } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ResolveMessage } from "../lib/contract/queues.ts";
import { findOpenLink } from "../lib/flows/find-open-link.ts";
import { readRepair } from "../lib/flows/read-repair.ts";
import { countCalls } from "../lib/flows/steps/count-calls.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { tagged } from "../lib/http/etag.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { toPaymentStatus } from "../lib/http/payment-response.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { BufferedCounter } from "../lib/runtime/buffered-counter.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { prime } from "../lib/runtime/prime.ts";
import { RateLimiter } from "../lib/runtime/rate-limit.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["get-payment-status"].env);
const client = documentClient();
const payments = new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE);
const ports = { payments, clock: systemClock, policy: createPolicy(env) };
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const calls = { totals: new TotalsTable(client, env.TABLE_NAME), clock: systemClock, log };
const reads = new BufferedCounter((status_calls) => countCalls(calls, { status_calls }), systemClock);
const VERIFICATIONS_PER_MINUTE = 4;
const repair = {
  resolve: new Queue<ResolveMessage>(sqsClient(), env.RESOLVE_QUEUE_URL),
  bucket: new RateLimiter("reads", VERIFICATIONS_PER_MINUTE, systemClock),
  clock: systemClock,
  log,
};

await prime(
  () => auth.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  // Beside the read, and ended with the call: Lambda stops the process after it.
  const counted = reads.add();
  try {
    const payment = await paymentAt(event, principal, (ref) => payments.find(ref));
    const [link] = await Promise.all([findOpenLink(ports, payment), readRepair(repair, payment)]);
    return tagged(event, json(200, PaymentStatus, toPaymentStatus(payment, link, systemClock.now())));
  } finally {
    await counted;
  }
});
