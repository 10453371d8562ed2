import type { Env } from "../contract/env.ts";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Uuid } from "../domain/ids.ts";
import type { UserPrincipal } from "../domain/principal.ts";
import type { UserManagement } from "./user-management.ts";

/** A user whose token was confirmed within the last minute. */
type Known = { userId: Uuid; role: string };

export type ConfirmPorts = {
  users: Pick<UserManagement, "verify">;
  /**
   * What decides: User Management (`remote`), the token (`local`), or the token only while User Management does not
   * answer.
   */
  mode: Env["TOKEN_VERIFY"];
  /** Results of the last minute; they are also used while User Management does not answer. */
  cache: {
    find: (token: string) => Promise<Known | undefined>;
    keep: (token: string, user: Known, expiresAt: number) => Promise<void>;
  };
};

/**
 * Returns the user behind a token, confirmed as the mode requires: since the token was signed, the role may have
 * changed or the user may have been deleted.
 * @param expiresAt when the token expires, epoch ms
 * @returns undefined if User Management refuses the token
 * @throws DependencyUnavailable if User Management must confirm it and does not answer
 */
export async function confirmUser(
  { users, mode, cache }: ConfirmPorts,
  token: string,
  claims: UserPrincipal,
  expiresAt: number,
): Promise<UserPrincipal | undefined> {
  if (mode === "local") return claims;
  const known = await cache.find(token);
  if (known) return { ...claims, userId: known.userId, role: known.role };
  try {
    const user = await users.verify(token);
    if (user) await cache.keep(token, user, expiresAt);
    return user && { kind: "user", ...user };
  } catch (error) {
    // A token alone is not enough for an administrator.
    const isEnough = mode === "remote-with-fallback" && claims.role !== "admin";
    if (error instanceof DependencyUnavailable && isEnough) return claims;
    throw error;
  }
}
