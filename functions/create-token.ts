import { createLimiter } from "../lib/composition/limiter.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { LoginRequest, TokenResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { logIn } from "../lib/flows/log-in.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { formBody } from "../lib/http/form-body.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { call } from "../lib/runtime/call.ts";
import { prime } from "../lib/runtime/prime.ts";
import { UserManagement } from "../lib/services/user-management.ts";

const env = readEnv(FUNCTIONS["create-token"].env);
const auth = createAuthSecret(env);
const ports = {
  users: new UserManagement(env.USER_MANAGEMENT_URL, call),
  limiter: createLimiter({ name: "token", limit: env.RATE_LIMIT_TOKEN }, auth),
};

await prime(() => auth.get());

export const handler = endpoint("raw", async ({ event }) => {
  const login = parseRequest("body", LoginRequest, await formBody(event));
  return json(200, TokenResponse, await logIn(ports, login, event.requestContext.http.sourceIp));
});
