import { expect, test } from "vitest";
import { ROLES } from "../../lib/contract/routes.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import {
  callerOf,
  callsPerMinuteOf,
  isPrivileged,
  mayDecide,
  mayRead,
  nameOf,
  type ServicePrincipal,
  type UserPrincipal,
  wordOf,
} from "../../lib/domain/principal.ts";
import { FEE } from "../support/payments.ts";

const OTHER = Uuid.parse("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10");
const user: UserPrincipal = {
  kind: "user",
  userId: FEE.userId,
  role: "owner",
  email: undefined,
  phone: undefined,
  language: undefined,
};
const admin: UserPrincipal = { ...user, role: "admin" };
const program: ServicePrincipal = { kind: "service", name: "listing", roles: ["service"], callsPerMinute: 120 };

test("only administrators, and programs that have the role for it, act for others", () => {
  expect([user, admin, program].map(isPrivileged)).toEqual([false, true, true]);
  expect(isPrivileged({ ...program, roles: ["tenant", "admin"] })).toBe(true);
  expect([...ROLES].filter((role) => isPrivileged({ ...program, roles: [role] }))).toEqual(["admin", "service"]);
  expect(["", "service", "ADMIN"].some((role) => isPrivileged({ ...user, role }))).toBe(false);
});

test("a program without such a role reads nobody's payments", () => {
  expect(mayRead({ ...program, roles: ["tenant", "owner"] }, FEE.userId)).toBe(false);
  expect(mayRead({ ...program, roles: ["tenant"] }, undefined)).toBe(false);
});

test("only a program has a limit of its own", () => {
  expect([user, program].map(callsPerMinuteOf)).toEqual([undefined, 120]);
});

test("users read their own, administrators and programs read everything", () => {
  expect(mayRead(user, FEE.userId)).toBe(true);
  for (const owner of [OTHER, undefined]) {
    expect([user, admin, program].map((principal) => mayRead(principal, owner))).toEqual([false, true, true]);
  }
});

test("no two callers share a name, not even a program with a user's id as its name", () => {
  expect(nameOf(user)).toBe(`user ${FEE.userId}`);
  expect(nameOf(program)).toBe("service listing");
  expect(nameOf({ ...program, name: FEE.userId })).not.toBe(nameOf(user));
});

test("administrators decide about money where nobody is named or they are, and programs that act for others always do", () => {
  const deciding = (...operators: string[]) => [user, admin, program].map((caller) => mayDecide(caller, operators));
  expect(deciding()).toEqual([false, true, true]);
  expect(deciding(OTHER)).toEqual([false, false, true]);
  expect(deciding(OTHER, FEE.userId)).toEqual([false, true, true]);
  expect(mayDecide({ ...program, roles: ["tenant"] }, [])).toBe(false);
});

test("a caller is one word of the history", () => {
  expect(wordOf(admin)).toBe(`user:${FEE.userId}`);
  expect(wordOf({ ...program, name: "the listing service" })).toBe("service:the:listing:service");
});

test("a program names for whom it asks, and stays the one whose limits count", () => {
  expect(wordOf(program, "hirut")).toBe("service:listing/as:hirut");
  expect([callerOf(wordOf(program, "hirut")), callerOf(wordOf(program)), callerOf(wordOf(admin))]).toEqual([
    "service:listing",
    "service:listing",
    `user:${FEE.userId}`,
  ]);
});
