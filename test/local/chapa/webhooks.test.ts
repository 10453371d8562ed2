import { createHmac } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { hmac, phpJson } from "../../../local/chapa/payload.ts";
import { serve } from "../../../local/serve.ts";
import { type Lab, MINUTE, startCheckout, startLab } from "./lab.ts";

const SECRET = "sim-webhook-secret";
const CONSTANT = "c2a381363442fa0006e0110991bdcecacdde9dc4c030e47cfb6072c49eb2b2e4";

type Plan = Parameters<Lab["chapa"]["plan"]>[1];

/** Pays a checkout under `plan` and waits for whatever is sent. */
async function payUnder(lab: Lab, plan: Plan, fields: Record<string, unknown> = {}): Promise<string> {
  const { txRef } = await lab.open(fields);
  lab.chapa.plan(txRef, plan);
  await lab.act(txRef, "pay");
  return txRef;
}

/** A lab in which one checkout was paid under `plan`, and the first webhook about it. */
async function paidUnder(plan: Plan, fields: Record<string, unknown> = {}) {
  const lab = await startLab();
  const txRef = await payUnder(lab, plan, fields);
  const [request] = lab.inbox.received;
  const body = request?.body ?? Buffer.alloc(0);
  const signatures = [request?.headers["x-chapa-signature"], request?.headers["chapa-signature"]];
  return { ...lab, txRef, body, type: request?.headers["content-type"], signatures };
}

const eventsOf = ({ inbox }: Lab) => inbox.webhooks().map(({ event }) => event);
const triesOf = ({ chapa }: Lab) => chapa.journal().filter(({ kind }) => kind === "webhook");

const ascii = '{"event":"charge.success","tx_ref":"PAY0000000000000001","status":"success","amount":"500.00"}';
const php = String.raw`{"event":"charge.success","tx_ref":"PAY0000000000000002","first_name":"\u12a0\u1260\u1260","customization":{"logo":"https:\/\/img.example\/l.png"}}`;
const rewritten = JSON.stringify(JSON.parse(php));

test.each([
  ["a plain body", ascii, "e702210f935b2f68542e8d3c88367bc3ef8051ebd73a98c076cbedc56ef837d4"],
  ["a body as PHP writes it", php, "31f85f1b12135fbddf80398cc5be4fa98c9b6a7f9c9ca3652df82f34d40e1028"],
  ["that body as JavaScript writes it", rewritten, "231612f904a801caabe3e7099410cf424ad6e03f5f502b040402bae0835f7c39"],
  ["the secret itself", SECRET, CONSTANT],
])("signatures of %s are the known ones", (_what, body, signature) => {
  expect(hmac(SECRET, body)).toBe(signature);
});

test("signatures are made over JSON that escapes what PHP escapes", () => {
  expect(phpJson(JSON.parse(php))).toBe(php);
});

test("signatures are both sent: one of the bytes, and one that never changes", async () => {
  const person = { first_name: "አበበ", customization: { logo: "https://img.example/l.png" } };
  const { body, signatures, type } = await paidUnder({}, person);
  const made = createHmac("sha256", SECRET).update(body).digest("hex");
  expect([type, ...signatures]).toEqual(["application/json", made, CONSTANT]);
  expect(String(body)).toContain(String.raw`"first_name":"\u12a0\u1260\u1260"`);
  expect(String(body)).toContain(String.raw`https:\/\/img.example\/l.png`);
});

test("a webhook has every field, flat, in Chapa's order, with null for what was never sent", async () => {
  const { txRef, chapa, body } = await paidUnder({});
  expect(Object.entries(JSON.parse(String(body)))).toEqual([
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
    ["reference", chapa.captures()[0]?.reference],
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
  const { inbox } = await paidUnder({}, { phone_number: "0911223344", meta: { hide_receipt: true } });
  expect(inbox.webhooks()).toMatchObject([{ mobile: "251911223344", meta: { hide_receipt: true } }]);
});

test("a webhook is acknowledged by 200 and nothing else: ten retries, ten minutes apart, with the same bytes", async () => {
  const lab = await startLab();
  lab.inbox.answers.push(201, 204, 302, 400, 401, 404, 500, 503, 202, 500, 500, 500);
  const started = lab.chapa.clock.now();
  await payUnder(lab, {});
  for (let minutes = 0; minutes < 4 * 60; minutes += 5) await lab.chapa.clock.advance(5 * MINUTE);
  expect(lab.inbox.received).toHaveLength(11);
  expect(new Set(lab.inbox.received.map(({ body }) => String(body))).size).toBe(1);
  const tens = triesOf(lab).map(({ at }) => Math.round((at - started) / (10 * MINUTE)));
  expect(tens).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test.each([
  ["is not sent again once it was acknowledged", [500], 180, 2],
  ["makes up for all its retries in one jump of the clock", [500, 500, 500], 45, 4],
])("a webhook is retried only while it is unacknowledged: it %s", async (_what, answers, minutes, times) => {
  const lab = await startLab();
  lab.inbox.answers.push(...answers);
  await payUnder(lab, {});
  await lab.chapa.clock.advance(minutes * MINUTE);
  expect(lab.inbox.received).toHaveLength(times);
});

test("a webhook is retried when no server takes it", async () => {
  const lab = await startLab({ webhookUrl: "http://127.0.0.1:9/webhook" });
  await payUnder(lab, {});
  lab.chapa.setWebhookUrl(`${lab.inbox.url}/webhook`);
  await lab.chapa.clock.advance(10 * MINUTE);
  expect(triesOf(lab)).toMatchObject([
    { attempt: 1, outcome: "unreachable" },
    { attempt: 2, outcome: 200 },
  ]);
  expect(lab.inbox.received).toHaveLength(1);
});

test("a webhook without an answer does not keep the simulator from closing", async () => {
  const { chapa, txRef } = await startCheckout();
  const silent = await serve("silent merchant", 0, () => new Promise(() => undefined));
  onTestFinished(() => silent.close());
  chapa.setWebhookUrl(silent.origin);
  await chapa.act(txRef, "pay");
  await chapa.close();
  await chapa.settled();
  expect(chapa.journal().at(-1)).toMatchObject({ kind: "webhook", outcome: "aborted" });
});

test("a webhook without an address is written down and not sent", async () => {
  const lab = await startLab();
  lab.chapa.setWebhookUrl(null);
  await payUnder(lab, {});
  expect(lab.chapa.journal().at(-1)).toMatchObject({ kind: "webhook", outcome: "no address", url: null });
  expect(lab.inbox.received).toEqual([]);
});

test.each<[string, Plan, number, [atOnce: number, later: number]]>([
  ["delay holds webhooks back on the clock", { delay: 300 }, 5, [0, 1]],
  ["concurrent sends webhooks at the same moment", { concurrent: 5 }, 5, [5, 5]],
  ["after-redirect lets the payer be first", { reorder: "after-redirect" }, 1, [0, 1]],
  ["drop loses the first tries", { drop: 2 }, 180, [0, 1]],
  ["dropAll loses every try", { dropAll: true }, 180, [0, 0]],
  ["slowSend delivers the whole body all the same", { slowSend: 100 }, 1, [1, 1]],
])("a plan for webhooks: %s", async (_what, plan, minutes, [atOnce, later]) => {
  const lab = await paidUnder(plan);
  expect(eventsOf(lab)).toEqual(Array(atOnce).fill("charge.success"));
  await lab.chapa.clock.advance(minutes * MINUTE);
  expect(eventsOf(lab)).toEqual(Array(later).fill("charge.success"));
});

test("a plan for webhooks: duplicate sends the same bytes again, duplicateVariant other ones", async () => {
  const { inbox } = await paidUnder({ duplicate: 2, duplicateVariant: 1 });
  expect(inbox.received).toHaveLength(4);
  expect(new Set(inbox.received.map(({ body }) => String(body))).size).toBe(2);
  for (const { headers, body } of inbox.received) expect(headers["x-chapa-signature"]).toBe(hmac(SECRET, body));
});

test("a plan for webhooks: success-before-failed turns the order round", async () => {
  const { txRef, ...lab } = await startCheckout();
  lab.chapa.plan(txRef, { reorder: "success-before-failed" });
  await lab.chapa.act(txRef, "fail");
  await lab.act(txRef, "pay");
  expect(eventsOf(lab)).toEqual(["charge.success", "charge.failed/cancelled"]);
});

test("a plan for webhooks: before-initialize-answer makes the payment known before its link", async () => {
  const lab = await startLab();
  lab.chapa.plan("EARLY1", { reorder: "before-initialize-answer" });
  await lab.initialize({ tx_ref: "EARLY1" });
  expect(lab.inbox.webhooks()).toMatchObject([{ event: "charge.success", tx_ref: "EARLY1" }]);
});

test("a plan for webhooks: before-redirect lets the payer go only when the merchant knows", async () => {
  const { txRef, chapa, inbox } = await startCheckout();
  chapa.plan(txRef, { reorder: "before-redirect" });
  await chapa.act(txRef, "pay");
  expect(inbox.received).toHaveLength(1);
});

test("a plan for webhooks: replay brings the old success again after a refund", async () => {
  const { txRef, ...lab } = await paidUnder({ replay: true });
  await lab.act(txRef, "refund");
  expect(eventsOf(lab)).toEqual(["charge.success", "charge.refunded", "charge.success"]);
  expect(lab.inbox.received[2]?.body).toEqual(lab.body);
});

test("a plan for every transaction holds for those that have none of their own", async () => {
  const { chapa, open, act, inbox } = await startLab();
  chapa.plan("*", { duplicate: 1 });
  await act((await open()).txRef, "pay");
  expect(inbox.received).toHaveLength(2);
});

test("a plan for webhooks is refused when it has an option that does not exist", async () => {
  const { chapa } = await startLab();
  // @ts-expect-error a misspelt option
  expect(() => chapa.plan("X", { dupliacte: 1 })).toThrow("dupliacte");
});

test("a plan for signatures: badSignature sends hex that belongs to nothing", async () => {
  const { body, signatures } = await paidUnder({ badSignature: true });
  for (const signature of signatures) expect([hmac(SECRET, body), CONSTANT]).not.toContain(signature);
  expect(signatures[0]).toMatch(/^[0-9a-f]{64}$/);
});

const signedWith = (secret: string) => (body: Buffer) => [hmac(secret, body), hmac(secret, secret)];
test.each<[string, Plan, (body: Buffer) => (string | undefined)[]]>([
  ["onlyConstantHeader sends the constant alone", { onlyConstantHeader: true }, () => [undefined, CONSTANT]],
  ["noHeaders sends none", { noHeaders: true }, () => [undefined, undefined]],
  ["swappedHeaders sends each for the other", { swappedHeaders: true }, (body) => [CONSTANT, hmac(SECRET, body)]],
  ["oldSecret signs with the old secret", { oldSecret: true }, signedWith(`old-${SECRET}`)],
  ["oldSecret with a text signs with that text", { oldSecret: "spring-2026" }, signedWith("spring-2026")],
  ["wrongKey signs with the API key", { wrongKey: true }, signedWith("CHASECK_TEST-sim00000000000000000000000000000")],
  ["otherMerchant signs with another's secret", { otherMerchant: true }, signedWith(`not-${SECRET}`)],
  [
    "upperCaseHex sends the true ones in capitals",
    { upperCaseHex: true },
    (body) => signedWith(SECRET)(body).map((signature) => signature.toUpperCase()),
  ],
])("a plan for signatures: %s", async (_what, plan, expected) => {
  const { body, signatures } = await paidUnder(plan);
  expect(signatures).toEqual(expected(body));
});

test("a plan for signatures: tamperedBody raises the amount after signing", async () => {
  const { body, signatures } = await paidUnder({ tamperedBody: true });
  expect(String(body)).toContain('"amount":"9500.00"');
  expect(signatures[0]).not.toBe(hmac(SECRET, body));
});

test("a plan for bodies: truncatedJson ends in the middle, properly signed", async () => {
  const { body, signatures } = await paidUnder({ truncatedJson: true });
  expect(signatures[0]).toBe(hmac(SECRET, body));
  expect(String(body)).toMatch(/^\{"event":"charge.success"/);
  expect(() => JSON.parse(String(body))).toThrow();
});

const [FORM, JSON_TYPE] = ["application/x-www-form-urlencoded", "application/json"];
test.each<[string, Plan, string, Record<string, string>]>([
  ["emptyBody has nothing in it", { emptyBody: true }, JSON_TYPE, {}],
  ["hugeBody is JSON", { hugeBody: true }, JSON_TYPE, { tx_ref: "MINE" }],
  ["formBody is a form", { formBody: true }, FORM, { tx_ref: "MINE" }],
  ["unknownEvent names one that there is not", { unknownEvent: true }, JSON_TYPE, { event: "charge.teleported" }],
  ["unknownTxRef names one that nobody opened", { unknownTxRef: true }, JSON_TYPE, { tx_ref: "NEVERSEEN0000000000X" }],
  [
    "statusEventMismatch contradicts itself",
    { statusEventMismatch: true },
    JSON_TYPE,
    { event: "charge.success", status: "failed/cancelled" },
  ],
  [
    "options can be combined",
    { formBody: true, unknownEvent: true, duplicate: 1 },
    FORM,
    { event: "charge.teleported" },
  ],
])("a plan for bodies: %s, properly signed", async (_what, plan, expectedType, delivered) => {
  const { body, signatures, type } = await paidUnder(plan, { tx_ref: "MINE" });
  expect([type, signatures[0]]).toEqual([expectedType, hmac(SECRET, body)]);
  const text = String(body);
  expect(text === "").toBe("emptyBody" in plan);
  expect(text.length > 256 * 1024).toBe("hugeBody" in plan);
  expect(type === FORM ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text || "{}")).toMatchObject(
    delivered,
  );
});

describe("callbacks", () => {
  async function startCalled(plan: Plan = {}) {
    const lab = await startLab();
    const { txRef } = await lab.open({ callback_url: `${lab.inbox.url}/callback?id=7` });
    lab.chapa.plan(txRef, plan);
    return { ...lab, txRef };
  }

  test("a callback is a GET with trx_ref, ref_id and status, after the webhook of a success", async () => {
    const { chapa, act, inbox, txRef } = await startCalled();
    await act(txRef, "pay");
    const ref_id = chapa.captures()[0]?.reference;
    expect(inbox.received.map(({ method }) => method)).toEqual(["POST", "GET"]);
    const query = Object.fromEntries(inbox.received[1]?.query ?? []);
    expect(query).toEqual({ id: "7", trx_ref: txRef, ref_id, status: "success" });
  });

  test.each<[string, Plan, "pay" | "fail", ("webhook" | "success" | "failed")[]]>([
    ["is not made after a failure", {}, "fail", ["webhook"]],
    ["is made after a failure if planned", { callback: { onFailure: true } }, "fail", ["webhook", "failed"]],
    ["can be switched off", { callback: { send: "off" } }, "pay", ["webhook"]],
    [
      "can be repeated, come first, and lie",
      { callback: { order: "before", times: 3, status: "success" } },
      "fail",
      ["success", "success", "success", "webhook"],
    ],
  ])("a callback follows its plan: it %s", async (_what, plan, action, sent) => {
    const { act, inbox, txRef } = await startCalled(plan);
    await act(txRef, action);
    expect(inbox.received.map(({ path, query }) => (path === "/callback" ? query.get("status") : "webhook"))).toEqual(
      sent,
    );
    for (const { path, query } of inbox.received) {
      if (path === "/callback") expect(query.get("trx_ref")).toBe(txRef);
    }
  });
});
