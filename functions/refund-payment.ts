import { randomUUID } from "node:crypto";
import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createRefundsClosed } from "../lib/composition/closed.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { PaymentDetail, RefundOutcomeRequest } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { recordRefundOutcome, refundPayment } from "../lib/flows/refund-payment.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { refundAsked, refundAt } from "../lib/http/refund-request.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RefundLimitTable } from "../lib/table/refund-limits.ts";

const env = readEnv(FUNCTIONS["refund-payment"].env);
const client = documentClient();
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  limits: new RefundLimitTable(client, env.TABLE_NAME),
  closed: createRefundsClosed(env, client, auth),
  chapa: createChapa(env, createGatewaySecret(env)),
  policy: createPolicy(env),
  dailyLimit: env.REFUND_DAILY_LIMIT,
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body, deadline }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const refund = refundAt(event);
  if (refund !== undefined) {
    const outcome = parseRequest("body", RefundOutcomeRequest, body);
    const decided = await recordRefundOutcome(ports, payment, refund, { ...outcome, by });
    return json(200, PaymentDetail, toDetail(decided, ports.policy, { showsAll: true, now: ports.clock.now() }));
  }
  const refunded = await refundPayment(ports, payment, { ...refundAsked(event, body), by }, deadline);
  return json(200, PaymentDetail, toDetail(refunded, ports.policy, { showsAll: true, now: ports.clock.now() }));
});
