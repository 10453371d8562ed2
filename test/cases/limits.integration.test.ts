import { createHash, randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import { API_KEY } from "../../local/cloud.ts";
import { PASSWORD, USER_KEYS, USERS, type UserKey } from "../../local/users.ts";
import { openShop } from "./shop.ts";

const LIMIT = 10;
const MINUTE_MS = 60_000;
const shop = openShop({ RATE_LIMIT_INITIATE: String(LIMIT), RATE_LIMIT_TOKEN: String(LIMIT) });

beforeEach(() => shop().pass(MINUTE_MS));
afterEach(() => void vi.unstubAllEnvs());

const times = async <Result>(count: number, run: (index: number) => Promise<Result>): Promise<Result[]> => {
  const results: Result[] = [];
  for (let index = 0; index < count; index++) results.push(await run(index));
  return results;
};
const statuses = (answers: readonly { status: number }[]) => [...new Set(answers.map(({ status }) => status))];

function logIn(username: string, password = PASSWORD): Promise<HttpResponse> {
  const form = new URLSearchParams({ username, password }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return shop().stage.caller.post("/token", form, headers);
}

const logInAs = (index: number) => logIn(USERS[USER_KEYS[index % USER_KEYS.length] ?? "owner"].email);
const failTo = (index: number) => logIn(`nobody${index}@rental.et`, "wrong");

test("case 41: thirty presses of one open payment within a minute are all answered with its link, through the listing, too", async () => {
  const { stage } = shop();
  const listing = stage.cloud.services.listing?.baseUrl ?? "";
  const presses = await times(31, () => stage.caller.approveAndPay(listing, shop().propertyId));
  expect(statuses(presses)).toEqual([200]);
  expect(new Set(presses.map(({ body }) => body["checkout_url"])).size).toBe(1);
  expect(shop().payable()).toHaveLength(1);
});

test("a press beyond the limit is found by its request id, and its repetition is a replay", async () => {
  const { url } = await shop().pressed();
  await times(LIMIT, () => shop().press());
  const requestId = randomUUID();
  expect(await shop().press(requestId)).toMatchObject({ status: 202, url });
  const { token } = shop().stage.cloud.address.users.owner;
  const path = `/api/v1/payments/by-request/${requestId}`;
  const found = await shop().stage.caller.get(path, { authorization: `Bearer ${token}` });
  expect(found).toMatchObject({ status: 200, body: { checkout_url: url, request_id: requestId } });
  const again = await shop().stage.press(shop().propertyId, requestId);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
});

test("a paid payment is answered beyond the limit, too", async () => {
  const checkout = await shop().pressed();
  await shop().stage.act(checkout, "pay");
  const presses = await times(2 * LIMIT, () => shop().press());
  expect(statuses(presses)).toEqual([202]);
  expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
});

test("beyond the limit no checkout is opened, of another fee or in place of one that failed", async () => {
  const failed = await shop().pressed();
  await shop().stage.act(failed, "fail");
  const others = await times(LIMIT, () => shop().stage.press(shop().stage.addProperty()));
  expect(statuses(others)).toContain(429);
  const opened = shop().chapa.transactions().length;
  expect((await shop().stage.press(shop().stage.addProperty())).status).toBe(429);
  const requestId = randomUUID();
  const refused = await times(2, () => shop().press(requestId));
  expect(statuses(refused)).toEqual([429]);
  expect(refused[0]?.retryAfterSeconds).toBeGreaterThan(0);
  expect(shop().chapa.transactions()).toHaveLength(opened);
  await shop().pass(MINUTE_MS);
  const renewed = await shop().press(requestId);
  expect(renewed.status).toBe(202);
  expect(renewed.url).not.toBe(failed.url);
});

test("case 42: ten people log in from one address, and an eleventh login with the right password is accepted", async () => {
  expect(statuses(await times(LIMIT, logInAs))).toEqual([200]);
  expect(statuses(await times(LIMIT, logInAs))).toEqual([200]);
});

test("an address may fail ten times in a minute: then the right password is accepted, and one more failure closes it", async () => {
  expect(statuses(await times(LIMIT, failTo))).toEqual([401]);
  expect((await logInAs(0)).status).toBe(200);
  expect((await failTo(LIMIT)).status).toBe(429);
  expect((await logInAs(0)).status).toBe(429);
  await shop().pass(MINUTE_MS);
  expect((await logInAs(0)).status).toBe(200);
});

test("a user name may be tried ten times in a minute, in any letters, from any process", async () => {
  const email = USERS.owner.email;
  const tries = await times(LIMIT, async (index) => {
    if (index % 4 === 0) await shop().stage.cloud.functions.forget();
    return logIn(index % 2 === 0 ? ` ${email} ` : email.toUpperCase(), `guess ${index}`);
  });
  expect(statuses(tries)).toEqual([401]);
  expect((await logIn(email)).status).toBe(429);
});

test.each([
  ["case 43: while Redis takes 250 ms", { fault: "latency", ms: 250 }],
  ["while Redis is down", "down"],
  ["while Redis answers nonsense", "malformedJson"],
])("%s the first login of a new process is accepted", async (_, fault) => {
  vi.stubEnv("DEADLINE_FACTOR", "1");
  await shop().stage.cloud.functions.forget();
  await shop().stage.cloud.fault("redis", fault);
  expect((await logInAs(0)).status).toBe(200);
});

test("the first press of a new process is accepted while Redis takes 250 ms", async () => {
  vi.stubEnv("DEADLINE_FACTOR", "1");
  await shop().stage.cloud.functions.forget();
  await shop().stage.cloud.fault("redis", { fault: "latency", ms: 250 });
  expect((await shop().press()).status).toBe(202);
});

test("case 44: one answer of Redis after 260 ms refuses none of the seventeen logins that follow", async () => {
  vi.stubEnv("DEADLINE_FACTOR", "1");
  await shop().stage.cloud.functions.forget();
  await shop().stage.cloud.fault("redis", { fault: "latency", ms: 260, times: 1 });
  expect(statuses(await times(18, logInAs))).toEqual([200]);
  expect(shop().counted("RateLimiterFailOpen")).toBeGreaterThan(0);
});

test("while Redis is down the count of the process still ends a guessing of passwords", async () => {
  await shop().stage.cloud.fault("redis", "down");
  const tries = await times(LIMIT + 1, (index) => logIn(USERS.owner.email, `guess ${index}`));
  expect(tries.map(({ status }) => status)).toEqual([...Array(LIMIT).fill(401), 429]);
});

/** Gives the program's key another entry, which new processes read. */
async function withEntry(entry: object): Promise<void> {
  const key = { name: "listing", sha256: createHash("sha256").update(API_KEY).digest("hex"), ...entry };
  shop().stage.cloud.rotate("auth", { api_keys: [key] });
  await shop().stage.cloud.functions.forget();
}

const pressByKey = (user: UserKey = "owner") =>
  shop().stage.caller.initiateByKey({ user_id: USERS[user].id, property_id: shop().stage.addProperty(), amount: 500 });

test("case 77: a program pays for thirty users in a minute, because its limit is not that of a user", async () => {
  await withEntry({ roles: ["service"] });
  expect(statuses(await times(30, () => pressByKey()))).toEqual([202]);
});

test("a program's limit is the one of its key's entry, whatever users may do, and its answers name it", async () => {
  await withEntry({ roles: ["service"], calls_per_minute: 2 });
  const presses = await times(3, () => pressByKey());
  expect(presses.map(({ status }) => status)).toEqual([202, 202, 429]);
  expect(presses[0]?.headers.get("ratelimit-policy")).toBe('"initiate";q=2;w=60');
  expect((await shop().press()).status).toBe(202);
});
