import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { DependencyUnavailable, Forbidden, Unauthenticated } from "../../lib/domain/errors.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import { bearerRoute, mayRead, type Principal } from "../../lib/http/principal.ts";
import { anEvent } from "../support/events.ts";
import { FEE } from "../support/payments.ts";

const SECRET = "shared-by-the-siblings";
const USER: Principal = {
  userId: FEE.userId,
  role: "owner",
  email: "abebe@rental.et",
  phone: undefined,
  language: "am",
};
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

type Claims = Record<string, unknown>;

async function token(change: Claims = {}, options: { secret?: string; alg?: string } = {}): Promise<string> {
  const claims = { sub: USER.userId, role: "owner", email: "x", iat: inAnHour() - 3600, exp: inAnHour(), ...change };
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(present)
    .setProtectedHeader({ alg: options.alg ?? "HS256" })
    .sign(new TextEncoder().encode(options.secret ?? SECRET));
}

function door(user: Principal | "refused" | Error = USER) {
  const asked: string[] = [];
  const check = bearerRoute("initiate-payment", {
    jwtSecret: async () => SECRET,
    verify: async (bearer) => {
      asked.push(bearer);
      if (user instanceof Error) throw user;
      return user === "refused" ? undefined : user;
    },
  });
  return { asked, check };
}

const withToken = (bearer: string) => anEvent({ headers: { authorization: `Bearer ${bearer}` } });

describe("who calls", () => {
  test("is whom the user service says the token belongs to, with the contact that it has", async () => {
    const { check, asked } = door({ ...USER, role: "Owner" });
    const bearer = await token();
    expect(await check(withToken(bearer))).toEqual(USER);
    expect(asked).toEqual([bearer]);
  });

  test.each([
    ["none", undefined],
    ["empty", ""],
    ["another scheme", "Basic abc"],
    ["no token", "Bearer "],
    ["two tokens", "Bearer a b"],
    ["a token of 9 KiB", `Bearer ${"a".repeat(9 * 1024)}`],
  ])("cannot be told from %s as authorization", async (_name, authorization) => {
    const { check, asked } = door();
    const event = anEvent({ headers: authorization === undefined ? {} : { authorization } });
    await expect(check(event)).rejects.toThrow(Unauthenticated);
    expect(asked).toHaveLength(0);
  });

  test.each<[string, Claims, { secret?: string; alg?: string }?]>([
    ["that has expired", { exp: inAnHour() - 7200 }],
    ["without an end", { exp: undefined }],
    ["without a role, as refresh tokens are", { role: undefined }],
    ["with an empty role", { role: "" }],
    ["without a subject", { sub: undefined }],
    ["whose subject is no UUID", { sub: "admin" }],
    ["that is not valid yet", { nbf: inAnHour() }],
    ["of another secret", {}, { secret: "another-secret-altogether" }],
    ["of another algorithm", {}, { alg: "HS512" }],
  ])("cannot be told from a token %s, and the user service is not asked", async (_name, change, options) => {
    const { check, asked } = door();
    await expect(check(withToken(await token(change, options)))).rejects.toThrow(Unauthenticated);
    expect(asked).toHaveLength(0);
  });

  test("cannot be told from an unsigned token", async () => {
    const [, payload] = (await token()).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    await expect(door().check(withToken(`${header}.${payload}.`))).rejects.toThrow(Unauthenticated);
  });

  test("is nobody when the user service refuses the token or names somebody else", async () => {
    const other = { ...USER, userId: Uuid.parse("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10") };
    await expect(door("refused").check(withToken(await token()))).rejects.toThrow(Unauthenticated);
    await expect(door(other).check(withToken(await token()))).rejects.toThrow(Unauthenticated);
  });

  test("must have the role that the route asks for, whatever the token claims", async () => {
    const tenant = door({ ...USER, role: "tenant" });
    await expect(tenant.check(withToken(await token({ role: "owner" })))).rejects.toThrow(Forbidden);
  });

  test("is unknown, and not refused, while the user service is down", async () => {
    const { check } = door(new DependencyUnavailable("The user service"));
    await expect(check(withToken(await token()))).rejects.toThrow(DependencyUnavailable);
  });

  test("reads his own payments, and an administrator every one", () => {
    expect(mayRead(USER, USER.userId)).toBe(true);
    expect(mayRead(USER, Uuid.parse("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10"))).toBe(false);
    expect(mayRead(USER, undefined)).toBe(false);
    expect(mayRead({ ...USER, role: "admin" }, undefined)).toBe(true);
  });

  test("is never asked for at a public route by mistake", () => {
    const ports = { jwtSecret: async () => SECRET, verify: async () => USER };
    expect(() => bearerRoute("chapa-webhook", ports)).toThrow("not for bearers");
  });
});
