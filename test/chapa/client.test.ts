import { afterEach, beforeEach, expect, test } from "vitest";
import { ChapaClient, modeOf } from "../../lib/chapa/client.ts";
import { parseTxRef, type TxRef } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { call } from "../../lib/runtime/call.ts";
import { FaultPlan } from "../../local/faults.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";

const TX_REF = parseTxRef("G85FR23GHWFN3DNFFP00")?.txRef as TxRef;
const CHECKOUT = {
  txRef: TX_REF,
  amount: Santim.parse(50_000),
  currency: "ETB",
  title: "Listing fee",
  callbackUrl: "https://pay.rental.et/api/v1/webhook/chapa",
  returnUrl: `https://pay.rental.et/api/v1/payments/return/${TX_REF}`,
  contact: { email: "abebe@rental.et", phone: "+251911223344", name: "Abebe Bikila Demissie" },
} as const;

let requests: Request[];
let answer: Answer;
let faults: FaultPlan;
let server: Listening;
let chapa: ChapaClient;
let key: string;
let renewedKey: string;

beforeEach(async () => {
  key = "CHASECK_TEST-sim";
  renewedKey = key;
  requests = [];
  answer = { status: 200, body: { message: "ok", status: "success", data: {} } };
  faults = new FaultPlan(() => 0);
  server = await serve(
    "Chapa",
    0,
    (request) => {
      requests.push(request);
      return answer;
    },
    faults,
  );
  chapa = new ChapaClient({
    baseUrl: `${server.origin}/v1`,
    checkoutOrigins: [server.origin],
    secretKey: { get: async () => key, renewed: async () => renewedKey },
    send: call,
  });
});
afterEach(() => server.close());

test("a call that Chapa refuses for a replaced key is sent again with the new key", async () => {
  answer = { status: 401, body: { message: "Invalid API Key", status: "failed", data: null } };
  expect(await chapa.initialize(CHECKOUT, 1000)).toEqual({ kind: "misconfigured" });
  expect(requests).toHaveLength(1);
  renewedKey = "CHASECK_TEST-sim2";
  await chapa.initialize(CHECKOUT, 1000);
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer CHASECK_TEST-sim",
    "Bearer CHASECK_TEST-sim",
    "Bearer CHASECK_TEST-sim2",
  ]);
  expect(String(requests[2]?.body)).toBe(String(requests[1]?.body));
});

test("initialize sends exactly what Chapa accepts", async () => {
  answer = {
    status: 200,
    body: { message: "Hosted Link", status: "success", data: { checkout_url: `${server.origin}/x` } },
  };

  expect(await chapa.initialize(CHECKOUT, 1_000)).toEqual({ kind: "opened", checkoutUrl: `${server.origin}/x` });

  const [request] = requests;
  expect(request).toMatchObject({ method: "POST", path: "/v1/transaction/initialize" });
  expect(request?.headers).toMatchObject({
    authorization: "Bearer CHASECK_TEST-sim",
    "content-type": "application/json",
  });
  expect(JSON.parse(String(request?.body))).toEqual({
    amount: "500.00",
    currency: "ETB",
    tx_ref: TX_REF,
    callback_url: CHECKOUT.callbackUrl,
    return_url: CHECKOUT.returnUrl,
    customization: { title: "Listing fee", description: "Listing fee 500.00 ETB" },
    email: "abebe@rental.et",
    phone_number: "0911223344",
    first_name: "Abebe",
    last_name: "Bikila Demissie",
  });
});

test("initialize leaves out contact data that Chapa would refuse", async () => {
  await chapa.initialize({ ...CHECKOUT, contact: { email: "a@example.com", phone: "+1 555" } }, 1_000);
  const body = JSON.parse(String(requests[0]?.body));
  for (const field of ["email", "phone_number", "first_name", "last_name"]) expect(body).not.toHaveProperty(field);
});

test("verify and cancel name the checkout in the path and send no body", async () => {
  await chapa.verify(TX_REF, 1_000);
  await chapa.cancel(TX_REF, 1_000);
  expect(requests.map(({ method, path, body }) => [method, path, body.length])).toEqual([
    ["GET", `/v1/transaction/verify/${TX_REF}`, 0],
    ["PUT", `/v1/transaction/cancel/${TX_REF}`, 0],
  ]);
});

test("a refused connection proves that nothing was sent", async () => {
  await faults.set("down");
  expect(await chapa.initialize(CHECKOUT, 1_000)).toEqual({ kind: "unsent" });
  expect(await chapa.verify(TX_REF, 1_000)).toEqual({ kind: "unavailable", reason: "unreachable" });
  expect(await chapa.cancel(TX_REF, 1_000)).toBe("unclear");
  expect(await chapa.isReachable(1_000)).toBe(false);
  expect(requests).toHaveLength(0);
});

test("a name that does not resolve proves that nothing was sent", async () => {
  const lost = new ChapaClient({
    baseUrl: "http://chapa.invalid/v1",
    checkoutOrigins: [],
    secretKey: { get: async () => key, renewed: async () => renewedKey },
    send: call,
  });
  expect(await lost.initialize(CHECKOUT, 3_000)).toEqual({ kind: "unsent" });
});

test("without time left nothing is sent", async () => {
  expect(await chapa.initialize(CHECKOUT, 0)).toEqual({ kind: "unsent" });
  expect(requests).toHaveLength(0);
});

test.each([
  "timeoutAfterEffect",
  "resetBeforeHeaders",
  "resetAfterEffect",
  "resetMidBody",
  "malformedJson",
  "502",
  "429",
])("an initialize after %s has an unknown outcome and is not sent again", async (fault) => {
  await faults.set(fault);
  expect(await chapa.initialize(CHECKOUT, 200)).toEqual({ kind: "lost" });
  expect(requests.length).toBeLessThanOrEqual(1);
});

test.each(["timeoutBeforeEffect", "resetMidBody", "503", "malformedJson", "redirect302"])(
  "after %s verify says nothing about money",
  async (fault) => {
    await faults.set(fault);
    expect((await chapa.verify(TX_REF, 200)).kind).toBe("unavailable");
  },
);

test("the client follows no redirect from Chapa", async () => {
  await faults.set("redirect302");
  await chapa.verify(TX_REF, 1_000);
  expect(requests).toHaveLength(0);
});

test("an answer larger than any of Chapa's is not read to the end", async () => {
  answer = { status: 200, body: "x".repeat(600 * 1024) };
  expect(await chapa.verify(TX_REF, 2_000)).toEqual({ kind: "unavailable", reason: "unreachable" });
});

test("the list of transactions comes page by page", async () => {
  const row = {
    status: "success",
    ref_id: "AP1",
    trans_id: TX_REF,
    amount: "500.00",
    currency: "ETB",
    created_at: "2026-11-24T09:00:00.000000Z",
  };
  answer = { status: 200, body: { data: { transactions: [row], pagination: { next_page_url: "?page=2" } } } };
  expect(await chapa.transactions(1, 1_000)).toEqual({
    transactions: [
      {
        name: TX_REF,
        reference: "AP1",
        money: "paid",
        amount: 50_000,
        currency: "ETB",
        at: Date.parse("2026-11-24T09:00:00Z"),
      },
    ],
    last: false,
  });
  answer = { status: 200, body: { data: { transactions: [], pagination: { next_page_url: null } } } };
  expect(await chapa.transactions(2, 1_000)).toEqual({ transactions: [], last: true });
  answer = { status: 200, body: { data: [row] } };
  expect(await chapa.transactions(1, 1_000)).toMatchObject({ transactions: [{ reference: "AP1" }], last: false });
  answer = { status: 200, body: { data: [] } };
  expect(await chapa.transactions(2, 1_000)).toEqual({ transactions: [], last: true });
  answer = { status: 500, body: "" };
  expect(await chapa.transactions(1, 1_000)).toBeUndefined();
});

test("Chapa is reachable when its list of banks comes", async () => {
  answer = { status: 200, body: { message: "Banks retrieved", data: [] } };
  expect(await chapa.isReachable(1_000)).toBe(true);
  expect(requests[0]?.path).toBe("/v1/banks");
});

test.each([
  ["CHASECK_TEST-abc", "test"],
  ["CHASECK-abc", "live"],
  ["CHAPA-SECK-abc", "live"],
])("the key %s works in %s mode", (key, mode) => {
  expect(modeOf(key)).toBe(mode);
});

test("a key of another API is refused", () => {
  expect(() => modeOf("CHAPA_TEST_abc")).toThrow(RangeError);
});
