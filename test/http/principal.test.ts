import { createHash } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { SignJWT } from "jose";
import { expect, test, vi } from "vitest";
import { ROUTES } from "../../lib/contract/routes.ts";
import type { ApiKey } from "../../lib/contract/secrets.ts";
import { DependencyUnavailable, Unauthenticated } from "../../lib/domain/errors.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import type { UserPrincipal } from "../../lib/domain/principal.ts";
import { Forbidden } from "../../lib/http/errors.ts";
import { type AuthenticatePorts, authenticate, type Credentials } from "../../lib/http/principal.ts";
import { anEvent } from "../support/events.ts";
import { FEE } from "../support/payments.ts";

const ROUTE = "POST /api/v1/payments/initiate";
const SECRET = "shared-by-the-siblings";
const USER: UserPrincipal = {
  kind: "user",
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

const checkWith = (ports: AuthenticatePorts) => (event: APIGatewayProxyEventV2) => authenticate(event, ports);

function constant(credentials: Credentials) {
  return { get: async () => credentials, renewed: async () => credentials };
}

function authenticator(user: UserPrincipal | "refused" | Error = USER) {
  const asked: string[] = [];
  const check = checkWith({
    credentials: constant({ jwtSecrets: [SECRET], apiKeys: [] }),
    confirm: async (bearer) => {
      asked.push(bearer);
      if (user instanceof Error) throw user;
      return user === "refused" ? undefined : user;
    },
  });
  return { asked, check };
}

const withToken = (bearer: string) => anEvent({ routeKey: ROUTE, headers: { authorization: `Bearer ${bearer}` } });

test("a caller is the user to whom the token belongs by the user service, with the contact that it has", async () => {
  const { check, asked } = authenticator({ ...USER, role: "Owner" });
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
])("a caller is unknown with %s as authorization", async (_name, authorization) => {
  const { check, asked } = authenticator();
  const event = anEvent({ routeKey: ROUTE, headers: authorization === undefined ? {} : { authorization } });
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
  ["that is valid in ten seconds", { nbf: inAnHour() - 3590 }],
  ["that has expired two seconds ago", { exp: inAnHour() - 3602 }],
  ["of another secret", {}, { secret: "another-secret-altogether" }],
  ["of another algorithm", {}, { alg: "HS512" }],
])("a caller is unknown with a token %s, and the user service is not asked", async (_name, change, options) => {
  const { check, asked } = authenticator();
  await expect(check(withToken(await token(change, options)))).rejects.toThrow(Unauthenticated);
  expect(asked).toHaveLength(0);
});

test("a token is refused from the moment of its end on", async () => {
  const exp = Math.floor(Date.now() / 1000);
  const bearer = await token({ exp });
  const clock = vi.spyOn(Date, "now").mockReturnValue(exp * 1000);
  await expect(authenticator().check(withToken(bearer))).rejects.toThrow(Unauthenticated);
  clock.mockReturnValue(exp * 1000 - 1);
  expect(await authenticator().check(withToken(bearer))).toEqual(USER);
  clock.mockRestore();
});

test.each<[string, Claims]>([
  ["valid in two seconds", { nbf: inAnHour() - 3598 }],
  ["issued in two seconds", { iat: inAnHour() - 3598 }],
  ["both", { iat: inAnHour() - 3597, nbf: inAnHour() - 3597 }],
])("a caller whose token is %s by a clock ahead of ours is known", async (_name, change) => {
  expect(await authenticator().check(withToken(await token(change)))).toEqual(USER);
});

test("a caller with an unsigned token is unknown", async () => {
  const [, payload] = (await token()).split(".");
  const header = Buffer.from('{"alg":"none"}').toString("base64url");
  await expect(authenticator().check(withToken(`${header}.${payload}.`))).rejects.toThrow(Unauthenticated);
});

test("a caller who sends more than a token is unknown, and an empty or endless token fetches no secrets", async () => {
  const good = await token();
  let fetched = 0;
  const credentials = async () => {
    fetched++;
    return { jwtSecrets: [SECRET], apiKeys: [] };
  };
  const check = checkWith({ credentials: { get: credentials, renewed: credentials }, confirm: async () => USER });
  for (const authorization of [`x Bearer ${good}`, `Bearer ${good} x`, "Bearer", `Bearer ${"a".repeat(8193)}`]) {
    const event = anEvent({ routeKey: ROUTE, headers: { authorization } });
    await expect(check(event)).rejects.toThrow("Not authenticated");
  }
  expect(fetched).toBe(0);
});

test("a caller may send a token of 8 KiB and not of one byte more", async () => {
  const bare = (await token({ pad: "" })).length;
  const largest = await token({ pad: "x".repeat(Math.floor(((8192 - bare) * 3) / 4)) });
  expect(largest).toHaveLength(8192);
  expect(await authenticator().check(withToken(largest))).toEqual(USER);
  const larger = await token({ pad: "x".repeat(Math.floor(((8192 - bare) * 3) / 4) + 1) });
  expect(larger.length).toBeLessThan(8195);
  await expect(authenticator().check(withToken(larger))).rejects.toThrow("Not authenticated");
});

test("the user service is asked with the caller of the token and the moment at which the token ends", async () => {
  const received: unknown[] = [];
  const check = checkWith({
    credentials: constant({ jwtSecrets: [SECRET], apiKeys: [] }),
    confirm: async (_bearer, ...rest) => {
      received.push(...rest);
      return USER;
    },
  });
  const exp = inAnHour();
  const known = { email: "abebe@rental.et", phone_number: "+251911223344", preferred_language: "am" };
  await check(withToken(await token({ exp, role: "Owner", ...known })));
  const user = { kind: "user", userId: USER.userId, role: "owner" };
  const contact = { email: known.email, phone: known.phone_number, language: "am" };
  expect(received).toEqual([{ ...user, ...contact }, exp * 1000]);
  await check(withToken(await token({ exp, email: null })));
  expect(received[2]).toStrictEqual({ ...user, email: undefined, phone: undefined, language: undefined });
});

test("a refused caller learns nothing of what was wrong with the token", async () => {
  const expired = await token({ exp: inAnHour() - 7200 });
  await expect(authenticator().check(withToken(expired))).rejects.toThrow("Could not validate credentials");
  await expect(authenticator("refused").check(withToken(await token()))).rejects.toThrow(
    "Could not validate credentials",
  );
  const tenant = authenticator({ ...USER, role: "tenant" });
  await expect(tenant.check(withToken(await token()))).rejects.toThrow(
    "This needs the role owner or admin or service.",
  );
  await expect(authenticator().check(anEvent({ routeKey: "GET /nowhere" }))).rejects.toThrow(
    "This route accepts no caller.",
  );
});

test("a caller is unknown when the user service refuses the token or names another user", async () => {
  const other = { ...USER, userId: Uuid.parse("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10") };
  await expect(authenticator("refused").check(withToken(await token()))).rejects.toThrow(Unauthenticated);
  await expect(authenticator(other).check(withToken(await token()))).rejects.toThrow(Unauthenticated);
});

test("a caller meets an outage, and no refusal, while the user service is down", async () => {
  const { check } = authenticator(new DependencyUnavailable("The user service"));
  await expect(check(withToken(await token()))).rejects.toThrow(DependencyUnavailable);
});

const PUBLIC = ROUTES.filter(({ access }) => access.kind === "public").map(({ method, path }) => `${method} ${path}`);

test.each([...PUBLIC, "GET /nowhere", "$default", ""])(
  "no caller is authenticated at %j, which is public or was never listed",
  async (routeKey) => {
    const { check, asked } = authenticator();
    const event = anEvent({ routeKey, headers: { authorization: `Bearer ${await token()}` } });
    await expect(check(event)).rejects.toThrow(Forbidden);
    expect(asked).toHaveLength(0);
  },
);

const KEY = "rk_live_0123456789abcdef0123456789abcdef";
const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");
const keys: ApiKey[] = [
  { name: "billing", sha256: sha256("another key"), roles: ["service"], calls_per_minute: 60 },
  { name: "listing", sha256: sha256(KEY), roles: ["service"], calls_per_minute: 60 },
  { name: "reader", sha256: sha256("reader's key"), roles: ["broker"], calls_per_minute: 60 },
];
const check = checkWith({
  credentials: constant({ jwtSecrets: [SECRET], apiKeys: keys }),
  confirm: async () => USER,
});

test("a program is known by its key, under its name", async () => {
  const event = anEvent({ routeKey: ROUTE, headers: { "x-api-key": KEY } });
  expect(await check(event)).toEqual({ kind: "service", name: "listing", roles: ["service"], callsPerMinute: 60 });
});

test.each(["", "wrong", KEY.slice(1), `${KEY} `, sha256(KEY), "a".repeat(9000)])(
  "a program with %s is unknown",
  async (key) => {
    await expect(check(anEvent({ routeKey: ROUTE, headers: { "x-api-key": key } }))).rejects.toThrow(Unauthenticated);
  },
);

test("a program is refused where only people may call", async () => {
  const routeKey = "POST /api/v1/payments/{payment_id}/cancel";
  const event = anEvent({ routeKey, headers: { "x-api-key": KEY } });
  await expect(check(event)).rejects.toThrow(Unauthenticated);
});

test("a program may have a key of 256 characters and not of one more", async () => {
  const [longest, longer] = ["k".repeat(256), "k".repeat(257)];
  const apiKeys = [longest, longer].map((key) => ({
    name: "long",
    sha256: sha256(key),
    roles: ["service" as const],
    calls_per_minute: 60,
  }));
  const long = checkWith({ credentials: constant({ jwtSecrets: [], apiKeys }), confirm: async () => undefined });
  const withKey = (key: string) => anEvent({ routeKey: ROUTE, headers: { "x-api-key": key } });
  expect(await long(withKey(longest))).toMatchObject({ name: "long" });
  await expect(long(withKey(longer))).rejects.toThrow("Could not validate credentials");
});

test("a program needs a key with the role of the route", async () => {
  const event = anEvent({ routeKey: ROUTE, headers: { "x-api-key": "reader's key" } });
  await expect(check(event)).rejects.toThrow(Forbidden);
});

test("a program that sends a user's token too acts as that user", async () => {
  const headers = { "x-api-key": KEY, authorization: `Bearer ${await token()}` };
  expect(await check(anEvent({ routeKey: ROUTE, headers }))).toMatchObject({ kind: "user", userId: USER.userId });
});

test("a program is known by the identity that AWS verified, and by nothing that it can write itself", async () => {
  const routeKey = "POST /internal/v1/payments/initiate";
  const signed = anEvent({ routeKey });
  const arn = "arn:aws:sts::1:assumed-role/listing/x";
  Object.assign(signed.requestContext, { authorizer: { iam: { userArn: arn } } });
  expect(await check(signed)).toEqual({ kind: "service", name: arn, roles: ["service"], callsPerMinute: 120 });
  const headers = { "x-api-key": KEY, authorization: `Bearer ${await token()}`, "x-amzn-iam-arn": arn };
  await expect(check(anEvent({ routeKey, headers }))).rejects.toThrow(Forbidden);
  await expect(check(anEvent({ routeKey, headers }))).rejects.toThrow("This needs a signed request.");
});

test("a program and a user are known by the credentials that replaced their old ones", async () => {
  let renewals = 0;
  const rotated = checkWith({
    credentials: {
      get: async () => ({ jwtSecrets: ["outdated-secret"], apiKeys: [] }),
      renewed: async () => {
        renewals++;
        return { jwtSecrets: [SECRET, "outdated-secret"], apiKeys: keys };
      },
    },
    confirm: async () => USER,
  });
  const authorization = `Bearer ${await token()}`;
  expect(await rotated(anEvent({ routeKey: ROUTE, headers: { authorization } }))).toEqual(USER);
  expect(await rotated(anEvent({ routeKey: ROUTE, headers: { "x-api-key": KEY } }))).toMatchObject({
    name: "listing",
  });
  const old = `Bearer ${await token({}, { secret: "outdated-secret" })}`;
  expect(await rotated(anEvent({ routeKey: ROUTE, headers: { authorization: old } }))).toEqual(USER);
  expect(renewals).toBe(2);
});
