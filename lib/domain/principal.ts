import type { Uuid } from "./ids.ts";

/** A user as the token or User Management describes them. `role` is lower case. */
export type UserPrincipal = {
  kind: "user";
  userId: Uuid;
  role: string;
  email: string | undefined;
  phone: string | undefined;
  language: string | undefined;
};

/** Another program of ours, known by its API key or its AWS identity. */
export type ServicePrincipal = { kind: "service"; name: string; roles: readonly string[] };

/** An authenticated caller. */
export type Principal = UserPrincipal | ServicePrincipal;

/** Whether the caller may act for other users. */
export function isPrivileged(principal: Principal): boolean {
  return principal.kind === "service" || principal.role === "admin";
}

/**
 * Whether the caller may see what belongs to a user. Users see their own; administrators and programs see everything.
 */
export function mayRead(principal: Principal, ownerId: Uuid | undefined): boolean {
  return isPrivileged(principal) || (principal.kind === "user" && principal.userId === ownerId);
}

/** Returns a unique name of the caller, for rate limits. */
export function nameOf(principal: Principal): string {
  return principal.kind === "user" ? `user ${principal.userId}` : `service ${principal.name}`;
}
