import type { Env } from "../contract/env.ts";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { UserPrincipal } from "../domain/principal.ts";
import type { UserManagement } from "./user-management.ts";

export type ConfirmPorts = {
  users: Pick<UserManagement, "verify">;
  /** Whose word counts: User Management's, the token's, or the token's only while User Management does not answer. */
  mode: Env["TOKEN_VERIFY"];
};

/**
 * The user behind a token, as far as the mode asks: he may have lost his role, or been deleted, since it was signed.
 * @returns undefined when User Management refuses the token
 * @throws DependencyUnavailable when it must be asked and does not answer
 */
export async function confirmUser(
  { users, mode }: ConfirmPorts,
  token: string,
  claims: UserPrincipal,
): Promise<UserPrincipal | undefined> {
  if (mode === "local") return claims;
  try {
    const user = await users.verify(token);
    return user && { kind: "user", ...user };
  } catch (error) {
    // What a token says about an administrator is not enough while nobody confirms it.
    const isEnough = mode === "remote-with-fallback" && claims.role !== "admin";
    if (error instanceof DependencyUnavailable && isEnough) return claims;
    throw error;
  }
}
