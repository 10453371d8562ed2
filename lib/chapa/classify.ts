import type { Answer, PaidFacts, Unpaid } from "../domain/evidence.ts";
import type { Santim } from "../domain/money.ts";
import type { DefinitiveCancel, MoneyKind, Unavailable, UnpaidReason } from "../domain/vocabulary.ts";
import type { HttpResponse } from "../runtime/call.ts";
import {
  type Envelope,
  FACT_LIMIT,
  InitializeData,
  type ListedTransaction,
  mentions,
  parseEnvelope,
  santimOf,
  Traces,
  VerifyData,
} from "./wire.ts";

/**
 * The result of initialize. Only `unsent` proves that Chapa does not know the reference. `key_refused`: Chapa refuses
 * the key, or we no longer have it. `maybeContact`: what Chapa refuses may be contact data, which it does not require.
 */
export type Initialized =
  | { kind: "opened"; checkoutUrl: string }
  | { kind: "refused"; maybeContact: boolean; reason: string }
  | { kind: "used_before" }
  | { kind: "misconfigured"; maybeContact: boolean }
  | { kind: "key_refused" }
  | { kind: "unsent" }
  | { kind: "lost" };

/** The result of cancel. `unclear` says nothing about the link. */
export type Cancelled = DefinitiveCancel | "unclear";

// Real payment pages have shorter addresses, and the address must fit into the payment's row.
const URL_LIMIT = 2_048;

const CONTACT_WORDS = /e-?mail|phone|mobile|first.?name|last.?name|customer/i;
const OTHER_WORDS = /amount|currency|tx.?ref|reference|url|customi[sz]ation|title|description|merchant/i;

const FIELD_WORDS: Record<string, string> = {
  amount: "the amount",
  currency: "the currency",
  email: "the e-mail address",
  first_name: "the first name",
  last_name: "the last name",
  phone_number: "the phone number",
  tx_ref: "the reference",
  callback_url: "the callback address",
  return_url: "the return address",
};

/**
 * Classifies the answer to initialize.
 * @param origins origins that a checkout URL may have; a URL elsewhere is not a checkout of Chapa's
 */
export function classifyInitialize({ status, text }: HttpResponse, origins: readonly string[]): Initialized {
  const envelope = parseEnvelope(text);
  if (status === 200) {
    const checkoutUrl = checkoutAt(InitializeData.safeParse(envelope?.data).data?.checkout_url, origins);
    return checkoutUrl ? { kind: "opened", checkoutUrl } : { kind: "lost" };
  }
  if (status === 401 && envelope) return { kind: "key_refused" };
  if (status === 401 || status === 403 || status === 404) return envelope ? misconfigured(false) : { kind: "lost" };
  if ((status === 400 || status === 422) && envelope) return classifyRefusal(envelope);
  return { kind: "lost" };
}

function classifyRefusal({ message }: Envelope): Initialized {
  if (mentions(message, "used before")) return { kind: "used_before" };
  if (message && typeof message === "object") {
    const fields = Object.keys(message);
    if (fields.length === 0) return misconfigured(false);
    const words = fields.map((field) => (Object.hasOwn(FIELD_WORDS, field) ? FIELD_WORDS[field] : field)).join(", ");
    return {
      kind: "refused",
      maybeContact: !fields.some((field) => OTHER_WORDS.test(field)),
      reason: `it does not accept ${words.slice(0, FACT_LIMIT).toWellFormed()}`,
    };
  }
  const said = message ?? "";
  const isContact = CONTACT_WORDS.test(said);
  if (mentions(said, "must not exceed", "validation.", "must be a valid", "is required", "is invalid")) {
    const maybeContact = isContact || !OTHER_WORDS.test(said);
    return { kind: "refused", maybeContact, reason: "it does not accept the data" };
  }
  return misconfigured(isContact);
}

function misconfigured(maybeContact: boolean): Initialized {
  return { kind: "misconfigured", maybeContact };
}

/**
 * Classifies the answer to verify.
 * @param asked the reference that we asked about
 */
export function classifyVerify({ status, text }: HttpResponse, asked: string): Answer {
  if (status === 401 || status === 403) return unavailable("misconfigured");
  if (status === 429) return unavailable("busy");
  if (status === 408 || status >= 500) return unavailable("unreachable");
  const envelope = parseEnvelope(text);
  if (!envelope || (status !== 200 && (status < 400 || status >= 500))) return unavailable("unreadable");
  // An answer about another reference is no answer to our question.
  if (!isAbout(asked, envelope.data)) return unavailable("unreadable");
  const data = VerifyData.safeParse(envelope.data).data;
  if (status === 200) return data?.status === undefined ? byEnvelope(envelope) : byStatus(envelope, data);
  // A 404 from something that is not Chapa (a wrong base URL, a proxy) has other words.
  const isNotFound = mentions(envelope.message, "invalid transaction", "transaction not found");
  if ((status === 400 || status === 404) && isNotFound) return unpaid("not_found");
  if (status === 404 && mentions(envelope.message, "not paid")) return unpaid("pending");
  return data?.status === undefined ? byEnvelope(envelope) : unknownWord(envelope, data.status);
}

function byStatus(envelope: Envelope, data: VerifyData): Answer {
  const word = data.status ?? "";
  switch (word.toLowerCase()) {
    case "success":
      return { kind: "paid", facts: factsOf(data) };
    case "refunded":
      return { kind: "refunded", facts: factsOf(data) };
    case "reversed":
      return { kind: "reversed", facts: factsOf(data) };
    case "pending":
      return unpaid("pending");
    case "failed":
    case "cancelled":
    case "failed/cancelled":
      return { ...unpaid("failed"), failureReason: data.failure_reason ?? undefined };
    default:
      return unknownWord(envelope, word);
  }
}

/** Without a status of the transaction, the envelope's own decides; it cannot confirm money. */
function byEnvelope(envelope: Envelope): Answer {
  return unknownWord(envelope, envelope.status ?? "");
}

const SAYS_THAT_MONEY_CAME = [
  "success",
  "refunded",
  "reversed",
  "paid",
  "successful",
  "completed",
  "partially_refunded",
  "fully_refunded",
  "disputed",
  "chargeback",
];

function unknownWord(envelope: Envelope, word: string): Answer {
  const said = word.slice(0, FACT_LIMIT).toWellFormed();
  if (hasTrace(envelope.data) || SAYS_THAT_MONEY_CAME.includes(word.toLowerCase()))
    return { kind: "maybe_money", word: said };
  return isWhole(envelope) ? { kind: "readable", word: said } : unavailable("unreadable");
}

/** Chapa shows an unpaid transaction without a charge and without a reference, so either is a trace of money. */
function hasTrace(data: unknown): boolean {
  const { charge, reference } = Traces.safeParse(data).data ?? {};
  return [charge, reference].some((value) => value != null && value !== "");
}

function isAbout(asked: string, data: unknown): boolean {
  const named = Traces.safeParse(data).data?.tx_ref;
  return named == null || named === asked;
}

/** Whether it has every part of Chapa's envelope. Other programs on the way answer in JSON, too. */
function isWhole(envelope: Envelope): boolean {
  return "message" in envelope && "status" in envelope && "data" in envelope;
}

/** @param asked the reference that we asked about */
export function classifyCancel({ status, text }: HttpResponse, asked: string): Cancelled {
  const envelope = parseEnvelope(text);
  if (!envelope || !isAbout(asked, envelope.data)) return "unclear";
  const { message } = envelope;
  if (status === 200 && isWhole(envelope) && envelope.status !== "failed") return "closed";
  const isOver = mentions(message, "already expired", "already cancelled", "only active transactions");
  if ((status === 200 || status === 400) && isOver) return "already_over";
  if (status === 404 && mentions(message, "link not found", "transaction not found")) return "not_found";
  return "unclear";
}

function factsOf(data: VerifyData): PaidFacts {
  return {
    txRef: data.tx_ref ?? undefined,
    amount: santimOf(data.amount),
    currency: data.currency ?? undefined,
    mode: data.mode ?? undefined,
    reference: data.reference || undefined,
    method: data.method ?? undefined,
    charge: santimOf(data.charge),
  };
}

function unpaid(reason: UnpaidReason): Unpaid {
  return { kind: "unpaid", reason };
}

function unavailable(reason: Unavailable): Answer {
  return { kind: "unavailable", reason };
}

/**
 * Returns the checkout's address in the normalised form of the URL parser. In Chapa's own text, a backslash or a line
 * break could make a browser and another program see different hosts.
 */
function checkoutAt(text: string | undefined, origins: readonly string[]): string | undefined {
  const url = URL.parse(text ?? "");
  const isOurs = url !== null && origins.includes(url.origin) && !url.username && !url.password;
  return isOurs && url.href.length <= URL_LIMIT ? url.href : undefined;
}

/** One row of Chapa's own list. */
export type Listed = {
  /** The row's name for the transaction, which may be our reference. Chapa may leave it out. */
  name: string | undefined;
  /** Chapa's own reference. */
  reference: string | undefined;
  /** What the row says about the money; undefined if none came. */
  money: MoneyKind | undefined;
  amount: Santim | undefined;
  currency: string | undefined;
  /** When the transaction was created, epoch ms; undefined if it is unreadable. It is the only date of a row. */
  at: number | undefined;
};

// Of the words that are not Chapa's own, each says at least that money came. Verify decides what has become of it.
const LISTED_MONEY: ReadonlyMap<string, MoneyKind> = new Map([
  ["success", "paid"],
  ["refunded", "refunded"],
  ["reversed", "reversed"],
  ["paid", "paid"],
  ["successful", "paid"],
  ["completed", "paid"],
  ["partially_refunded", "paid"],
  ["fully_refunded", "refunded"],
  ["disputed", "paid"],
  ["chargeback", "paid"],
]);

export function classifyListed({ trans_id, ref_id, status, amount, currency, created_at }: ListedTransaction): Listed {
  const at = Date.parse(created_at ?? "");
  return {
    name: trans_id ?? undefined,
    reference: ref_id || undefined,
    money: LISTED_MONEY.get((status ?? "").toLowerCase()),
    amount: santimOf(amount),
    currency: currency?.toUpperCase(),
    at: Number.isNaN(at) ? undefined : at,
  };
}
