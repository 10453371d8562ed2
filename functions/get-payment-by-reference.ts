import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentDetail, ReferencePath } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { isPrivileged, mayRead } from "../lib/domain/principal.ts";
import { findByReference } from "../lib/flows/find-by-reference.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { Forbidden } from "../lib/http/errors.ts";
import { tagged } from "../lib/http/etag.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["get-payment-by-reference"].env);
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  txStage: env.TX_STAGE,
};
const authenticate = createAuthenticate(env, createAuthSecret(env));
const policy = createPolicy(env);

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const { reference } = parseRequest("path", ReferencePath, event.pathParameters);
  const payment = await findByReference(ports, reference);
  if (!mayRead(principal, payment.userId)) throw new Forbidden("This payment is not yours.");
  const detail = toDetail(payment, policy, { showsAll: isPrivileged(principal), now: systemClock.now() });
  return tagged(event, json(200, PaymentDetail, detail));
});
