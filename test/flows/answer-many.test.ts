import { expect, test } from "vitest";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { ANSWERED_AT_ONCE, answerMany } from "../../lib/flows/answer-many.ts";
import { FLAG_SHARDS } from "../../lib/table/keys.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { anOpened, aRef, POLICY, T0 } from "../support/payments.ts";
import { adaptersOf } from "../support/tables.ts";

const NOW = T0 + HOUR_MS;
const WORDS = { code: "stuck", before: NOW, reason: "all are known", by: "user 1" };

const flaggedWith = (code: Payment["attention"][number]["code"], at = T0): Payment => ({
  ...anOpened(aRef(), T0 - HOUR_MS),
  attention: [{ code, subject: "stage", at }],
});

async function answeredOf(stored: readonly Payment[], leftMs = HOUR_MS) {
  const { payments } = adaptersOf(new MemoryTable().client);
  for (const payment of stored) await payments.create(payment);
  const ports = { payments, flagShards: FLAG_SHARDS, clock: { now: () => NOW }, policy: POLICY };
  const ask = async () => {
    const { answers, hasMore } = await answerMany(ports, WORDS, NOW + leftMs);
    return { ids: answers.map(({ paymentId }) => paymentId).toSorted(), hasMore };
  };
  return { ask, payments };
}

const idsOf = (payments: readonly Payment[]) => payments.map(({ ref }) => paymentIdOf(ref)).toSorted();

test("older entries with other codes hide none with this code, also where hundreds were raised at one moment", async () => {
  const others = Array.from({ length: 450 }, (_, n) => flaggedWith("mismatch", T0 + Math.floor(n / 350)));
  const wanted = Array.from({ length: 3 }, (_, n) => flaggedWith("stuck", T0 + MINUTE_MS + n));
  const { ask, payments } = await answeredOf([...others, ...wanted]);
  expect(await ask()).toMatchObject({ ids: idsOf(wanted), hasMore: false });
  expect(await ask()).toMatchObject({ ids: [], hasMore: false });
  const other = await payments.find(others[0]?.ref ?? aRef());
  expect(other?.attention).toEqual(others[0]?.attention);
});

test("what one call does not reach, the next calls answer, each entry once", async () => {
  const wanted = Array.from({ length: 2 * ANSWERED_AT_ONCE + 60 }, (_, n) => flaggedWith("stuck", T0 + n));
  const { ask } = await answeredOf(wanted);
  const calls = [await ask()];
  while (calls.at(-1)?.hasMore) calls.push(await ask());
  expect(calls.length).toBeGreaterThan(1);
  expect(Math.max(...calls.map(({ ids }) => ids.length))).toBeLessThan(ANSWERED_AT_ONCE + 150);
  expect(calls.flatMap(({ ids }) => ids).toSorted()).toEqual(idsOf(wanted));
});

test("a call that has no time for a page of answers begins none, and says that more waits", async () => {
  const { ask } = await answeredOf([flaggedWith("stuck")], SECOND_MS);
  expect(await ask()).toMatchObject({ ids: [], hasMore: true });
});
