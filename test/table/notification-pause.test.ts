import { expect, test } from "vitest";
import { NotificationPauseTable } from "../../lib/table/notification-pause.ts";
import { MemoryTable } from "../support/memory-table.ts";

test("a pause of the messages lasts until the moment that was set last", async () => {
  const table = new MemoryTable();
  const pause = new NotificationPauseTable(table.client, "payments");
  expect(await pause.end()).toBeUndefined();
  await pause.begin(5);
  await pause.begin(7);
  expect(await pause.end()).toBe(7);
  expect([...table.rows]).toEqual([["H#notification", { pk: "H#notification", until: 7 }]]);
  table.rows.set("H#notification", { pk: "H#notification", until: "soon" });
  await expect(pause.end()).rejects.toThrow();
});
