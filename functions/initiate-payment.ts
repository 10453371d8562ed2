import { randomUUID } from "node:crypto";
import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createInitiatePorts, initiateRun } from "../lib/composition/initiate.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { PaymentResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { initiate } from "../lib/flows/initiate.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { InitiateBody, toCommand } from "../lib/http/initiate-request.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toCheckoutResponse } from "../lib/http/payment-response.ts";
import { quotaHeaders } from "../lib/http/quota-headers.ts";
import { warningsAbout } from "../lib/http/unknown-fields.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";

const env = readEnv(FUNCTIONS["initiate-payment"].env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const authenticate = createAuthenticate(env, auth);
// Of fees that have a payment: such a press opens nothing.
const PRESSES_PER_MINUTE = 120;
const ports = createInitiatePorts(
  env,
  { auth, gateway },
  {
    limiter: createLimiter({ name: "initiate", limit: env.RATE_LIMIT_INITIATE }, auth),
    presses: createLimiter({ name: "presses", limit: PRESSES_PER_MINUTE }, auth),
  },
);

await prime(
  () => auth.get(),
  () => gateway.get(),
  () => ports.identity.prime(),
);

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body, ...call }) => {
  const caller = { principal, operators: env.OPERATOR_IDS };
  const command = toCommand(parseRequest("body", InitiateBody, body), event, caller, randomUUID);
  const { payment, replayed, quota } = await initiate(ports, command, initiateRun(call));
  const headers = { ...quotaHeaders(quota), ...(replayed ? { "idempotent-replayed": "true" } : {}) };
  const answer = { ...toCheckoutResponse(payment, command.requestId, env.BASE_URL), ...warningsAbout(body) };
  return json(202, PaymentResponse, answer, headers);
});
