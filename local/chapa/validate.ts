import { type Fields, objectAt, textAt, valueAt } from "./fields.ts";
import { CURRENCIES, type Currency, isNumeric, toSantim } from "./money.ts";

/** The merchant's order of a checkout. Amount in santim. Absent fields are null. */
export type Order = {
  txRef: string;
  amount: number;
  currency: Currency;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  phone: string | null;
  callbackUrl: string | null;
  returnUrl: string | null;
  title: string | null;
  description: string | null;
  logo: string | null;
  meta: Fields | null;
};

/** A message, or error codes by field. */
export type Complaint = string | Record<string, string[]>;

type Rule = (value: unknown) => string | undefined;

const LARGEST_AMOUNT = 1_000_000;
const TX_REF_LENGTH = 50;
const TITLE_LENGTH = 16;
const DESCRIPTION_LENGTH = 50;

// Chapa refuses reserved mail domains.
const TEST_MAIL = /@(?:.+\.)?(?:example\.(?:com|org|net)|test\.com)$/i;

const REQUIRED: readonly string[] = ["amount", "currency", "tx_ref"];

const RULES: Record<string, Rule> = {
  amount,
  currency: string,
  tx_ref: atMost(TX_REF_LENGTH, "The tx ref must not exceed 50 characters."),
  email: all(string, (value) => (isMail(String(value)) ? undefined : "validation.email")),
  first_name: string,
  last_name: string,
  phone_number: all(string, (value) => (/^0[79]\d{8}$/.test(String(value)) ? undefined : "validation.phone_number")),
  callback_url: url,
  return_url: url,
  customization: object,
  "customization.title": atMost(TITLE_LENGTH, "The customization.title may not be greater than 16 characters."),
  "customization.description": all(
    atMost(DESCRIPTION_LENGTH, "The customization.description may not be greater than 50 characters."),
    (value) =>
      /^[A-Za-z0-9\-_ .]*$/.test(String(value))
        ? undefined
        : "The customization.description may only contain letters, numbers, hyphens, underscores, spaces, and dots.",
  ),
  "customization.logo": url,
};

/** Validates the body of initialize. */
export function parseOrder(fields: Fields): { order: Order } | { complaint: Complaint } {
  const wrong = Object.entries(RULES).flatMap(([path, rule]) => {
    const value = valueAt(fields, path);
    const code = value === undefined ? missing(path) : rule(value);
    return code === undefined ? [] : [{ path, code }];
  });
  if (wrong.length > 0) return { complaint: Object.fromEntries(wrong.map(({ path, code }) => [path, [code]])) };
  const text = (path: string): string | null => textAt(fields, path) ?? null;
  const asked = text("currency");
  const currency = CURRENCIES.find((known) => known === asked);
  if (!currency) return { complaint: `Invalid currency, ${asked} is not supported` };
  return {
    order: {
      txRef: text("tx_ref") ?? "",
      amount: toSantim(text("amount") ?? ""),
      currency,
      email: text("email"),
      firstName: text("first_name"),
      lastName: text("last_name"),
      phone: text("phone_number"),
      callbackUrl: text("callback_url"),
      returnUrl: text("return_url"),
      title: text("customization.title"),
      description: text("customization.description"),
      logo: text("customization.logo"),
      meta: objectAt(fields, "meta") ?? null,
    },
  };
}

/** Parses an amount in birr to santim. @returns an error code for an amount that Chapa refuses */
export function parseAmount(value: unknown): { santim: number } | { code: string } {
  const code = amount(value);
  return code === undefined ? { santim: toSantim(String(value)) } : { code };
}

function missing(path: string): string | undefined {
  return REQUIRED.includes(path) ? "validation.required" : undefined;
}

function amount(value: unknown): string | undefined {
  if (!(typeof value === "number" || typeof value === "string") || !isNumeric(String(value))) {
    return "validation.numeric";
  }
  // Observed: 0 and -1 are below the minimum. That the minimum is one birr is assumed from the limits of the wallets.
  if (Number(value) < 1) return "validation.min.numeric";
  return Number(value) > LARGEST_AMOUNT ? "The amount must not exceed 1000000." : undefined;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" ? undefined : "validation.string";
}

function object(value: unknown): string | undefined {
  return typeof value === "object" && !Array.isArray(value) ? undefined : "validation.array";
}

function url(value: unknown): string | undefined {
  const protocol = typeof value === "string" ? URL.parse(value)?.protocol : undefined;
  return protocol === "https:" || protocol === "http:" ? undefined : "validation.url";
}

function atMost(length: number, message: string): Rule {
  return all(string, (value) => ([...String(value)].length > length ? message : undefined));
}

function isMail(text: string): boolean {
  return /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(text) && !TEST_MAIL.test(text);
}

function all(...rules: Rule[]): Rule {
  return (value) => rules.map((rule) => rule(value)).find((code) => code !== undefined);
}
