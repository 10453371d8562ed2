import { PaymentResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { PaymentNotFound } from "../lib/domain/errors.ts";
import { requestHash } from "../lib/domain/ids.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { toCheckoutResponse, toStatusResponse } from "../lib/http/payment-response.ts";
import { requestAt } from "../lib/http/request-path.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RequestTable } from "../lib/table/requests.ts";
import { authSecretOf, createAuthenticate } from "../lib/wiring/parts.ts";

const env = readEnv(FUNCTIONS["get-payment-by-request"].env);
const client = documentClient();
const payments = new PaymentTable(client, env.TABLE_NAME);
const requests = new RequestTable(client, env.TABLE_NAME);
const auth = authSecretOf(env);
const authenticate = createAuthenticate(env, auth);

export const handler = endpoint("nothing", async ({ event }) => {
  const { userId, requestId, mayPay } = requestAt(event, await authenticate(event));
  const { namespace } = await auth.get();
  const request = await requests.find(requestHash(namespace, userId, requestId));
  const payment = request && (await payments.find(request.ref));
  if (!payment) throw new PaymentNotFound();
  const body = mayPay ? toCheckoutResponse(payment, requestId, env.BASE_URL) : toStatusResponse(payment);
  return json(200, PaymentResponse, { ...body, request_id: requestId });
});
