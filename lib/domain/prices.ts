import * as z from "zod";
import { CurrencyDiffers, PriceDiffers, PurposeUnknown } from "./errors.ts";
import { Currency as CurrencyCode, parseBirr, type Santim, toBirr } from "./money.ts";
import { CONFIRMS, type Currency, PAYABLE } from "./vocabulary.ts";

// Without `confirms` in the book, only this purpose confirms the listing.
const LISTING_PURPOSE = "listing_fee";
// Chapa refuses a higher amount in one checkout.
const HIGHEST_PRICE_BIRR = 1_000_000;

const Amount = z.string().transform((text, context): Santim => {
  const amount = parseBirr(text);
  if (amount !== undefined && amount >= 1 && amount <= HIGHEST_PRICE_BIRR * 100) return amount;
  context.issues.push({
    code: "custom",
    message: `an amount is decimal text from "0.01" to "${HIGHEST_PRICE_BIRR}.00"`,
    input: text,
  });
  return z.NEVER;
});

const Price = z.object({
  amounts: z.array(Amount).min(1),
  currency: CurrencyCode.default("ETB"),
  payable: z.enum(PAYABLE).default("once"),
  confirms: z.enum(CONFIRMS).optional(),
  title: z.string().min(1).default("Listing fee"),
});

/**
 * The price of each purpose. The first of `amounts` is the price; the others stay valid while callers change to a new
 * price. With `payable: "again"` the same owner may pay for the same property more than once.
 */
export const PriceBook = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), Price)
  .refine((book) => Object.keys(book).length > 0, "a price book names at least one purpose");
export type PriceBook = z.output<typeof PriceBook>;

/**
 * Returns the purposes whose payments confirm the listing. The listing fee is one of them unless its entry says
 * otherwise, also where the book does not name it any more, because such a payment may still be paid.
 */
export function confirmingPurposes(book: PriceBook): string[] {
  const entries: Readonly<Record<string, { confirms?: (typeof CONFIRMS)[number] | undefined }>> = {
    [LISTING_PURPOSE]: {},
    ...book,
  };
  return Object.entries(entries).flatMap(([purpose, { confirms }]) =>
    confirms === "listing" || (confirms === undefined && purpose === LISTING_PURPOSE) ? [purpose] : [],
  );
}

export type Price = { purpose: string; amount: Santim; currency: Currency; payableAgain: boolean; title: string };

/** The price that a caller expects. What is undefined may be anything; the purpose is then the book's first one. */
export type Expected = { purpose: string | undefined; amount: Santim | undefined; currency: string | undefined };

/**
 * Returns the price that the caller expects.
 * @throws PurposeUnknown, CurrencyDiffers, PriceDiffers
 */
export function priceOf(book: PriceBook, { purpose, amount: named, currency }: Expected): Price {
  const chosen = purpose ?? Object.keys(book)[0] ?? "";
  const entry = Object.hasOwn(book, chosen) ? book[chosen] : undefined;
  const price = entry?.amounts[0];
  if (!entry || price === undefined) throw new PurposeUnknown(chosen, Object.keys(book));
  if (currency !== undefined && currency !== entry.currency) {
    throw new CurrencyDiffers(currency, toBirr(price), entry.currency);
  }
  if (named !== undefined && !entry.amounts.includes(named)) {
    throw new PriceDiffers(toBirr(named), toBirr(price), entry.currency);
  }
  return {
    purpose: chosen,
    amount: named ?? price,
    currency: entry.currency,
    payableAgain: entry.payable === "again",
    title: entry.title,
  };
}
