import { RateLimited, WrongLogin } from "../domain/errors.ts";
import type { Refusal, Verdict } from "../runtime/rate-limit.ts";
import type { LoginTokens, UserManagement } from "../services/user-management.ts";

export type LogInPorts = {
  users: Pick<UserManagement, "login">;
  limiter: { take(caller: string): Promise<Verdict>; refused(caller: string): Refusal | undefined };
};

/**
 * Passes a login on to User Management. To slow down guessing, each user name has a limit of tries, and each address
 * one of failures: many people share an address, so their successes do not count.
 * @throws RateLimited, WrongLogin, DependencyUnavailable
 */
export async function logIn(
  { users, limiter }: LogInPorts,
  login: { username: string; password: string },
  sourceIp: string,
): Promise<LoginTokens> {
  const address = `ip ${sourceIp}`;
  const known = limiter.refused(address);
  if (known) throw new RateLimited(known);
  const tries = await limiter.take(`name ${login.username.trim().toLowerCase()}`);
  if (!tries.allowed) throw new RateLimited(tries);
  const tokens = await users.login(login);
  if (tokens) return tokens;
  const failures = await limiter.take(address);
  throw failures.allowed ? new WrongLogin() : new RateLimited(failures);
}
