import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Instant } from "../domain/time.ts";
import { callTable } from "./conditional.ts";
import { notificationPauseKey } from "./keys.ts";

const StoredPause = z.object({ until: z.number().int() });

/** Until when no message is sent to payers, because the notification service refuses us. */
export class NotificationPauseTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async begin(until: Instant): Promise<void> {
    const Item = { ...notificationPauseKey, until };
    await callTable(() => this.#client.send(new PutCommand({ TableName: this.#name, Item })));
  }

  /** Returns the end of the last pause, which may be over; undefined if there was none. */
  async end(): Promise<Instant | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: notificationPauseKey, ConsistentRead: true })),
    );
    return Item && StoredPause.parse(Item).until;
  }
}
