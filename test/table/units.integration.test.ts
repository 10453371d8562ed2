import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { open } from "../../lib/domain/apply.ts";
import { documentClient } from "../../lib/table/client.ts";
import { availableEngines, startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { aClaim, aContext } from "../support/payments.ts";
import { adaptersOf, reachTableAt } from "../support/tables.ts";

/** Write units of a payment until it has a checkout: the claim, then the row with the keys of four indexes. */
const UNITS_UNTIL_OPENED = 1 + 1 + 4;
const PATIENCE = 75;

const Answer = z.object({ output: z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) }) });
type Input = Record<string, unknown>;

/** Sums what every call of the client consumes. `change` may ask for something else than the code does. */
function counted(client: DynamoDBDocumentClient, change: (input: Input) => Input = (input) => input) {
  const sum = { units: 0 };
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next({ ...args, input: { ...change({ ...args.input }), ReturnConsumedCapacity: "TOTAL" } });
      sum.units += Answer.parse(answer).output.ConsumedCapacity.CapacityUnits;
      return answer;
    },
    { step: "initialize", priority: "high" },
  );
  return sum;
}

async function openOne(client: DynamoDBDocumentClient): Promise<void> {
  const { payments } = adaptersOf(client);
  const claim = aClaim();
  await payments.create(claim);
  const opened = open(claim, claim.lease?.holder ?? "", "https://checkout.chapa.co/pay", aContext());
  expect((await payments.save(claim, opened)).won).toBe(true);
}

// dynalite does not count the writes of indexes.
describe.runIf(availableEngines().includes("dynoxide"))("units", () => {
  let engine: Awaited<ReturnType<typeof startEngine>>;
  beforeAll(async () => {
    engine = await startEngine("dynoxide");
    reachTableAt(engine.endpoint);
    await createTable(engine.endpoint, "payments");
  });
  afterAll(() => engine.close());

  test("a payment costs six write units until it has a checkout", async () => {
    const client = documentClient(PATIENCE);
    const sum = counted(client);
    await openOne(client);
    expect(sum.units).toBe(UNITS_UNTIL_OPENED);
  });

  test("one more index key is one write unit above the budget", async () => {
    const client = documentClient(PATIENCE);
    const sum = counted(client, ({ UpdateExpression, ExpressionAttributeValues, ...input }) => {
      if (typeof UpdateExpression !== "string") return input;
      const values = { ...z.record(z.string(), z.unknown()).parse(ExpressionAttributeValues), ":shard": "0", ":at": 0 };
      const expression = UpdateExpression.replace("SET ", "SET flag_shard = :shard, flag_at = :at, ");
      return { ...input, UpdateExpression: expression, ExpressionAttributeValues: values };
    });
    await openOne(client);
    expect(sum.units).toBe(UNITS_UNTIL_OPENED + 1);
  });
});
