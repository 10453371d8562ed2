import fc from "fast-check";
import { expect, test } from "vitest";
import * as classify from "../../lib/chapa/classify.ts";
import type { HttpResponse } from "../../lib/runtime/call.ts";

const TX_REF = "G85FR23GHWFN3DNF00BV";
const { classifyInitialize } = classify;
const classifyVerify = (answer: HttpResponse) => classify.classifyVerify(answer, TX_REF);
const classifyCancel = (answer: HttpResponse) => classify.classifyCancel(answer, TX_REF);

const ORIGINS = ["https://checkout.chapa.co"];
const reply = (status: number, body: unknown) => ({
  status,
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const failed = (message: unknown, data: unknown = null) => ({ message, status: "failed", data });
const verified = (data: object, message = "Payment details", status = "success") => ({ message, status, data });

const SUCCESS = {
  first_name: "Abebe",
  currency: "ETB",
  amount: 500,
  charge: 17.5,
  mode: "test",
  method: "telebirr",
  type: "API",
  status: "success",
  reference: "6jnheVKQEmy",
  tx_ref: "G85FR23GHWFN3DNF00BV",
};

const url = "https://checkout.chapa.co/checkout/payment/V38ejWQhSpFWzSAZBqmlQrGkyhXQUOtx2Mu4ZTmFLbP";
const opened = (checkout_url: unknown) => ({ message: "Hosted Link", status: "success", data: { checkout_url } });

test("initialize opens a checkout at Chapa's own address", () => {
  expect(classifyInitialize(reply(200, opened(url)), ORIGINS)).toEqual({ kind: "opened", checkoutUrl: url });
});

test.each([
  ["https://checkout.chapa.co\\@evil.example/x", "https://checkout.chapa.co/@evil.example/x"],
  ["https:\\\\checkout.chapa.co/x", "https://checkout.chapa.co/x"],
  [" https://CHECKOUT.chapa.co:443/x\r\ny ", "https://checkout.chapa.co/xy"],
])("initialize returns the checkout %j as %j, which no browser reads as another host", (written, checkoutUrl) => {
  expect(classifyInitialize(reply(200, opened(written)), ORIGINS)).toEqual({ kind: "opened", checkoutUrl });
});

test.each([
  "https://checkout.chapa.co.evil.example/x",
  "http://checkout.chapa.co/x",
  "https://checkout.chapa.co@evil.example/x",
  "https://user:pw@checkout.chapa.co/x",
  "https://checkout.chapa.co:8443/x",
  "//checkout.chapa.co/x",
  "javascript:alert(1)",
  "",
  null,
  42,
])("the checkout %j is not Chapa's: the answer of initialize counts as lost", (bad) => {
  expect(classifyInitialize(reply(200, opened(bad)), ORIGINS)).toEqual({ kind: "lost" });
});

test.each([
  [failed({ amount: ["validation.min.numeric"] }), false, "it does not accept the amount"],
  [failed({ email: ["validation.email"] }), true, "it does not accept the e-mail address"],
  [failed({ email: ["x"], phone_number: ["y"] }), true, "it does not accept the e-mail address, the phone number"],
  [failed({ email: ["x"], amount: ["y"] }), false, "it does not accept the e-mail address, the amount"],
  [failed({ "customization.title": ["too long"] }), false, "it does not accept customization.title"],
  [failed({ errors: { email: ["x"] } }), true, "it does not accept errors"],
  [failed({ currency: ["x"], tx_ref: ["y"] }), false, "it does not accept the currency, the reference"],
  [failed({ first_name: ["x"] }), true, "it does not accept the first name"],
  [failed({ last_name: ["x"] }), true, "it does not accept the last name"],
  [
    failed({ callback_url: ["x"], return_url: ["y"] }),
    false,
    "it does not accept the callback address, the return address",
  ],
  [failed("The amount must not exceed 1000000."), false, "it does not accept the data"],
  [failed("The email must be a valid email address."), true, "it does not accept the data"],
  [failed(["The phone number is invalid."]), true, "it does not accept the data"],
  [failed("validation.phone"), true, "it does not accept the data"],
  [failed("validation.required"), true, "it does not accept the data"],
  [failed("The callback url must be a valid URL."), false, "it does not accept the data"],
  [failed("The email and the amount are required; the amount is required"), true, "it does not accept the data"],
])("initialize answered %j is a refusal of the data", (body, maybeContact, reason) => {
  expect(classifyInitialize(reply(400, body), ORIGINS)).toEqual({ kind: "refused", maybeContact, reason });
});

test("a refusal in unknown words that names contact data may be about contact data only", () => {
  const body = failed("We do not like this e-mail");
  expect(classifyInitialize(reply(400, body), ORIGINS)).toEqual({ kind: "misconfigured", maybeContact: true });
});

test("an address too long for a row is no checkout", () => {
  const endless = `${url}?${"x".repeat(2_048)}`;
  expect(classifyInitialize(reply(200, opened(endless)), ORIGINS)).toEqual({ kind: "lost" });
});

test("initialize names a field in words even if every object has one of that name, and keeps a reason short", () => {
  const inherited = classifyInitialize(reply(400, failed({ constructor: ["x"], toString: ["y"] })), ORIGINS);
  expect(inherited).toMatchObject({ kind: "refused", reason: "it does not accept constructor, toString" });
  const endless = classifyInitialize(reply(400, failed({ ["x".repeat(100_000)]: ["y"] })), ORIGINS);
  expect(endless.kind === "refused" && endless.reason.length).toBeLessThan(300);
});

test.each([failed("Invalid API Key or User doesn't exist"), { message: "Authorization required" }])(
  "initialize answered 401 %j says that our key is refused",
  (body) => {
    expect(classifyInitialize(reply(401, body), ORIGINS)).toEqual({ kind: "key_refused" });
  },
);

test("initialize refused with 422 is read like 400, and with 403 it is our own fault", () => {
  expect(classifyInitialize(reply(422, failed({ amount: ["x"] })), ORIGINS)).toMatchObject({ kind: "refused" });
  expect(classifyInitialize(reply(403, failed("Forbidden")), ORIGINS)).toEqual({
    kind: "misconfigured",
    maybeContact: false,
  });
});

test("an address that just fits into a row is a checkout", () => {
  const longest = `${url}?${"x".repeat(2_048 - url.length - 1)}`;
  expect(classifyInitialize(reply(200, opened(longest)), ORIGINS)).toEqual({ kind: "opened", checkoutUrl: longest });
});

test("a reference that was used is neither a refusal nor an outage of initialize", () => {
  const body = failed("Transaction reference has been used before");
  expect(classifyInitialize(reply(400, body), ORIGINS)).toEqual({ kind: "used_before" });
});

test.each([
  [404, failed("Payments through API is disabled, please contact us")],
  [400, failed("User can't receive payments")],
  [400, failed("User can’t receive payments")],
  [400, failed("Invalid currency, GBP is not supported")],
  [400, failed("Merchant fee is greater than split flat amount.")],
  [400, failed({})],
])("initialize answered %d %j is our own fault and never the payer's", (status, body) => {
  expect(classifyInitialize(reply(status, body), ORIGINS)).toEqual({ kind: "misconfigured", maybeContact: false });
});

test.each([
  [429, { message: "Too many requests" }],
  [500, { message: "Internal server error" }],
  [502, "<html>Bad gateway</html>"],
  [503, ""],
  [504, { message: "Endpoint request timed out" }],
  [200, "not json"],
  [200, { message: "Hosted Link", status: "success", data: null }],
  [302, ""],
  [404, "<html>not found</html>"],
  [418, failed("teapot")],
])("initialize answered %d %j proves nothing: the answer counts as lost", (status, body) => {
  expect(classifyInitialize(reply(status, body), ORIGINS)).toEqual({ kind: "lost" });
});

test("verify reports the money of a success exactly as it was written", () => {
  expect(classifyVerify(reply(200, verified(SUCCESS)))).toEqual({
    kind: "paid",
    facts: {
      txRef: "G85FR23GHWFN3DNF00BV",
      amount: 50_000,
      currency: "ETB",
      mode: "test",
      reference: "6jnheVKQEmy",
      method: "telebirr",
      charge: 1_750,
    },
  });
});

test.each([
  ['"500"', 50_000],
  ['"500.00"', 50_000],
  ["500.10", 50_010],
  ["500.000", 50_000],
  ["500.001", undefined],
  ["499.99999999999999999", undefined],
  ["5e2", undefined],
  ['"5e2"', undefined],
  ['"1,000"', undefined],
  ["null", undefined],
  ["-500", undefined],
  ["true", undefined],
])("verify reads the amount written %s as %s", (written, amount) => {
  const text = JSON.stringify(verified({ ...SUCCESS, amount: "@" })).replace('"@"', written);
  expect(classifyVerify({ status: 200, text })).toMatchObject({ kind: "paid", facts: { amount } });
});

test("a fact too long for a row counts as unreadable", () => {
  const endless = "x".repeat(500_000);
  const { kind, ...rest } = classifyVerify(reply(200, verified({ ...SUCCESS, method: endless, reference: endless })));
  expect(kind).toBe("paid");
  expect(rest).toMatchObject({ facts: { amount: 50_000, method: undefined, reference: undefined } });
  const failed = verified({ ...SUCCESS, status: "failed", failure_reason: endless });
  expect(classifyVerify(reply(200, failed))).toEqual({ kind: "unpaid", reason: "failed", failureReason: undefined });
});

test("verify replaces half a character in a fact, which the table would refuse together with the success", () => {
  const odd = verified({ ...SUCCESS, method: "tele\ud800birr", reference: "\udc00" });
  expect(classifyVerify(reply(200, odd))).toMatchObject({ facts: { method: "tele\ufffdbirr", reference: "\ufffd" } });
});

test("verify never reads the status at the top, which is success for an unpaid payment, too", () => {
  const pending = { ...SUCCESS, status: "pending", method: null, charge: null, reference: undefined };
  const body = verified(pending, "Payment details fetched successfully");
  expect(classifyVerify(reply(200, body))).toEqual({ kind: "unpaid", reason: "pending" });
});

test.each(["failed", "Failed", "cancelled", "failed/cancelled"])(
  "verify reads the status %s as a failed try",
  (status) => {
    expect(classifyVerify(reply(200, verified({ ...SUCCESS, status, failure_reason: "Declined" })))).toEqual({
      kind: "unpaid",
      reason: "failed",
      failureReason: "Declined",
    });
  },
);

test.each([
  ["refunded", "refunded"],
  ["reversed", "reversed"],
  ["REVERSED", "reversed"],
])("verify reads the status %s as money that was here and went back", (status, kind) => {
  expect(classifyVerify(reply(200, verified({ ...SUCCESS, status })))).toMatchObject({
    kind,
    facts: { amount: 50_000 },
  });
});

test.each([
  [400, failed("Invalid transaction reference"), "not_found"],
  [404, failed("Invalid transaction or Transaction not found"), "not_found"],
  [404, { message: "Payment not paid yet", status: null, data: null }, "pending"],
  [404, { message: "Payment not paid yet", status: "null", data: null }, "pending"],
])("verify answered %d %j means unpaid: %s", (code, body, reason) => {
  expect(classifyVerify(reply(code, body))).toEqual({ kind: "unpaid", reason: reason });
});

test.each([
  [401, failed("Invalid API Key or User doesn't exist"), "misconfigured"],
  [401, failed("Live secret keys can't be used to verify a test transaction"), "misconfigured"],
  [429, { message: "Too many requests" }, "busy"],
  [500, { message: "Internal server error" }, "unreachable"],
  [502, "<html></html>", "unreachable"],
  [503, "", "unreachable"],
  [404, { message: "Not Found" }, "unreadable"],
  [404, { message: "The route v1/verify could not be found." }, "unreadable"],
  [404, "<html></html>", "unreadable"],
  [400, { message: "Something else" }, "unreadable"],
  [408, failed("Request timeout"), "unreachable"],
  [403, failed("Forbidden"), "misconfigured"],
  [418, { error: "a proxy speaks" }, "unreadable"],
  [200, "", "unreadable"],
  [200, "null", "unreadable"],
  [200, "[]", "unreadable"],
  [200, { status: "pending" }, "unreadable"],
  [200, verified({ ...SUCCESS, tx_ref: "ANOTHERREFERENCE0000" }), "unreadable"],
  [200, verified({ ...SUCCESS, status: "pending", tx_ref: "ANOTHERREFERENCE0000" }), "unreadable"],
  [200, verified({ ...SUCCESS, status: "failed", tx_ref: 42 }), "unreadable"],
  [302, "", "unreadable"],
])("verify answered %d %j says nothing about money (%s)", (status, body, reason) => {
  expect(classifyVerify(reply(status, body))).toEqual({ kind: "unavailable", reason: reason });
});

const UNPAID = { ...SUCCESS, charge: null, reference: undefined };

// Chapa publishes no list of its words. One that we do not know must neither lock a payer out nor lose money.
test.each([
  [200, verified({ ...UNPAID, status: "expired" }), "expired"],
  [200, verified({ ...UNPAID, status: "Settling" }), "Settling"],
  [200, verified({ ...UNPAID, status: "expired", tx_ref: undefined }), "expired"],
  [200, { message: "Payment not paid yet", status: "null", data: null }, "null"],
  [200, { message: "Payment not paid yet", status: null, data: null }, ""],
  [200, { message: "Payment not paid yet", status: "failed", data: [] }, "failed"],
  [400, failed("Transaction has been abandoned"), "failed"],
  [422, failed("Something else"), "failed"],
])("verify answered %d %j is readable and not money, in the word %j", (status, body, word) => {
  expect(classifyVerify(reply(status, body))).toEqual({ kind: "readable", word });
});

test.each([
  [200, verified({ ...UNPAID, status: "expired", charge: "17.50" }), "expired"],
  [200, verified({ ...UNPAID, status: "expired", charge: 0 }), "expired"],
  [200, verified({ ...UNPAID, status: "expired", reference: "6jnheVKQEmy" }), "expired"],
  [200, verified({ ...UNPAID, status: "expired", reference: "x".repeat(1_000) }), "expired"],
  [400, failed("Something else", { reference: "6jnheVKQEmy" }), "failed"],
  [200, verified({ ...UNPAID, status: "completed" }), "completed"],
  [200, verified({ ...UNPAID, status: "PAID" }), "PAID"],
  [200, verified({ ...UNPAID, status: "partially_refunded" }), "partially_refunded"],
  [200, verified({ ...UNPAID, status: "chargeback" }), "chargeback"],
  [200, { message: "Payment details", status: "success", data: null }, "success"],
  [200, verified({}), "success"],
])("verify answered %d %j may mean money, in the word %j", (status, body, word) => {
  expect(classifyVerify(reply(status, body))).toEqual({ kind: "maybe_money", word });
});

test("a word of any length is kept short and readable", () => {
  const result = classifyVerify(reply(200, verified({ ...UNPAID, status: `\ud800${"x".repeat(1_000)}` })));
  expect(result.kind === "readable" && result.word.length).toBe(256);
  expect(result.kind === "readable" && result.word.isWellFormed()).toBe(true);
});

test("nothing but data.status success is ever money, whatever else an answer holds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.jsonValue(), (status, body) => {
      expect(classifyVerify(reply(status, body as object)).kind).not.toBe("paid");
    }),
    { numRuns: 500 },
  );
});

test.each([
  [200, { message: "Checkout link expired successfully", status: "success", data: {} }, "closed"],
  [400, failed("Payment link already expired"), "already_over"],
  [404, failed("Payment link not found"), "not_found"],
  [200, failed("Payment link already expired"), "already_over"],
  [400, failed("Only active transactions can be cancelled"), "already_over"],
  [400, failed("Transaction can not be cancelled"), "unclear"],
  [404, { message: "The PUT method is not supported" }, "unclear"],
  [200, { message: "expired", status: "success", data: { tx_ref: "ANOTHERREFERENCE0000" } }, "unclear"],
  [200, { message: "expired", status: "success", data: { tx_ref: TX_REF } }, "closed"],
  [400, failed("This payment was completed"), "unclear"],
  [404, { message: "Not Found" }, "unclear"],
  [401, failed("Invalid API Key"), "unclear"],
  [429, { message: "Too many requests" }, "unclear"],
  [500, { message: "Internal server error" }, "unclear"],
  [200, "<html></html>", "unclear"],
  [200, failed("no"), "unclear"],
  [200, {}, "unclear"],
  [200, { message: "Down for maintenance" }, "unclear"],
])("cancel answered %d %j means %s", (status, body, outcome) => {
  expect(classifyCancel(reply(status, body))).toBe(outcome);
});
