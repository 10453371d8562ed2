import { expect, test } from "vitest";
import { DAY_MS } from "../../lib/domain/time.ts";
import { refundLimitKey } from "../../lib/table/keys.ts";
import { RefundLimitTable } from "../../lib/table/refund-limits.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { T0 } from "../support/payments.ts";

const DAY = "2026-11-24";
const refund = (reference: string, amount: number, by = "abebe", at = T0) => ({ by, at, reference, amount });

test("the refunds of one actor and day are added up to the limit and not above it, each once", async () => {
  const table = new MemoryTable();
  const limits = new RefundLimitTable(table.client, "payments");
  expect(await limits.take(refund("a", 60), 100, "me")).toBe(true);
  expect(await limits.take(refund("a", 60), 100, "me")).toBe(true);
  expect(await limits.take(refund("a", 61), 1_000, "me")).toBe(false);
  expect(await limits.take(refund("b", 41), 100, "me")).toBe(false);
  expect(await limits.take(refund("b", 40), 100, "me")).toBe(true);
  expect(await limits.take(refund("c", 100, "other"), 100, "me")).toBe(true);
  expect(await limits.take(refund("d", 101, "third"), 100, "me")).toBe(false);
  expect(await limits.take(refund("e", 100, "abebe", T0 + DAY_MS), 100, "me")).toBe(true);
  expect(table.rows.get(refundLimitKey("abebe", DAY).pk)).toEqual({
    ...refundLimitKey("abebe", DAY),
    "refund a": 60,
    "refund b": 40,
    "taker a": "me",
    "taker b": "me",
    total: 100,
    ttl: (T0 + 3 * DAY_MS) / 1000,
  });
});

test("a refund that came to nothing is taken out of its day once, and no other is", async () => {
  const table = new MemoryTable();
  const limits = new RefundLimitTable(table.client, "payments");
  await limits.take(refund("a", 60), 100, "me");
  await limits.giveBack(refund("b", 60));
  await limits.giveBack(refund("a", 60));
  await limits.giveBack(refund("a", 60));
  expect(table.rows.get(refundLimitKey("abebe", DAY).pk)).toMatchObject({ total: 0 });
  expect(await limits.take(refund("c", 100), 100, "me")).toBe(true);
});

test.each([
  ["the first try fails after the second has made the refund", ["one"]],
  ["the second try fails after the first has made the refund", ["two"]],
  ["both fail", ["one", "two"]],
])("a refund that two tries request at once stays counted: %s", async (_, failed) => {
  const table = new MemoryTable();
  const limits = new RefundLimitTable(table.client, "payments");
  expect(await limits.take(refund("a", 60), 100, "one")).toBe(true);
  expect(await limits.take(refund("a", 60), 100, "two")).toBe(true);
  for (const me of failed) await limits.giveBack(refund("a", 60), me);
  expect(await limits.take(refund("b", 41), 100, "three")).toBe(false);
  await limits.giveBack(refund("a", 60));
  expect(table.rows.get(refundLimitKey("abebe", DAY).pk)).toMatchObject({ total: 0 });
});

test("a try takes out what it alone has taken, once, and another try of the same refund is counted anew", async () => {
  const limits = new RefundLimitTable(new MemoryTable().client, "payments");
  await limits.take(refund("a", 60), 100, "one");
  await limits.giveBack(refund("a", 60), "other");
  expect(await limits.take(refund("b", 41), 100, "b")).toBe(false);
  await limits.giveBack(refund("a", 60), "one");
  expect(await limits.take(refund("a", 60), 100, "two")).toBe(true);
  await limits.giveBack(refund("a", 60), "one");
  expect(await limits.take(refund("b", 41), 100, "b")).toBe(false);
});
