import { entryIdOf, openEntries } from "../domain/attention.ts";
import { EntryNotFound, PaymentNotFound, VersionChanged } from "../domain/errors.ts";
import { paymentIdOf, type Uuid } from "../domain/ids.ts";
import type { Instant } from "../domain/time.ts";
import type { PaymentTable } from "../table/payments.ts";
import { type AnswerAttentionPorts, answerAttention } from "./answer-attention.ts";

export type AnswerManyPorts = AnswerAttentionPorts & {
  payments: Pick<PaymentTable, "flagged" | "findAll" | "save">;
  flagShards: readonly string[];
};

/** Payments of one answer for many. Who has more asks again. */
const ANSWERED_AT_ONCE = 100;

/** What became of one entry. `changed`: its payment moved meanwhile, so nobody has decided about it. */
export type Answered = { paymentId: Uuid; entry: string; outcome: "answered" | "changed" | "gone" };

/**
 * Answers every open entry with this code that was raised before a moment, each by its payment's version as it is read.
 * @returns each entry with what became of it, and whether more payments wait
 */
export async function answerMany(
  ports: AnswerManyPorts,
  { code, before, reason, by }: { code: string; before: Instant; reason: string; by: string },
): Promise<{ answers: Answered[]; unreadable: Uuid[]; hasMore: boolean }> {
  const found = await Promise.all(
    ports.flagShards.map((shard) => ports.payments.flagged(shard, before, ANSWERED_AT_ONCE)),
  );
  const refs = found.flat().map(({ ref }) => ref);
  const hasMore = found.some((page) => page.length >= ANSWERED_AT_ONCE);
  const answers: Answered[] = [];
  const unreadable: Uuid[] = [];
  for (let start = 0; start < refs.length; start += ANSWERED_AT_ONCE) {
    const page = await ports.payments.findAll(refs.slice(start, start + ANSWERED_AT_ONCE));
    unreadable.push(...page.unreadable.map(({ ref }) => paymentIdOf(ref)));
    for (const payment of page.payments) {
      let current = payment;
      const open = openEntries(payment).filter((entry) => entry.code === code && entry.at <= before);
      for (const entry of open.map(entryIdOf)) {
        const paymentId = paymentIdOf(payment.ref);
        try {
          current = await answerAttention(ports, current, { entry, reason, version: current.version, by });
          answers.push({ paymentId, entry, outcome: "answered" });
        } catch (error) {
          answers.push({ paymentId, entry, outcome: outcomeOf(error) });
        }
      }
    }
  }
  return { answers, unreadable, hasMore };
}

function outcomeOf(error: unknown): Answered["outcome"] {
  if (error instanceof VersionChanged) return "changed";
  if (error instanceof EntryNotFound || error instanceof PaymentNotFound) return "gone";
  throw error;
}
