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

/** Another program of ours, known by its API key or its AWS identity, and how much it may call in a minute. */
export type ServicePrincipal = { kind: "service"; name: string; roles: readonly string[]; callsPerMinute: number };

/** An authenticated caller. */
export type Principal = UserPrincipal | ServicePrincipal;

// Programs with one of these roles, and users who are administrators, act for others.
const FOR_OTHERS: readonly string[] = ["service", "admin"];

/** Whether the caller may act for other users. The role of a program decides, not that it is one. */
export function isPrivileged(principal: Principal): boolean {
  return principal.kind === "service"
    ? principal.roles.some((role) => FOR_OTHERS.includes(role))
    : principal.role === "admin";
}

/**
 * Whether the caller may see what belongs to a user. Users see their own; administrators and programs that act for others
 * see everything.
 */
export function mayRead(principal: Principal, ownerId: Uuid | undefined): boolean {
  return isPrivileged(principal) || (principal.kind === "user" && principal.userId === ownerId);
}

/**
 * Whether the caller may decide about money. Where people are named, no other administrator may; a program is named by its
 * role.
 */
export function mayDecide(principal: Principal, operators: readonly string[]): boolean {
  if (!isPrivileged(principal)) return false;
  return principal.kind === "service" || operators.length === 0 || operators.includes(principal.userId);
}

const AS = "/as:";

/**
 * Returns the caller as a word of the history, without spaces.
 * @param as for whom a program says that it asks
 */
export function wordOf(principal: Principal, as?: string | null): string {
  const word = nameOf(principal).replaceAll(/\s/g, ":");
  return as == null ? word : `${word}${AS}${as}`;
}

/** Returns the caller of a word of the history, whose limits count, without the person for whom a program asked. */
export function callerOf(word: string): string {
  return word.split(AS)[0] ?? word;
}

/** Returns a unique name of the caller, for rate limits. */
export function nameOf(principal: Principal): string {
  return principal.kind === "user" ? `user ${principal.userId}` : `service ${principal.name}`;
}

/** Returns a program's own limit; undefined for a user, whose limit is everyone's. */
export function callsPerMinuteOf(principal: Principal): number | undefined {
  return principal.kind === "service" ? principal.callsPerMinute : undefined;
}
