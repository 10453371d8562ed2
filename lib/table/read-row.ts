import * as z from "zod";
import { PAYMENT_PREFIX } from "../contract/table.ts";
import { errorName, PaymentUnreadable } from "../domain/errors.ts";
import { paymentIdOf, Ref } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { LogFields } from "../runtime/logger.ts";
import { fromItem, type Item, unknownWordsOf } from "./payment-item.ts";
import type { TablePorts } from "./ports.ts";

type Reports = Pick<TablePorts, "log" | "count">;

/**
 * Returns the payment of a row. A row that cannot be read, and one with words that this release does not know, is named
 * in the log and counted.
 * @throws PaymentUnreadable
 */
export function readRow(item: Item, txStage: string, reports: Reports): Payment {
  const payment = parsed(item, txStage, reports);
  const words = unknownWordsOf(payment);
  if (words.length > 0) {
    reports.count("RowUnreadable");
    reports.log.warn("row_word_unknown", { ...nameOf(item["pk"]), words: [...new Set(words)].join(", ") });
  }
  return payment;
}

function parsed(item: Item, txStage: string, reports: Reports): Payment {
  try {
    return fromItem(item, txStage);
  } catch (error) {
    reportUnreadable(item["pk"], error, reports);
    throw new PaymentUnreadable(error);
  }
}

/** Names a row that cannot be read in the log, with the attributes that are wrong but without their values. */
export function reportUnreadable(pk: unknown, error: unknown, { log, count }: Reports): void {
  count("RowUnreadable");
  const issues = error instanceof z.ZodError ? error.issues : [];
  const attributes = [...new Set(issues.map(({ path }) => path.join(".")))].join(", ") || undefined;
  log.error("row_unreadable", { ...nameOf(pk), error: errorName(error), attributes });
}

/** Returns the ref in the key of a row of the payment index; undefined if the key has another form. */
export function refIn(pk: unknown): Ref | undefined {
  const key = String(pk);
  return key.startsWith(PAYMENT_PREFIX) ? Ref.safeParse(key.slice(PAYMENT_PREFIX.length)).data : undefined;
}

function nameOf(pk: unknown): LogFields {
  const ref = refIn(pk);
  return ref ? { payment_id: paymentIdOf(ref) } : { row: String(pk) };
}
