import { expect, test } from "vitest";
import { Uuid } from "../../lib/domain/ids.ts";
import {
  isPrivileged,
  mayRead,
  nameOf,
  type ServicePrincipal,
  type UserPrincipal,
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
const program: ServicePrincipal = { kind: "service", name: "listing", roles: ["service"] };

test("only administrators and programs act for others", () => {
  expect([user, admin, program].map(isPrivileged)).toEqual([false, true, true]);
  expect(isPrivileged({ ...user, role: "" })).toBe(false);
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
