import { MemoryTable } from "./memory-table.ts";
import { tableContract } from "./table-contract.ts";
import { adaptersOf } from "./tables.ts";

// The table in memory keeps the same contract as the engines that it stands for.
tableContract("the table in memory", async () => {
  const table = new MemoryTable();
  return {
    ...adaptersOf(table.client),
    raw: async (pk) => table.rows.get(pk),
    write: async (pk, attributes) => void table.rows.set(pk, { ...table.rows.get(pk), ...attributes }),
    close: async () => undefined,
  };
});
