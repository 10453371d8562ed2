import { randomBytes } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { documentClient } from "../../lib/table/client.ts";
import { ContactTable } from "../../lib/table/contacts.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { type EngineName, startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { TX_STAGE } from "../../local/environment.ts";
import type { Tables } from "./table-contract.ts";

const NAME = "payments";
// What is tested is what the engine answers, however long that takes: a minute for each try.
const PATIENCE = 75;
const CONTACT_KEYS = { current: "k2", keys: { k1: Buffer.alloc(32, 1), k2: Buffer.alloc(32, 2) } };

/** Everything that the service has in its table, through `client`. */
export function adaptersOf(client: DynamoDBDocumentClient) {
  return {
    payments: new PaymentTable(client, NAME, TX_STAGE),
    requests: new RequestTable(client, NAME),
    contacts: new ContactTable(client, NAME, async () => CONTACT_KEYS, randomBytes),
    marks: new MarkTable(client, NAME),
    totals: new TotalsTable(client, NAME),
  };
}

/** From now on clients of this process that are made find their table at `origin`. */
export function reachTableAt(origin: string): void {
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: origin,
  });
}

/** The service's table on a real engine of its own. */
export async function realTables(engineName: EngineName): Promise<Tables> {
  const engine = await startEngine(engineName);
  reachTableAt(engine.endpoint);
  await createTable(engine.endpoint, NAME);
  const client = documentClient(PATIENCE);
  return {
    ...adaptersOf(client),
    raw: async (pk) => (await client.send(new GetCommand({ TableName: NAME, Key: { pk }, ConsistentRead: true }))).Item,
    write: async (pk, attributes) => {
      for (const [name, value] of Object.entries(attributes)) {
        const update = { UpdateExpression: "SET #name = :value", ExpressionAttributeNames: { "#name": name } };
        const values = { ExpressionAttributeValues: { ":value": value } };
        await client.send(new UpdateCommand({ TableName: NAME, Key: { pk }, ...update, ...values }));
      }
    },
    close: async () => {
      client.destroy();
      await engine.close();
    },
  };
}
