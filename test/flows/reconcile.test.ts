import { expect, test, vi } from "vitest";
import type { Listed } from "../../lib/chapa/classify.ts";
import { entryIdOf, openEntries } from "../../lib/domain/attention.ts";
import type { VerifyResult } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { isEmptied, openFlags, type Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { reconcile } from "../../lib/flows/reconcile.ts";
import type { LogFields } from "../../lib/runtime/logger.ts";
import { dayBuckets } from "../../lib/table/keys.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { ProgressTable } from "../../lib/table/progress.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aConfirmed, anOpened, aRef, captured, KEY, moneyOn, POLICY, T0, TERMS } from "../support/payments.ts";

type Books = { list?: Listed[][]; verify?: (txRef: string) => VerifyResult };

const UNPAID: VerifyResult = { kind: "unpaid", reason: "pending" };

/** A table with these payments and a Chapa with these books, on a clock of its own. */
async function testbed(payments: readonly Payment[], books: Books = {}) {
  const memory = new MemoryTable();
  const table = new PaymentTable(memory.client, "payments", TX_STAGE);
  for (const payment of payments) await table.create(payment);
  const clock = { now: T0 + 2 * DAY_MS };
  const verified: string[] = [];
  const findings: LogFields[] = [];
  const pages: number[] = [];
  const record = (message: string, fields: LogFields = {}) => {
    if (message === "reconcile_finding") findings.push(fields);
  };
  const ports = {
    payments: table,
    progress: new ProgressTable(memory.client, "payments"),
    totals: new TotalsTable(memory.client, "payments"),
    chapa: {
      verify: async (txRef: string) => {
        verified.push(txRef);
        return books.verify?.(txRef) ?? UNPAID;
      },
      cancel: async () => "closed" as const,
      current: async () => ({ key: KEY, mode: "test" as const }),
      transactions: async (page: number) => {
        pages.push(page);
        const list = books.list ?? [];
        return { transactions: list[page - 1] ?? [], last: page >= list.length };
      },
    },
    pagesLimit: 2_000,
    bucketsOf: dayBuckets,
    txStage: TX_STAGE,
    policy: POLICY,
    clock: {
      now: () => clock.now,
      sleep: async (ms: number) => {
        clock.now += ms;
      },
    },
    log: { info: record, warn: record, error: record },
    count: () => undefined,
  };
  const day = async () => {
    verified.length = 0;
    findings.length = 0;
    const done = await reconcile(ports, clock.now + HOUR_MS);
    clock.now += DAY_MS;
    return done;
  };
  const found = async ({ ref }: Payment) => {
    const payment = await table.find(ref);
    if (!payment) throw new Error("the payment is gone");
    return payment;
  };
  return { day, found, table, books, verified, findings, pages, memory };
}

function aRow(change: Partial<Listed> = {}): Listed {
  const { amount, currency } = TERMS;
  return { name: undefined, reference: "AP0", money: "paid", amount, currency, at: T0, ...change };
}

/** A paid payment whose capture can be found by Chapa's reference, as one that was recorded through the flows. */
async function aPaidTestbed(books: Books) {
  const payment = aConfirmed();
  const bed = await testbed([payment], books);
  await bed.table.point("AP0", { ref: payment.ref, attempt: 0 });
  return { payment, ...bed };
}

test("a payment refunded in Chapa's dashboard is recorded the next day with its amount, although no webhook came", async () => {
  const books: Books = { list: [[aRow()]] };
  const { payment, day, found, verified } = await aPaidTestbed(books);
  expect(await day()).toMatchObject({ kind: "done", verifications: 0, findings: 0 });
  books.list = [[aRow({ money: "refunded" })]];
  books.verify = () => moneyOn(payment, 0, { kind: "refunded" });
  expect(await day()).toMatchObject({ kind: "done", verifications: 1, findings: 0 });
  const after = await found(payment);
  expect(after.captures).toMatchObject([{ back: { refunded: 50_000, reversed: 0 } }]);
  expect(openFlags(after)).toEqual(["refunded_outside"]);
  await day();
  expect(verified).toEqual([]);
});

test("a payment that the bank reversed 40 days after its checkout was created is recorded the next day", async () => {
  const books: Books = { list: [[aRow({ money: "reversed" })]] };
  const { payment, day, found, memory } = await aPaidTestbed(books);
  books.verify = () => moneyOn(payment, 0, { kind: "reversed" });
  books.list = [[aRow({ at: T0 })]];
  for (let n = 0; n < 38; n++) await day();
  books.list = [[aRow({ money: "reversed" })]];
  await day();
  expect(openFlags(await found(payment))).toEqual(["reversed"]);
  expect(memory.rows.get("H#reconcile")).toMatchObject({ is_done: true });
});

test("a capture that the list shows as reversed and verify as success stays here, because verify decides", async () => {
  const books: Books = { list: [[aRow({ money: "reversed" })]] };
  const { payment, day, found } = await aPaidTestbed(books);
  books.verify = () => moneyOn(payment);
  expect(await day()).toMatchObject({ verifications: 1, findings: 0 });
  expect((await found(payment)).captures).toMatchObject([{ listed: true }]);
  expect(openFlags(await found(payment))).toEqual([]);
});

test("a reversed capture that the bank returned is here again the next day, and its fee is not spent", async () => {
  const paid = aConfirmed();
  const reversed = captured(paid, "wentBack", moneyOn(paid, 0, { kind: "reversed" }));
  const books: Books = { list: [[aRow()]], verify: () => moneyOn(paid) };
  const { day, found, table } = await testbed([reversed], books);
  await table.point("AP0", { ref: paid.ref, attempt: 0 });
  expect(isEmptied(reversed, "test")).toBe(true);
  await day();
  expect(isEmptied(await found(paid), "test")).toBe(false);
});

test("a checkout paid twice becomes a duplicate by the list, although verify shows one payment and the list no name", async () => {
  const books: Books = { list: [[aRow({ reference: "AP9" }), aRow()]] };
  const { payment, day, found, table, verified, findings } = await aPaidTestbed(books);
  await table.point("AP9", { ref: payment.ref, attempt: 0 });
  books.verify = () => moneyOn(payment);
  await day();
  const after = await found(payment);
  expect(after.captures.map(({ kind, reference }) => [kind, reference])).toEqual([
    ["confirmed", "AP0"],
    ["duplicate", "AP9"],
  ]);
  expect(openEntries(after).map(entryIdOf)).toEqual(["duplicate-AP9"]);
  expect(findings).toEqual([]);
  await day();
  expect(verified).toEqual([]);
});

test("two rows under one name of ours are two captures, although verify reports neither reference", async () => {
  const opened = anOpened();
  const payment = captured(opened, "confirm", moneyOn(opened, 0, { reference: undefined }));
  const name = txRefOf(payment, 0);
  const books: Books = { list: [[aRow({ name, reference: "AP9" }), aRow({ name })]] };
  const { day, found } = await testbed([payment], books);
  books.verify = () => moneyOn(payment, 0, { reference: undefined });
  await day();
  const after = await found(payment);
  expect(after.captures.map(({ kind, reference }) => [kind, reference])).toEqual([
    ["confirmed", "AP9"],
    ["duplicate", "AP0"],
  ]);
});

test("the refund of a second capture, which verify never shows, is recorded by the list", async () => {
  const paid = aConfirmed();
  const twice = captured(paid, "duplicate", moneyOn(paid, 0, { reference: "AP9" }));
  const books: Books = { list: [[aRow({ reference: "AP9", money: "refunded" }), aRow()]], verify: () => moneyOn(paid) };
  const { day, found, table } = await testbed([twice], books);
  for (const reference of ["AP0", "AP9"]) await table.point(reference, { ref: paid.ref, attempt: 0 });
  await day();
  const after = await found(paid);
  expect(after.captures.find(({ reference }) => reference === "AP9")?.back).toEqual({ refunded: 50_000, reversed: 0 });
  expect(openFlags(after)).toEqual(["duplicate", "refunded_outside"]);
});

test("the list alone makes no success, whatever it says of an unpaid payment", async () => {
  const payment = anOpened();
  const books: Books = { list: [[aRow({ name: txRefOf(payment, 0) })]] };
  const { day, found, findings } = await testbed([payment], books);
  await day();
  expect(await found(payment)).toMatchObject({ state: "PENDING", captures: [] });
  expect(findings).toMatchObject([{ reason: "not_confirmed", reference: "AP0" }]);
});

test("both captures of one payment on one page are marked as listed", async () => {
  const paid = aConfirmed();
  const twice = captured(paid, "duplicate", moneyOn(paid, 0, { reference: "AP9" }));
  const books: Books = { list: [[aRow({ reference: "AP9" }), aRow()]] };
  const { day, found, table, findings } = await testbed([twice], books);
  for (const reference of ["AP0", "AP9"]) await table.point(reference, { ref: paid.ref, attempt: 0 });
  await day();
  expect((await found(paid)).captures.map(({ listed }) => listed)).toEqual([true, true]);
  expect(findings).toEqual([]);
});

test("the totals of a day stay as they are while a payment of the day cannot be read, and are counted again after that", async () => {
  const [paid, bad] = [aConfirmed(), anOpened()];
  const { day, memory } = await testbed([paid, bad], { list: [[aRow({ name: txRefOf(bad, 0), reference: "AP9" })]] });
  const row = memory.rows.get(`P#${bad.ref}`);
  memory.rows.set(`P#${bad.ref}`, { ...row, schema: 2 });
  const totals = `T#${addisAbabaDay(T0)}`;
  expect(await day()).toMatchObject({ kind: "done", verifications: 1, findings: 1 });
  expect(memory.rows.get(totals)).toBeUndefined();
  memory.rows.set(`P#${bad.ref}`, { ...row });
  await day();
  expect(memory.rows.get(totals)).toMatchObject({ total: 2 });
});

test("a transaction that may belong to a payment that cannot be read is not named as foreign, and is ours once it can", async () => {
  const opened = anOpened();
  const books: Books = { list: [[aRow({ at: T0 + MINUTE_MS })]], verify: () => moneyOn(opened) };
  const { day, found, findings, memory } = await testbed([opened], books);
  const row = memory.rows.get(`P#${opened.ref}`);
  memory.rows.set(`P#${opened.ref}`, { ...row, schema: 2 });
  await day();
  expect(findings).toEqual([]);
  memory.rows.set(`P#${opened.ref}`, { ...row });
  await day();
  expect(findings).toEqual([]);
  expect(await found(opened)).toMatchObject({ state: "SUCCESS", captures: [{ listed: true }] });
});

test("transactions of other programs are named once, in one finding, and cost no verification of ours", async () => {
  const foreign = ["S1", "S2", "S3", "S4", "S5"].map((reference) =>
    aRow({ reference, name: `shop-order-${reference}`, amount: Santim.parse(7_000) }),
  );
  const books: Books = { list: [foreign.slice(0, 3), foreign.slice(3)] };
  const { day, findings } = await testbed([anOpened(), anOpened()], books);
  expect(await day()).toMatchObject({ kind: "done", verifications: 0, findings: 1 });
  expect(findings).toMatchObject([{ reason: "foreign", references: "S1 S2 S3 S4 S5" }]);
  for (let n = 0; n < 8; n++) expect(await day()).toMatchObject({ verifications: 0, findings: 0 });
  books.list = [[aRow({ reference: "S6", amount: Santim.parse(7_000) }), ...foreign]];
  await day();
  expect(findings).toMatchObject([{ reason: "foreign", references: "S6" }]);
});

test("a transaction without a name that was created with our checkout is ours if verify says so", async () => {
  const [paid, other] = [anOpened(), anOpened()];
  const books: Books = { list: [[aRow({ at: T0 + MINUTE_MS })]] };
  const { day, found, verified } = await testbed([paid, other], books);
  books.verify = (txRef) => (txRef === txRefOf(paid, 0) ? moneyOn(paid) : UNPAID);
  expect(await day()).toMatchObject({ kind: "done", findings: 0 });
  expect(await found(paid)).toMatchObject({ state: "SUCCESS", captures: [{ listed: true }] });
  await day();
  expect(verified).toEqual([]);
});

test("a transaction that was created with a later checkout of an older payment is ours if verify says so", async () => {
  const renewed = anOpened();
  const openedAt = T0 + 2 * DAY_MS;
  const first = renewed.attempts[0];
  if (!first) throw new Error("it has a first checkout");
  const paid: Payment = { ...renewed, attempt: 1, attempts: { 0: first, 1: { ...first, openedAt } } };
  const books: Books = { list: [[aRow({ reference: "AP1", at: openedAt + MINUTE_MS })]] };
  const { day, found } = await testbed([paid, anOpened()], books);
  books.verify = (txRef) => (txRef === txRefOf(paid, 1) ? moneyOn(paid, 1) : UNPAID);
  await day();
  await day();
  expect(await found(paid)).toMatchObject({ captures: [{ attempt: 1, listed: true }] });
});

test("a comparison of 30 pages with unknown money reads each of our days once, not once for each page", async () => {
  const ours = Array.from({ length: 40 }, (_, n) => anOpened(aRef(), T0 + 2 * DAY_MS - HOUR_MS - n * HOUR_MS));
  const asked = async (pages: number) => {
    const list = Array.from({ length: pages }, (_, page) => [
      aRow({ reference: `S${page}`, amount: Santim.parse(7_000), at: T0 - page * MINUTE_MS }),
    ]);
    const { day, table } = await testbed(ours, { list });
    const reads = vi.spyOn(table, "findAll");
    await day();
    return reads.mock.calls.reduce((sum, [refs]) => sum + refs.length, 0);
  };
  const [one, thirty] = [await asked(1), await asked(30)];
  // Each of our payments is read a few times, however many pages there are.
  expect(thirty - one).toBeLessThan(ours.length);
});

test("a transaction that may be ours is named by nobody while Chapa does not answer, and is asked about the next day", async () => {
  const paid = anOpened();
  const books: Books = { list: [[aRow()]], verify: () => ({ kind: "unavailable", reason: "busy" }) };
  const { day, found } = await testbed([paid], books);
  expect(await day()).toMatchObject({ findings: 0 });
  books.verify = () => moneyOn(paid);
  expect(await day()).toMatchObject({ findings: 0 });
  expect((await found(paid)).state).toBe("SUCCESS");
});

test("a list with the oldest first is read to its end, is never done, and reports no capture as missing", async () => {
  const old = aRow({ reference: "OLD", at: T0 - 60 * DAY_MS });
  const older = aRow({ reference: "OLDER", at: T0 - 61 * DAY_MS });
  const { payment, day, found, findings } = await aPaidTestbed({
    list: [[older, old], [aRow({ money: "reversed" })], []],
    verify: () => moneyOn(payment, 0, { kind: "reversed" }),
  });
  expect(await day()).toMatchObject({ kind: "incomplete", findings: 1 });
  expect(findings).toMatchObject([{ reason: "incomplete", reason_of_end: "order" }]);
  expect(openFlags(await found(payment))).toEqual(["reversed"]);
});

test("a list with one row a page and the oldest first is not taken for one that has ended", async () => {
  const rows = [61, 60, 59].map((days) => [aRow({ reference: `D${days}`, at: T0 - days * DAY_MS })]);
  const { day, pages } = await testbed([], { list: rows });
  expect((await day()).kind).toBe("incomplete");
  expect(pages).toEqual([1, 2, 3]);
});

test("a list in its order is not read further back than 45 days", async () => {
  const rows = [0, 42, 60, 61].map((days) => [aRow({ reference: `D${days}`, at: T0 - days * DAY_MS })]);
  const { day, pages, findings } = await testbed([], { list: rows });
  expect((await day()).kind).toBe("done");
  expect(pages).toEqual([1, 2, 3]);
  expect(findings).toMatchObject([{ references: "D0 D42" }]);
});

test("a list of more than 2,000 pages is not compared to its end, says so, and is compared anew the next day", async () => {
  const list = Array.from({ length: 2_001 }, (_, page) => [aRow({ money: undefined, at: T0 - page })]);
  const { day, pages, findings, verified } = await testbed([aConfirmed()], { list });
  expect((await day()).kind).toBe("incomplete");
  expect(pages.at(-1)).toBe(2_000);
  expect(findings).toMatchObject([{ reason: "incomplete", reason_of_end: "pages" }]);
  expect(verified).toEqual([]);
  await day();
  expect(pages.filter((page) => page === 1)).toHaveLength(2);
});

test("money of ours that Chapa does not list is verified and reported", async () => {
  const { day, verified, findings } = await testbed([aConfirmed()], { list: [[]] });
  await day();
  expect(verified).toHaveLength(1);
  expect(findings).toMatchObject([{ reason: "not_listed", reference: "AP0" }]);
});
