import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { deadlineFactor } from "../contract/env.ts";

// Three tries of 0.8 s: the table answers within 2.5 s or not at all.
const TRY_MS = 800;
const CONNECT_MS = 300;
const TRIES = 3;

/** The client of every table access. Its retries repeat conditional writes, which is why each asks for the old item. */
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
