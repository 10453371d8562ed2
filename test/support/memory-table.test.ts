import { randomBytes } from "node:crypto";
import { ContactTable } from "../../lib/table/contacts.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { MemoryTable } from "./memory-table.ts";
import { tableContract } from "./table-contract.ts";

// The table of the simulation keeps the same contract as the engines that it stands for.
tableContract("the table in memory", async () => {
  const table = new MemoryTable();
  const { client } = table;
  const keys = { current: "k2", keys: { k1: Buffer.alloc(32, 1), k2: Buffer.alloc(32, 2) } };
  return {
    payments: new PaymentTable(client, "payments"),
    requests: new RequestTable(client, "payments"),
    contacts: new ContactTable(client, "payments", async () => keys, randomBytes),
    totals: new TotalsTable(client, "payments"),
    raw: async (pk) => table.rows.get(pk),
    put: async (item) => {
      table.rows.set(String(item["pk"]), item);
    },
    close: async () => undefined,
  };
});
