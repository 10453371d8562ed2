import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { findByRequest } from "../lib/flows/find-by-request.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { toCheckoutResponse, toStatusResponse } from "../lib/http/payment-response.ts";
import { requestAt } from "../lib/http/request-path.ts";
import { prime } from "../lib/runtime/prime.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";
import { RequestTable } from "../lib/table/requests.ts";

const env = readEnv(FUNCTIONS["get-payment-by-request"].env);
const client = documentClient();
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const ports = {
  requests: new RequestTable(client, env.TABLE_NAME),
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  namespace: async () => (await auth.get()).namespace,
};

await prime(
  () => auth.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const { mayPay, ...request } = requestAt(event, principal);
  const payment = await findByRequest(ports, request);
  const body = mayPay ? toCheckoutResponse(payment, request.requestId, env.BASE_URL) : toStatusResponse(payment);
  return json(200, PaymentResponse, { ...body, request_id: request.requestId });
});
