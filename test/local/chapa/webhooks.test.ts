import { createHmac } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { hmac, phpJson } from "../../../local/chapa/payload.ts";
import { serve } from "../../../local/serve.ts";
import { type Lab, MINUTE, startCheckout, startLab } from "./lab.ts";

const SECRET = "sim-webhook-secret";
const CONSTANT = "c2a381363442fa0006e0110991bdcecacdde9dc4c030e47cfb6072c49eb2b2e4";

/** Pays a checkout under `plan` and waits for whatever is sent. */
async function payUnder(lab: Lab, plan: Parameters<Lab["chapa"]["plan"]>[1], fields: Record<string, unknown> = {}) {
  const { txRef } = await lab.open(fields);
  lab.chapa.plan(txRef, plan);
  await lab.chapa.act(txRef, "pay");
  await lab.chapa.settled();
  return txRef;
}

/** A lab in which one checkout was paid under `plan`. */
async function paidUnder(plan: Parameters<Lab["chapa"]["plan"]>[1], fields: Record<string, unknown> = {}) {
  const lab = await startLab();
  return { ...lab, txRef: await payUnder(lab, plan, fields) };
}

const ascii = '{"event":"charge.success","tx_ref":"PAY0000000000000001","status":"success","amount":"500.00"}';
const php = String.raw`{"event":"charge.success","tx_ref":"PAY0000000000000002","first_name":"\u12a0\u1260\u1260","customization":{"logo":"https:\/\/img.example\/l.png"}}`;

test.each([
  ["a plain body", ascii, "e702210f935b2f68542e8d3c88367bc3ef8051ebd73a98c076cbedc56ef837d4"],
  ["a body as PHP writes it", php, "31f85f1b12135fbddf80398cc5be4fa98c9b6a7f9c9ca3652df82f34d40e1028"],
  [
    "the same body written again by JavaScript",
    JSON.stringify(JSON.parse(php)),
    "231612f904a801caabe3e7099410cf424ad6e03f5f502b040402bae0835f7c39",
  ],
  ["the secret itself", SECRET, CONSTANT],
])("signatures of %s are the known ones", (_what, body, signature) => {
  expect(hmac(SECRET, body)).toBe(signature);
});

test("signatures are made over JSON that escapes what PHP escapes", () => {
  expect(phpJson(JSON.parse(php))).toBe(php);
});

test("signatures are both sent: one of the bytes, and one that never changes", async () => {
  const lab = await paidUnder({}, { first_name: "አበበ", customization: { logo: "https://img.example/l.png" } });

  const [request] = lab.inbox.received;
  const body = request?.body ?? "";

  expect(request?.headers).toMatchObject({
    "x-chapa-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
    "chapa-signature": CONSTANT,
    "content-type": "application/json",
  });
  expect(String(body)).toContain(String.raw`"first_name":"\u12a0\u1260\u1260"`);
  expect(String(body)).toContain(String.raw`https:\/\/img.example\/l.png`);
});

test("a webhook has every field, flat, in Chapa's order, with null for what was never sent", async () => {
  const { txRef, ...lab } = await paidUnder({});

  expect(Object.entries(JSON.parse(String(lab.inbox.received[0]?.body)))).toEqual([
    ["event", "charge.success"],
    ["first_name", null],
    ["last_name", null],
    ["email", null],
    ["mobile", null],
    ["currency", "ETB"],
    ["amount", "500.00"],
    ["charge", "15.00"],
    ["status", "success"],
    ["failure_reason", null],
    ["mode", "test"],
    ["reference", lab.chapa.captures()[0]?.reference],
    ["created_at", expect.any(String)],
    ["updated_at", expect.any(String)],
    ["type", "API"],
    ["tx_ref", txRef],
    ["payment_method", "telebirr"],
    ["customization", { title: null, description: null, logo: null }],
    ["meta", null],
  ]);
});

test("a webhook spells the phone number with 251 and without a plus, and echoes meta", async () => {
  const lab = await paidUnder({}, { phone_number: "0911223344", meta: { hide_receipt: true } });

  expect(lab.inbox.webhooks()).toMatchObject([{ mobile: "251911223344", meta: { hide_receipt: true } }]);
});

test("a webhook is acknowledged by 200 and nothing else: ten retries, ten minutes apart, with the same bytes", async () => {
  const lab = await startLab();
  lab.inbox.answers.push(201, 204, 302, 400, 401, 404, 500, 503, 202, 500, 500, 500);
  const started = lab.chapa.clock.now();
  await payUnder(lab, {});

  for (let minutes = 0; minutes < 4 * 60; minutes += 5) await lab.chapa.clock.advance(5 * MINUTE);

  const bodies = lab.inbox.received.map(({ body }) => String(body));
  const tries = lab.chapa.journal().filter(({ kind }) => kind === "webhook");
  expect(bodies).toHaveLength(11);
  expect(new Set(bodies).size).toBe(1);
  expect(tries.map(({ at }) => Math.round((at - started) / (10 * MINUTE)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a webhook is not sent again once it was acknowledged", async () => {
  const lab = await startLab();
  lab.inbox.answers.push(500);
  await payUnder(lab, {});

  await lab.chapa.clock.advance(3 * 60 * MINUTE);

  expect(lab.inbox.received).toHaveLength(2);
});

test("a webhook makes up for all its retries in one jump of the clock", async () => {
  const lab = await startLab();
  lab.inbox.answers.push(500, 500, 500);
  await payUnder(lab, {});

  await lab.chapa.clock.advance(45 * MINUTE);

  expect(lab.inbox.received).toHaveLength(4);
});

test("a webhook is retried when nobody is there", async () => {
  const lab = await startLab({ webhookUrl: "http://127.0.0.1:9/webhook" });
  await payUnder(lab, {});
  lab.chapa.setWebhookUrl(`${lab.inbox.url}/webhook`);

  await lab.chapa.clock.advance(10 * MINUTE);

  expect(lab.chapa.journal().filter(({ kind }) => kind === "webhook")).toMatchObject([
    { attempt: 1, outcome: "unreachable" },
    { attempt: 2, outcome: 200 },
  ]);
  expect(lab.inbox.received).toHaveLength(1);
});

test("a webhook that nobody answers does not keep the simulator from closing", async () => {
  const lab = await startLab();
  const silent = await serve("silent merchant", 0, () => new Promise(() => undefined));
  onTestFinished(() => silent.close());
  lab.chapa.setWebhookUrl(silent.origin);
  const { txRef } = await lab.open();
  await lab.chapa.act(txRef, "pay");

  await lab.chapa.close();
  await lab.chapa.settled();

  expect(lab.chapa.journal().at(-1)).toMatchObject({ kind: "webhook", outcome: "aborted" });
});

test("a webhook without an address is written down and not sent", async () => {
  const lab = await startLab();
  lab.chapa.setWebhookUrl(null);
  await payUnder(lab, {});

  expect(lab.chapa.journal().at(-1)).toMatchObject({ kind: "webhook", outcome: "no address", url: null });
  expect(lab.inbox.received).toEqual([]);
});

test("a plan for webhooks: delay holds them back on the clock", async () => {
  const lab = await paidUnder({ delay: 300 });
  expect(lab.inbox.received).toEqual([]);

  await lab.chapa.clock.advance(5 * MINUTE);

  expect(lab.inbox.webhooks()).toMatchObject([{ event: "charge.success" }]);
});

test("a plan for webhooks: duplicate sends the same bytes again, duplicateVariant other ones", async () => {
  const lab = await paidUnder({ duplicate: 2, duplicateVariant: 1 });

  expect(lab.inbox.received).toHaveLength(4);
  expect(new Set(lab.inbox.received.map(({ body }) => String(body))).size).toBe(2);
  expect(lab.inbox.received.every(isAuthentic)).toBe(true);
});

test("a plan for webhooks: concurrent sends them at the same moment", async () => {
  const lab = await paidUnder({ concurrent: 5 });

  expect(lab.inbox.received).toHaveLength(5);
});

test("a plan for webhooks: success-before-failed turns the order round", async () => {
  const { txRef, ...lab } = await startCheckout();
  lab.chapa.plan(txRef, { reorder: "success-before-failed" });

  await lab.chapa.act(txRef, "fail");
  await lab.chapa.act(txRef, "pay");
  await lab.chapa.settled();

  expect(lab.inbox.webhooks().map(({ event }) => event)).toEqual(["charge.success", "charge.failed/cancelled"]);
});

test("a plan for webhooks: before-initialize-answer makes the payment known before its link", async () => {
  const lab = await startLab();
  lab.chapa.plan("EARLY1", { reorder: "before-initialize-answer" });

  await lab.initialize({ tx_ref: "EARLY1" });

  expect(lab.inbox.webhooks()).toMatchObject([{ event: "charge.success", tx_ref: "EARLY1" }]);
});

test("a plan for webhooks: before-redirect lets the payer go only when the merchant knows", async () => {
  const { txRef, ...lab } = await startCheckout();
  lab.chapa.plan(txRef, { reorder: "before-redirect" });

  await lab.chapa.act(txRef, "pay");

  expect(lab.inbox.received).toHaveLength(1);
});

test("a plan for webhooks: after-redirect lets the payer be first", async () => {
  const lab = await paidUnder({ reorder: "after-redirect" });
  expect(lab.inbox.received).toEqual([]);

  await lab.chapa.clock.advance(MINUTE);

  expect(lab.inbox.received).toHaveLength(1);
});

test("a plan for webhooks: drop loses the first tries, dropAll every one", async () => {
  const lab = await paidUnder({ drop: 2 });
  const silent = await payUnder(lab, { dropAll: true });
  expect(lab.inbox.received).toEqual([]);

  await lab.chapa.clock.advance(3 * 60 * MINUTE);

  expect(lab.inbox.received).toHaveLength(1);
  expect(lab.inbox.webhooks()[0]?.tx_ref).not.toBe(silent);
});

test("a plan for webhooks: replay brings the old success again after a refund", async () => {
  const { txRef, ...lab } = await paidUnder({ replay: true });

  await lab.chapa.act(txRef, "refund");
  await lab.chapa.settled();

  const [first, , third] = lab.inbox.received;
  expect(lab.inbox.webhooks().map(({ event }) => event)).toEqual([
    "charge.success",
    "charge.refunded",
    "charge.success",
  ]);
  expect(third?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
});

test("a plan for webhooks: slowSend delivers the whole body all the same", async () => {
  const lab = await paidUnder({ slowSend: 100 });

  expect(lab.inbox.webhooks()).toMatchObject([{ event: "charge.success" }]);
});

test("a plan for every transaction holds for those that have none of their own", async () => {
  const lab = await startLab();
  lab.chapa.plan("*", { duplicate: 1 });
  const { txRef } = await lab.open();
  await lab.chapa.act(txRef, "pay");
  await lab.chapa.settled();

  expect(lab.inbox.received).toHaveLength(2);
});

test("a plan for webhooks is refused when it has an option that does not exist", async () => {
  const { chapa } = await startLab();

  // @ts-expect-error a misspelt option
  expect(() => chapa.plan("X", { dupliacte: 1 })).toThrow("dupliacte");
});

const headersUnder = async (plan: Parameters<Lab["chapa"]["plan"]>[1]) => {
  const lab = await paidUnder(plan);
  const [request] = lab.inbox.received;
  return {
    body: request?.body ?? Buffer.alloc(0),
    x: request?.headers["x-chapa-signature"],
    old: request?.headers["chapa-signature"],
  };
};

test("a plan for signatures: badSignature sends hex that belongs to nothing", async () => {
  const { body, x, old } = await headersUnder({ badSignature: true });

  expect(x).toMatch(/^[0-9a-f]{64}$/);
  expect([hmac(SECRET, body), CONSTANT]).not.toContain(x);
  expect([hmac(SECRET, body), CONSTANT]).not.toContain(old);
});

test("a plan for signatures: onlyConstantHeader sends the value that never changes alone", async () => {
  expect(await headersUnder({ onlyConstantHeader: true })).toMatchObject({ x: undefined, old: CONSTANT });
});

test("a plan for signatures: noHeaders sends none", async () => {
  expect(await headersUnder({ noHeaders: true })).toMatchObject({ x: undefined, old: undefined });
});

test("a plan for signatures: upperCaseHex sends the true ones in capitals", async () => {
  const { body, x } = await headersUnder({ upperCaseHex: true });

  expect(x).toBe(hmac(SECRET, body).toUpperCase());
});

test("a plan for signatures: swappedHeaders sends each in the other's place", async () => {
  const { body, x, old } = await headersUnder({ swappedHeaders: true });

  expect(x).toBe(CONSTANT);
  expect(old).toBe(hmac(SECRET, body));
});

test.each([
  ["oldSecret", { oldSecret: true }, `old-${SECRET}`],
  ["oldSecret with a text", { oldSecret: "spring-2026" }, "spring-2026"],
  ["wrongKey", { wrongKey: true }, "CHASECK_TEST-sim00000000000000000000000000000"],
  ["otherMerchant", { otherMerchant: true }, `not-${SECRET}`],
])("a plan for signatures: %s signs with another secret", async (_what, plan, secret) => {
  const { body, x, old } = await headersUnder(plan);

  expect(x).toBe(hmac(secret, body));
  expect(old).toBe(hmac(secret, secret));
});

test("a plan for signatures: tamperedBody raises the amount after signing", async () => {
  const { body, x } = await headersUnder({ tamperedBody: true });

  expect(String(body)).toContain('"amount":"9500.00"');
  expect(x).not.toBe(hmac(SECRET, body));
});

const bodyUnder = async (plan: Parameters<Lab["chapa"]["plan"]>[1]) => {
  const { txRef, ...lab } = await paidUnder(plan);
  const [request] = lab.inbox.received;
  expect(request && isAuthentic(request)).toBe(true);
  return { txRef, text: String(request?.body), type: request?.headers["content-type"] };
};

test("a plan for bodies: truncatedJson ends in the middle, properly signed", async () => {
  const { text } = await bodyUnder({ truncatedJson: true });

  expect(text.startsWith('{"event":"charge.success"')).toBe(true);
  expect(() => JSON.parse(text)).toThrow();
});

test("a plan for bodies: hugeBody is JSON of more than 256 KiB", async () => {
  const { text, txRef } = await bodyUnder({ hugeBody: true });

  expect(text.length).toBeGreaterThan(256 * 1024);
  expect(JSON.parse(text)).toMatchObject({ tx_ref: txRef });
});

test("a plan for bodies: emptyBody has nothing in it", async () => {
  expect((await bodyUnder({ emptyBody: true })).text).toBe("");
});

test("a plan for bodies: formBody is a form", async () => {
  const { text, type, txRef } = await bodyUnder({ formBody: true });

  expect(type).toBe("application/x-www-form-urlencoded");
  expect(new URLSearchParams(text).get("tx_ref")).toBe(txRef);
});

test.each([
  ["unknownEvent", { unknownEvent: true }, { event: "charge.teleported" }],
  ["unknownTxRef", { unknownTxRef: true }, { tx_ref: "NEVERSEEN0000000000X" }],
  ["statusEventMismatch", { statusEventMismatch: true }, { event: "charge.success", status: "failed/cancelled" }],
])("a plan for bodies: %s says so, properly signed", async (_what, plan, told) => {
  const { text } = await bodyUnder(plan);

  expect(JSON.parse(text)).toMatchObject(told);
});

test("a plan for bodies: options can be combined", async () => {
  const { text, type } = await bodyUnder({ formBody: true, unknownEvent: true, duplicate: 1 });

  expect(type).toBe("application/x-www-form-urlencoded");
  expect(new URLSearchParams(text).get("event")).toBe("charge.teleported");
});

describe("a callback", () => {
  const open = async (lab: Lab) => (await lab.open({ callback_url: `${lab.inbox.url}/callback?id=7` })).txRef;
  const calls = ({ inbox }: Lab) => inbox.received.filter(({ path }) => path === "/callback");

  test("is a GET with trx_ref, ref_id and status, after the webhook of a success", async () => {
    const lab = await startLab();
    const txRef = await open(lab);

    await lab.chapa.act(txRef, "pay");
    await lab.chapa.settled();

    const [call] = calls(lab);
    expect(lab.inbox.received.map(({ method }) => method)).toEqual(["POST", "GET"]);
    expect(Object.fromEntries(call?.query ?? [])).toEqual({
      id: "7",
      trx_ref: txRef,
      ref_id: lab.chapa.captures()[0]?.reference,
      status: "success",
    });
  });

  test("is not made after a failure, unless the plan says so", async () => {
    const lab = await startLab();
    const [quiet, loud] = [await open(lab), await open(lab)];
    lab.chapa.plan(loud, { callback: { onFailure: true } });

    await lab.chapa.act(quiet, "fail");
    await lab.chapa.act(loud, "fail");
    await lab.chapa.settled();

    expect(calls(lab).map(({ query }) => [query.get("trx_ref"), query.get("status")])).toEqual([[loud, "failed"]]);
  });

  test("can be switched off, repeated, come first, and lie", async () => {
    const lab = await startLab();
    const [off, liar] = [await open(lab), await open(lab)];
    lab.chapa.plan(off, { callback: { send: "off" } });
    lab.chapa.plan(liar, { callback: { order: "before", times: 3, status: "success" } });

    await lab.chapa.act(off, "pay");
    await lab.chapa.settled();
    expect(calls(lab)).toEqual([]);
    lab.inbox.received.length = 0;
    await lab.chapa.act(liar, "fail");
    await lab.chapa.settled();

    expect(lab.inbox.received.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "POST"]);
    expect(calls(lab).map(({ query }) => query.get("status"))).toEqual(["success", "success", "success"]);
  });
});

function isAuthentic({ headers, body }: { headers: Record<string, unknown>; body: Buffer }): boolean {
  return headers["x-chapa-signature"] === hmac(SECRET, body);
}
