import { randomUUID } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addisAbabaDay, DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { documentClient } from "../../lib/table/client.ts";
import { refundLimitKey } from "../../lib/table/keys.ts";
import { type LimitedRefund, RefundLimitTable } from "../../lib/table/refund-limits.ts";
import { availableEngines, startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { T0 } from "../support/payments.ts";
import { reachTableAt } from "../support/tables.ts";

const LIMIT = 500_000;

const NAME = "payments";
const PATIENCE = 75;

let client: DynamoDBDocumentClient;
let close: () => Promise<void>;
let limits: RefundLimitTable;
let by: string;
beforeAll(async () => {
  const [engineName] = availableEngines();
  if (!engineName) throw new Error("there is no engine of the table");
  const engine = await startEngine(engineName);
  reachTableAt(engine.endpoint);
  await createTable(engine.endpoint, NAME);
  client = documentClient(PATIENCE);
  limits = new RefundLimitTable(client, NAME);
  close = engine.close;
});
afterAll(async () => {
  client.destroy();
  await close();
});
beforeEach(() => {
  by = `user:${randomUUID()}`;
});

const rowOf = async (at = T0) => {
  const Key = refundLimitKey(by, addisAbabaDay(at));
  return (await client.send(new GetCommand({ TableName: NAME, Key, ConsistentRead: true }))).Item;
};

const refund = (change: Partial<LimitedRefund> = {}): LimitedRefund => ({
  by,
  at: T0,
  reference: "P1 r-1",
  amount: 50_000,
  ...change,
});
const numbered = (n: number) => refund({ reference: `P${n} r-1` });

test("ten refunds of 500 birr are within a limit of 5,000, and the eleventh is above it, by one santim, too", async () => {
  for (let n = 0; n < 10; n++) expect(await limits.take(numbered(n), LIMIT, "me"), String(n)).toBe(true);
  expect(await limits.take(numbered(10), LIMIT, "me")).toBe(false);
  expect(await limits.take({ ...numbered(10), amount: 1 }, LIMIT, "me")).toBe(false);
});

test("a refund that alone is above the limit is refused on an empty day, and one of exactly the limit is not", async () => {
  expect(await limits.take(refund({ amount: LIMIT + 1 }), LIMIT, "me")).toBe(false);
  expect(await rowOf()).toBeUndefined();
  expect(await limits.take(refund({ amount: LIMIT }), LIMIT, "me")).toBe(true);
});

test("the same refund is counted once, however often its write is repeated", async () => {
  for (let times = 0; times < 20; times++) expect(await limits.take(refund(), LIMIT, "me")).toBe(true);
  expect(await limits.take(refund({ reference: "P2 r-1", amount: LIMIT - 50_000 }), LIMIT, "me")).toBe(true);
});

test("each person has a limit of their own, and each day of Addis Ababa begins anew", async () => {
  expect(await limits.take(refund({ amount: LIMIT }), LIMIT, "me")).toBe(true);
  const more = refund({ reference: "P2 r-1" });
  expect(await limits.take(more, LIMIT, "me")).toBe(false);
  expect(await limits.take({ ...more, by: `${by}0` }, LIMIT, "me")).toBe(true);
  // T0 is nine in the morning in Addis Ababa.
  expect(await limits.take({ ...more, at: T0 + 14 * HOUR_MS }, LIMIT, "me")).toBe(false);
  expect(await limits.take({ ...more, at: T0 + 15 * HOUR_MS }, LIMIT, "me")).toBe(true);
});

test("what is given back leaves room on its own day, once, and what was never taken changes nothing", async () => {
  const all = refund({ amount: LIMIT });
  await limits.take(all, LIMIT, "me");
  await limits.giveBack(refund({ reference: "P9 r-9", amount: LIMIT }));
  await limits.giveBack({ ...all, at: T0 + DAY_MS });
  expect(await limits.take(numbered(2), LIMIT, "me")).toBe(false);
  for (let times = 0; times < 2; times++) await limits.giveBack(all);
  expect(await limits.take(refund({ reference: "P2 r-1", amount: LIMIT }), LIMIT, "me")).toBe(true);
  expect(await limits.take(refund({ reference: "P3 r-1", amount: 1 }), LIMIT, "me")).toBe(false);
});

test("a day's row expires three days later", async () => {
  await limits.take(refund(), LIMIT, "me");
  expect(await rowOf()).toMatchObject({ ttl: (T0 + 3 * DAY_MS) / 1000, total: 50_000 });
});
