import type { Env } from "../contract/env.ts";
import { documentClient } from "../table/client.ts";
import { PaymentTable } from "../table/payments.ts";

/** Returns the payments over a client of their own, for a function that rarely reads one and loads this when it does. */
export function createPayments(env: Pick<Env, "TABLE_NAME" | "TX_STAGE">): PaymentTable {
  return new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE);
}
