import type { Env } from "../contract/env.ts";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Uuid } from "../domain/ids.ts";
import type { UserPrincipal } from "../domain/principal.ts";
import type { UserManagement } from "./user-management.ts";

/** Confirmed a moment ago. */
type Known = { userId: Uuid; role: string };

export type ConfirmPorts = {
  users: Pick<UserManagement, "verify">;
  /** Whose word counts: User Management's, the token's, or the token's only while User Management does not answer. */
  mode: Env["TOKEN_VERIFY"];
  /** Answers of the last minute; they are good while User Management is away, too. */
  cache: {
    find: (token: string) => Promise<Known | undefined>;
    keep: (token: string, user: Known, expiresAt: number) => Promise<void>;
  };
};

/**
 * The user behind a token, as far as the mode asks: the role may have changed, or the user been deleted, since the
 * token was signed.
 * @param expiresAt when the token ends, epoch ms
 * @returns undefined when User Management refuses the token
 * @throws DependencyUnavailable when it must be asked and does not answer
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
    // What a token says about an administrator is not enough while nobody confirms it.
    const isEnough = mode === "remote-with-fallback" && claims.role !== "admin";
    if (error instanceof DependencyUnavailable && isEnough) return claims;
    throw error;
  }
}
