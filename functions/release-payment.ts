import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentDetail, ReleaseRequest } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { releasePayment } from "../lib/flows/release.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["release-payment"].env);
const authenticate = createAuthenticate(env, createAuthSecret(env));
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  policy: createPolicy(env),
  clock: systemClock,
  log,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const released = await releasePayment(ports, payment, { ...parseRequest("body", ReleaseRequest, body), by });
  return json(200, PaymentDetail, toDetail(released, ports.policy, { showsAll: true, now: systemClock.now() }));
});
