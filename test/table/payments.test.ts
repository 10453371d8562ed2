import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { DependencyUnavailable, PaymentUnreadable } from "../../lib/domain/errors.ts";
import { paymentIdOf, type Ref } from "../../lib/domain/ids.ts";
import { paymentKey } from "../../lib/table/keys.ts";
import { type Item, toItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aClaim, anOpened, aRef, FEE, T0 } from "../support/payments.ts";
import { answering, seenPorts } from "../support/table-client.ts";

/** A table with these answers, and what it does meanwhile. Each wait is as long as it can be, and takes no time. */
function tableOf(...answers: (object | Error)[]) {
  const { client, asked } = answering(...answers);
  const { ports, ...seen } = seenPorts();
  return { table: new PaymentTable(client, "payments", TX_STAGE, ports), asked, ...seen };
}

const refused = (item?: object) =>
  new ConditionalCheckFailedException({
    message: "refused",
    $metadata: {},
    ...(item ? { Item: marshall(item, { removeUndefinedValues: true }) } : {}),
  });
const outage = Object.assign(new Error("x"), { name: "TimeoutError" });

test("payments are read as they are now, one by one and together", async () => {
  const payment = aClaim();
  const { table, asked } = tableOf({ Item: toItem(payment) }, { Responses: { payments: [toItem(payment)] } });
  expect(await table.find(payment.ref)).toEqual(payment);
  expect(await table.findAll([payment.ref])).toEqual({ payments: [payment], unreadable: [] });
  expect(asked).toEqual([
    { TableName: "payments", Key: paymentKey(payment.ref), ConsistentRead: true },
    { RequestItems: { payments: { Keys: [paymentKey(payment.ref)], ConsistentRead: true } } },
  ]);
});

test("payments that one answer does not hold are asked for again, at most a hundred keys at a time", async () => {
  const payments = Array.from({ length: 101 }, () => aClaim());
  const rows = payments.map(toItem);
  const left = { payments: { Keys: [paymentKey(payments[99]?.ref ?? aRef())] } };
  const { table, asked } = tableOf(
    { Responses: { payments: rows.slice(0, 99) }, UnprocessedKeys: left },
    { Responses: { payments: [rows[99]] }, UnprocessedKeys: {} },
    { Responses: { payments: [rows[100]] } },
  );
  expect(await table.findAll(payments.map(({ ref }) => ref))).toEqual({ payments, unreadable: [] });
  const sizes = asked.map(({ RequestItems }) => (RequestItems as typeof left).payments.Keys.length);
  expect(sizes).toEqual([100, 1, 1]);
});

const leaving = (...refs: Ref[]) => ({ UnprocessedKeys: { payments: { Keys: refs.map(paymentKey) } } });

test("a read of payments that the table leaves unprocessed waits longer each time, and then says that the table is away", async () => {
  const ref = aRef();
  const { table, asked, waits } = tableOf(...Array.from({ length: 6 }, () => leaving(ref)));
  await expect(table.findAll([ref])).rejects.toThrow(DependencyUnavailable);
  expect(asked).toHaveLength(6);
  expect(waits).toEqual([50, 100, 200, 400, 800]);
});

test("a busy table that returns some rows each time is asked until it has returned them all", async () => {
  const payments = Array.from({ length: 8 }, () => aClaim());
  const refs = payments.map(({ ref }) => ref);
  const answers = payments.flatMap((payment, index) => [
    leaving(...refs.slice(index)),
    { Responses: { payments: [toItem(payment)] }, ...leaving(...refs.slice(index + 1)) },
  ]);
  const { table, waits } = tableOf(...answers);
  expect(await table.findAll(refs)).toEqual({ payments, unreadable: [] });
  expect(waits).toHaveLength(15);
  expect(waits.filter((wait, index) => wait !== (index % 2 === 0 ? 50 : 25))).toEqual([]);
});

const UNREADABLE: [string, Item][] = [
  ["of a newer schema", { schema: 2 }],
  ["of an unknown state", { state: "HELD" }],
  ["with text for a number", { version: "2" }],
  ["with null for its terms", { amount: null }],
];
test.each(UNREADABLE)(
  "a row %s is named and counted by every read, and takes no other row along",
  async (_, change) => {
    const [bad, good] = [anOpened(), anOpened()];
    const row = { ...toItem(bad), ...change };
    const reads: [object | Error, (table: PaymentTable) => Promise<unknown>][] = [
      [{ Item: row }, (table) => table.find(bad.ref)],
      [refused(row), (table) => table.create(bad)],
      [refused(row), (table) => table.save(bad, { ...bad, verifiedAt: T0 })],
    ];
    const name = ["row_unreadable", expect.objectContaining({ payment_id: paymentIdOf(bad.ref) })];
    for (const [answer, read] of reads) {
      const { table, said, counted } = tableOf(answer);
      await expect(read(table)).rejects.toThrow(PaymentUnreadable);
      expect(said).toEqual([name]);
      expect(counted).toEqual(["RowUnreadable"]);
    }
    const { table, said, counted } = tableOf({ Responses: { payments: [row, toItem(good)] } });
    expect(await table.findAll([bad.ref, good.ref])).toEqual({
      payments: [good],
      unreadable: [{ ref: bad.ref, dueAt: bad.dueAt }],
    });
    expect(said).toEqual([name]);
    expect(counted).toEqual(["RowUnreadable"]);
  },
);

test("a write of the due date writes its bucket, too, and a claim is written over only while it has its holder", async () => {
  const claim = aClaim();
  const { table, asked } = tableOf({}, {});
  await table.save(claim, { ...claim, dueAt: (claim.dueAt ?? T0) + 1 });
  expect(asked[0]).toMatchObject({
    ConditionExpression: expect.stringContaining("#lease.#holder = :held"),
    ExpressionAttributeValues: expect.objectContaining({ ":held": claim.lease?.holder }),
  });
  const opened = anOpened(undefined, T0);
  await table.save({ ...opened, dueAt: T0 + 1 }, { ...opened, dueAt: T0 + 2 });
  expect(Object.values(asked[1]?.["ExpressionAttributeNames"] ?? {})).toEqual(
    expect.arrayContaining(["due_at", "due_shard"]),
  );
});

test("an unreadable row whose later date was stored by a lost answer is due at that date", async () => {
  const ref = aRef();
  expect(await tableOf(refused({ due_at: T0 + 5 })).table.postpone({ ref, dueAt: T0 }, T0 + 5)).toBe(true);
  expect(await tableOf(refused({ due_at: T0 + 4 })).table.postpone({ ref, dueAt: T0 }, T0 + 5)).toBe(false);
});

test("an index tells since when each of its payments is due or needs a person", async () => {
  const ref = aRef();
  const item = { ...paymentKey(ref), due_at: T0, flag_at: T0 + 1 };
  const { table } = tableOf({ Items: [item] }, { Items: [item] });
  expect(await table.due("0", { from: 0, to: T0 }, 5)).toEqual([{ ref, at: T0 }]);
  expect(await table.flagged("0", { from: 0, to: T0 }, 5)).toEqual([{ ref, at: T0 + 1 }]);
});

test("an index without an answer has no keys, and nothing is said about it", async () => {
  const { table, said } = tableOf({});
  expect(await table.due("0", { from: 0, to: T0 }, 5)).toEqual([]);
  expect(said).toEqual([]);
});

test("a row with a word that this release does not know is read, named with the word, and counted", async () => {
  const payment = anOpened();
  const attention = ["frozen", "lost"].map((code) => ({ code, subject: "AP1", at: T0 }));
  const row = { ...toItem(payment), attention };
  const { table, said, counted } = tableOf({ Responses: { payments: [row] } });
  expect(await table.findAll([payment.ref])).toMatchObject({ payments: [{ ref: payment.ref }], unreadable: [] });
  expect(said).toEqual([
    ["row_word_unknown", { payment_id: paymentIdOf(payment.ref), words: "attention.code frozen, attention.code lost" }],
  ]);
  expect(counted).toEqual(["RowUnreadable"]);
});

test("an unreadable row without a readable date is not put off", async () => {
  const bad = anOpened();
  const row = { ...toItem(bad), schema: 2, due_at: "soon" };
  const { unreadable } = await tableOf({ Responses: { payments: [row] } }).table.findAll([bad.ref]);
  expect(unreadable).toEqual([{ ref: bad.ref, dueAt: undefined }]);
});

test("an unreadable row is put off only if its date is still the one that was read, and nothing else of it changes", async () => {
  const memory = new MemoryTable();
  const { ref, ...payment } = anOpened();
  const row = { ...toItem({ ref, ...payment }), schema: 2, due_at: T0 };
  memory.rows.set(`P#${ref}`, row);
  const table = new PaymentTable(memory.client, "payments", TX_STAGE);
  expect(await table.postpone({ ref, dueAt: T0 + 1 }, T0 + 9)).toBe(false);
  expect(memory.rows.get(`P#${ref}`)).toEqual(row);
  expect(await table.postpone({ ref, dueAt: T0 }, T0 + 9)).toBe(true);
  expect(memory.rows.get(`P#${ref}`)).toEqual({ ...row, due_at: T0 + 9 });
  // The client's own retry meets the first write.
  expect(await table.postpone({ ref, dueAt: T0 }, T0 + 9)).toBe(true);
});

test("an index key that is none of ours is named and counted, and another key takes its place", async () => {
  const refs = [aRef(), aRef()];
  const keys = [{ pk: "P#x" }, ...refs.map(paymentKey)].map((key, index) => ({ ...key, first_opened_at: index }));
  const { table, asked, said, counted } = tableOf(
    { Items: keys.slice(0, 2), LastEvaluatedKey: { pk: "P#last" } },
    { Items: keys.slice(2), LastEvaluatedKey: { pk: "P#more" } },
  );
  const found = await table.openedByUser(FEE.userId, { from: 0, to: 9 }, 2);
  expect(found).toEqual(refs.map((ref, index) => ({ ref, at: index + 1 })));
  expect(asked.map(({ Limit, ExclusiveStartKey }) => [Limit, ExclusiveStartKey])).toEqual([
    [2, undefined],
    [1, { pk: "P#last" }],
  ]);
  expect(said).toEqual([["row_unreadable", expect.objectContaining({ row: "P#x" })]]);
  expect(counted).toEqual(["RowUnreadable"]);
});

test("a read of no payments does not ask the table", async () => {
  expect(await tableOf().table.findAll([])).toEqual({ payments: [], unreadable: [] });
  expect(await tableOf({}).table.due("0", { from: 0, to: T0 }, 5)).toEqual([]);
  expect(await tableOf({}).table.flagged("0", { from: 0, to: T0 }, 5)).toEqual([]);
  expect(await tableOf({}).table.openedByUser(FEE.userId, { from: 0, to: T0 }, 5)).toEqual([]);
  expect(await tableOf().table.openedByUser(FEE.userId, { from: 1, to: 0 }, 5)).toEqual([]);
  expect(await tableOf().table.flagged("0", { from: 0, to: -1 }, 5)).toEqual([]);
});

test("payments of one single moment are found, too", async () => {
  const { ref } = aClaim();
  const { table } = tableOf({ Items: [{ ...paymentKey(ref), first_opened_at: 1 }] });
  expect(await table.openedByUser(FEE.userId, { from: 1, to: 1 }, 5)).toEqual([{ ref, at: 1 }]);
});

test("a payment without a lease is not taken back", async () => {
  const memory = new MemoryTable();
  const table = new PaymentTable(memory.client, "payments", TX_STAGE);
  const free = { ...aClaim(), lease: undefined };
  await table.create(free);
  await table.discard(free);
  expect(await table.find(free.ref)).toEqual(free);
});

test("a payment counts neither as there nor as gone while the table does not answer", async () => {
  const before = aClaim();
  const calls = [
    (table: PaymentTable) => table.find(before.ref),
    (table: PaymentTable) => table.findAll([before.ref]),
    (table: PaymentTable) => table.create(before),
    (table: PaymentTable) => table.save(before, anOpened(before.ref)),
    (table: PaymentTable) => table.discard(before),
    (table: PaymentTable) => table.due("0", { from: 0, to: T0 }, 5),
    (table: PaymentTable) => table.flagged("0", { from: 0, to: T0 }, 5),
    (table: PaymentTable) => table.openedOnDay("2026-11-24#0", { from: 0, to: T0 }, 5),
  ];
  for (const call of calls) await expect(call(tableOf(outage).table)).rejects.toThrow(DependencyUnavailable);
});

test("a claim that meets a row with one attribute more is not taken for one's own", async () => {
  const claim = aClaim();
  const there = { ...toItem(claim), settled_at: T0 };
  expect(await tableOf(refused(there)).table.create(claim)).toEqual({
    won: false,
    payment: { ...claim, settledAt: T0 },
  });
  await expect(tableOf(refused()).table.create(claim)).rejects.toThrow(/does not exist/);
});

test("a step that changes nothing costs no write", async () => {
  const payment = anOpened();
  expect(await tableOf().table.save(payment, { ...payment })).toEqual({ won: true, payment });
});

test("a row of another version is not mistaken for one's own step, though its attributes are the same", async () => {
  const before = anOpened();
  const after = { ...before, verifiedAt: T0 + 9 };
  const there = toItem({ ...after, revision: 1, version: before.version + 1 });
  expect(await tableOf(refused(there)).table.save(before, after)).toEqual({
    won: false,
    payment: { ...after, revision: 1, version: before.version + 1 },
  });
  const stored = { ...after, revision: 1 };
  expect(await tableOf(refused(toItem(stored))).table.save(before, after)).toEqual({ won: true, payment: stored });
});

test("payments are searched for in the index that holds them, and every refused write shows what is stored", async () => {
  const claim = aClaim();
  const span = { from: 1, to: 2 };
  const { table, asked } = tableOf({}, {}, {}, {}, {}, {}, {}, {});
  await table.due("0", { from: 0, to: T0 }, 5);
  await table.openedByUser(FEE.userId, span, 6);
  await table.openedOnDay("2026-11-24#0", span, 7);
  await table.openedForProperty(FEE.propertyId, span, 8);
  await table.flagged("1", { from: 0, to: T0 }, 9);
  expect(asked.map(({ IndexName, Limit, ScanIndexForward }) => [IndexName, Limit, ScanIndexForward])).toEqual([
    ["due", 5, undefined],
    ["by-user", 6, false],
    ["by-day", 7, false],
    ["by-property", 8, false],
    ["by-attention", 9, undefined],
  ]);
  await table.create(claim);
  await table.save(claim, anOpened(claim.ref));
  await table.discard(claim);
  const shown = asked.slice(5).map(({ ReturnValuesOnConditionCheckFailure }) => ReturnValuesOnConditionCheckFailure);
  expect(shown).toEqual(["ALL_OLD", "ALL_OLD", "ALL_OLD"]);
});
