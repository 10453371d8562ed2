import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { PaymentResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { RateLimited } from "../lib/domain/errors.ts";
import { nameOf } from "../lib/domain/principal.ts";
import { cancel } from "../lib/flows/cancel.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { toStatusResponse } from "../lib/http/payment-response.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";

const env = readEnv(FUNCTIONS["cancel-payment"].env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const client = documentClient();
const authenticate = createAuthenticate(env, auth);
const CANCELS_PER_MINUTE = 10;
const limiter = createLimiter({ name: "cancel", limit: CANCELS_PER_MINUTE }, auth);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, gateway),
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
  const verdict = await limiter.take(nameOf(principal));
  if (!verdict.allowed) throw new RateLimited(verdict);
  const by = principal.kind === "user" ? `cancel:${principal.role}` : "cancel:service";
  return json(200, PaymentResponse, toStatusResponse(await cancel(ports, payment, by, deadline)));
});
