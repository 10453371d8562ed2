import { type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { tableIdentityKey } from "./keys.ts";

/** Reads one small row, so that the connection to the table is open before the first call. */
export async function primeTable(client: DynamoDBDocumentClient, name: string): Promise<void> {
  await client.send(new GetCommand({ TableName: name, Key: tableIdentityKey }));
}
