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
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["cancel-payment"].env);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const CANCELS_PER_MINUTE = 10;
const limiter = createLimiter({ name: "cancel", limit: CANCELS_PER_MINUTE }, auth);
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, createGatewaySecret(env)),
  policy: createPolicy(env),
  clock: systemClock,
  log,
  count,
};

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event, deadline }) => {
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const verdict = await limiter.take(nameOf(principal));
  if (!verdict.allowed) throw new RateLimited(verdict);
  const by = principal.kind === "user" ? `cancel:${principal.role}` : "cancel:service";
  return json(200, PaymentResponse, toStatusResponse(await cancel(ports, payment, by, deadline)));
});
