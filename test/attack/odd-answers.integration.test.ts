import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { classifyVerify } from "../../lib/chapa/classify.ts";
import { moveFor } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { account } from "../../lib/domain/moves.ts";
import { HOUR_MS } from "../../lib/domain/time.ts";
import { availableEngines } from "../../local/dynamo/engine.ts";
import { anAct, anOpened, T0 } from "../support/payments.ts";
import type { Tables } from "../support/table-contract.ts";
import { realTables } from "../support/tables.ts";

const ODD: Record<string, string> = {
  "half a character": "\ud800",
  "a NUL": "a\u0000b",
  "no character at all": "",
  "no character of Unicode": "\uffff",
  "half a megabyte": "x".repeat(450_000),
  "emoji without end": "😀".repeat(100_000),
};

describe.each(availableEngines())("a success that Chapa reports is written on %s", (engine) => {
  let tables: Tables;
  beforeAll(async () => {
    tables = await realTables(engine);
  });
  afterAll(() => tables.close());

  test.each(Object.keys(ODD))("with %s in each fact that it does not depend on", async (name) => {
    const payment = anOpened();
    const odd = ODD[name];
    const agreed = {
      status: "success",
      amount: "500.00",
      currency: "ETB",
      mode: "test",
      tx_ref: txRefOf(payment.ref, 0),
    };
    const data = { ...agreed, reference: odd, method: odd, charge: odd, failure_reason: odd };
    const evidence = classifyVerify({ status: 200, text: JSON.stringify({ message: "", status: "success", data }) });
    const move = moveFor(payment, 0, evidence);
    if (evidence.says !== "paid" || !move) throw new Error("a success is evidence");
    await tables.payments.create(payment);
    const { won } = await tables.payments.save(payment, account(payment, move, 0, evidence, anAct(T0 + HOUR_MS)));
    expect([won, (await tables.payments.find(payment.ref))?.state]).toEqual([true, "SUCCESS"]);
  });
});
