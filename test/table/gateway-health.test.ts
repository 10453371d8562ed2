import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";

import { GatewayHealthTable } from "../../lib/table/gateway-health.ts";
import { MemoryTable } from "../support/memory-table.ts";

import { T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

test("the last check of Chapa's health is the one that was written last", async () => {
  const memory = new MemoryTable();
  const gatewayHealth = new GatewayHealthTable(memory.client, "payments");
  expect(await gatewayHealth.last()).toBeUndefined();
  for (const isReachable of [true, false]) {
    await gatewayHealth.record({ isReachable, at: T0 });
    expect(await gatewayHealth.last()).toEqual({ isReachable, at: T0 });
  }
  expect([...memory.rows.values()]).toEqual([{ pk: "H#chapa", is_reachable: false, at: T0 }]);
});

test("a broken row or a silent table says nothing about Chapa", async () => {
  const memory = new MemoryTable();
  const row = { pk: "H#chapa", is_reachable: true, at: T0 };
  for (const change of [{ is_reachable: "yes" }, { at: 0.5 }]) {
    memory.rows.set("H#chapa", { ...row, ...change });
    expect(await new GatewayHealthTable(memory.client, "payments").last()).toBeUndefined();
  }
  const silent = () => new GatewayHealthTable(answering(new Error("silence")).client, "payments");
  await expect(silent().last()).rejects.toThrow(DependencyUnavailable);
  await expect(silent().record({ isReachable: true, at: T0 })).rejects.toThrow(DependencyUnavailable);
});
