import { expect, test } from "vitest";
import * as z from "zod";
import { UnsafeKey } from "../../../local/chapa/simulator.ts";
import { startChapa } from "../../../local/chapa/start.ts";
import { LIVE_KEY, MINUTE, startCheckout, startLab } from "./lab.ts";

const HOUR = 60 * MINUTE;

test.each([
  ["no key", {}, "Authorization required"],
  [
    "a key that is not the merchant's",
    { authorization: "Bearer CHASECK_TEST-other" },
    "Invalid API Key or User doesn't exist",
  ],
])("keys: %s is answered with 401", async (_what, headers, message) => {
  const { call } = await startLab();
  const { status, body } = await call("GET", "/banks", undefined, headers);
  expect([status, body]).toEqual([401, { message, status: "failed", data: null }]);
});

test("a live key cannot verify a test transaction, nor a test key a live one", async () => {
  const { call, open, verify } = await startLab();
  const live = { authorization: `Bearer ${LIVE_KEY}` };
  const { txRef } = await open();
  await call("POST", "/transaction/initialize", { amount: "10", currency: "ETB", tx_ref: "LIVE1" }, live);
  const byLiveKey = await call("GET", `/transaction/verify/${txRef}`, undefined, live);
  const byTestKey = await verify("LIVE1");
  expect(byLiveKey.status).toBe(401);
  expect(byLiveKey.body.message).toBe("Live secret keys can't be used to verify a test transaction");
  expect(byTestKey.body.message).toBe("Test secret keys can't be used to verify a live transaction");
});

test.each(["CHASECK-abcdefghijklmnopqrstuvwxyz012345", "CHASECK_TEST-abcdefghijklmnopqrstuvwxyz01", "CHAPA-SECK-1"])(
  "the simulator does not start with %s, which could be real",
  async (secretKey) => {
    await expect(startChapa({ secretKey })).rejects.toThrow(UnsafeKey);
  },
);

test.each([
  ["GET", "/banks"],
  ["GET", "/nothing-here"],
  ["POST", "/transaction/initialize"],
])("the answer to %s %s carries the rate-limit headers", async (method, path) => {
  const { call } = await startLab();
  const { headers } = await call(method, path);
  expect(Number(headers.get("x-ratelimit-limit"))).toBeGreaterThan(0);
  expect(Number(headers.get("x-ratelimit-remaining"))).toBe(Number(headers.get("x-ratelimit-limit")) - 1);
});

test("every answer is JSON, for an unknown path too", async () => {
  const { call } = await startLab();
  expect(await call("GET", "/charges")).toMatchObject({ status: 404, body: { status: "failed", data: null } });
});

test("every answer leaves a request in the journal, with its bytes and without its key", async () => {
  const { chapa, call } = await startLab();
  await call("POST", "/transaction/initialize", '{"amount": "1.50" }');
  const [entry] = chapa.journal();
  expect(entry).toMatchObject({ kind: "request", method: "POST", path: "/v1/transaction/initialize", status: 400 });
  expect(String(entry?.body)).toBe('{"amount": "1.50" }');
  expect(entry?.headers["authorization"]).toBe("****");
});

test("verify says success at the top and pending inside about an unpaid checkout", async () => {
  const { verify, txRef } = await startCheckout();

  const { status, body } = await verify(txRef);

  expect(status).toBe(200);
  expect(body).toMatchObject({ message: "Payment details fetched successfully", status: "success" });
  expect(body.data).toMatchObject({
    status: "pending",
    mode: "test",
    method: null,
    type: "Unknown",
    charge: null,
    email: null,
    phone_number: null,
    amount: 500,
    currency: "ETB",
    tx_ref: txRef,
  });
  expect(body.data).not.toHaveProperty("reference");
});

test("verify tells method, reference and a charge of three percent about a paid one", async () => {
  const { chapa, verify, txRef } = await startCheckout({ amount: "400.50" });
  await chapa.act(txRef, "pay", { method: "cbebirr" });
  expect((await verify(txRef)).body.data).toMatchObject({
    status: "success",
    amount: 400.5,
    charge: 12.02,
    method: "cbebirr",
    type: "API",
    reference: chapa.captures()[0]?.reference,
  });
});

test("verify writes times in UTC with six places", async () => {
  const { verify, txRef } = await startCheckout();
  expect((await verify(txRef)).body.data?.["created_at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$/);
});

test.each([
  ["GET", "/transaction/verify/NEVER", 400, "Invalid transaction reference"],
  ["PUT", "/transaction/cancel/NEVER", 404, "Payment link not found"],
])("%s %s does not know a tx_ref that was never opened", async (method, path, status, message) => {
  const { call } = await startLab();
  expect(await call(method, path)).toMatchObject({ status, body: { message, status: "failed", data: null } });
});

test("verify finds a tx_ref that has to be percent-encoded", async () => {
  const { verify, txRef } = await startCheckout({ tx_ref: "order 7/é" });
  expect((await verify(txRef)).body.data?.["tx_ref"]).toBe("order 7/é");
});

test("cancel ends an open link, after which verify still says pending", async () => {
  const { cancel, statusOf, txRef } = await startCheckout();
  const { status, body } = await cancel(txRef);
  expect(status).toBe(200);
  expect(body).toMatchObject({ message: "Checkout link expired successfully", status: "success" });
  expect(Object.keys(body.data ?? {})).toEqual(["tx_ref", "amount", "currency", "created_at", "updated_at"]);
  expect(body.data?.["amount"]).toBe(500);
  expect(await statusOf(txRef)).toBe("pending");
});

test("cancel finds a link that is already over", async () => {
  const { chapa, open, cancel } = await startLab();
  const cancelled = await open();
  const expired = await open();
  await cancel(cancelled.txRef);
  await chapa.clock.advance(61 * MINUTE);
  for (const { txRef } of [cancelled, expired]) {
    const { status, body } = await cancel(txRef);
    expect([status, body]).toEqual([400, { message: "Payment link already expired", status: "failed", data: null }]);
  }
});

test("cancel leaves a paid transaction paid", async () => {
  const { chapa, statusOf, cancel, txRef } = await startCheckout();
  await chapa.act(txRef, "pay");
  expect((await cancel(txRef)).status).toBe(400);
  expect(await statusOf(txRef)).toBe("success");
});

test.each(["reference", "tx_ref"])("a refund can be asked for by %s and runs its course on the clock", async (by) => {
  const { chapa, statusOf, inbox, call, txRef } = await startCheckout({}, { key: LIVE_KEY });
  await chapa.act(txRef, "pay");
  const id = by === "tx_ref" ? txRef : chapa.captures()[0]?.reference;

  const { status, body } = await call("POST", `/refund/${id}`, new URLSearchParams({ reason: "closed" }));
  const statuses = [body.data?.["status"]];
  for (const wait of [2 * MINUTE, 24 * HOUR]) {
    await chapa.clock.advance(wait);
    statuses.push((await call("GET", `/refund/${body.data?.["ref"]}/verify`)).body.data?.["status"]);
  }

  expect(status).toBe(200);
  expect(body.message).toBe("Refund initiated successfully. Processing time: 1-3 business days");
  expect(body.data).toMatchObject({
    ref: expect.stringMatching(/^MERC-DIS-REF-/),
    amount: "500.00",
    reason: "closed",
  });
  expect(statuses).toEqual(["Refund Initiated", "processing", "refunded"]);
  expect(await statusOf(txRef)).toBe("refunded");
  expect(chapa.captures()[0]).toMatchObject({ refunded: 50_000 });
  expect(inbox.webhooks().at(-1)).toMatchObject({ event: "charge.refunded", status: "refunded" });
});

test("refunds are accepted under any reference while each is within what was paid, so that only the merchant keeps from paying twice", async () => {
  const { chapa, statusOf, call, txRef } = await startCheckout({}, { key: LIVE_KEY });
  await chapa.act(txRef, "pay");
  const refund = (amount: string) => call("POST", `/refund/${txRef}`, { amount, reference: "MINE-1" });
  const answers = [await refund("300"), await refund("300"), await refund("500.01"), await refund("0")];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 400]);
  expect(answers[2]?.body.message).toMatch(/cannot exceed the full transaction amount/);
  expect((await call("GET", "/refund/MINE-1/verify")).body.data).toMatchObject({ merchant_reference: "MINE-1" });
  await chapa.clock.advance(25 * HOUR);
  expect(chapa.captures()[0]?.refunded).toBe(60_000);
  expect(await statusOf(txRef)).toBe("refunded");
});

test("a refund of a part leaves the payment a success", async () => {
  const { chapa, statusOf, call, txRef } = await startCheckout({}, { key: LIVE_KEY });
  await chapa.act(txRef, "pay");
  await call("POST", `/refund/${txRef}`, { amount: "300" });
  await chapa.clock.advance(25 * HOUR);
  expect(await statusOf(txRef)).toBe("success");
});

test("a test payment is never refunded", async () => {
  const { chapa, call, txRef } = await startCheckout();
  await chapa.act(txRef, "pay");
  const { status, body } = await call("POST", `/refund/${txRef}`);
  expect([status, body.message]).toEqual([400, "Refunds can only be processed in live mode"]);
});

test.each([
  ["balance", "Insufficient Balance"],
  ["generic", expect.stringMatching(/^Oops something went wrong/)],
] as const)("a plan for refunds: refused as %s", async (refundRefused, message) => {
  const { chapa, call, txRef } = await startCheckout({}, { key: LIVE_KEY });
  chapa.plan(txRef, { refundRefused });
  await chapa.act(txRef, "pay");
  const { status, body } = await call("POST", `/refund/${txRef}`);
  expect([status, body.message]).toEqual([400, message]);
  expect(chapa.captures()[0]?.refunded).toBe(0);
});

test("a refund that Chapa takes back leaves the money with the merchant", async () => {
  const { chapa, inbox, call, txRef } = await startCheckout({}, { key: LIVE_KEY });
  chapa.plan(txRef, { refunds: "reversed" });
  await chapa.act(txRef, "pay");
  await call("POST", `/refund/${txRef}`);
  await chapa.clock.advance(25 * HOUR);
  expect(chapa.captures()[0]?.refunded).toBe(0);
  expect(inbox.webhooks().at(-1)).toMatchObject({ event: "refund.reversed" });
});

test.each([
  ["nobody opened", "NEVER", 404],
  ["nobody paid", "UNPAID", 400],
])("a refund is refused for a reference that %s", async (_what, id, status) => {
  const { call, open } = await startLab({ key: LIVE_KEY });
  await open({ tx_ref: "UNPAID" });
  expect((await call("POST", `/refund/${id}`)).status).toBe(status);
});

test("banks have integer ids and no status at the top", async () => {
  const { call } = await startLab();
  const { body, text } = await call("GET", "/banks");
  expect(body).not.toHaveProperty("status");
  const Banks = z.object({ data: z.array(z.looseObject({ id: z.int(), slug: z.string() })) });
  expect(Banks.parse(JSON.parse(text)).data).toContainEqual(expect.objectContaining({ id: 855, slug: "telebirr" }));
});

test("currencies are ETB and USD", async () => {
  const { call } = await startLab();
  const { body } = await call("GET", "/currency_supported");
  expect(body).toEqual({ status: "success", currency_code: [1, 2], currency_name: ["ETB", "USD"] });
});

const Page = z.object({
  transactions: z.array(z.looseObject({ trans_id: z.string().nullable(), ref_id: z.string().nullable() })),
  pagination: z.looseObject({ current_page: z.number(), next_page_url: z.string().nullable() }),
});

test("the list of transactions names the tx_ref only where it is planned", async () => {
  const { call, open, chapa } = await startLab();
  const { txRef } = await open();
  expect(Page.parse((await call("GET", "/transactions")).body.data).transactions).toMatchObject([{ trans_id: null }]);
  chapa.plan(txRef, { namedInList: true });
  expect(Page.parse((await call("GET", "/transactions")).body.data).transactions).toMatchObject([{ trans_id: txRef }]);
});

test("the list of transactions can be read to its end and matched to every tx_ref", async () => {
  const { call, open, chapa } = await startLab();
  chapa.plan("*", { namedInList: true });
  const txRefs: string[] = [];
  for (let n = 0; n < 23; n++) txRefs.push((await open()).txRef);
  const seen: (string | null)[] = [];
  for (let path: string | null = "/transactions?page=1"; path; ) {
    const { transactions, pagination } = Page.parse((await call("GET", path)).body.data);
    seen.push(...transactions.map(({ trans_id }) => trans_id));
    path = pagination.next_page_url && `/transactions${new URL(pagination.next_page_url).search}`;
  }
  expect(seen).toEqual(txRefs.toReversed());
});

test("the list has a row for each of two payments of one tx_ref", async () => {
  const { chapa, call, txRef } = await startCheckout();
  await chapa.act(txRef, "pay-twice");
  const { transactions } = Page.parse((await call("GET", "/transactions")).body.data);
  expect(transactions).toHaveLength(2);
  expect(transactions.map(({ ref_id }) => ref_id)).toEqual(
    chapa
      .captures()
      .map(({ reference }) => reference)
      .toReversed(),
  );
  expect(transactions[0]).toMatchObject({ trans_id: null, status: "success", amount: "500.00", charge: "15.00" });
});

test("events tell the story of a transaction by Chapa's reference", async () => {
  const { chapa, call, txRef } = await startCheckout();
  await chapa.act(txRef, "fail");
  await chapa.act(txRef, "pay");
  const { text } = await call("GET", `/transaction/events/${chapa.captures()[0]?.reference}`);
  const Events = z.object({ data: z.array(z.looseObject({ message: z.string(), type: z.string() })) });
  expect(Events.parse(JSON.parse(text)).data.map(({ type }) => type)).toEqual(["log", "error", "log"]);
});
