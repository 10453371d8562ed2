import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { Env } from "../contract/env.ts";
import type { AuthSecret } from "../contract/secrets.ts";
import type { Principal } from "../domain/principal.ts";
import { authenticate, type Credentials } from "../http/principal.ts";
import { VerifiedUsers } from "../redis/verified-users.ts";
import { call } from "../runtime/call.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secrets.ts";
import { confirmUser } from "../services/confirm-user.ts";
import { UserManagement } from "../services/user-management.ts";
import { createHashKey, createRedis } from "./redis.ts";

/** Returns the function that authenticates callers of routes that are not public. */
export function createAuthenticate(
  env: Pick<Env, "USER_MANAGEMENT_URL" | "TOKEN_VERIFY">,
  secret: Secret<AuthSecret>,
): (event: APIGatewayProxyEventV2) => Promise<Principal> {
  const users = new UserManagement(env.USER_MANAGEMENT_URL, call);
  const cache = new VerifiedUsers(createRedis(secret), createHashKey(secret), systemClock);
  const confirmation = { users, mode: env.TOKEN_VERIFY, cache };
  const ports: Parameters<typeof authenticate>[1] = {
    credentials: {
      get: async () => credentialsOf(await secret.get()),
      renewed: async () => credentialsOf(await secret.renewed()),
    },
    confirm: (token, claims, expiresAt) => confirmUser(confirmation, token, claims, expiresAt),
  };
  return (event) => authenticate(event, ports);
}

function credentialsOf({ jwt_secret, jwt_secret_previous, api_keys }: AuthSecret): Credentials {
  return { jwtSecrets: [jwt_secret, jwt_secret_previous ?? []].flat(), apiKeys: api_keys };
}
