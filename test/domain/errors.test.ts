import { expect, test } from "vitest";
import * as domainErrors from "../../lib/domain/errors.ts";
import { ERROR_CODES } from "../../lib/domain/vocabulary.ts";
import * as httpErrors from "../../lib/http/errors.ts";

const errors = { ...domainErrors, ...httpErrors };

const quota = { name: "initiate", limit: 10, windowSeconds: 60, remaining: 0, resetSeconds: 40 };

/** Each error as it is thrown: its code, what its sentence must say, and after how many seconds it may be retried. */
const CASES: [domainErrors.PaymentError, string, RegExp, number?][] = [
  [
    new errors.InputInvalid([{ pointer: "/amount", loc: ["body", "amount"], msg: "too small", type: "too_small" }]),
    "input_invalid",
    /^The request is not valid: amount: too small\.$/,
  ],
  [
    new errors.PurposeUnknown("rent", ["listing_fee", "boost"]),
    "purpose_unknown",
    /"rent".*known purposes: listing_fee, boost\.$/,
  ],
  [new errors.CurrencyDiffers("ETB", "10.00", "USD"), "currency_differs", /ETB is not that of.*is 10\.00 USD\.$/],
  [new errors.PriceDiffers("1.00", "500.00", "ETB"), "price_differs", /1\.00 is not the price.*is 500\.00 ETB\.$/],
  [
    new errors.RequestDiffers(["amount", "purpose"]),
    "request_differs",
    /another body\. Different fields: amount, purpose\.$/,
  ],
  [new errors.Unauthenticated("Not authenticated"), "unauthenticated", /^Not authenticated$/],
  [new errors.WrongLogin(), "wrong_login", /^Incorrect username or password$/],
  [new errors.Forbidden("This needs the role admin."), "forbidden", /^This needs the role admin\.$/],
  [new errors.UserUnknown(), "user_unknown", /^User details not found for the provided user_id$/],
  [new errors.RouteUnknown(), "route_unknown", /\/openapi\.json/],
  [new errors.MethodNotAllowed(["GET", "POST"]), "method_not_allowed", /accepts only GET and POST\.$/],
  [new errors.PaymentNotFound(), "payment_not_found", /^Payment not found$/],
  [new errors.RateLimited({ retryAfterSeconds: 7, quota }), "rate_limited", /again in 7 s\.$/, 7],
  [new errors.PaymentTaken(), "payment_taken", /Money was taken/],
  [new errors.EntryNotFound(), "entry_not_found", /no such entry in `attention`/],
  [new errors.VersionChanged(7, []), "version_changed", /now at version 7\. Please read it again/],
  [
    new errors.DecisionImpossible("PENDING", "nothing waits"),
    "decision_impossible",
    /in the state PENDING: nothing waits\.$/,
  ],
  [new errors.RefundAboveLeft("400.00"), "refund_above_left", /than is left of this money: 400\.00\.$/],
  [new errors.CaptureUnclear(["AP1", "AP2"]), "capture_unclear", /which money is sent back: one of AP1, AP2\.$/],
  [new errors.RefundLimitReached("500.00"), "refund_limit", /^With 500\.00 more you would be above/],
  [new errors.RefundNotFound(), "refund_not_found", /no such refund/],
  [
    new errors.CheckoutBeingOpened(3),
    "checkout_being_opened",
    /is being opened\. Please send the same request again\.$/,
    3,
  ],
  [
    new errors.ListingClosed(),
    "listing_closed",
    /listing was closed.*can no longer be paid\. If you have paid already.*do not pay again\.$/,
  ],
  [new errors.GatewayRefused("it knows no such phone"), "gateway_refused", /: it knows no such phone\.$/],
  [
    new errors.GatewayUnavailable(30),
    "gateway_unavailable",
    /try again later\. If you have paid already, we will find it; please do not pay again\.$/,
    30,
  ],
  [new errors.CheckoutClosing(90), "checkout_closing", /not closed yet.*please do not pay again\.$/, 90],
  [new errors.PaymentUnclear(), "payment_unclear", /may have been paid already.*please do not pay again\.$/, 600],
  [
    new errors.GatewayMisconfigured(60),
    "gateway_misconfigured",
    /fault on our side\. Please try again later\. If you have paid already.*do not pay again\.$/,
    60,
  ],
  [new errors.DependencyUnavailable("The table"), "dependency_unavailable", /^The table does not answer/, 5],
  [new errors.PaymentUnreadable(), "payment_unreadable", /cannot be read.*please do not pay again\.$/, 300],
  [new errors.InitiatePaused(), "initiate_paused", /paused for maintenance/, 300],
  [new errors.RefundsPaused("other_table"), "refunds_paused", /^No money is sent back now: this table is a copy/, 300],
  [new errors.PauseImpossible("unreadable"), "pause_impossible", /^Payments are stopped already: the row/],
  [new errors.BodyTooLarge(4096), "body_too_large", /larger than 4096 bytes\.$/],
  [new errors.WebhookInvalid("No reference."), "webhook_invalid", /^No reference\.$/],
];

test.each(CASES.map(([error, ...expected]) => ({ name: error.name, error, expected })))(
  "$name gives a caller a code, a sentence and the time to come back",
  ({ error, expected: [code, sentence, retryAfterSeconds] }) => {
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    expect(error.retryAfterSeconds).toBe(retryAfterSeconds);
  },
);

test("each code of the closed list has one error, but for that of any other error and that of the health route", () => {
  const withClass = ERROR_CODES.filter((code) => code !== "internal_error" && code !== "unhealthy");
  expect(CASES.map(([error]) => error.code).toSorted()).toEqual(withClass.toSorted());
  const classes = Object.values(errors).filter(({ prototype }) => prototype instanceof errors.PaymentError);
  expect(new Set(CASES.map(([error]) => error.constructor))).toEqual(new Set(classes));
});

test("a field is named by its path, and the whole input by the part of the request that it is", () => {
  const error = new errors.InputInvalid([
    { pointer: "/customer/phone", loc: ["body", "customer", "phone"], msg: "not a phone", type: "custom" },
    { pointer: "", loc: ["body"], msg: "not JSON", type: "json" },
  ]);
  expect(error.message).toBe("The request is not valid: customer.phone: not a phone; body: not JSON.");
  expect(error.errors.map(({ msg }) => msg)).toEqual(["not a phone", "not JSON"]);
});

test("an error gives fields, methods and quotas to programs, too", () => {
  expect(new errors.RequestDiffers(["amount"]).fields).toEqual(["amount"]);
  expect(new errors.MethodNotAllowed(["GET"]).allowed).toEqual(["GET"]);
  expect(new errors.RateLimited({ retryAfterSeconds: 7, quota }).quota).toEqual(quota);
});

test("a log names our errors by code, others by name, and never has a message", () => {
  expect(errors.errorName(new errors.PaymentNotFound())).toBe("payment_not_found");
  expect(errors.errorName(new TypeError("phone +251911223344"))).toBe("TypeError");
  expect(errors.errorName("phone +251911223344")).toBe("string");
  expect(errors.errorName(undefined)).toBe("undefined");
});

test("a log names the cause of an error exactly where it has one", () => {
  const cause = new Error("socket hang up");
  expect(new errors.DependencyUnavailable("The table", cause).cause).toBe(cause);
  expect(new errors.DependencyUnavailable("The table")).not.toHaveProperty("cause");
  expect(new errors.PaymentNotFound()).not.toHaveProperty("cause");
});

test("the error about money that is not named says so where nothing is left of any", () => {
  expect(new errors.CaptureUnclear([]).message).toMatch(/nothing is left of any\.$/);
});
