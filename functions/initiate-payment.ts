import { randomUUID } from "node:crypto";
import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createChapa } from "../lib/composition/chapa.ts";
import { createContacts } from "../lib/composition/contacts.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { createUserDirectory } from "../lib/composition/user-directory.ts";
import { PaymentResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { initiate } from "../lib/flows/initiate.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { InitiateBody, toCommand } from "../lib/http/initiate-request.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toCheckoutResponse } from "../lib/http/payment-response.ts";
import { quotaHeaders } from "../lib/http/quota-headers.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RequestTable } from "../lib/table/requests.ts";
import { TableIdentity } from "../lib/table/table-identity.ts";

const env = readEnv(FUNCTIONS["initiate-payment"].env);
const client = documentClient();
const gateway = createGatewaySecret(env);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
// Of fees that have a payment: such a press opens nothing.
const PRESSES_PER_MINUTE = 120;
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  requests: new RequestTable(client, env.TABLE_NAME),
  contacts: createContacts(env, client, gateway),
  chapa: createChapa(env, gateway),
  customers: createUserDirectory(env, gateway),
  limiter: createLimiter({ name: "initiate", limit: env.RATE_LIMIT_INITIATE }, auth),
  presses: createLimiter({ name: "presses", limit: PRESSES_PER_MINUTE }, auth),
  namespace: async () => (await auth.get()).namespace,
  priceBook: env.PRICE_BOOK,
  policy: createPolicy(env),
  identity: new TableIdentity(client, env.TABLE_NAME, systemClock),
  baseUrl: env.BASE_URL,
  txStage: env.TX_STAGE,
  clock: systemClock,
  log,
  count,
};

// A lease ends shortly after its invocation, so that no other caller takes over while the invocation still runs.
const LEASE_MARGIN_MS = 2_000;

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body, ...call }) => {
  const { requestId, deadline, endsAt } = call;
  const command = toCommand(parseRequest("body", InitiateBody, body), event, principal, randomUUID);
  const run = { me: requestId, deadline, leaseUntil: endsAt + LEASE_MARGIN_MS };
  const { payment, replayed, quota } = await initiate(ports, command, run);
  const headers = { ...quotaHeaders(quota), ...(replayed ? { "idempotent-replayed": "true" } : {}) };
  return json(202, PaymentResponse, toCheckoutResponse(payment, command.requestId, env.BASE_URL), headers);
});
