import { expect, test } from "vitest";
import { hmac } from "../../../local/chapa/payload.ts";
import { LIVE_KEY, MINUTE, startCheckout, startLab } from "./lab.ts";

const SECRET = "sim-webhook-secret";
const PERSON = { first_name: "አበበ", customization: { logo: "https://img.example/l.png" } };

test("the documented profile knows neither strangers nor the unpaid, both by 404", async () => {
  const { verify, txRef } = await startCheckout({}, { profile: "documented" });
  const unknown = await verify("NEVER");
  const unpaid = await verify(txRef);
  expect(unknown.status).toBe(404);
  expect(unknown.body.message).toBe("Invalid transaction or Transaction not found");
  expect(unpaid.status).toBe(404);
  expect(unpaid.body).toEqual({ message: "Payment not paid yet", status: null, data: null });
});

test("the documented profile repeats the payment's status at the top", async () => {
  const { chapa, verify, txRef } = await startCheckout({}, { profile: "documented" });
  await chapa.act(txRef, "fail");
  const { body } = await verify(txRef);
  expect(body.status).toBe("failed/cancelled");
  expect(body.data?.["status"]).toBe("failed/cancelled");
  expect(body.message).toBe("Payment details");
});

test("the documented profile writes webhooks as JavaScript does, with empty texts and without a failure reason", async () => {
  const { act, inbox, txRef } = await startCheckout(PERSON, { profile: "documented" });
  await act(txRef, "pay");
  const [request] = inbox.received;
  expect(String(request?.body)).toContain('"first_name":"አበበ"');
  expect(String(request?.body)).toContain('"last_name":""');
  expect(inbox.webhooks()[0]).not.toHaveProperty("failure_reason");
  expect(request?.headers["x-chapa-signature"]).toBe(hmac(SECRET, request?.body ?? ""));
});

test("the documented profile calls back with a JSON body in a GET", async () => {
  const { chapa, act, inbox, open } = await startLab({ profile: "documented" });
  const { txRef } = await open({ callback_url: `${inbox.url}/callback` });
  await act(txRef, "pay");
  const call = inbox.received.find(({ method }) => method === "GET");
  expect(String(call?.query)).toBe("");
  expect(JSON.parse(String(call?.body))).toEqual({
    trx_ref: txRef,
    ref_id: chapa.captures()[0]?.reference,
    status: "success",
  });
});

test("the documented profile appends nothing to the return_url", async () => {
  const { chapa, txRef } = await startCheckout(
    { return_url: "https://merchant.et/back?id=7" },
    { profile: "documented" },
  );
  expect((await chapa.act(txRef, "pay")).redirect).toBe("https://merchant.et/back?id=7");
});

test("the documented profile answers a refund in the short form, asked for by tx_ref", async () => {
  const { chapa, call, txRef } = await startCheckout({}, { profile: "documented", key: LIVE_KEY });
  await chapa.act(txRef, "pay");
  const reference = chapa.captures()[0]?.reference;
  expect((await call("POST", `/refund/${reference}`)).status).toBe(404);
  const { body } = await call("POST", `/refund/${txRef}`);
  expect(body.data).toEqual({
    amount: "500.00",
    currency: "ETB",
    ref_id: expect.stringMatching(/^MERC-DIS-REF-/),
    payment_reference: reference,
    status: "initiated",
  });
});

test("the documented profile names currencies in words", async () => {
  const { call } = await startLab({ profile: "documented" });
  expect((await call("GET", "/currency_supported")).body).toMatchObject({ currency_code: ["ETB", "USD"] });
});

test("the hostile profile takes turns with its answers about strangers and the unpaid", async () => {
  const { verify, txRef } = await startCheckout({}, { profile: "hostile" });
  const statuses = async (id: string) =>
    [await verify(id), await verify(id), await verify(id)].map(({ status }) => status);
  expect(await statuses("NEVER")).toEqual([400, 404, 400]);
  expect(await statuses(txRef)).toEqual([200, 404, 200]);
});

test("the hostile profile always says success inside about what is paid, however it says the rest", async () => {
  const { chapa, verify, txRef } = await startCheckout({}, { profile: "hostile" });
  await chapa.act(txRef, "pay");
  const verifies = [];
  for (let n = 0; n < 30; n++) verifies.push((await verify(txRef)).body.data);
  expect(new Set(verifies.map((data) => data?.["status"]))).toEqual(new Set(["success"]));
  expect(new Set(verifies.map((data) => data?.["amount"]))).toEqual(new Set([500, "500.00"]));
});

test("the hostile profile has many words for a failure", async () => {
  const { chapa, statusOf, txRef } = await startCheckout({}, { profile: "hostile" });
  await chapa.act(txRef, "fail");
  const words = new Set();
  for (let n = 0; n < 40; n++) words.add(await statusOf(txRef));
  expect(words).toEqual(new Set(["cancelled", "Failed", "failed/cancelled"]));
});

test("the hostile profile shuffles webhooks, leaves fields out, adds others, and signs what it likes", async () => {
  const { chapa, inbox, open } = await startLab({ profile: "hostile" });
  for (let n = 0; n < 24; n++) {
    const { txRef } = await open(PERSON);
    await chapa.act(txRef, "pay");
  }
  await chapa.settled();

  const orders = new Set(inbox.webhooks().map((webhook) => Object.keys(webhook).join()));
  const isSignedRaw = inbox.received.map(({ headers, body }) => headers["x-chapa-signature"] === hmac(SECRET, body));
  expect(orders.size).toBeGreaterThan(12);
  expect(inbox.webhooks()[0]).not.toHaveProperty("last_name");
  expect(inbox.webhooks()[0]).toHaveProperty("processor");
  expect(new Set(isSignedRaw)).toEqual(new Set([true, false]));
  for (const { headers, body } of inbox.received) {
    const rewritten = JSON.stringify(JSON.parse(String(body)));
    expect([hmac(SECRET, body), hmac(SECRET, rewritten)]).toContain(headers["x-chapa-signature"]);
  }
});

test("the hostile profile sends the payer back with wrong or doubled parameters", async () => {
  const { chapa, open } = await startLab({ profile: "hostile" });
  const seen = new Set<string>();
  for (let n = 0; n < 12; n++) {
    const { txRef } = await open({ return_url: "https://merchant.et/back" });
    const { redirect } = await chapa.act(txRef, "pay");
    const { searchParams } = new URL(redirect ?? "");
    seen.add(searchParams.getAll("status").join());
    if (searchParams.getAll("trx_ref").length === 1) expect(searchParams.get("trx_ref")).not.toBe(txRef);
  }
  expect(seen).toEqual(new Set(["failed", "failed,success"]));
});

test("the hostile profile gives a refund no reference of its own and takes only Chapa's for the payment", async () => {
  const { chapa, call, txRef } = await startCheckout({}, { profile: "hostile", key: LIVE_KEY });
  await chapa.act(txRef, "pay");
  expect((await call("POST", `/refund/${txRef}`)).status).toBe(404);
  const { status, body } = await call("POST", `/refund/${chapa.captures()[0]?.reference}`, { reference: "MINE-1" });
  expect(status).toBe(200);
  expect(body.data).not.toHaveProperty("ref");
  expect(body.data).not.toHaveProperty("ref_id");
  expect((await call("GET", "/refund/MINE-1/verify")).status).toBe(200);
});

test("the hostile profile refuses a cancel that has a body", async () => {
  const { call, cancel, txRef } = await startCheckout({}, { profile: "hostile" });
  expect((await call("PUT", `/transaction/cancel/${txRef}`, {})).status).toBe(400);
  expect((await cancel(txRef)).status).toBe(200);
});

test("the profile can be changed while a payment is under way", async () => {
  const { chapa, verify, txRef } = await startCheckout();
  chapa.setProfile("documented");
  expect((await verify(txRef)).status).toBe(404);
  await chapa.clock.advance(MINUTE);
  chapa.setProfile("observed");
  expect((await verify(txRef)).status).toBe(200);
});
