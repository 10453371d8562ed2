import { RateLimited, WrongLogin } from "../domain/errors.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import type { LoginTokens, UserManagement } from "../services/user-management.ts";

export type LogInPorts = {
  users: Pick<UserManagement, "login">;
  limiter: { take(caller: string): Promise<Verdict> };
};

/**
 * Passes a login on to User Management. Calls are limited for each address and each user name, to slow down guessing.
 * @throws RateLimited, WrongLogin, DependencyUnavailable (also if the limit cannot be counted)
 */
export async function logIn(
  { users, limiter }: LogInPorts,
  login: { username: string; password: string },
  sourceIp: string,
): Promise<LoginTokens> {
  for (const caller of [`ip ${sourceIp}`, `name ${login.username.trim().toLowerCase()}`]) {
    const verdict = await limiter.take(caller);
    if (!verdict.allowed) throw new RateLimited(verdict);
  }
  const tokens = await users.login(login);
  if (!tokens) throw new WrongLogin();
  return tokens;
}
