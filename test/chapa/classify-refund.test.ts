import { expect, test } from "vitest";
import { classifyRefund, classifyRefundStatus } from "../../lib/chapa/classify-refund.ts";

const reply = (status: number, body: unknown) => ({
  status,
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const accepted = (data: unknown, status = "success") => ({
  message: "Refund initiated successfully. Processing time: 1-3 business days",
  status,
  data,
});
const failed = (message: unknown) => ({ message, status: "failed", data: null });

const SHORT = {
  amount: "100.00",
  currency: "ETB",
  ref_id: "MERC-DIS-REF-1",
  payment_reference: "AP0",
  status: "initiated",
};
const LONG = { id: 7, chapa_reference: "AP0", ref: "MERC-DIS-REF-2", amount: "100.00", status: "Refund Initiated" };

const LIVE_ONLY = { kind: "refused", reason: "Chapa refunds only payments in live mode" };
const NO_BALANCE = { kind: "refused", reason: "the balance at Chapa is too low" };
const ABOVE = { kind: "above", reason: "Chapa sends no more back than it received" };
const UNCLEAR = { kind: "unclear" };

test.each([
  ["the short form", 200, accepted(SHORT), { kind: "accepted", chapaRef: "MERC-DIS-REF-1" }],
  ["the long form", 201, accepted(LONG), { kind: "accepted", chapaRef: "MERC-DIS-REF-2" }],
  ["no reference of Chapa's", 200, accepted({ status: "initiated" }), { kind: "accepted", chapaRef: undefined }],
  ["a reference that is a number", 200, accepted({ ...SHORT, ref_id: 7 }), { kind: "accepted", chapaRef: "7" }],
  ["a reference that is a list", 200, accepted({ ...SHORT, ref_id: [] }), { kind: "accepted" }],
  ["a reference of 129 characters", 200, accepted({ status: "x", ref: "r".repeat(129) }), { kind: "accepted" }],
  ["a test key", 400, failed("Refunds can only be processed in live mode"), LIVE_ONLY],
  ["a balance that is too low", 400, failed("Insufficient Balance"), NO_BALANCE],
  ["a balance that is too low, as 422", 422, failed("insufficient balance to refund"), NO_BALANCE],
  [
    "an amount that is refused",
    400,
    failed("Refund amount cannot exceed the full transaction amount or be less than 0"),
    ABOVE,
  ],
  [
    "a generic failure",
    400,
    failed("Oops something went wrong and this is our issue. Please try again later"),
    UNCLEAR,
  ],
  ["words of another field", 400, failed({ amount: ["validation.numeric"] }), UNCLEAR],
  ["no message", 400, failed(null), UNCLEAR],
  ["a 200 that says failed", 200, accepted(SHORT, "failed"), UNCLEAR],
  ["a 200 without a state of the refund", 200, accepted({ ref: "MERC-DIS-REF-2" }), UNCLEAR],
  ["a 200 without data", 200, accepted(null), UNCLEAR],
  ["a payment that Chapa does not find", 404, failed("Transaction not found"), UNCLEAR],
  ["a refusal that came as a 500", 500, failed("Insufficient Balance"), UNCLEAR],
  ["too many requests", 429, failed("Insufficient Balance"), UNCLEAR],
  ["a refusal of our key", 403, failed("Refunds can only be processed in live mode"), UNCLEAR],
  ["a redirect", 302, failed("Insufficient Balance"), UNCLEAR],
  ["a page of a proxy", 400, "<html>Insufficient Balance</html>", UNCLEAR],
  ["nothing", 200, "", UNCLEAR],
])(
  "a request for a refund that is answered with %s is read as it is meant, and else says nothing",
  (_, status, body, read) => {
    expect(classifyRefund(reply(status, body))).toEqual(read);
  },
);

const settled = (status: unknown, more: object = {}) => accepted({ ...LONG, ...more, status });

test.each([
  ["refunded", 200, settled("refunded"), "settled"],
  ["REFUNDED in another case", 200, settled("REFUNDED"), "settled"],
  ["reversed", 200, settled("reversed"), "reversed"],
  ["initiated", 200, settled("initiated"), "open"],
  ["Refund Initiated", 200, settled("Refund Initiated"), "open"],
  ["processing", 200, settled("processing"), "open"],
])("Chapa's answer that a refund is %s counts as it is meant", (_, status, body, kind) => {
  expect(classifyRefundStatus(reply(status, body), "AP0")).toEqual({ kind, chapaRef: "MERC-DIS-REF-2" });
});

test.each([
  ["about other money, in the long form", 200, settled("refunded", { chapa_reference: "AP1" })],
  ["about other money, in the short form", 200, accepted({ ...SHORT, status: "refunded", payment_reference: "AP1" })],
  ["with a word that we do not know", 200, settled("queued")],
  ["without a word", 200, settled(undefined)],
  ["with a number as its word", 200, settled(1)],
  ["with another status than 200", 404, settled("refunded")],
  ["that is not found", 404, failed("Refund not found")],
  ["of a server that fails", 502, settled("refunded")],
  ["that is no JSON", 200, "refunded"],
])("an answer about a refund says nothing if it is one %s", (_, status, body) => {
  expect(classifyRefundStatus(reply(status, body), "AP0").kind).toBe("unclear");
});

test("an answer that names no money is about the refund that was asked about", () => {
  expect(classifyRefundStatus(reply(200, accepted({ status: "refunded" })), "AP0")).toEqual({ kind: "settled" });
});
