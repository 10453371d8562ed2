import { LoginRequest, TokenResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { logIn } from "../lib/flows/log-in.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { formBody } from "../lib/http/form-body.ts";
import { parsed } from "../lib/http/problem.ts";
import { call } from "../lib/runtime/call.ts";
import { UserManagement } from "../lib/services/user-management.ts";
import { authSecretOf, limiterOf } from "../lib/wiring/parts.ts";

const env = readEnv(FUNCTIONS["create-token"].env);
const ports = {
  users: new UserManagement(env.USER_MANAGEMENT_URL, call),
  limiter: limiterOf("token", env.RATE_LIMIT_TOKEN, "closed", authSecretOf(env)),
};

export const handler = endpoint("raw", async ({ event }) => {
  const login = parsed("body", LoginRequest, formBody(event));
  return json(200, TokenResponse, await logIn(ports, login, event.requestContext.http.sourceIp));
});
