import { expect, test } from "vitest";
import { CurrencyDiffers, PriceDiffers, PurposeUnknown } from "../../lib/domain/errors.ts";
import { Santim } from "../../lib/domain/money.ts";
import { PriceBook, priceOf } from "../../lib/domain/prices.ts";

const book = PriceBook.parse({
  listing_fee: { amounts: ["600.00", "500.00"] },
  boost: { amounts: ["50"], payable: "again", title: "Boost" },
});

const ANY = { purpose: undefined, amount: undefined, currency: undefined };

test("the first amount of the first purpose is the price when the caller names none", () => {
  expect(priceOf(book, ANY)).toEqual({
    purpose: "listing_fee",
    amount: 60_000,
    currency: "ETB",
    payableAgain: false,
    title: "Listing fee",
  });
});

test("an older amount is still honoured while callers move over", () => {
  expect(priceOf(book, { ...ANY, purpose: "listing_fee", amount: Santim.parse(50_000) }).amount).toBe(50_000);
});

test("any other amount is refused in words that name the price", () => {
  expect(() => priceOf(book, { ...ANY, amount: Santim.parse(100) })).toThrow(PriceDiffers);
  expect(() => priceOf(book, { ...ANY, amount: Santim.parse(100) })).toThrow("the price is 600.00 ETB");
});

test("the caller's currency is compared with that of the price, whichever that is", () => {
  const dollars = PriceBook.parse({ listing_fee: { amounts: ["10.00"], currency: "USD" } });
  expect(priceOf(dollars, { ...ANY, currency: "USD" })).toMatchObject({ amount: 1_000, currency: "USD" });
  expect(priceOf(book, { ...ANY, currency: "ETB" }).currency).toBe("ETB");
  for (const currency of ["ETB", "EUR", "usd", ""]) {
    expect(() => priceOf(dollars, { ...ANY, currency })).toThrow(CurrencyDiffers);
  }
  expect(() => priceOf(dollars, { ...ANY, currency: "ETB" })).toThrow("the price is 10.00 USD");
});

test("a price lies between a santim and a million birr, and says how often it may be paid", () => {
  const prices = { amounts: ["0.01", "1000000.00"], payable: "once" };
  expect(PriceBook.parse({ a_2: prices })).toEqual({
    a_2: { amounts: [1, 100_000_000], currency: "ETB", payable: "once", title: "Listing fee" },
  });
  expect(PriceBook.parse({ fee: { amounts: ["1"], currency: "USD", payable: "again" } })).toMatchObject({
    fee: { currency: "USD", payable: "again" },
  });
  expect(book["listing_fee"]?.payable).toBe("once");
});

test("the refusal of a wrong price book describes a right one", () => {
  expect(() => PriceBook.parse({ fee: { amounts: ["0"] } })).toThrow(/from \\"0\.01\\" to \\"1000000\.00\\"/);
  expect(PriceBook.safeParse({ fee: { amounts: ["0"] } }).error?.issues).toMatchObject([{ code: "custom" }]);
  expect(() => PriceBook.parse({})).toThrow("a price book names at least one purpose");
});

test("the price book sells nothing without a price", () => {
  expect(() => priceOf({}, ANY)).toThrow('purpose ""');
  const [fee] = Object.values(book);
  expect(() => priceOf(fee ? { fee: { ...fee, amounts: [] } } : {}, { ...ANY, purpose: "fee" })).toThrow(
    PurposeUnknown,
  );
});

test.each(["nothing", "toString", "__proto__", ""])("the purpose %j is unknown", (purpose) => {
  expect(() => priceOf(book, { ...ANY, purpose })).toThrow(PurposeUnknown);
});

test("a purpose of the price book may be payable again", () => {
  expect(priceOf(book, { ...ANY, purpose: "boost" })).toMatchObject({
    amount: 5_000,
    payableAgain: true,
    title: "Boost",
  });
});

test.each([
  [{}],
  [{ listing_fee: { amounts: [] } }],
  [{ listing_fee: { amounts: ["0"] } }],
  [{ listing_fee: { amounts: ["1000000.01"] } }],
  [{ listing_fee: { amounts: ["5e2"] } }],
  [{ listing_fee: { amounts: ["500"], currency: "EUR" } }],
  [{ "Listing Fee": { amounts: ["500"] } }],
  [{ "listing_fee!": { amounts: ["500"] } }],
  [{ "": { amounts: ["500"] } }],
  [{ ["x".repeat(33)]: { amounts: ["500"] } }],
  [{ listing_fee: { amounts: ["500"], title: "" } }],
  [{ listing_fee: { amounts: ["500"], payable: "never" } }],
])("the value %j is no price book", (value) => {
  expect(PriceBook.safeParse(value).success).toBe(false);
});
