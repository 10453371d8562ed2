import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Env } from "../contract/env.ts";
import type { AuthSecret } from "../contract/secrets.ts";
import type { Closed } from "../domain/vocabulary.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secrets.ts";
import { TableIdentity } from "../table/table-identity.ts";

/** Returns what says why no money may go back now. */
export function createRefundsClosed(
  env: Pick<Env, "TABLE_NAME">,
  client: DynamoDBDocumentClient,
  auth: Pick<Secret<AuthSecret>, "get">,
): () => Promise<Closed | undefined> {
  const identity = new TableIdentity(client, env.TABLE_NAME, systemClock);
  return async () => identity.refundsClosed((await auth.get()).namespace);
}
