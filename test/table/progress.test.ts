import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { ProgressTable } from "../../lib/table/progress.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

const PROGRESS = {
  version: 0,
  day: "2026-11-24",
  startedAt: T0,
  page: 3,
  newest: T0,
  foreign: ["AP7"],
  ours: 2,
  isDone: false,
  findings: [{ reason: "foreign", references: "AP7" }],
  found: 1,
};
const ROW = {
  pk: "H#reconcile",
  version: 1,
  day: "2026-11-24",
  started_at: T0,
  page: 3,
  newest: T0,
  foreign: ["AP7"],
  ours: 2,
  is_done: false,
  findings: [{ reason: "foreign", references: "AP7" }],
  found: 1,
};

test("a comparison that was cut short goes on exactly where it was", async () => {
  const memory = new MemoryTable();
  const progress = new ProgressTable(memory.client, "payments");
  expect(await progress.load()).toBeUndefined();
  const saved = await progress.save(PROGRESS);
  expect(saved).toEqual({ ...PROGRESS, version: 1 });
  expect(await progress.load()).toEqual(saved);
  expect([...memory.rows.values()]).toEqual([ROW]);

  await progress.save({ ...PROGRESS, version: 1, page: undefined, ours: 9, isDone: true });
  expect(await progress.load()).toEqual({ ...PROGRESS, version: 2, page: undefined, ours: 9, isDone: true });
});

test("only one of two runs that go on from the same place writes its step, and its repeated write counts as its own", async () => {
  const memory = new MemoryTable();
  const progress = new ProgressTable(memory.client, "payments");
  const steps = await Promise.all([4, 5].map((page) => progress.save({ ...PROGRESS, page })));
  const [won] = steps.flatMap((step) => step ?? []);
  expect(steps.filter(Boolean)).toHaveLength(1);
  expect(await progress.load()).toEqual(won);
  expect(await progress.save({ ...PROGRESS, page: won?.page })).toEqual(won);
  expect(await progress.save({ ...PROGRESS, page: 6 })).toBeUndefined();
  expect(await progress.save({ ...PROGRESS, version: 7 })).toBeUndefined();
  expect(await progress.load()).toEqual(won);
});

test("a comparison without findings and foreign transactions has none", async () => {
  const { foreign: _, findings: __, found: ___, ...row } = ROW;
  const { client } = answering({ Item: row });
  expect(await new ProgressTable(client, "payments").load()).toMatchObject({ foreign: [], findings: [], found: 0 });
});

test("a list that is done leaves no attribute for its next page", async () => {
  const { client, asked } = answering({});
  await new ProgressTable(client, "payments").save({ ...PROGRESS, page: undefined });
  const { page: _, ...rest } = ROW;
  expect(asked[0]?.["Item"]).toStrictEqual(rest);
});

test("the progress of a comparison is read as it is now, and never guessed from a broken row or a silent table", async () => {
  const { client, asked } = answering({});
  await new ProgressTable(client, "payments").load();
  expect(asked[0]).toEqual({ TableName: "payments", Key: { pk: "H#reconcile" }, ConsistentRead: true });

  const memory = new MemoryTable();
  for (const change of [
    { version: 0.5 },
    { day: 1 },
    { started_at: 0.5 },
    { page: 0.5 },
    { ours: 0.5 },
    { is_done: "no" },
    { incomplete: "x" },
    { findings: [{ references: "AP7" }] },
  ]) {
    memory.rows.set("H#reconcile", { ...ROW, ...change });
    await expect(new ProgressTable(memory.client, "payments").load()).rejects.toThrow();
  }
  const silent = () => new ProgressTable(answering(new Error("silence")).client, "payments");
  await expect(silent().load()).rejects.toThrow(DependencyUnavailable);
  await expect(silent().save(PROGRESS)).rejects.toThrow(DependencyUnavailable);
});

test("a foreign transaction counts as named from the next comparison on, for 100 days", async () => {
  const memory = new MemoryTable();
  const progress = new ProgressTable(memory.client, "payments");
  await progress.markNamed("AP7", T0, T0);
  expect(await progress.wasNamed("AP7", T0)).toBe(false);
  expect(await progress.wasNamed("AP7", T0 + 1)).toBe(true);
  expect(await progress.wasNamed("AP8", T0 + 1)).toBe(false);
  expect([...memory.rows.values()]).toEqual([
    { pk: "F#AP7", started_at: T0, ttl: Math.ceil((T0 + 100 * DAY_MS) / 1000) },
  ]);
});

test("what a comparison found is kept until the next one has ended, also while that one runs", async () => {
  const progress = new ProgressTable(new MemoryTable().client, "payments");
  expect(await progress.last()).toBeUndefined();
  const { day, startedAt, findings, found } = PROGRESS;
  await progress.end({ ...PROGRESS, isDone: true }, T0 + 1);
  await progress.save({ ...PROGRESS, day: "2026-11-25", findings: [], found: 0 });
  expect(await progress.last()).toEqual({ day, startedAt, endedAt: T0 + 1, isDone: true, findings, found });
});
