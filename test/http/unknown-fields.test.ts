import { expect, test } from "vitest";
import { warningsAbout } from "../../lib/http/unknown-fields.ts";

const namesIn = (body: unknown) => warningsAbout(body).warnings?.map(({ field }) => field);

test("every field that is not known is named, also one of the customer, and no known one is", () => {
  const known = { user_id: "u", property_id: "p", customer: { email: "a@b.et" } };
  expect(warningsAbout(known)).toEqual({});
  const body = { ...known, propertyid: 1, customer: { email: "a@b.et", phone: "09" }, toString: 1 };
  expect(namesIn(body)).toEqual(["propertyid", "toString", "customer.phone"]);
});

test("warnings hold at most ten names of at most 64 characters", () => {
  const body = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n}-${"x".repeat(100)}`, n]));
  expect(namesIn(body)?.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 64));
});

test.each([null, "text", 7, [], { customer: null }, { customer: "x" }])(
  "a body without names has no warnings: %j",
  (body) => {
    expect(warningsAbout(body)).toEqual({});
  },
);
