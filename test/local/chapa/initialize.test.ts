import { describe, expect, test } from "vitest";
import { CHAPA_DEFAULTS } from "../../../local/chapa/simulator.ts";
import { ask, KEY, startCheckout, startLab } from "./lab.ts";

test("initialize opens a checkout on the payer's page for nothing but amount, currency and tx_ref", async () => {
  const { chapa, initialize } = await startLab();
  const { status, body } = await initialize();
  expect(status).toBe(200);
  expect(body).toMatchObject({ message: "Hosted Link", status: "success" });
  expect(body.data?.["checkout_url"]).toMatch(new RegExp(`^${chapa.origin}/checkout/payment/[A-Za-z0-9]{20,45}$`));
});

test.each([
  ["a missing amount", { amount: undefined }, { amount: ["validation.required"] }],
  ["an empty amount", { amount: "" }, { amount: ["validation.required"] }],
  ["an amount of zero", { amount: "0" }, { amount: ["validation.min.numeric"] }],
  ["a negative amount", { amount: "-1" }, { amount: ["validation.min.numeric"] }],
  ["an amount with a thousands separator", { amount: "1,000" }, { amount: ["validation.numeric"] }],
  ["an amount beyond a million", { amount: "999999999.99" }, { amount: ["The amount must not exceed 1000000."] }],
  ["a missing currency", { currency: undefined }, { currency: ["validation.required"] }],
  ["a missing tx_ref", { tx_ref: undefined }, { tx_ref: ["validation.required"] }],
  ["a tx_ref of 51 characters", { tx_ref: "x".repeat(51) }, { tx_ref: ["The tx ref must not exceed 50 characters."] }],
  ["an address at example.com", { email: "abebe@example.com" }, { email: ["validation.email"] }],
  ["an address at example.org", { email: "abebe@mail.example.org" }, { email: ["validation.email"] }],
  ["an address at test.com", { email: "abebe@test.com" }, { email: ["validation.email"] }],
  ["an address without a dot", { email: "abebe@localhost" }, { email: ["validation.email"] }],
  ["a phone number with +251", { phone_number: "+251900123456" }, { phone_number: ["validation.phone_number"] }],
  ["a phone number that is no mobile", { phone_number: "0111234567" }, { phone_number: ["validation.phone_number"] }],
  ["a return_url of an app", { return_url: "myapp://paid" }, { return_url: ["validation.url"] }],
  ["a callback_url that is no URL", { callback_url: "nowhere" }, { callback_url: ["validation.url"] }],
  [
    "a title of 17 characters",
    { customization: { title: "x".repeat(17) } },
    { "customization.title": ["The customization.title may not be greater than 16 characters."] },
  ],
  [
    "a description of 51 characters",
    { customization: { description: "x".repeat(51) } },
    { "customization.description": ["The customization.description may not be greater than 50 characters."] },
  ],
  [
    "a description with a number sign",
    { customization: { description: "Order #7" } },
    {
      "customization.description": [
        "The customization.description may only contain letters, numbers, hyphens, underscores, spaces, and dots.",
      ],
    },
  ],
  ["a currency that Chapa does not know", { currency: "EUR" }, "Invalid currency, EUR is not supported"],
  ["subaccounts in test mode", { subaccounts: [{ id: "a" }] }, expect.any(String)],
  [
    "two wrong fields, both at once",
    { amount: "-1", tx_ref: "x".repeat(51) },
    { amount: ["validation.min.numeric"], tx_ref: ["The tx ref must not exceed 50 characters."] },
  ],
])("initialize refuses %s and says why", async (_what, fields, message) => {
  const { initialize } = await startLab();
  const { status, body } = await initialize(fields);
  expect([status, body]).toEqual([400, { message, status: "failed", data: null }]);
});

test.each([
  ["an exponent", "1e2", 100],
  ["leading zeros", "00010.50", 10.5],
  ["twenty decimals", "1.12345678901234567890", 1.12],
  ["a JSON number", 10, 10],
  ["exactly a million", "1000000", 1_000_000],
])("initialize takes an amount with %s", async (_what, amount, verified) => {
  const { open, verify } = await startLab({ scenarios: false });
  const { txRef } = await open({ amount });
  expect((await verify(txRef)).body.data?.["amount"]).toBe(verified);
});

test.each([
  ["a tx_ref of 50 characters", { tx_ref: "x".repeat(50) }],
  ["a mobile number that begins with 07", { phone_number: "0700123456" }],
  ["an address at a real domain", { email: "abebe@merchant.et" }],
  [
    "a description of letters, digits, hyphens, underscores, spaces and dots",
    { customization: { description: "A-1_b. c" } },
  ],
  ["a return_url on this machine", { return_url: "http://localhost:3000/done?property_id=7" }],
  ["dollars", { currency: "USD" }],
])("initialize opens a checkout with %s", async (_what, fields) => {
  const { initialize } = await startLab();
  expect((await initialize(fields)).status).toBe(200);
});

test.each(["open", "paid", "failed", "cancelled"])(
  "initialize never takes a tx_ref again once its checkout is %s",
  async (state) => {
    const { chapa, initialize, cancel, txRef } = await startCheckout();
    if (state === "paid") await chapa.act(txRef, "pay");
    if (state === "failed") await chapa.act(txRef, "fail");
    if (state === "cancelled") await cancel(txRef);
    const { status, body } = await initialize({ tx_ref: txRef });
    expect([status, body]).toEqual([
      400,
      { message: "Transaction reference has been used before", status: "failed", data: null },
    ]);
  },
);

test("a refused request does not use up its tx_ref", async () => {
  const { initialize } = await startLab();
  await initialize({ tx_ref: "AGAIN", amount: "0" });
  expect((await initialize({ tx_ref: "AGAIN" })).status).toBe(200);
});

test("initialize takes a form as well as JSON, with brackets for what is nested", async () => {
  const { call, verify } = await startLab();
  const form = new URLSearchParams({ amount: "10", currency: "ETB", tx_ref: "FORM1", "customization[title]": "Fee" });
  expect((await call("POST", "/transaction/initialize", form)).status).toBe(200);
  expect((await verify("FORM1")).body.data?.["customization"]).toMatchObject({ title: "Fee" });
});

test("initialize refuses a body that is neither JSON nor a form", async () => {
  const { call } = await startLab();
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "text/plain" };
  const { status } = await call("POST", "/transaction/initialize", "amount=10", headers);
  expect(status).toBe(400);
});

describe("the HTML form", () => {
  async function startForm() {
    const { chapa, initialize } = await startLab();
    const fields = {
      public_key: CHAPA_DEFAULTS.publicKey,
      amount: "10",
      currency: "ETB",
      tx_ref: "HOSTED1",
      title: "Fee",
    };
    const send = (change: Record<string, string> = {}) =>
      ask(`${chapa.apiBase}/hosted/pay`, { method: "POST", body: new URLSearchParams({ ...fields, ...change }) });
    return { chapa, initialize, send };
  }

  test("the HTML form sends the payer to a checkout", async () => {
    const { chapa, send } = await startForm();
    const { status, headers } = await send();
    expect([status, headers.get("location")]).toEqual([302, chapa.transaction("HOSTED1")?.checkoutUrl]);
  });

  test("the HTML form refuses a used tx_ref, and uses it up for the API too", async () => {
    const { initialize, send } = await startForm();
    await send();
    for (const reply of [await send(), await initialize({ tx_ref: "HOSTED1" })]) {
      expect(reply.body.message).toBe("Transaction reference has been used before");
    }
  });

  test.each([
    ["a wrong field", { amount: "0" }, 400, { amount: ["validation.min.numeric"] }],
    ["a public key that is not its own", { public_key: "CHAPUBK_TEST-other" }, 401, expect.any(String)],
  ])("the HTML form refuses %s in JSON", async (_what, change, status, message) => {
    const { send } = await startForm();
    expect(await send(change)).toMatchObject({ status, body: { message } });
  });
});
