import type { Env } from "../contract/env.ts";
import type { GatewaySecret } from "../contract/secrets.ts";
import { call } from "../runtime/call.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secrets.ts";
import { UserDirectory } from "../services/user-directory.ts";
import { UserManagement } from "../services/user-management.ts";

/** Returns the directory that looks users up when a program asks on their behalf. */
export function createUserDirectory(
  env: Pick<Env, "USER_MANAGEMENT_URL" | "USER_LOOKUP_PATHS">,
  secret: Secret<GatewaySecret>,
): UserDirectory {
  const users = new UserManagement(env.USER_MANAGEMENT_URL, call);
  const signIn = async () => {
    const login = (await secret.get()).user_management_login;
    if (!login) return undefined;
    return (await users.login({ username: login.email, password: login.password }))?.access_token;
  };
  return new UserDirectory({
    baseUrl: env.USER_MANAGEMENT_URL,
    paths: env.USER_LOOKUP_PATHS,
    signIn,
    send: call,
    clock: systemClock,
  });
}
