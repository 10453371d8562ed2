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

/** Another program of ours, by its API key or its AWS identity. */
export type ServicePrincipal = { kind: "service"; name: string; roles: readonly string[] };

/** Who calls. */
export type Principal = UserPrincipal | ServicePrincipal;

/** Whether the caller acts for others. */
export function isPrivileged(principal: Principal): boolean {
  return principal.kind === "service" || principal.role === "admin";
}

/**
 * Whether the caller may see what belongs to this user: users see their own, administrators and programs everything.
 */
export function mayRead(principal: Principal, ownerId: Uuid | undefined): boolean {
  return isPrivileged(principal) || (principal.kind === "user" && principal.userId === ownerId);
}

/** One name for each caller, for what is counted by caller. */
export function nameOf(principal: Principal): string {
  return principal.kind === "user" ? `user ${principal.userId}` : `service ${principal.name}`;
}
