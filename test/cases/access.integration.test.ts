import { createHash, createHmac, randomUUID } from "node:crypto";
import { Redis } from "@upstash/redis";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { ALARMS, BROKEN } from "../../infra/alarms.ts";
import { METRICS } from "../../lib/contract/metrics.ts";
import type { Role } from "../../lib/contract/routes.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import { API_KEY } from "../../local/cloud.ts";
import { USERS } from "../../local/users.ts";
import { openShop } from "./shop.ts";

const shop = openShop();
const LIMIT_BYTES = 64 * 1024;

const asUser = (user: "owner" | "owner2" | "admin") => ({
  authorization: `Bearer ${shop().stage.cloud.address.users[user].token}`,
});

/** The body of a press, made longer by spaces. */
const bodyOf = (bytes: number) =>
  JSON.stringify({ user_id: USERS.owner.id, property_id: shop().propertyId, amount: 500 }).padEnd(bytes);

const INITIATE = "/api/v1/payments/initiate";
const initiate = (body: string, headers = {}) => shop().stage.caller.post(INITIATE, body, headers);

/** The lengths of what is parsed while `run` runs. */
async function parsedDuring(run: () => Promise<HttpResponse>): Promise<{ answer: HttpResponse; longest: number }> {
  const parse = vi.spyOn(JSON, "parse");
  const answer = await run();
  const longest = Math.max(0, ...parse.mock.calls.map(([text]) => String(text).length));
  parse.mockRestore();
  return { answer, longest };
}

test.each([
  ["case 74: a body of 5.5 MB without a token", {}],
  ["a body of 5.5 MB with a token that we did not sign", { authorization: "Bearer a.b.c" }],
  ["a body of 5.5 MB with an unknown API key", { "x-api-key": "wrong" }],
])("%s is answered 401 before it is parsed", async (_, headers) => {
  const { answer, longest } = await parsedDuring(() => initiate(bodyOf(5_500_000), headers));
  expect(answer.status).toBe(401);
  expect(longest).toBeLessThan(LIMIT_BYTES);
});

test("a body of 64 KiB is read, and one of one more byte is answered 413 before it is parsed", async () => {
  expect((await initiate(bodyOf(LIMIT_BYTES), asUser("owner"))).status).toBe(202);
  for (const bytes of [LIMIT_BYTES + 1, 5_500_000]) {
    const { answer, longest } = await parsedDuring(() => initiate(bodyOf(bytes), asUser("owner")));
    expect(answer).toMatchObject({ status: 413, body: { code: "body_too_large" } });
    expect(longest).toBeLessThan(LIMIT_BYTES);
  }
});

test("no route takes a body above 64 KiB, in letters or in bytes", async () => {
  const { id } = await shop().pressed();
  const large = "x".repeat(LIMIT_BYTES + 1);
  const post = (path: string, headers = {}) => shop().stage.caller.post(path, large, headers);
  const bytes = { "content-type": "application/octet-stream" };
  const answers = [
    await post(`/api/v1/payments/${id}/cancel`, asUser("owner")),
    await post(`/api/v1/payments/${id}/verify`, asUser("admin")),
    await post(`/api/v1/payments/${id}/attention/x`, asUser("admin")),
    await post(INITIATE, { ...asUser("owner"), ...bytes }),
    await post("/token", { "content-type": "application/x-www-form-urlencoded" }),
    await post("/api/v1/webhook/chapa"),
    await initiate("ሰ".repeat(LIMIT_BYTES / 2), asUser("owner")),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 413));
});

const redis = () => {
  const { origin: url, token } = shop().stage.cloud.redis;
  return new Redis({ url, token, enableTelemetry: false });
};

const list = (headers: Record<string, string>) => shop().stage.caller.get("/api/v1/payments", headers);

test("case 75: a cached user whom somebody made an administrator in Redis is an owner", async () => {
  await shop().pressed();
  await list(asUser("owner2"));
  const keys = Object.keys(await shop().stage.cloud.redis.stored()).filter((key) => key.startsWith("payments:user:"));
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    const entry = z.looseObject({}).parse(await redis().get(key));
    await redis().set(key, { ...entry, role: "admin" });
  }
  await shop().stage.cloud.functions.forget();
  expect(await list(asUser("owner2"))).toMatchObject({ status: 200, body: { data: [] } });
  const { id } = await shop().checkout();
  const verify = await shop().stage.caller.post(`/api/v1/payments/${id}/verify`, "", asUser("owner2"));
  expect(verify).toMatchObject({ status: 403, body: { code: "forbidden" } });
});

test("a cached administrator of another token is nobody's role, and a true entry saves the call", async () => {
  await list(asUser("admin"));
  const [admins = ""] = Object.keys(await shop().stage.cloud.redis.stored());
  await list(asUser("owner2"));
  const entry = z.looseObject({}).parse(await redis().get(admins));
  for (const key of Object.keys(await shop().stage.cloud.redis.stored())) await redis().set(key, entry);
  await shop().stage.cloud.functions.forget();
  await shop().stage.cloud.fault("users", "down");
  expect((await list(asUser("admin"))).status).toBe(200);
  expect((await list(asUser("owner2"))).status).toBe(503);
});

async function withRoles(...roles: Role[]): Promise<Record<string, string>> {
  const entry = { name: "program", sha256: createHash("sha256").update(API_KEY).digest("hex"), roles };
  shop().stage.cloud.rotate("auth", { api_keys: [entry] });
  await shop().stage.cloud.functions.forget();
  return { "x-api-key": API_KEY };
}

test.each<[string, Role[]]>([
  ["case 76: a program whose only role is tenant", ["tenant"]],
  ["a program with the roles of all people but administrators", ["owner", "tenant", "broker"]],
])("%s reads nobody's payments and acts for nobody", async (_, roles) => {
  const checkout = await shop().pressed();
  const requestId = randomUUID();
  await shop().press(requestId);
  const key = await withRoles(...roles);
  const { caller } = shop().stage;
  const path = `/api/v1/payments/${checkout.id}`;
  const answers = [
    await caller.get(`${path}/status`, key),
    await caller.get(path, key),
    await list(key),
    await caller.get(`/api/v1/payments?user_id=${USERS.owner.id}`, key),
    await caller.get(`/api/v1/payments/by-request/${requestId}?user_id=${USERS.owner.id}`, key),
    await caller.post(`${path}/verify`, "", key),
    await initiate(bodyOf(200), key),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
  expect(answers.map(({ text }) => text).join()).not.toContain(checkout.txRef);
});

test("a program with the role service acts for others, and one with the role admin reads, and asks for a link only with a reason", async () => {
  const { id } = await shop().pressed();
  const service = await withRoles("service");
  expect((await shop().stage.caller.get(`/api/v1/payments/${id}/status`, service)).status).toBe(200);
  expect((await initiate(bodyOf(200), service)).status).toBe(202);
  const admin = await withRoles("admin");
  expect((await shop().stage.caller.get(`/api/v1/payments/${id}`, admin)).status).toBe(200);
  expect((await initiate(bodyOf(200), admin)).status).toBe(422);
  const body = { user_id: USERS.owner.id, property_id: shop().propertyId, reason: "they called" };
  expect((await initiate(JSON.stringify(body), admin)).status).toBe(202);
});

test("a hundred forged webhooks page nobody: what they count is watched by a ticket at most, and none is a 5xx", async () => {
  const { txRef } = await shop().pressed();
  const body = (n: number) => JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success", amount: n });
  const forged = (n: number) => createHmac("sha256", `guess ${n}`).update(body(n)).digest("hex");
  const constant = createHmac("sha256", CHAPA_DEFAULTS.webhookSecret)
    .update(CHAPA_DEFAULTS.webhookSecret)
    .digest("hex");
  const headers = (n: number): Record<string, string>[] => [
    {},
    { "x-chapa-signature": forged(n) },
    { "x-chapa-signature": "0" },
    { "chapa-signature": constant },
  ];
  const answers: number[] = [];
  for (let n = 0; n < 100; n++) {
    answers.push((await shop().stage.caller.webhook(body(n), { headers: headers(n)[n % 4] ?? {} })).status);
  }
  await shop().stage.cloud.settle();
  expect([...new Set(answers)].toSorted()).toEqual([200, 401]);
  expect(shop().counted("WebhookRefused")).toBe(75);
  const counted = METRICS.filter((name) => shop().counted(name) > 0);
  // The clock of a heartbeat may strike meanwhile; its alarm is about silence.
  const raised = ALARMS.filter(
    ({ watches, isHeartbeat }) => !isHeartbeat && watches.of === "own" && counted.includes(watches.metric),
  );
  expect(raised.map(({ name, severity }) => `${name}: ${severity}`)).toEqual(["webhooks-refused: ticket"]);
  expect(BROKEN).not.toContain("webhooks-refused");
  expect(await shop().payment()).toMatchObject({ state: "PENDING", captures: [] });
});
