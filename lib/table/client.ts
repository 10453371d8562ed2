import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { deadlineFactor } from "../contract/env.ts";

// Three tries of 0.8 s: a call to the table ends within 2.5 s.
const TRY_MS = 800;
const CONNECT_MS = 300;
const TRIES = 3;

/**
 * Returns the client of the table. Its retries may repeat conditional writes, so each write asks for the stored item.
 */
export function documentClient(factor = deadlineFactor("stores")): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: TRIES,
    requestHandler: {
      requestTimeout: TRY_MS * factor,
      connectionTimeout: CONNECT_MS * factor,
      throwOnRequestTimeout: true,
    },
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
