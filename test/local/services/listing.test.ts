import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, createClock } from "../../../local/clock.ts";
import { type Answer, type Listening, type Request, serve } from "../../../local/serve.ts";
import { type ListingDouble, startListing } from "../../../local/services/listing.ts";
import { sign } from "../../../local/services/tokens.ts";
import { read } from "../../support/http.ts";
import { waitUntil } from "../../support/wait-until.ts";

const SECRET = "shared-by-the-siblings";
const KEY = "webhook-key";
const OWNER = "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11";
const DAY_MS = 86_400_000;

let clock: Clock;
let listing: ListingDouble;
let paid: Request[];
let payment: Listening;
let answer: Answer;
const ANSWER = { id: randomUUID(), chapa_tx_ref: "T", checkout_url: "https://checkout.chapa.co/x", more: 1 };

const options = () => ({
  clock,
  jwtSecret: SECRET,
  webhookKey: KEY,
  paymentServiceKey: "payment-service-key",
  paymentServiceUrl: `${payment.origin}/api/v1`,
  notificationMs: { up: 5, refusing: 60, hanging: 200 },
});

beforeEach(async () => {
  clock = createClock();
  paid = [];
  answer = { status: 202, body: ANSWER };
  payment = await serve("payments", 0, (request) => {
    paid.push(request);
    return answer;
  });
  listing = await startListing(options());
});
afterEach(async () => {
  clock.stop();
  await Promise.all([listing.close(), payment.close()]);
});

/** Sends a confirm, of a success unless `body` says otherwise. */
function send(body: object, { key = KEY, url = listing.baseUrl, signal = null as AbortSignal | null } = {}) {
  const headers = { "content-type": "application/json", ...(key ? { "x-api-key": key } : {}) };
  const text = JSON.stringify({ payment_id: randomUUID(), status: "SUCCESS", ...body });
  return fetch(`${url}/payments/confirm`, { method: "POST", headers, body: text, signal });
}

async function confirm(property_id: string, status = "SUCCESS", change: Record<string, unknown> = {}, key = KEY) {
  const { status: code, body } = await read(await send({ property_id, status, ...change }, { key }));
  return { status: code, body };
}
const aProperty = () => listing.addProperty({ ownerId: OWNER }).id;
const received = (property_status: string, payment_status: string) => ({
  status: 200,
  body: { status: "received", property_status, payment_status },
});
const processed = { status: 200, body: { status: "already_processed" } };

test("the listing's confirm asks for its own key before it reads anything", async () => {
  const texts = async (key: string) => (await confirm("nonsense", "SUCCESS", {}, key)).body["detail"];
  expect(await texts("")).toBe("X-API-Key header missing");
  expect(await texts("wrong")).toBe("Invalid API Key");
  expect(await texts("payment-service-key")).toBe("Invalid API Key for this endpoint");
  expect((await confirm("nonsense", "SUCCESS", {}, "wrong")).status).toBe(403);
});

test("the listing's confirm knows its properties and ids of version 4 only", async () => {
  expect(await confirm(randomUUID())).toEqual({ status: 404, body: { detail: "Property not found" } });
  for (const bad of ["x", "0b0a7c1e-3c1f-1f27-8a52-6f2f5f0f7a22", "0b0a7c1e-3c1f-4f27-7a52-6f2f5f0f7a22"]) {
    expect((await confirm(aProperty(), "SUCCESS", { payment_id: bad })).status).toBe(422);
    expect((await confirm(bad)).status).toBe(422);
  }
  expect((await confirm(aProperty(), "SUCCESS", { payment_id: undefined })).body["detail"]).toMatchObject([
    { loc: ["body", "payment_id"] },
  ]);
});

test("the listing's confirm approves on a success, tells the owner itself, and takes ids in any form and null texts", async () => {
  const id = aProperty();
  expect(await confirm(id.toUpperCase(), "SUCCESS", { tx_ref: null, error_message: null })).toEqual(
    received("APPROVED", "SUCCESS"),
  );
  expect(listing.property(id)).toMatchObject({ status: "APPROVED", paymentStatus: "SUCCESS" });
  expect(listing.messages()).toMatchObject([{ ownerId: OWNER, propertyId: id }]);
});

test("the listing's confirm keeps a failure for good and says nothing to anyone", async () => {
  const id = aProperty();
  expect(await confirm(id, "FAILED")).toEqual(received("PENDING", "FAILED"));
  expect(await confirm(id, "SUCCESS")).toEqual(processed);
  expect(listing.property(id)).toMatchObject({ status: "PENDING", paymentStatus: "FAILED" });
  expect(listing.messages()).toEqual([]);
});

test("the listing's confirm answers everything after a final state alike, without saying which it was", async () => {
  const id = aProperty();
  await confirm(id);
  for (const status of ["SUCCESS", "FAILED", "PENDING"]) expect(await confirm(id, status)).toEqual(processed);
});

test.each(["PENDING", "REFUNDED", "success"])(
  "the listing's confirm only shows its property when the status is %s",
  async (word) => {
    const id = aProperty();
    expect(await confirm(id, word)).toEqual(received("PENDING", "PENDING"));
    expect(listing.property(id)).toMatchObject({ status: "PENDING", paymentStatus: "PENDING" });
  },
);

test("the listing's confirm lets four parallel successes pass, and tells the owner four times", async () => {
  const id = aProperty();
  const answers = await Promise.all(Array.from({ length: 4 }, () => confirm(id)));
  expect(answers).toEqual(Array.from({ length: 4 }, () => received("APPROVED", "SUCCESS")));
  expect(listing.messages()).toHaveLength(4);
});

test("the listing's confirm can end approved and failed when a failure is written after a success that began first", async () => {
  const waiting: (() => void)[] = [];
  const goOn = async (index: number) => {
    await waitUntil(() => waiting.length > index);
    waiting[index]?.();
  };
  await listing.close();
  listing = await startListing({ ...options(), pause: () => new Promise((resolve) => waiting.push(resolve)) });
  const id = aProperty();
  const success = confirm(id);
  await waitUntil(() => waiting.length === 1);
  const failure = confirm(id, "FAILED");
  await waitUntil(() => waiting.length === 2);
  // The success has sent its mail; then both commit, the failure last.
  for (const index of [0, 2, 1]) await goOn(index);
  await Promise.all([success, failure]);
  expect(listing.property(id)).toMatchObject({ status: "APPROVED", paymentStatus: "FAILED" });
});

test("the listing's confirm shows a preflight nothing of a confirm that is still running", async () => {
  const id = aProperty();
  listing.setMode("hanging");
  const slow = confirm(id);
  await waitUntil(() => listing.confirms().length > 0);
  expect(await confirm(id, "PENDING")).toEqual(received("PENDING", "PENDING"));
  expect(await slow).toEqual(received("APPROVED", "SUCCESS"));
  expect(listing.messages()).toEqual([]);
});

test("the listing's confirm goes through although its caller has gone", async () => {
  const id = aProperty();
  listing.setMode("refusing");
  await expect(send({ property_id: id }, { signal: AbortSignal.timeout(20) })).rejects.toThrow();
  await waitUntil(() => listing.property(id)?.status === "APPROVED");
});

test("the listing's confirm publishes a deleted property again on a success, which only a preflight can prevent", async () => {
  const id = aProperty();
  listing.deleteProperty(id);
  expect(await confirm(id, "PENDING")).toEqual(received("DELETED", "PENDING"));
  expect(await confirm(id)).toEqual(received("APPROVED", "SUCCESS"));
});

test("the listing gives up a property that is unpaid for a week", async () => {
  const id = aProperty();
  await clock.advance(7 * DAY_MS - 60_000);
  listing.closeOld();
  expect(listing.property(id)?.status).toBe("PENDING");
  await clock.advance(60_000);
  listing.closeOld();
  expect(listing.property(id)).toMatchObject({ status: "REJECTED", paymentStatus: "FAILED" });
  expect(await confirm(id)).toEqual(processed);
});

test("the listing can be set to know every property", async () => {
  const open = await startListing({ clock, jwtSecret: SECRET, webhookKey: KEY, knowsEveryProperty: true });
  const { status } = await send({ property_id: randomUUID(), status: "PENDING" }, { url: open.baseUrl });
  expect(status).toBe(200);
  await open.close();
});

test("the listing records each request and its answer", async () => {
  const id = aProperty();
  await confirm(id);
  expect(listing.confirms()).toMatchObject([
    { body: { property_id: id, status: "SUCCESS" }, status: 200, answer: { status: "received" } },
  ]);
});

test("the listing's pages show approved properties to everybody, and no others", async () => {
  const id = aProperty();
  const shown = async () => (await fetch(`${listing.baseUrl}/properties/public/${id}`)).status;
  expect(await shown()).toBe(404);
  await confirm(id);
  expect(await shown()).toBe(200);
  listing.deleteProperty(id);
  expect(await shown()).toBe(404);
  expect(await (await fetch(`${listing.baseUrl}/properties/reserved`)).json()).toEqual({ total: 0, items: [] });
});

const token = (sub = OWNER, role = "owner") =>
  sign({ sub, role } as { sub: string }, SECRET, clock.now(), clock.now() + 1e6);
const press = async (id: string, bearer?: string, slash = "") =>
  fetch(`${listing.baseUrl}/properties/${id}/approve-and-pay${slash}`, {
    method: "PATCH",
    redirect: "manual",
    headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
  });

test("the listing's approve-and-pay asks for a payment as the owner, under a new request id each time", async () => {
  const id = aProperty();
  const bearer = await token();
  const response = await press(id, bearer);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ property_id: id, status: "PENDING", chapa_tx_ref: "T" });
  await press(id, bearer);
  const bodies = paid.map(({ body }) => JSON.parse(String(body)));
  expect(bodies[0]).toEqual({
    request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    property_id: id,
    user_id: OWNER,
    amount: 500,
    currency: "ETB",
    is_test_mode: true,
  });
  expect(bodies[1].request_id).not.toBe(bodies[0].request_id);
  expect(paid[0]?.headers.authorization).toBe(`Bearer ${bearer}`);
  expect(paid[0]?.path).toBe("/api/v1/payments/initiate");
});

test.each([400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 204, 302])(
  "the listing's approve-and-pay shows our %d as one and the same 500",
  async (status) => {
    answer = { status, ...(status === 204 ? {} : { body: { detail: "x" } }) };
    const response = await press(aProperty(), await token());
    expect([response.status, (await read(response)).body["detail"]]).toEqual([
      500,
      "An internal error occurred. Please try again later.",
    ]);
  },
);

test.each([
  ["no URL", { checkout_url: null }],
  ["no reference", { chapa_tx_ref: null }],
])("the listing's approve-and-pay breaks on an answer with %s", async (_name, change) => {
  answer = { status: 202, body: { ...ANSWER, ...change } };
  expect((await press(aProperty(), await token())).status).toBe(500);
});

test("the listing's approve-and-pay stores an id that it then cannot take", async () => {
  const id = aProperty();
  const bad = "0b0a7c1e-3c1f-7f27-8a52-6f2f5f0f7a22";
  answer = { status: 202, body: { ...ANSWER, id: bad } };
  const response = await press(id, await token());
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(listing.property(id)?.paymentId).toBe(bad);
});

test("the listing's approve-and-pay refuses a caller who may not pay without asking us", async () => {
  const id = aProperty();
  expect((await press(id)).status).toBe(401);
  expect((await press(id, await token(OWNER, "tenant"))).status).toBe(403);
  expect((await press(id, await token(randomUUID()))).status).toBe(403);
  expect((await press(randomUUID(), await token())).status).toBe(404);
  await confirm(id);
  expect((await press(id, await token())).status).toBe(400);
  expect(paid).toHaveLength(0);
});

test("the listing's approve-and-pay sends a trailing slash to the path without it", async () => {
  const response = await press(aProperty(), await token(), "/");
  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toMatch(/approve-and-pay$/);
});
