import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { classifyVerify } from "../../lib/chapa/classify.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { HOUR_MS } from "../../lib/domain/time.ts";
import { transitionForMoney } from "../../lib/domain/transitions.ts";
import { availableEngines } from "../../local/dynamo/engine.ts";
import { aContext, anOpened, T0 } from "../support/payments.ts";
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

describe.each(availableEngines())("a success on %s", (engine) => {
  let tables: Tables;
  beforeAll(async () => {
    tables = await realTables(engine);
  });
  afterAll(() => tables.close());

  test.each(Object.keys(ODD))(
    "a success that Chapa reports is written with %s in each fact that it does not depend on",
    async (name) => {
      const payment = anOpened();
      const odd = ODD[name];
      const agreed = {
        status: "success",
        amount: "500.00",
        currency: "ETB",
        mode: "test",
        tx_ref: txRefOf(payment, 0),
      };
      const data = { ...agreed, reference: odd, method: odd, charge: odd, failure_reason: odd };
      const result = classifyVerify(
        { status: 200, text: JSON.stringify({ message: "", status: "success", data }) },
        data.tx_ref,
      );
      if (result.kind !== "paid") throw new Error("a success is evidence");
      const context = aContext(T0 + HOUR_MS);
      const money = { attempt: 0, result };
      const transition = transitionForMoney(payment, money, context);
      if (!transition) throw new Error("a success is recorded");
      await tables.payments.create(payment);
      const { won } = await tables.payments.save(payment, applyCapture(payment, transition, money, context));
      expect([won, (await tables.payments.find(payment.ref))?.state]).toEqual([true, "SUCCESS"]);
    },
  );
});
