import { randomUUID } from "node:crypto";
import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createRefundsClosed } from "../lib/composition/closed.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { PaymentDetail, ReviewRequest } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { decideReview } from "../lib/flows/decide-review.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { endsOf } from "../lib/http/review-request.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RefundLimitTable } from "../lib/table/refund-limits.ts";

const env = readEnv(FUNCTIONS["review-payment"].env);
const client = documentClient();
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, createGatewaySecret(env)),
  policy: createPolicy(env),
  limits: new RefundLimitTable(client, env.TABLE_NAME),
  closed: createRefundsClosed(env, client, auth),
  dailyLimit: env.REFUND_DAILY_LIMIT,
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body, deadline }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const { decision, reason, version, captures } = parseRequest("body", ReviewRequest, body);
  const words = { decision, reason, version, ...endsOf(captures), by };
  const decided = await decideReview(ports, payment, words, deadline);
  return json(200, PaymentDetail, toDetail(decided, ports.policy, { showsAll: true, now: systemClock.now() }));
});
