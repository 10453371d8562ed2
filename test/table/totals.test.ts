import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { addisAbabaDay, DAY_MS } from "../../lib/domain/time.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { T0 } from "../support/payments.ts";
import { answering, seenPorts } from "../support/table-client.ts";

const NOTHING = {
  total: 0,
  pending: 0,
  success: 0,
  failed: 0,
  revenue: 0,
  webhook_calls: 0,
  initiate_calls: 0,
  status_calls: 0,
  timeout_jobs_run: 0,
};

function start() {
  const memory = new MemoryTable();
  return { memory, totals: new TotalsTable(memory.client, "payments") };
}

const onDay = (daysAgo: number) => ({
  day: addisAbabaDay(T0 - daysAgo * DAY_MS),
  total: 1,
  pending: 0,
  success: 1,
  failed: 0,
  revenue: 7,
});

test("totals begin at zero", async () => {
  expect(await start().totals.all(T0)).toEqual(NOTHING);
});

test("totals are the sum of all days and all calls, however old, today and tomorrow included", async () => {
  const { totals } = start();
  const days = [-1, 0, 1, 98, 99, 100, 101, 450, 800];
  for (const daysAgo of days) await totals.add(onDay(daysAgo));
  await totals.count({ webhook_calls: 2, initiate_calls: 3 }, T0);
  await totals.count({ webhook_calls: 5, status_calls: 1, timeout_jobs_run: 4 }, T0 - 300 * DAY_MS);
  expect(await totals.all(T0)).toEqual({
    ...NOTHING,
    total: days.length,
    success: days.length,
    revenue: 7 * days.length,
    webhook_calls: 7,
    initiate_calls: 3,
    status_calls: 1,
    timeout_jobs_run: 4,
  });
});

test("totals reach back over three hundred days without payments, and not over five hundred", async () => {
  const { totals } = start();
  await totals.add(onDay(0));
  await totals.add(onDay(399));
  await totals.add(onDay(399 + 500));
  expect(await totals.all(T0)).toMatchObject({ total: 2 });
});

test("totals are found behind a year and a month without payments, and not behind more", async () => {
  const { totals } = start();
  await totals.add(onDay(398));
  expect(await totals.all(T0)).toMatchObject({ total: 1 });
  expect(await totals.all(T0 + DAY_MS)).toMatchObject({ total: 0 });
});

test("totals count calls on the day on which they come, in Addis Ababa", async () => {
  const { memory, totals } = start();
  await totals.count({ webhook_calls: 1 }, Date.UTC(2026, 10, 24, 21));
  expect(memory.rows.get("T#2026-11-25")).toEqual({ pk: "T#2026-11-25", webhook_calls: 1 });
});

test("totals write only what changed", async () => {
  const { memory, totals } = start();
  await totals.add({ day: "2026-11-24", total: 0, pending: -1, success: 1, failed: 0, revenue: 50_000 });
  expect(memory.rows.get("T#2026-11-24")).toEqual({ pk: "T#2026-11-24", pending: -1, success: 1, revenue: 50_000 });
  await totals.add({ day: "2026-11-25", total: 0, pending: 0, success: 0, failed: 0, revenue: 0 });
  await totals.count({}, T0 + DAY_MS);
  expect([...memory.rows.keys()]).toEqual(["T#2026-11-24"]);
});

test("the totals of a day are written anew as they were recounted, and its calls stay", async () => {
  const { memory, totals } = start();
  await totals.add(onDay(0));
  await totals.count({ status_calls: 3 }, T0);
  await totals.rewrite("2026-11-24", { total: 5, pending: 1, success: 2, failed: 2, revenue: 90 });
  expect(memory.rows.get("T#2026-11-24")).toEqual({
    pk: "T#2026-11-24",
    total: 5,
    pending: 1,
    success: 2,
    failed: 2,
    revenue: 90,
    status_calls: 3,
  });
});

test("totals that one answer does not hold are asked for again, and the table is away if they never come", async () => {
  const row = { pk: "T#2026-11-24", total: 4 };
  const more = { UnprocessedKeys: { payments: { Keys: [{ pk: row.pk }] } } };
  const empty = Array.from({ length: 4 }, () => ({}));
  const { client, asked } = answering({ ...more }, { Responses: { payments: [row] } }, ...empty);
  const { ports, waits } = seenPorts();
  expect(await new TotalsTable(client, "payments", ports).all(T0)).toEqual({ ...NOTHING, total: 4 });
  expect(waits).toEqual([50]);
  expect(asked[1]).toEqual({ RequestItems: { payments: { Keys: [{ pk: row.pk }] } } });

  const never = answering(...Array.from({ length: 6 }, () => more));
  await expect(new TotalsTable(never.client, "payments", ports).all(T0)).rejects.toThrow(DependencyUnavailable);
});

test.each([
  ["text for a number", { total: "4" }],
  ["null", { revenue: null }],
])("a day of totals with %s is named, counted and left out, and the other days are summed", async (_, change) => {
  const rows = [
    { pk: "T#2026-11-24", total: 4 },
    { pk: "T#2026-11-23", total: 2, ...change },
  ];
  const { client } = answering({ Responses: { payments: rows } }, ...Array.from({ length: 4 }, () => ({})));
  const { ports, said, counted } = seenPorts();
  expect(await new TotalsTable(client, "payments", ports).all(T0)).toEqual({ ...NOTHING, total: 4 });
  expect(said).toEqual([["row_unreadable", expect.objectContaining({ row: "T#2026-11-23" })]]);
  expect(counted).toEqual(["RowUnreadable"]);
});

test("each day that is asked for is answered in its order: without a payment with zeros, unreadable as unknown", async () => {
  const { memory } = start();
  const { ports } = seenPorts();
  const totals = new TotalsTable(memory.client, "payments", ports);
  await totals.add(onDay(1));
  memory.rows.set(`T#${addisAbabaDay(T0)}`, { pk: `T#${addisAbabaDay(T0)}`, total: "many" });
  const days = [2, 1, 0].map((daysAgo) => addisAbabaDay(T0 - daysAgo * DAY_MS));
  expect(await totals.ofDays(days)).toEqual([
    { day: days[0], sums: NOTHING },
    { day: days[1], sums: { ...NOTHING, total: 1, success: 1, revenue: 7 } },
    { day: days[2], sums: undefined },
  ]);
});
