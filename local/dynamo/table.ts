import { TABLE } from "../../lib/contract/table.ts";
import { dynamo } from "./requests.ts";

type KeyPart = { name: string; type: string };

/** Creates the service's table from the contract, like the stack. */
export async function createTable(endpoint: string, name: string): Promise<void> {
  const keys: KeyPart[] = [
    TABLE.partitionKey,
    ...TABLE.indexes.flatMap((index) => [index.partitionKey, index.sortKey]),
  ];
  const types = new Map(keys.map((key) => [key.name, key.type]));
  const keySchema = (partition: KeyPart, sort?: KeyPart) => [
    { AttributeName: partition.name, KeyType: "HASH" },
    ...(sort ? [{ AttributeName: sort.name, KeyType: "RANGE" }] : []),
  ];
  await dynamo(endpoint, "CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keySchema(TABLE.partitionKey),
    GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keySchema(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: "KEYS_ONLY" },
    })),
    StreamSpecification: { StreamEnabled: true, StreamViewType: TABLE.streamView },
  });
}
