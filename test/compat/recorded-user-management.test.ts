import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { call } from "../../lib/runtime/call.ts";
import { UserDirectory } from "../../lib/services/user-directory.ts";
import { UserManagement } from "../../lib/services/user-management.ts";
import { type Clock, createClock } from "../../local/clock.ts";
import { type Listening, type Request, serve } from "../../local/serve.ts";
import {
  startUserManagement,
  type UserManagementDouble,
  type UserRecord,
} from "../../local/services/user-management.ts";
import { addressOf, expectRecorded, type Recorded, readRecorded, withSetUps } from "./recorded.ts";

const SECRET = "shared-by-the-siblings";
const PASSWORD = "secret-word";
const userOf = (n: number, change: Partial<UserRecord> = {}): UserRecord => ({
  id: `0000000${n}-0000-4000-8000-00000000000${n}`,
  role: "owner",
  email: `someone${n}@rental.et`,
  phone: null,
  language: "en",
  password: PASSWORD,
  ...change,
});
const OWNER = userOf(1, { phone: "+251911000001", language: "am" });
const QUIET_OWNER = userOf(2);
const TENANT = userOf(3, { role: "tenant", phone: "+251711000002", language: "om" });
const BROKER = userOf(4, { role: "broker" });
const ADMIN = userOf(5, { role: "admin" });
const INACTIVE = userOf(6, { isActive: false });
const NO_LANGUAGE = userOf(7, { role: "broker", language: null });
const BAD_EMAIL = userOf(8, { email: "no address" });
const STRANGER = userOf(9);

let clock: Clock;
let users: UserManagementDouble;
beforeAll(async () => {
  clock = createClock();
  const known = [OWNER, QUIET_OWNER, TENANT, BROKER, ADMIN, INACTIVE, NO_LANGUAGE, BAD_EMAIL];
  users = await startUserManagement({ clock, jwtSecret: SECRET, users: known, crashMs: 1 });
});
beforeEach(() => users.reset());
afterAll(async () => {
  clock.stop();
  await users.close();
});

/** What our adapter makes of the recorded answer; `-` if no adapter asks for this. */
type Understood = "user" | "tokens" | "known" | "refused" | "unknown" | "unavailable" | "-";
/**
 * A request's variable parts. `bearer` is the authorization header; `id` the user in the path.
 * `isDatabaseDown` is the double's state.
 */
type SetUp = {
  understood: Understood;
  bearer?: () => string | Promise<string>;
  form?: Record<string, string>;
  id?: string;
  isDatabaseDown?: true;
};

const of = (user: UserRecord, options: Parameters<UserManagementDouble["tokenFor"]>[1] = {}) => {
  return async () => `Bearer ${await users.tokenFor(user.id, options)}`;
};
const signed = (claims: Record<string, unknown>, secret = SECRET) => {
  return async () => {
    const key = new TextEncoder().encode(secret);
    const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h");
    return `Bearer ${await token.sign(key)}`;
  };
};
const withoutExpiry = async () => {
  const token = new SignJWT({ sub: OWNER.id }).setProtectedHeader({ alg: "HS256" });
  return `Bearer ${await token.sign(new TextEncoder().encode(SECRET))}`;
};
const unsigned = () => `Bearer ${new UnsecuredJWT({ sub: OWNER.id }).encode()}`;
const expired = (user: UserRecord) => async () => {
  const expiresAt = clock.now() - MINUTE_MS;
  return `Bearer ${await users.tokenFor(user.id, { expiresAt })}`;
};

const login = (understood: Understood, form: Record<string, string> = {}): SetUp => ({
  understood,
  form: { username: OWNER.email, password: PASSWORD, ...form },
});
const verify = (understood: Understood, bearer?: SetUp["bearer"]): SetUp => ({
  understood,
  ...(bearer ? { bearer } : {}),
});
const find = (understood: Understood, bearer?: SetUp["bearer"], id = OWNER.id): SetUp => ({
  ...verify(understood, bearer),
  id,
});
const down = (setUp: SetUp): SetUp => ({ ...setUp, isDatabaseDown: true });

const TABLE: Record<string, SetUp> = {
  "login ok (owner)": login("tokens"),
  "login ok with grant_type=password": login("tokens", { grant_type: "password" }),
  "login wrong password": login("refused", { password: "wrong" }),
  "login unknown e-mail": login("refused", { username: STRANGER.email }),
  "login name is not an e-mail": login("refused", { username: "someone" }),
  "login other case of the e-mail": login("refused", { username: OWNER.email.toUpperCase() }),
  "login inactive user": login("refused", { username: INACTIVE.email }),
  "login without password": { understood: "refused", form: { username: OWNER.email } },
  "login without username": { understood: "refused", form: { password: PASSWORD } },
  "login empty password": login("refused", { password: "" }),
  "login empty body": { understood: "refused" },
  "login JSON body": login("refused"),
  "login grant_type other": login("refused", { grant_type: "client_credentials" }),
  "login 73-byte password": login("refused", { password: "x".repeat(73) }),
  "login NUL in username": login("unavailable", { username: "someone\0" }),
  "login GET": { understood: "unavailable" },
  "login trailing slash": login("unavailable"),
  "verify ok (owner, phone, am)": verify("user", of(OWNER)),
  "verify ok (owner, no phone)": verify("user", of(QUIET_OWNER)),
  "verify ok (tenant)": verify("user", of(TENANT)),
  "verify ok (broker)": verify("user", of(BROKER)),
  "verify ok (seeded admin)": verify("user", of(ADMIN)),
  "verify ok (language null)": verify("user", of(NO_LANGUAGE)),
  "verify expired": verify("refused", expired(OWNER)),
  "verify garbage": verify("refused", () => "Bearer garbage"),
  "verify other secret": verify("refused", signed({ sub: OWNER.id }, "another-secret")),
  "verify alg none": verify("refused", unsigned),
  "verify refresh token": verify("user", of(OWNER, { kind: "refresh" })),
  "verify deactivated user": verify("user", of(INACTIVE)),
  "verify unknown sub": verify("refused", signed({ sub: STRANGER.id })),
  "verify without sub": verify("refused", signed({ role: "owner" })),
  "verify sub not a uuid": verify("unavailable", signed({ sub: "admin" })),
  "verify claims lie about role": verify("user", signed({ sub: OWNER.id, role: "admin" })),
  "verify without exp": verify("user", withoutExpiry),
  "verify no header": verify("refused"),
  "verify Basic scheme": verify("refused", () => "Basic dXNlcjpwYXNz"),
  "verify X-API-Key only": verify("refused"),
  "verify POST": verify("unavailable", of(OWNER)),
  "verify HEAD": verify("unavailable", of(OWNER)),
  "verify trailing slash": verify("unavailable", of(OWNER)),
  "users/{id} (no such route)": find("unknown", of(ADMIN)),
  "users/{id} no token": find("unknown"),
  "admin/users/{id} ok": find("known", of(ADMIN)),
  "admin/users/{id} ok, no phone": find("known", of(ADMIN), QUIET_OWNER.id),
  "admin/users/{id} inactive user": find("known", of(ADMIN), INACTIVE.id),
  "admin/users/{id} unknown": find("unknown", of(ADMIN), STRANGER.id),
  "admin/users/{id} not a uuid": find("unavailable", of(ADMIN)),
  "admin/users/{id} upper-case uuid": find("known", of(ADMIN)),
  "admin/users/{id} owner's token": find("unavailable", of(OWNER)),
  "admin/users/{id} no token": find("unknown"),
  "admin/users/{id} expired admin token": find("unavailable", expired(ADMIN)),
  "admin/users/{id} POST": find("unavailable", of(ADMIN)),
  "verify row with a bad e-mail": verify("unavailable", of(BAD_EMAIL)),
  "admin/users/{id} row with a bad e-mail": find("unavailable", of(ADMIN), BAD_EMAIL.id),
  "root health": { understood: "-" },
  "health under /api/v1": { understood: "-" },
  "verify 'Bearer' without a token": verify("refused", () => "Bearer"),
  "AS OUR SERVICE SENDS IT: verify": verify("user", of(OWNER)),
  "AS OUR SERVICE SENDS IT: login of the administrator": login("tokens", { username: ADMIN.email }),
  "AS OUR SERVICE SENDS IT: users/{id}": find("unknown", of(ADMIN)),
  "AS OUR SERVICE SENDS IT: admin/users/{id}": { ...find("known", of(ADMIN)), id: QUIET_OWNER.id },
  "verify garbage, its database is down": down(verify("refused", () => "Bearer garbage")),
  "root health, its database is down": down({ understood: "-" }),
  "verify, its database is down": down(verify("unavailable", of(OWNER))),
  "admin/users/{id}, its database is down": down(find("unavailable", of(ADMIN))),
  "login, its database is down": down(login("unavailable")),
  "verify, database just back": verify("user", of(QUIET_OWNER)),
};

const ROWS = withSetUps(readRecorded("user-management"), TABLE);
const SENT_BY_US = ROWS.filter(([name]) => name.startsWith("AS OUR SERVICE SENDS IT"));

/** Asks the double what the row asks the real service. */
async function ask(row: Recorded, { bearer, form, id }: SetUp): Promise<Response> {
  const { headers = [], content_type: type } = row.request;
  const authorization = bearer && (await bearer());
  expect(headers.includes("authorization"), "the set-up has the header that the row has").toBe(bearer !== undefined);
  const body = type?.includes("json") ? JSON.stringify(form) : new URLSearchParams(form).toString();
  const path = { ...row, path: row.path.replace(/users\/0000.*/, "users/{id}") };
  return fetch(addressOf(path, users.origin, id), {
    method: row.method,
    redirect: "manual",
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(type ? { "content-type": type } : {}),
      ...(headers.includes("x-api-key") ? { "x-api-key": "a key" } : {}),
    },
    ...(form ? { body } : {}),
  });
}

/** What our adapter makes of the row's answer. */
async function understand({ path, status, response, request }: Recorded): Promise<Understood> {
  const { body } = response;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const send = async () => ({ status, text });
  const orUnavailable = async (asked: Promise<Understood>) =>
    asked.catch((error: unknown): Understood => {
      if (error instanceof DependencyUnavailable) return "unavailable";
      throw error;
    });
  const adapter = new UserManagement("http://users/api/v1", send);
  if (path.includes("/auth/login")) {
    const login = adapter.login({ username: "a", password: "b" });
    return orUnavailable(login.then((tokens) => (tokens ? "tokens" : "refused")));
  }
  if (path.includes("/auth/verify")) {
    return orUnavailable(adapter.verify("token").then((user) => (user ? "user" : "refused")));
  }
  if (!path.includes("/users/")) return "-";
  const token = request.headers?.includes("authorization") ? "token" : undefined;
  const directory = new UserDirectory({ baseUrl: "", paths: ["/{id}"], signIn: async () => token, send, clock });
  return orUnavailable(directory.find(Uuid.parse(OWNER.id)).then((user) => (user ? "known" : "unknown")));
}

describe("User Management", () => {
  test.each(ROWS)("the double answers as recorded: %s", async (_, row, setUp) => {
    users.isDatabaseDown = setUp.isDatabaseDown ?? false;
    await expectRecorded(row, await ask(row, setUp));
  });

  test.each(ROWS)("our adapter understands the recorded answer: %s", async (_, row, { understood }) => {
    expect(await understand(row)).toBe(understood);
  });

  test.each(SENT_BY_US)("our adapter sends the recorded request: %s", async (_, row) => {
    let sent: Request | undefined;
    const recorder: Listening = await serve("recorder", 0, (request) => {
      sent = request;
      return { status: row.status, body: row.response.body };
    });
    const baseUrl = `${recorder.origin}/api/v1`;
    const adapter = new UserManagement(baseUrl, call);
    if (row.path.includes("login")) await adapter.login({ username: "someone@example.com", password: "made-up" });
    else if (row.path.includes("verify")) await adapter.verify("token");
    else {
      const paths = [row.path.replace(/^\/api\/v1(.*\/)[^/]+$/, "$1{id}")];
      const directory = new UserDirectory({ baseUrl, paths, signIn: async () => "token", send: call, clock });
      await directory.find(Uuid.parse(row.path.slice(-36)));
    }
    await recorder.close();
    expect([sent?.method, sent?.path]).toEqual([row.method, row.path]);
    expect(Object.keys(sent?.headers ?? {}).toSorted()).toEqual(row.request.headers);
    const fields = (form: unknown) => [...new URLSearchParams(String(form ?? "")).keys()];
    expect(fields(sent?.body)).toEqual(fields(row.request.body));
  });
});
