import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";

const TableName = process.env["TABLE_NAME"];
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

/** A plain handler of one table, which the benchmark bundles as esbuild does without any option of ours. */
export const handler = async ({ pk }: { pk: string }) => {
  await client.send(new PutCommand({ TableName, Item: { pk, seen: 0 } }));
  await client.send(new UpdateCommand({ TableName, Key: { pk }, UpdateExpression: "SET seen = seen + 1" }));
  return client.send(new GetCommand({ TableName, Key: { pk } }));
};
