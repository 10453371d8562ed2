import { describe, expect, test } from "vitest";
import { apiKey, bearer, PaymentError } from "../../client/src/client.ts";
import { PAYMENT, problem, type Scripted, scriptedClient } from "./scripted.ts";

const REQUEST = {
  property_id: "b3e1d7aa-2f64-4c1b-8a1e-6c2f9d0e4a55",
  user_id: "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
};
const ACCEPTED = { status: 202, body: PAYMENT };
const SETTLED = { status: 200, body: { ...PAYMENT, status: "SUCCESS", state: "SUCCESS" } };
const OPEN = { status: 200, body: { ...PAYMENT, retry_after: 3 }, headers: { etag: '"one"' } };
const UNCHANGED = { status: 304, body: "", headers: { etag: '"one"' } };

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => (error instanceof PaymentError ? error : undefined),
  );
const keysOf = (sent: readonly { body: string | undefined }[]) =>
  new Set(sent.map(({ body }) => JSON.parse(body ?? "").request_id));

describe("a request that fails for now", () => {
  const FAILURES: [string, Scripted, number][] = [
    ["429 that names seconds", problem(429, "rate_limited", { "retry-after": "7" }), 7_000],
    ["503 that names seconds", problem(503, "gateway_unavailable", { "retry-after": "5" }), 5_000],
    ["503 without a time", problem(503, "dependency_unavailable"), 1_000],
    ["409 that ends by itself", problem(409, "checkout_being_opened", { "retry-after": "2" }), 2_000],
    ["a lost answer", "lost", 1_000],
    ["502 of a proxy", { status: 502, body: "<html>Bad gateway</html>" }, 1_000],
    ["500 of API Gateway", { status: 500, body: { message: "Internal Server Error" } }, 1_000],
    [
      "503 that names a date, while the clock here is off by an hour",
      problem(503, "initiate_paused", {
        "retry-after": new Date(Date.now() + 3_600_000 + 9_000).toUTCString(),
        date: new Date(Date.now() + 3_600_000).toUTCString(),
      }),
      9_000,
    ],
  ];
  test.each(FAILURES)("%s: initiate waits as long as it is asked to, and sends the same key again", async (...row) => {
    const [, failure, waitMs] = row;
    const { client, sent, waits } = scriptedClient([failure, failure, ACCEPTED]);
    expect(await client.initiate(REQUEST)).toEqual(PAYMENT);
    expect(sent).toHaveLength(3);
    expect(keysOf(sent)).toHaveLength(1);
    expect(waits[0]).toBe(waitMs);
  });

  test("the waits without a given time double up to half a minute, and a call gives up after its limit", async () => {
    const { client, waits } = scriptedClient(["lost"]);
    const failure = await failureOf(client.initiate(REQUEST, { giveUpAfterMs: 120_000 }));
    expect(failure).toMatchObject({ code: "no_answer", status: undefined });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test("a failure that asks for a longer wait than the limit is thrown at once, with its time and the key", async () => {
    const { client, sent, waits } = scriptedClient([problem(503, "initiate_paused", { "retry-after": "300" })]);
    const failure = await failureOf(client.initiate(REQUEST));
    expect(failure).toMatchObject({ code: "initiate_paused", status: 503, retryAfterSeconds: 300 });
    expect(keysOf(sent)).toEqual(new Set([failure?.idempotencyKey]));
    expect([sent.length, waits]).toEqual([1, []]);
  });

  test("a caller who gives up gets their own reason, and nothing more is sent", async () => {
    const leaving = new AbortController();
    const { client, sent } = scriptedClient(["lost"], () => {
      if (sent.length === 1) leaving.abort(new Error("the page is closed"));
      return {};
    });
    await expect(client.initiate(REQUEST, { signal: leaving.signal })).rejects.toThrow("the page is closed");
    expect(sent.length).toBeLessThanOrEqual(2);
  });
});

describe("a refusal", () => {
  test.each([
    [409, "listing_closed"],
    [422, "price_differs"],
    [403, "forbidden"],
    [401, "unauthenticated"],
    [500, "internal_error"],
  ])("%i %s is thrown at once, with its code and its sentence", async (status, code) => {
    const { client, sent } = scriptedClient([problem(status, code)]);
    const failure = await failureOf(client.initiate(REQUEST));
    expect(failure).toMatchObject({ code, status, message: `It is ${code}.`, problem: { request_id: "r-1" } });
    expect(sent).toHaveLength(1);
  });

  test.each([
    ["a page of a login portal", { status: 200, body: "<html>Log in to the wireless network</html>" }],
    ["JSON of another program", { status: 200, body: { ok: true } }],
    ["403 of API Gateway", { status: 403, body: { message: "Forbidden" } }],
  ])("%s is no answer of the service", async (_what, answer) => {
    const { client } = scriptedClient([answer]);
    expect(await failureOf(client.payments.get(PAYMENT.id))).toMatchObject({ code: "answer_unknown" });
  });
});

describe("waiting for the outcome", () => {
  test("an unchanged payment is asked for with its ETag, as often as the service says, until it is settled", async () => {
    const later = { ...OPEN, body: { ...PAYMENT, retry_after: 60 } };
    const { client, sent, waits } = scriptedClient([OPEN, UNCHANGED, later, UNCHANGED, SETTLED]);
    expect(await client.waitForOutcome(PAYMENT.id)).toMatchObject({ state: "SUCCESS" });
    expect(sent.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, ...Array(4).fill('"one"')]);
    expect(waits).toEqual([3_000, 3_000, 60_000, 60_000]);
  });

  test("the header Retry-After of an answer goes before its body", async () => {
    const later = { ...OPEN, headers: { ...OPEN.headers, "retry-after": "20" } };
    const { client, waits } = scriptedClient([later, SETTLED]);
    await client.waitForOutcome(PAYMENT.id);
    expect(waits).toEqual([20_000]);
  });

  test("an outage in between does not end it", async () => {
    const { client } = scriptedClient([OPEN, "lost", problem(503, "dependency_unavailable"), UNCHANGED, SETTLED]);
    expect(await client.waitForOutcome(PAYMENT.id)).toMatchObject({ state: "SUCCESS" });
  });

  test.each(["REVIEW", "FAILED", "CANCELLED", "EXPIRED"])("%s is an outcome", async (state) => {
    const { client } = scriptedClient([{ status: 200, body: { ...PAYMENT, state } }]);
    expect(await client.waitForOutcome(PAYMENT.id)).toMatchObject({ state });
  });

  test("a payment without an outcome is `still_pending` after the limit", async () => {
    const { client, waits } = scriptedClient([OPEN]);
    expect(await failureOf(client.waitForOutcome(PAYMENT.id, { giveUpAfterMs: 60_000 }))).toMatchObject({
      code: "still_pending",
    });
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000);
  });
});

describe("a list", () => {
  const page = (ids: string[], next: string | null, more: object = {}) => ({
    status: 200,
    body: { data: ids.map((id) => ({ id })), has_more: next !== null, next_cursor: next, ...more },
  });

  test("the pages of a list are read one after the other, each when the one before is used up", async () => {
    const { client, sent } = scriptedClient([page(["a", "b"], "c+1"), page([], "c/2"), page(["c"], null)]);
    const seen: [string, number][] = [];
    for await (const { id } of client.payments.list({ status: "SUCCESS", limit: 2 })) seen.push([id, sent.length]);
    expect(seen).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 3],
    ]);
    expect(sent.map(({ path }) => path)).toEqual([
      "/api/v1/payments?status=SUCCESS&limit=2",
      "/api/v1/payments?status=SUCCESS&limit=2&cursor=c%2B1",
      "/api/v1/payments?status=SUCCESS&limit=2&cursor=c%2F2",
    ]);
  });

  test("payments that cannot be read are named after the last payment", async () => {
    const warning = { code: "payment_unreadable", detail: "One is missing.", payment_ids: ["x"] };
    const { client } = scriptedClient([page(["a"], "c", { warning }), page(["b"], null)]);
    const seen: string[] = [];
    const read = async () => {
      for await (const { id } of client.payments.list()) seen.push(id);
    };
    const failure = await failureOf(read());
    expect([seen, failure?.code, failure?.message]).toEqual([
      ["a", "b"],
      "payment_unreadable",
      "Payments cannot be read right now: x.",
    ]);
  });
});

test("a refund whose answer is lost is requested again under the same id", async () => {
  const { client, sent } = scriptedClient(["lost", { status: 200, body: { ...PAYMENT, explanation: "Paid." } }]);
  await client.payments.refund(PAYMENT.id, { reason: "paid twice", version: 3 });
  expect(new Set(sent.map(({ body }) => JSON.parse(body ?? "").refund_id))).toHaveLength(1);
});

test("a token is asked for anew before each attempt, and a key is sent as it is", async () => {
  let token = 0;
  const user = scriptedClient(
    ["lost", SETTLED],
    bearer(async () => `token-${++token}`),
  );
  await user.client.waitForOutcome(PAYMENT.id);
  expect(user.sent.map(({ headers }) => headers["authorization"])).toEqual(["Bearer token-1", "Bearer token-2"]);
  const program = scriptedClient([SETTLED], apiKey("a-key"));
  await program.client.waitForOutcome(PAYMENT.id);
  expect(program.sent[0]?.headers["x-api-key"]).toBe("a-key");
});

test("a request keeps the id that its caller chose", async () => {
  const { client, sent } = scriptedClient([ACCEPTED]);
  const request_id = "11f6c1de-3c56-4f53-8f0e-9d5b6f0c7a11";
  await client.initiate({ ...REQUEST, request_id });
  expect(keysOf(sent)).toEqual(new Set([request_id]));
});
