import * as z from "zod";
import { parseBirr, type Santim } from "../domain/money.ts";

/**
 * Parses JSON with every number kept as the text it was written with: a float would already have lost what an amount
 * said. Undefined for anything that is not JSON.
 */
export function parseExactly(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value, context?: { source?: string }) =>
      typeof value === "number" ? (context?.source ?? String(value)) : value,
    );
  } catch {
    return undefined;
  }
}

/**
 * Characters of one fact. Chapa's are shorter by far; a payment's row that took longer ones could outgrow what the
 * table stores, and then no success could be written into it any more.
 */
export const FACT_LIMIT = 256;

// Half of a character is JSON, but no text that the table takes.
const words = z
  .string()
  .max(FACT_LIMIT)
  .transform((text) => text.toWellFormed())
  .nullish()
  .catch(undefined);

/** Chapa's envelope. `message` is a sentence, or the codes of each field; `hasStatus` tells Chapa from a stranger's JSON. */
export const Envelope = z.looseObject({
  message: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  status: z.string().nullish(),
  data: z.unknown().optional(),
});
export type Envelope = z.infer<typeof Envelope>;

export function parseEnvelope(text: string): Envelope | undefined {
  return Envelope.safeParse(parseExactly(text)).data;
}

export const InitializeData = z.object({ checkout_url: z.string() });

/** What verify says of a transaction. Numbers are texts here, see {@link parseExactly}. */
export const VerifyData = z.object({
  status: z.string(),
  tx_ref: words,
  amount: words,
  charge: words,
  currency: words,
  mode: words,
  method: words,
  reference: words,
  failure_reason: words,
});
export type VerifyData = z.infer<typeof VerifyData>;

/** One row of Chapa's list of transactions, which spells things differently from everything else. */
export const ListedTransaction = z.object({
  trans_id: words,
  ref_id: words,
  status: words,
  amount: words,
  currency: words,
  created_at: words,
});
export type ListedTransaction = z.infer<typeof ListedTransaction>;

export const TransactionPage = z.object({
  transactions: z.array(ListedTransaction),
  pagination: z.looseObject({ next_page_url: z.string().nullish().catch(undefined) }).nullish(),
});

/** A reported amount in santim; undefined when it is absent or not exact. */
export function santimOf(text: string | null | undefined): Santim | undefined {
  return text == null ? undefined : parseBirr(text);
}

/** Chapa's texts vary in case and apostrophes; a text is no contract. */
export function mentions(message: Envelope["message"], ...phrases: readonly string[]): boolean {
  if (typeof message !== "string") return false;
  const plain = message.toLowerCase().replaceAll("’", "'");
  return phrases.some((phrase) => plain.includes(phrase));
}
