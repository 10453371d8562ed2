import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { paymentKey } from "../../lib/table/keys.ts";
import { toItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aClaim, anOpened, aRef, FEE, T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

function tableOf(...answers: (object | Error)[]) {
  const { client, asked } = answering(...answers);
  return { table: new PaymentTable(client, "payments"), asked };
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
  expect(await table.findAll([payment.ref])).toEqual([payment]);
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
  expect(await table.findAll(payments.map(({ ref }) => ref))).toEqual(payments);
  const sizes = asked.map(({ RequestItems }) => (RequestItems as typeof left).payments.Keys.length);
  expect(sizes).toEqual([100, 1, 1]);
});

test("a read ends when the table keeps answering without the payments", async () => {
  const ref = aRef();
  const nothing = { UnprocessedKeys: { payments: { Keys: [paymentKey(ref)] } } };
  const { table, asked } = tableOf(...Array.from({ length: 100 }, () => nothing));
  expect(await table.findAll([ref])).toEqual([]);
  expect(asked).toHaveLength(100);
});

test("a read of no payments does not ask the table", async () => {
  expect(await tableOf().table.findAll([])).toEqual([]);
  expect(await tableOf({}).table.due("0", T0, 5)).toEqual([]);
  expect(await tableOf({}).table.flagged("0", T0, 5)).toEqual([]);
  expect(await tableOf({}).table.openedByUser(FEE.userId, { from: 0, to: T0 }, 5)).toEqual([]);
  expect(await tableOf().table.openedByUser(FEE.userId, { from: 1, to: 0 }, 5)).toEqual([]);
});

test("payments of one single moment are found, too", async () => {
  const { ref } = aClaim();
  const { table } = tableOf({ Items: [{ ...paymentKey(ref), first_opened_at: 1 }] });
  expect(await table.openedByUser(FEE.userId, { from: 1, to: 1 }, 5)).toEqual([{ ref, at: 1 }]);
});

test("a payment without a lease is not taken back", async () => {
  const memory = new MemoryTable();
  const table = new PaymentTable(memory.client, "payments");
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
    (table: PaymentTable) => table.due("0", T0, 5),
    (table: PaymentTable) => table.flagged("0", T0, 5),
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
  const there = toItem({ ...after, version: before.version + 1 });
  expect(await tableOf(refused(there)).table.save(before, after)).toEqual({
    won: false,
    payment: { ...after, version: before.version + 1 },
  });
  expect(await tableOf(refused(toItem(after))).table.save(before, after)).toEqual({ won: true, payment: after });
});

test("payments are searched for in the index that holds them, and every refused write shows what is stored", async () => {
  const claim = aClaim();
  const span = { from: 1, to: 2 };
  const { table, asked } = tableOf({}, {}, {}, {}, {}, {}, {});
  await table.due("0", T0, 5);
  await table.openedByUser(FEE.userId, span, 6);
  await table.openedOnDay("2026-11-24#0", span, 7);
  await table.flagged("1", T0, 8);
  expect(asked.map(({ IndexName, Limit, ScanIndexForward }) => [IndexName, Limit, ScanIndexForward])).toEqual([
    ["due", 5, undefined],
    ["by-user", 6, false],
    ["by-day", 7, false],
    ["by-attention", 8, undefined],
  ]);
  await table.create(claim);
  await table.save(claim, anOpened(claim.ref));
  await table.discard(claim);
  const shown = asked.slice(4).map(({ ReturnValuesOnConditionCheckFailure }) => ReturnValuesOnConditionCheckFailure);
  expect(shown).toEqual(["ALL_OLD", "ALL_OLD", "ALL_OLD"]);
});
