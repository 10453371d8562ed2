import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { VERSION } from "../../lib/contract/version.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { sign } from "../../local/services/tokens.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";

/** What callers of the service that this one replaces rely on, and what the siblings answer: one test a row. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "10" });
});
beforeEach(() => stage.cloud.reset());
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => stage.close());

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const KEYS = [
  ..."request_id property_id user_id amount id status".split(" "),
  ..."chapa_tx_ref checkout_url created_at updated_at failure_reason approved_at".split(" "),
];

const initiate = (body: Record<string, unknown> = {}) => stage.caller.initiate({ property_id: randomUUID(), ...body });
const confirms = () => stage.cloud.services.listing?.confirms() ?? [];
const deliveries = () => confirms().filter(({ body }) => body["status"] !== "PENDING");

describe("initiate", () => {
  test("row 1: POST /api/v1/payments/initiate exists without a trailing slash, and is no redirect", async () => {
    expect((await initiate()).status).toBe(202);
  });

  test("row 2: initiate answers 202 on success and on a replay", async () => {
    const [property_id, request_id] = [randomUUID(), randomUUID()];
    const first = await initiate({ property_id, request_id });
    const again = await initiate({ property_id, request_id });
    expect([first.status, again.status]).toEqual([202, 202]);
  });

  test("row 3: id is a UUID of version 4 in every 2xx", async () => {
    const answers = await Promise.all([initiate(), initiate(), initiate()]);
    for (const { body } of answers) expect(body["id"]).toMatch(UUID_V4);
  });

  test("row 4: chapa_tx_ref is text and not masked", async () => {
    const { body } = await initiate();
    expect(body["chapa_tx_ref"]).toMatch(/^[0-9A-Z]{20}$/);
  });

  test("row 5: checkout_url is an absolute URL, also when nothing is left to pay", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    expect(new URL(checkout.url).protocol).toMatch(/^https?:$/);
    await stage.act(checkout, "pay");
    const [payment] = await stage.cloud.rows.payments();
    const { body } = await initiate({ property_id: payment?.propertyId });
    expect(new URL(String(body["checkout_url"])).protocol).toMatch(/^https?:$/);
  });

  test("row 6: amount is a number, times are UTC, nullable fields are there, and so are all keys", async () => {
    const { body } = await initiate();
    expect(Object.keys(body)).toEqual(expect.arrayContaining(KEYS));
    expect(body["amount"]).toBe(500);
    expect(body["created_at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(body["updated_at"]).toMatch(/Z$/);
    expect([body["failure_reason"], body["approved_at"]]).toEqual([null, null]);
  });

  test("row 7: the status is PENDING, SUCCESS or FAILED and nothing else", async () => {
    const paid = await stage.checkout(stage.addProperty());
    await stage.act(paid, "pay");
    const reviewed = await stage.checkout(stage.addProperty());
    await stage.act(reviewed, "wrong-amount", { amount: "5.00" });
    const expired = await stage.checkout(stage.addProperty());
    await stage.cloud.advance(8 * DAY_MS);
    const seen = await Promise.all([paid, reviewed, expired].map((checkout) => stage.status(checkout)));
    expect(seen.map(({ body }) => body["status"])).toEqual(["SUCCESS", "PENDING", "FAILED"]);
  });

  test("row 8: the listing's extra fields are accepted", async () => {
    expect((await initiate({ currency: "ETB", is_test_mode: true })).status).toBe(202);
  });

  test("row 9: the float 500.0 is 500 birr", async () => {
    const { token, user_id } = stage.cloud.address.users.owner;
    const text = `{"property_id":"${randomUUID()}","user_id":"${user_id}","amount":500.0}`;
    const answer = await stage.caller.post("/api/v1/payments/initiate", text, { authorization: `Bearer ${token}` });
    expect([answer.status, answer.body["amount"]]).toEqual([202, 500]);
  });

  test.each([
    ["row 10: a bearer token with User Management's claims", "owner"],
    ["row 11: a role in any case", "OWNER"],
  ])("%s is enough to initiate", async (_row, role) => {
    const { id, email, phone, language } = USERS.owner;
    const now = stage.cloud.clock.now();
    const claims = { sub: id, role, email, phone_number: phone, preferred_language: language };
    const token = await sign(claims, stage.cloud.address.jwtSecret, now, now + 15 * MINUTE_MS);
    const headers = { authorization: `Bearer ${token}` };
    expect((await stage.caller.initiate({ property_id: randomUUID() }, { headers })).status).toBe(202);
  });

  test("row 12: a caller is answered 503 when Chapa's deadline passes without an answer", async () => {
    vi.stubEnv("SERVICE_DEADLINE_FACTOR", "0.25");
    await stage.cloud.fault("chapa", { fault: "timeoutBeforeEffect", route: "initialize" });
    const answer = await stage.caller.initiate({ property_id: randomUUID() });
    expect([answer.status, answer.body["code"]]).toEqual([503, "gateway_unavailable"]);
  });

  test("row 13: every error is JSON with a detail", async () => {
    const errors = await Promise.all([
      initiate({ amount: 1 }),
      initiate({ property_id: "x" }),
      stage.caller.get(`/api/v1/payments/${randomUUID()}/status`),
      stage.caller.status(randomUUID()),
      stage.caller.webhook("{}", {}),
    ]);
    expect(errors.map(({ status }) => status)).toEqual([422, 422, 401, 404, 401]);
    for (const { body } of errors) expect(body["detail"]).toMatch(/\w/);
  });

  test("row 14: an answer 401 says how to authenticate", async () => {
    const path = `/api/v1/payments/${randomUUID()}/status`;
    const { headers } = await stage.caller.get(path, { authorization: "Bearer x" });
    expect(headers.get("www-authenticate")).toBe("Bearer");
  });

  test("row 15: an answer 429 says when to come back, in whole seconds", async () => {
    const answers: HttpResponse[] = [];
    for (let count = 0; count < 11; count++) answers.push(await initiate());
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(last?.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  });

  test("row 16: the same property asked for again is the same payment, URL and checkout at Chapa", async () => {
    const property_id = randomUUID();
    const [first, second] = [await initiate({ property_id }), await initiate({ property_id })];
    expect([second.body["id"], second.body["checkout_url"]]).toEqual([first.body["id"], first.body["checkout_url"]]);
    expect(stage.cloud.chapa?.transactions()).toHaveLength(1);
  });
});

describe("the status of a payment", () => {
  test("row 17: a payment's status has the same keys, for its owner and for administrators; the rest get 403, 404, 401 or 422", async () => {
    const { id } = await stage.checkout(stage.addProperty());
    const own = await stage.caller.status(id);
    expect(Object.keys(own.body)).toEqual(expect.arrayContaining(KEYS));
    const others = [
      await stage.caller.status(id, "admin"),
      await stage.caller.status(id, "owner2"),
      await stage.caller.status(randomUUID()),
      await stage.caller.get(`/api/v1/payments/${id}/status`),
      await stage.caller.status("7"),
    ];
    expect([own.status, ...others.map(({ status }) => status)]).toEqual([200, 200, 403, 404, 401, 422]);
  });

  test("row 18: the reference is masked in a payment's status", async () => {
    const { id } = await stage.checkout(stage.addProperty());
    expect((await stage.caller.status(id)).body["chapa_tx_ref"]).toBe("********");
  });
});

describe("token, webhook, health and metrics", () => {
  const login = (password: string, path = "/token") =>
    stage.caller.post(path, new URLSearchParams({ username: USERS.owner.email, password }).toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });

  test("row 19: POST /token passes a form on and three fields back; 401 and 503 in the original's words", async () => {
    const good = await login(PASSWORD);
    const tokens = { access_token: expect.any(String), refresh_token: expect.any(String), token_type: "bearer" };
    expect(good).toMatchObject({ status: 200, body: tokens });
    const bad = await login("wrong");
    expect([bad.status, bad.body["detail"]]).toEqual([401, "Incorrect username or password"]);
    expect((await login(PASSWORD, "/api/v1/token")).status).toBe(200);
    await stage.cloud.fault("users", "down");
    expect((await login(PASSWORD)).status).toBe(503);
  });

  test("row 20: the webhook is public, with the original's answers", async () => {
    const { txRef } = await stage.checkout(stage.addProperty());
    const body = JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success" });
    const path = "/api/v1/webhook/chapa";
    const answers = [
      await stage.caller.get(`${path}?trx_ref=${txRef}&status=success`),
      await stage.caller.get(`${path}?trx_ref=unknown&status=success`),
      await stage.caller.get(path),
      await stage.caller.post(path, body),
      await stage.caller.post(path, body, { "x-chapa-signature": "0".repeat(64) }),
      await stage.caller.webhook(body, { secret: "sim-webhook-secret" }),
    ];
    expect(answers.map(({ status, body: { message, detail } }) => [status, message ?? detail])).toEqual([
      [200, "Webhook processed successfully"],
      [200, "Payment not found, no action taken"],
      [400, "Invalid webhook/redirect payload"],
      [401, "X-Chapa-Signature header missing"],
      [401, "Invalid webhook signature"],
      [200, "Webhook processed successfully"],
    ]);
    await stage.cloud.settle();
    const paid = await stage.checkout(stage.addProperty());
    await stage.act(paid, "pay");
    const again = await stage.caller.get(`${path}?trx_ref=${paid.txRef}&status=success`);
    expect([again.status, again.body["message"]]).toEqual([200, "Payment already processed, no action taken"]);
  });

  test("row 21: health is public at the root and under the base, 200 and 503, with the original's keys", async () => {
    await stage.cloud.sweep();
    for (const path of ["/health", "/api/v1/health"]) {
      const { status, body } = await stage.caller.get(path);
      expect([status, body]).toMatchObject([200, { status: "healthy", db: "ok", chapa_api: "ok", version: VERSION }]);
    }
    await stage.cloud.fault("chapa", "down");
    await stage.cloud.advance(MINUTE_MS);
    const down = await stage.caller.get("/health");
    expect([down.status, down.body]).toMatchObject([503, { db: "ok", version: VERSION }]);
    expect(down.body["chapa_api"]).not.toBe("ok");
    expect(down.body["detail"]).toEqual(expect.anything());
  });

  test("row 22: metrics are public at the root and under the base, nine keys, integers where they are counts", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    await stage.cloud.sweep();
    for (const path of ["/metrics", "/api/v1/metrics"]) {
      const { status, text } = await stage.caller.get(path);
      expect(status).toBe(200);
      const body = JSON.parse(text);
      expect(Object.keys(body).toSorted()).toEqual([
        ..."failed_payments initiate_calls pending_payments status_calls success_payments".split(" "),
        ..."timeout_jobs_run total_payments total_revenue webhook_calls".split(" "),
      ]);
      expect(body).toMatchObject({ total_payments: 1, success_payments: 1, total_revenue: 500 });
      for (const [name, value] of Object.entries(body)) {
        if (name !== "total_revenue") expect(Number.isInteger(value), name).toBe(true);
      }
    }
  });
});

describe("confirmations to the listing", () => {
  test("row 23: a confirmation is a POST to {listing}/payments/confirm", async () => {
    await stage.act(await stage.checkout(stage.addProperty()), "pay");
    expect(deliveries()).toHaveLength(1);
  });

  test("row 24: a confirmation carries the listing's own webhook key", async () => {
    await stage.act(await stage.checkout(stage.addProperty()), "pay");
    expect(confirms().map(({ status }) => status)).toEqual([200, 200]);
  });

  test("row 25: ids of a confirmation are UUIDs of version 4, its status is upper case, the rest is text or absent", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    const body = deliveries()[0]?.body ?? {};
    expect(body["payment_id"]).toMatch(UUID_V4);
    expect(body["property_id"]).toMatch(UUID_V4);
    expect([body["status"], body["tx_ref"], body["error_message"]]).toEqual(["SUCCESS", checkout.txRef, undefined]);
  });

  test("row 26: the listing gets one confirmation at a time, repeated until it is answered, never FAILED after SUCCESS", async () => {
    await stage.cloud.fault("listing", "503");
    await stage.act(await stage.checkout(stage.addProperty()), "pay");
    for (let minute = 0; minute < 5; minute++) await stage.cloud.advance(MINUTE_MS);
    await stage.cloud.fault("listing", null);
    await stage.cloud.advance(20 * MINUTE_MS);
    await stage.cloud.advance(16 * DAY_MS);
    expect(deliveries().map(({ body }) => body["status"])).toEqual(["SUCCESS"]);
  });

  test("row 27: the listing gets no FAILED on a verify error, nor while the fee may still be paid or is", async () => {
    const unpaid = await stage.checkout(stage.addProperty());
    await stage.cloud.fault("chapa", "503");
    await stage.cloud.advance(16 * DAY_MS);
    expect(deliveries()).toEqual([]);
    await stage.cloud.fault("chapa", null);
    await stage.act(unpaid, "pay-late");
    await stage.cloud.advance(HOUR_MS);
    expect(deliveries().map(({ body }) => body["status"])).toEqual(["SUCCESS"]);
  });

  test("row 28: received with APPROVED and SUCCESS ends a delivery; already_processed asks the public route", async () => {
    const property = stage.addProperty();
    const checkout = await stage.checkout(property);
    await stage.act(checkout, "pay");
    const [payment] = await stage.cloud.rows.payments();
    expect(payment?.acknowledgedAt).toEqual(expect.any(Number));
    expect(stage.cloud.services.listing?.property(property)?.status).toBe("APPROVED");
  });
});

describe("the other services", () => {
  test("row 29: User Management is asked with GET and a bearer, and may know neither phone nor language", async () => {
    const { user_id } = stage.cloud.address.users.owner2;
    const answer = await stage.caller.initiate({ property_id: randomUUID(), user_id }, { as: "owner2" });
    expect(answer.status).toBe(202);
  });

  test("row 30: a login is sent on as a form", async () => {
    const body = { user_id: USERS.owner.id, property_id: randomUUID() };
    expect((await stage.caller.initiateByKey(body)).status).toBe(202);
  });

  test("row 31: the notification has every key that any version reads, and its failure changes nothing", async () => {
    await stage.cloud.fault("notification", "500");
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    await stage.cloud.sweep();
    expect((await stage.status(checkout)).body["status"]).toBe("SUCCESS");
    await stage.cloud.fault("notification", null);
    await stage.cloud.advance(3 * MINUTE_MS);
    expect(stage.cloud.services.notification?.sent().map(({ eventType }) => eventType)).toEqual(["payment_success"]);
  });

  test("row 32: the service sends at most ten notifications a minute", async () => {
    for (let count = 0; count < 10; count++) await stage.act(await stage.checkout(stage.addProperty()), "pay");
    await stage.cloud.clock.advance(MINUTE_MS);
    for (let count = 0; count < 5; count++) await stage.act(await stage.checkout(stage.addProperty()), "pay");
    for (let minute = 0; minute < 4; minute++) await stage.cloud.advance(MINUTE_MS);
    const sent = stage.cloud.services.notification?.sent() ?? [];
    expect(sent).toHaveLength(15);
    for (const { at } of sent) {
      expect(sent.filter((other) => other.at >= at && other.at < at + MINUTE_MS).length).toBeLessThanOrEqual(10);
    }
  });

  test("row 33: the browser ends at the frontend's success page with property_id and tx_ref", async () => {
    const property = stage.addProperty();
    const checkout = await stage.checkout(property);
    await stage.act(checkout, "pay");
    const { headers } = await stage.returnFromChapa(checkout);
    const url = new URL(headers.get("location") ?? "");
    expect(url.pathname).toBe("/payment/success");
    const query = { property_id: property, tx_ref: checkout.txRef, amount: "500.00" };
    expect(Object.fromEntries(url.searchParams)).toMatchObject(query);
  });

  test("row 34: UUIDs come in any form, and an unknown property is not refused", async () => {
    const answer = await initiate({ property_id: randomUUID().toUpperCase().replaceAll("-", "") });
    expect(answer.status).toBe(202);
  });

  test("row 35: a payer without a language, or with an unsupported one, is written to in English", async () => {
    stage.cloud.services.users?.addUser({ ...USERS.owner, id: randomUUID(), language: null, password: PASSWORD });
    const customer = { preferred_language: "fr" };
    const body = { user_id: USERS.owner2.id, property_id: stage.addProperty(), customer };
    const { body: answer } = await stage.caller.initiateByKey(body);
    await stage.caller.act(String(answer["checkout_url"]), "pay");
    await stage.cloud.settle();
    await stage.cloud.sweep();
    expect(stage.cloud.services.notification?.sent()[0]?.message).toContain("received");
  });
});
