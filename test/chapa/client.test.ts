import { afterEach, beforeEach, expect, test } from "vitest";
import { ChapaClient, keyIdOf, modeOf } from "../../lib/chapa/client.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { CallFailed, call, type HttpRequest } from "../../lib/runtime/call.ts";
import { FaultPlan } from "../../local/faults.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import { aClaim } from "../support/payments.ts";

const TX_REF = txRefOf(aClaim(), 0);
const CHECKOUT = {
  txRef: TX_REF,
  amount: Santim.parse(50_000),
  currency: "ETB",
  key: keyIdOf("CHASECK_TEST-sim"),
  title: "Listing fee",
  callbackUrl: "https://pay.rental.et/api/v1/webhook/chapa",
  returnUrl: `https://pay.rental.et/api/v1/payments/return/${TX_REF}`,
  meta: { payment_id: "0d1c2b3a-4f5e-4678-9abc-def012345678", property_id: "1d1c2b3a-4f5e-4678-9abc-def012345678" },
  contact: { email: "abebe@rental.et", phone: "+251911223344", name: "Abebe Bikila Demissie" },
} as const;

let requests: Request[];
let answer: Answer;
let faults: FaultPlan;
let server: Listening;
let chapa: ChapaClient;
let keys: string[];
let renewed: string[];
let respond: (request: Request) => Answer;
let said: unknown[][];
let counted: string[];

beforeEach(async () => {
  keys = ["CHASECK_TEST-sim"];
  renewed = keys;
  respond = () => answer;
  requests = [];
  said = [];
  counted = [];
  answer = { status: 200, body: { message: "ok", status: "success", data: {} } };
  faults = new FaultPlan(() => 0);
  server = await serve(
    "Chapa",
    0,
    (request) => {
      requests.push(request);
      return respond(request);
    },
    faults,
  );
  chapa = new ChapaClient({
    baseUrl: `${server.origin}/v1`,
    checkoutOrigins: [server.origin],
    keys: { get: async () => keys, renewed: async () => renewed },
    send: call,
    reports: {
      log: { error: (...record) => void said.push(record) },
      count: (name) => void counted.push(name),
    },
  });
});
afterEach(() => server.close());

const REFUSED = { status: 401, body: { message: "Invalid API Key", status: "failed", data: null } };
const NOT_FOUND = { status: 400, body: { message: "Invalid transaction reference", status: "failed", data: null } };
const PENDING = { status: 200, body: { message: "", status: "success", data: { status: "pending", tx_ref: TX_REF } } };
const OLD = "CHASECK_TEST-sim";
const NEW = "CHASECK_TEST-sim2";
const owner = (of = OLD) => ({ key: keyIdOf(of), mode: "test" as const, isOpened: true });
const asked = () => requests.map(({ headers }) => headers.authorization?.replace("Bearer ", ""));

/** Chapa as each key sees it. */
function answersTo(byKey: Record<string, Answer>): void {
  respond = ({ headers }) => byKey[headers.authorization?.replace("Bearer ", "") ?? ""] ?? REFUSED;
}

test("initialize asks with the key that its attempt has recorded, and with no other", async () => {
  keys = [NEW, OLD];
  answersTo({});
  expect(await chapa.initialize(CHECKOUT, 1_000)).toEqual({ kind: "key_refused" });
  expect(asked()).toEqual([OLD]);
  keys = renewed = [NEW];
  expect(await chapa.initialize(CHECKOUT, 1_000)).toEqual({ kind: "key_refused" });
  expect(asked()).toEqual([OLD]);
});

test("a checkout is read with its own key while the secret has it, although another one is current", async () => {
  keys = [NEW, OLD];
  answersTo({ [OLD]: PENDING, [NEW]: NOT_FOUND });
  expect(await chapa.verify(TX_REF, owner(), 1_000)).toEqual({
    kind: "unpaid",
    reason: "pending",
    failureReason: undefined,
    key: keyIdOf(OLD),
  });
  expect(asked()).toEqual([OLD]);
});

test("a key that was renewed at Chapa reads what the old one opened, whether the secret still has the old one or not", async () => {
  for (const stored of [[NEW, OLD], [NEW]]) {
    keys = renewed = stored;
    answersTo({ [NEW]: PENDING });
    expect(await chapa.verify(TX_REF, owner(), 1_000)).toMatchObject({ kind: "unpaid", key: keyIdOf(NEW) });
  }
});

test("each key of the same mode is asked, newest first, until one reads the checkout", async () => {
  renewed = ["CHASECK_TEST-simother", "CHASECK-live", NEW, OLD];
  answersTo({ "CHASECK_TEST-simother": NOT_FOUND, "CHASECK-live": PENDING, [NEW]: PENDING });
  expect(await chapa.verify(TX_REF, owner(), 1_000)).toMatchObject({ kind: "unpaid", key: keyIdOf(NEW) });
  expect(asked()).toEqual([OLD, "CHASECK_TEST-simother", NEW]);
});

test.each([
  [NOT_FOUND, { kind: "unavailable", reason: "foreign" }],
  [REFUSED, { kind: "unavailable", reason: "misconfigured" }],
  [{ status: 404, body: { message: "Transaction not found", status: "failed", data: null } }, { reason: "foreign" }],
])(
  "after the account was changed, %j of the new key says nothing about a checkout of the old one",
  async (said, expected) => {
    keys = renewed = [NEW];
    answersTo({ [NEW]: said });
    expect(await chapa.verify(TX_REF, owner(), 1_000)).toMatchObject(expected);
  },
);

test("not found counts from the key that opened the checkout, and from any key for one that was never opened", async () => {
  answersTo({ [OLD]: NOT_FOUND, [NEW]: NOT_FOUND });
  expect(await chapa.verify(TX_REF, owner(), 1_000)).toMatchObject({ reason: "not_found" });
  keys = renewed = [NEW];
  expect(await chapa.verify(TX_REF, { ...owner(), isOpened: false }, 1_000)).toMatchObject({ reason: "not_found" });
});

test("cancel asks with the named key only, and without it asks nobody", async () => {
  answersTo({ [OLD]: { status: 200, body: { message: "Checkout link expired", status: "success", data: null } } });
  keys = [NEW, OLD];
  expect(await chapa.cancel(TX_REF, keyIdOf(OLD), 1_000)).toBe("closed");
  keys = renewed = [NEW];
  expect(await chapa.cancel(TX_REF, keyIdOf(OLD), 1_000)).toBe("unclear");
  expect(asked()).toEqual([OLD]);
});

test("a call about the account itself is sent again with the renewed key after a refusal", async () => {
  answersTo({ [NEW]: { status: 200, body: { message: "ok", status: "success", data: [] } } });
  expect(await chapa.isReachable(1_000)).toBe(false);
  renewed = [NEW];
  expect(await chapa.isReachable(1_000)).toBe(true);
  expect(asked()).toEqual([OLD, OLD, NEW]);
});

test("the key that opens checkouts now is named by its fingerprint and its mode, never by itself", async () => {
  expect(await chapa.current()).toEqual({ key: keyIdOf(OLD), mode: "test" });
  renewed = ["CHASECK-live"];
  expect(await chapa.renewed()).toEqual({ key: keyIdOf("CHASECK-live"), mode: "live" });
  expect(keyIdOf(OLD)).toMatch(/^[0-9a-f]{8}$/);
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
    meta: CHECKOUT.meta,
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
  await chapa.verify(TX_REF, undefined, 1_000);
  await chapa.cancel(TX_REF, CHECKOUT.key, 1_000);
  expect(requests.map(({ method, path, body }) => [method, path, body.length])).toEqual([
    ["GET", `/v1/transaction/verify/${TX_REF}`, 0],
    ["PUT", `/v1/transaction/cancel/${TX_REF}`, 0],
  ]);
});

test("a refused connection proves that nothing was sent", async () => {
  await faults.set("down");
  expect(await chapa.initialize(CHECKOUT, 1_000)).toEqual({ kind: "unsent" });
  expect(await chapa.verify(TX_REF, undefined, 1_000)).toEqual({ kind: "unavailable", reason: "unreachable" });
  expect(await chapa.cancel(TX_REF, CHECKOUT.key, 1_000)).toBe("unclear");
  expect(await chapa.isReachable(1_000)).toBe(false);
  expect(requests).toHaveLength(0);
});

test("a name that does not resolve proves that nothing was sent", async () => {
  const lost = new ChapaClient({
    baseUrl: "http://chapa.invalid/v1",
    checkoutOrigins: [],
    keys: { get: async () => keys, renewed: async () => renewed },
    send: call,
  });
  expect(await lost.initialize(CHECKOUT, 3_000)).toEqual({ kind: "unsent" });
});

test("no call takes longer than its own limit, or than the caller has left", async () => {
  const sent: HttpRequest[] = [];
  const slow = new ChapaClient({
    baseUrl: "https://api.chapa.test/v1",
    checkoutOrigins: [],
    keys: { get: async () => keys, renewed: async () => renewed },
    send: async (request) => {
      sent.push(request);
      throw new CallFailed("cut off", true);
    },
  });
  const limits = async (limitMs: number) => {
    sent.length = 0;
    await slow.initialize(CHECKOUT, limitMs);
    await slow.verify(TX_REF, owner(), limitMs);
    await slow.cancel(TX_REF, CHECKOUT.key, limitMs);
    await slow.transactions(2, limitMs);
    await slow.isReachable(limitMs);
    return sent.map(({ timeoutMs }) => Math.ceil(timeoutMs / 1_000));
  };
  expect(await limits(60_000)).toEqual([8, 4, 4, 8, 60]);
  expect(await limits(3_000)).toEqual([3, 3, 3, 3, 3]);
  expect(sent.map(({ method, url, headers }) => [method, url, headers?.["authorization"]])).toEqual(
    [
      ["POST", "/transaction/initialize"],
      ["GET", `/transaction/verify/${TX_REF}`],
      ["PUT", `/transaction/cancel/${TX_REF}`],
      ["GET", "/transactions?page=2"],
      ["GET", "/banks"],
    ].map(([method, path]) => [method, `https://api.chapa.test/v1${path}`, `Bearer ${OLD}`]),
  );
});

test("a fault of our own code is not taken for an outage of Chapa's", async () => {
  const broken = new ChapaClient({
    baseUrl: "https://api.chapa.test/v1",
    checkoutOrigins: [],
    keys: { get: async () => keys, renewed: async () => renewed },
    send: async () => {
      throw new TypeError("a fault of ours");
    },
  });
  await expect(broken.verify(TX_REF, owner(), 1_000)).rejects.toThrow("a fault of ours");
});

test("a secret without a key opens nothing, and says so", async () => {
  keys = [];
  await expect(chapa.current()).rejects.toThrow("the secret holds no key of Chapa's");
});

test("spaces between the parts of a name, however many, begin no part of their own", async () => {
  await chapa.initialize({ ...CHECKOUT, contact: { name: "Abebe   Bikila" } }, 1_000);
  expect(JSON.parse(String(requests[0]?.body))).toMatchObject({ first_name: "Abebe", last_name: "Bikila" });
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
    expect((await chapa.verify(TX_REF, undefined, 200)).kind).toBe("unavailable");
  },
);

test("the client follows no redirect from Chapa", async () => {
  await faults.set("redirect302");
  await chapa.verify(TX_REF, undefined, 1_000);
  expect(requests).toHaveLength(0);
});

test("an answer larger than any of Chapa's is not read to the end", async () => {
  answer = { status: 200, body: "x".repeat(600 * 1024) };
  expect(await chapa.verify(TX_REF, undefined, 2_000)).toEqual({ kind: "unavailable", reason: "unreachable" });
});

test.each([
  ["null", null, undefined],
  ["text", "AP2", undefined],
  ["without a status", { ref_id: "AP2", amount: "500" }, "AP2"],
  ["whose status is null", { ref_id: "AP2", status: null }, "AP2"],
  ["whose status is an object", { ref_id: "AP2", status: {} }, "AP2"],
])("a row of the list that is %s is named and counted, and the other rows are read", async (_, bad, reference) => {
  const good = { trans_id: TX_REF, ref_id: "AP1", status: "success", amount: "500.00" };
  answer = { status: 200, body: { data: { transactions: [good, bad, good] } } };
  const page = await chapa.transactions(3, 1_000);
  expect(page?.transactions.map((row) => row.reference)).toEqual(["AP1", "AP1"]);
  expect(said).toEqual([["row_unreadable", { page: 3, row: 2, reference }]]);
  expect(counted).toEqual(["RowUnreadable"]);
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
  expect(said).toEqual([]);
  answer = { status: 500, body: "" };
  expect(await chapa.transactions(1, 1_000)).toBeUndefined();
});

test("Chapa is reachable when its list of banks comes", async () => {
  answer = { status: 200, body: { message: "Banks retrieved", data: [] } };
  expect(await chapa.isReachable(1_000)).toBe(true);
  expect(requests[0]?.path).toBe("/v1/banks");
  for (const other of [
    { status: 503, body: { message: "Banks retrieved", data: [] } },
    { status: 200, body: "<html></html>" },
    REFUSED,
  ]) {
    answer = other;
    expect(await chapa.isReachable(1_000)).toBe(false);
  }
});

test.each([
  ["CHASECK_TEST-abc", "test"],
  ["CHASECK-abc", "live"],
  ["CHAPA-SECK-abc", "live"],
])("the key %s works in %s mode", (key, mode) => {
  expect(modeOf(key)).toBe(mode);
});

test("a key of another API is refused", () => {
  for (const key of ["CHAPA_TEST_abc", "", "xCHASECK-abc"])
    expect(() => modeOf(key)).toThrow(new RangeError("the Chapa key is not a secret key of API v1"));
});
