import { entryIdOf, openEntries } from "../domain/attention.ts";
import { EntryNotFound, PaymentNotFound, VersionChanged } from "../domain/errors.ts";
import { paymentIdOf, type Ref, type Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import { type Instant, SECOND_MS } from "../domain/time.ts";
import type { PaymentTable } from "../table/payments.ts";
import { type AnswerAttentionPorts, answerAttention } from "./answer-attention.ts";

export type AnswerManyPorts = AnswerAttentionPorts & {
  payments: Pick<PaymentTable, "flagged" | "findAll" | "save">;
  flagShards: readonly string[];
};

/** The most entries that one call answers. */
export const ANSWERED_AT_ONCE = 500;
const PAGE = 100;
// A page of answers, each a write, has ended by then.
const PAGE_MS = 8 * SECOND_MS;

/** What became of one entry. `changed`: its payment moved meanwhile, so nobody has decided about it. */
export type Answered = { paymentId: Uuid; entry: string; outcome: "answered" | "changed" | "gone" };

/**
 * Answers every open entry with this code that was raised before a moment, each by its payment's version as it is read.
 * Entries with other codes are passed by, however many they are.
 * @returns each entry with what became of it, and whether some were not reached: then the caller asks again
 */
export async function answerMany(
  ports: AnswerManyPorts,
  answer: AnswerOfMany,
  deadline: number,
): Promise<{ answers: Answered[]; unreadable: Uuid[]; hasMore: boolean }> {
  const answers: Answered[] = [];
  const unreadable: Uuid[] = [];
  for (const shard of ports.flagShards) {
    for await (const refs of pages(ports, shard, answer.before)) {
      if (answers.length >= ANSWERED_AT_ONCE || ports.clock.now() + PAGE_MS > deadline)
        return { answers, unreadable, hasMore: true };
      const page = await ports.payments.findAll(refs);
      unreadable.push(...page.unreadable.map(({ ref }) => paymentIdOf(ref)));
      answers.push(...(await Promise.all(page.payments.map((payment) => answerOne(ports, payment, answer)))).flat());
    }
  }
  return { answers, unreadable, hasMore: false };
}

export type AnswerOfMany = { code: string; before: Instant; reason: string; by: string };

/** The payments of one bucket that need a person, by pages. What is answered leaves the bucket while this goes on. */
async function* pages({ payments }: AnswerManyPorts, shard: string, to: Instant): AsyncGenerator<Ref[]> {
  let from: Instant = 0;
  let seen: Ref[] = [];
  for (;;) {
    // As many more as there may be again, so that each page has something new.
    const limit = PAGE + seen.length;
    const found = await payments.flagged(shard, { from, to }, limit);
    const fresh = found.map(({ ref }) => ref).filter((ref) => !seen.includes(ref));
    if (fresh.length > 0) yield fresh;
    const last = found.at(-1);
    if (!last || found.length < limit) return;
    const sameTime = found.filter(({ at }) => at === last.at).map(({ ref }) => ref);
    seen = last.at === from ? [...new Set([...seen, ...sameTime])] : sameTime;
    from = last.at;
  }
}

async function answerOne(ports: AnswerManyPorts, payment: Payment, answer: AnswerOfMany): Promise<Answered[]> {
  const { code, before, reason, by } = answer;
  const paymentId = paymentIdOf(payment.ref);
  const answers: Answered[] = [];
  let current = payment;
  const open = openEntries(payment).filter((entry) => entry.code === code && entry.at <= before);
  for (const entry of open.map(entryIdOf)) {
    try {
      current = await answerAttention(ports, current, { entry, reason, version: current.version, by });
      answers.push({ paymentId, entry, outcome: "answered" });
    } catch (error) {
      answers.push({ paymentId, entry, outcome: outcomeOf(error) });
    }
  }
  return answers;
}

function outcomeOf(error: unknown): Answered["outcome"] {
  if (error instanceof VersionChanged) return "changed";
  if (error instanceof EntryNotFound || error instanceof PaymentNotFound) return "gone";
  throw error;
}
