import * as z from "zod";
import { parseBirr, type Santim } from "../domain/money.ts";

/**
 * Parses JSON and keeps every number as its original text, because a float may change an amount.
 * @returns undefined for text that is not JSON
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
 * Longest text of one fact. Chapa's are far shorter. Longer ones could make the payment's row too large for the table,
 * and then a success could not be written.
 */
export const FACT_LIMIT = 256;

// JSON may contain half a surrogate pair, but the table does not accept it.
const words = z
  .string()
  .max(FACT_LIMIT)
  .transform((text) => text.toWellFormed())
  .nullish()
  .catch(undefined);

/** Chapa's envelope. `message` is a sentence, several of them, or an object with the error codes of each field. */
export const Envelope = z.looseObject({
  message: z
    .union([z.string(), z.array(z.string()).transform((said) => said.join(" ")), z.record(z.string(), z.unknown())])
    .nullish(),
  status: z.string().nullish(),
  data: z.unknown().optional(),
});
export type Envelope = z.infer<typeof Envelope>;

export function parseEnvelope(text: string): Envelope | undefined {
  return Envelope.safeParse(parseExactly(text)).data;
}

export const InitializeData = z.object({ checkout_url: z.string() });

/** Verify's data about a transaction. Numbers are texts; see {@link parseExactly}. */
export const VerifyData = z.object({
  status: z.string().optional().catch(undefined),
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

const anything = z.unknown().optional();

/** What any answer about a transaction may show. The values are not limited here, because none may go unseen. */
export const Traces = z.object({ tx_ref: anything, charge: anything, reference: anything });

/** One row of Chapa's list of transactions. Its field names differ from those of the other calls. */
export const ListedTransaction = z.object({
  trans_id: words,
  ref_id: words,
  // Without it, nobody can tell whether the row is about money.
  status: z.string().max(FACT_LIMIT),
  amount: words,
  currency: words,
  created_at: words,
});
export const ListedReference = z.object({ ref_id: words });
export type ListedTransaction = z.infer<typeof ListedTransaction>;

// Its rows are read one by one.
const ListedRows = z.array(z.unknown());

/** One page of the list: with its pagination, or, as some have seen it, the bare rows. */
export const TransactionPage = z.union([
  z.object({
    transactions: ListedRows,
    pagination: z.looseObject({ next_page_url: z.string().nullish().catch(undefined) }).nullish(),
  }),
  ListedRows.transform((transactions) => ({ transactions, pagination: undefined })),
]);

/** Returns a reported amount in santim; undefined if it is absent or not exact. */
export function santimOf(text: string | null | undefined): Santim | undefined {
  return text == null ? undefined : parseBirr(text);
}

/** Whether a message contains one of the phrases. Chapa's texts vary in case and apostrophes. */
export function mentions(message: Envelope["message"], ...phrases: readonly string[]): boolean {
  if (typeof message !== "string") return false;
  const plain = message.toLowerCase().replaceAll("’", "'");
  return phrases.some((phrase) => plain.includes(phrase));
}
