import { describe, expect, test } from "vitest";
import { PriceDiffers, PurposeUnknown } from "../../lib/domain/errors.ts";
import { Santim } from "../../lib/domain/money.ts";
import { PriceBook, priceOf } from "../../lib/domain/prices.ts";

const book = PriceBook.parse({
  listing_fee: { amounts: ["600.00", "500.00"] },
  boost: { amounts: ["50"], payable: "again", title: "Boost" },
});

describe("the price book", () => {
  test("the first amount of the first purpose is the price when the caller names none", () => {
    expect(priceOf(book, undefined, undefined)).toEqual({
      purpose: "listing_fee",
      amount: 60_000,
      currency: "ETB",
      payableAgain: false,
      title: "Listing fee",
    });
  });

  test("an older amount is still honoured while callers move over", () => {
    expect(priceOf(book, "listing_fee", Santim.parse(50_000)).amount).toBe(50_000);
  });

  test("any other amount is refused in words that name the price", () => {
    expect(() => priceOf(book, undefined, Santim.parse(100))).toThrow(PriceDiffers);
    expect(() => priceOf(book, undefined, Santim.parse(100))).toThrow("this costs 600.00 ETB");
  });

  test.each(["nothing", "toString", "__proto__", ""])("the purpose %j is unknown", (purpose) => {
    expect(() => priceOf(book, purpose, undefined)).toThrow(PurposeUnknown);
  });

  test("a purpose may be payable again", () => {
    expect(priceOf(book, "boost", undefined)).toMatchObject({ amount: 5_000, payableAgain: true, title: "Boost" });
  });

  test.each([
    [{}],
    [{ listing_fee: { amounts: [] } }],
    [{ listing_fee: { amounts: ["0"] } }],
    [{ listing_fee: { amounts: ["1000000.01"] } }],
    [{ listing_fee: { amounts: ["5e2"] } }],
    [{ listing_fee: { amounts: ["500"], currency: "EUR" } }],
    [{ "Listing Fee": { amounts: ["500"] } }],
  ])("%j is no price book", (value) => {
    expect(PriceBook.safeParse(value).success).toBe(false);
  });
});
