import { expect, test } from "vitest";
import { MemoryTable } from "../support/memory-table.ts";
import { aRef, T0 } from "../support/payments.ts";
import { adaptersOf } from "../support/tables.ts";

test("the messages about a payment are read by their versions, with what is known of each", async () => {
  const { marks } = adaptersOf(new MemoryTable().client);
  const ref = aRef();
  const paid = { ref, version: 3, event: "paid" } as const;
  const failed = { ref, version: 2, event: "failed" } as const;
  const begun = { by: "one", tries: 1, triedAt: T0, sentAt: undefined };
  const sent = { by: "two", tries: 2, triedAt: T0, sentAt: T0 + 1 };
  await marks.begin(failed, begun, T0);
  await marks.begin(paid, begun, T0);
  expect(await marks.begin(paid, { by: "other", tries: 1 }, T0)).toEqual(begun);
  expect(await marks.replace(paid, { from: begun, to: sent }, T0)).toBe(true);
  await marks.begin({ ...paid, version: 4 }, begun, T0);
  await marks.begin({ ...paid, ref: aRef() }, begun, T0);
  expect(await marks.messagesOf(ref, [2, 3])).toEqual([
    { ...failed, ...begun },
    { ...paid, ...sent },
  ]);
});

test("Chapa's own reference leads to the attempt that it led to first", async () => {
  const { payments } = adaptersOf(new MemoryTable().client);
  const [first, second] = [aRef(), aRef()];
  expect(await payments.pointed("AP1")).toBeUndefined();
  await payments.point("AP1", { ref: first, attempt: 2 });
  await payments.point("AP1", { ref: second, attempt: 0 });
  expect(await payments.pointed("AP1")).toEqual({ ref: first, attempt: 2 });
  expect(await payments.pointed("AP2")).toBeUndefined();
});
