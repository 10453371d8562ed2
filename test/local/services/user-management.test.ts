import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, createClock } from "../../../local/clock.ts";
import { sign } from "../../../local/services/tokens.ts";
import { startUserManagement, type UserManagementDouble } from "../../../local/services/user-management.ts";
import { read } from "../../support/http.ts";

const SECRET = "shared-by-the-siblings";
const OWNER = {
  id: "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
  role: "owner",
  email: "abebe@rental.et",
  phone: "+251911223344",
  language: "am",
  password: "secret-word",
} as const;
const ADMIN = {
  ...OWNER,
  id: "d1e2f3a4-b5c6-4d7e-8f9a-0b1c2d3e4f44",
  role: "admin",
  email: "admin@rental.et",
  phone: null,
  language: null,
} as const;

let clock: Clock;
let users: UserManagementDouble;
beforeEach(async () => {
  clock = createClock();
  users = await startUserManagement({ clock, jwtSecret: SECRET, users: [OWNER, ADMIN], crashMs: 1 });
});
afterEach(async () => {
  clock.stop();
  await users.close();
});

const login = (form: Record<string, string>, type = "application/x-www-form-urlencoded") =>
  fetch(`${users.baseUrl}/auth/login`, {
    method: "POST",
    headers: { "content-type": type },
    body: type.includes("json") ? JSON.stringify(form) : new URLSearchParams(form).toString(),
  });
const verify = (token?: string, method = "GET") =>
  fetch(`${users.baseUrl}/auth/verify`, { method, headers: token ? { authorization: `Bearer ${token}` } : {} });
const STRANGER_ID = "2c4b8a56-9d0e-4f6a-b1c3-7e5d9f8a0b22";
const signed = (claims: Parameters<typeof sign>[0]) => sign(claims, SECRET, clock.now(), clock.now() + 1e6);
const detailOf = async (response: Response) => [response.status, (await read(response)).body["detail"]];

test("User Management's login takes a form and gives an access and a refresh token", async () => {
  const { status, body } = await read(await login({ username: OWNER.email, password: OWNER.password }));
  expect([status, body["token_type"]]).toEqual([200, "bearer"]);
  const claims = (token: unknown) => JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString());
  const [access, refresh] = [claims(body["access_token"]), claims(body["refresh_token"])];
  expect(Object.keys(access).sort().join(" ")).toBe("email exp iat phone_number preferred_language role sub");
  expect(access.exp - access.iat).toBe(15 * 60);
  expect(Object.keys(refresh).sort()).toEqual(["exp", "iat", "sub"]);
});

test("User Management's login does not take JSON", async () => {
  const response = await login({ username: OWNER.email, password: OWNER.password }, "application/json");
  const [status, errors] = await detailOf(response);
  expect(status).toBe(422);
  expect(errors).toMatchObject([{ loc: ["body", "username"] }, { loc: ["body", "password"] }]);
});

test("User Management's login refuses a wrong password and an inactive user, each in its own words", async () => {
  const wrong = await login({ username: OWNER.email, password: "x" });
  expect(await detailOf(wrong)).toEqual([401, "Incorrect email or password"]);
  users.addUser({ ...OWNER, id: STRANGER_ID, email: "gone@rental.et", isActive: false });
  const gone = await login({ username: "gone@rental.et", password: OWNER.password });
  expect(await detailOf(gone)).toEqual([400, "Inactive user"]);
});

test("User Management's verify answers with five keys from its records, whatever the token claims", async () => {
  const boasting = { sub: OWNER.id, role: "admin" };
  expect(await (await verify(await signed(boasting))).json()).toEqual({
    user_id: OWNER.id,
    role: "owner",
    email: OWNER.email,
    phone_number: OWNER.phone,
    preferred_language: OWNER.language,
  });
});

test("User Management's verify knows users without phone and language, takes refresh tokens, and deactivated users too", async () => {
  expect(await (await verify(await users.tokenFor(ADMIN.id))).json()).toMatchObject({
    phone_number: null,
    preferred_language: null,
  });
  expect((await verify(await users.tokenFor(OWNER.id, { kind: "refresh" }))).status).toBe(200);
  users.addUser({ ...OWNER, id: STRANGER_ID, isActive: false });
  expect((await verify(await users.tokenFor(STRANGER_ID))).status).toBe(200);
});

test("User Management's verify refuses none, a bad one, one that is over, and one of a user that it does not know", async () => {
  expect(await detailOf(await verify())).toEqual([401, "Not authenticated"]);
  expect(await detailOf(await verify("nonsense"))).toEqual([401, "Could not validate credentials"]);
  const token = await users.tokenFor(OWNER.id);
  await clock.advance(15 * 60_000 + 1_000);
  expect(await detailOf(await verify(token))).toEqual([401, "Could not validate credentials"]);
  expect((await verify(await signed({ sub: STRANGER_ID }))).status).toBe(401);
});

test("User Management's verify breaks on a subject that is no UUID, and takes GET only", async () => {
  expect((await verify(await signed({ sub: "admin" }))).status).toBe(500);
  expect((await verify(await users.tokenFor(OWNER.id), "POST")).status).toBe(405);
});

const get = async (path: string, as?: string) =>
  fetch(`${users.baseUrl}${path}`, { headers: as ? { authorization: `Bearer ${await users.tokenFor(as)}` } : {} });

test("User Management's users are never found by id but by an administrator", async () => {
  expect((await get(`/users/${OWNER.id}`, ADMIN.id)).status).toBe(404);
  expect((await get(`/admin/users/${OWNER.id}`)).status).toBe(401);
  expect((await get(`/admin/users/${OWNER.id}`, OWNER.id)).status).toBe(403);
  expect((await get(`/admin/users/${STRANGER_ID}`, ADMIN.id)).status).toBe(404);
  expect(await (await get(`/admin/users/${OWNER.id}`, ADMIN.id)).json()).toMatchObject({
    id: OWNER.id,
    email: OWNER.email,
  });
});
