import { randomBytes } from "node:crypto";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Env } from "../contract/env.ts";
import type { GatewaySecret } from "../contract/secrets.ts";
import type { Secret } from "../runtime/secrets.ts";
import { ContactTable } from "../table/contacts.ts";

export function createContacts(
  env: Pick<Env, "TABLE_NAME">,
  client: DynamoDBDocumentClient,
  secret: Secret<GatewaySecret>,
): ContactTable {
  const keys = async () => {
    const { contact_key, contact_keys } = await secret.get();
    const decoded = Object.entries(contact_keys).map(([id, key]) => [id, Buffer.from(key, "base64")] as const);
    return { current: contact_key, keys: Object.fromEntries(decoded) };
  };
  return new ContactTable(client, env.TABLE_NAME, keys, randomBytes);
}
