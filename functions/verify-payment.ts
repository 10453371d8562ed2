import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { PaymentDetail } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { verifyNow } from "../lib/flows/verify-now.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { quotaHeaders } from "../lib/http/quota-headers.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";

const env = readEnv(FUNCTIONS["verify-payment"].env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const client = documentClient();
const authenticate = createAuthenticate(env, auth);
const VERIFICATIONS_PER_MINUTE = 30;
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, gateway),
  limiter: createLimiter({ name: "verify", limit: VERIFICATIONS_PER_MINUTE }, auth),
  policy: createPolicy(env),
  clock: systemClock,
  log,
  count,
};

await prime(
  () => auth.get(),
  () => gateway.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event, deadline }) => {
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const verified = await verifyNow(ports, payment, principal, deadline);
  return json(
    200,
    PaymentDetail,
    toDetail(verified.payment, ports.policy, { showsAll: true, now: systemClock.now() }),
    quotaHeaders(verified.quota),
  );
});
