import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { KnownRequest, RequestFields } from "../domain/decide.ts";
import { Ref } from "../domain/ids.ts";
import { DAY_MS, type Instant } from "../domain/time.ts";
import { callTable, conditionally } from "./conditional.ts";
import { requestKey } from "./keys.ts";
import type { Item } from "./payment-item.ts";

// A refused request is stored only so that its retry is not mistaken for a replay.
const REFUSED_TTL_MS = DAY_MS;

const StoredRequest = z.object({
  ref: Ref,
  fields: z.record(z.string(), z.string()),
  recorded_at: z.number().int(),
  by: z.string(),
});

/** Request rows: the payment that a request id stands for. They never expire and hold no personal data. */
export class RequestTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Records a request unless it is known; a request that the limiter refused counts as unknown.
   * @returns the request as it is stored, and whether this is a replay
   */
  async record(
    hash: string,
    request: { ref: Ref; fields: RequestFields; recordedAt: Instant; by: string },
  ): Promise<{ replayed: boolean; request: KnownRequest }> {
    const { ref, fields, recordedAt, by } = request;
    const written = await conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item: { ...requestKey(hash), ref, fields, recorded_at: recordedAt, by },
            ConditionExpression: "attribute_not_exists(pk) OR attribute_exists(refused)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => there["by"] === by,
    );
    return written.won ? { replayed: false, request } : { replayed: true, request: fromRow(written.there) };
  }

  /** Returns the request; undefined if it is unknown or the limiter refused it. */
  async find(hash: string): Promise<KnownRequest | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: requestKey(hash), ConsistentRead: true })),
    );
    return Item && !Item["refused"] ? fromRow(Item) : undefined;
  }

  /** Notes that the limiter refused this request, so that its next try is not a replay. */
  async refuse(hash: string, by: string, now: Instant): Promise<void> {
    await this.#change(hash, by, { refused: true, ttl: Math.ceil((now + REFUSED_TTL_MS) / 1000) });
  }

  async #change(hash: string, by: string, values: Item): Promise<void> {
    const names = Object.keys(values);
    await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: requestKey(hash),
            UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
            ConditionExpression: "#by = :by",
            ExpressionAttributeNames: { "#by": "by", ...Object.fromEntries(names.map((name) => [`#${name}`, name])) },
            ExpressionAttributeValues: {
              ":by": by,
              ...Object.fromEntries(names.map((name) => [`:${name}`, values[name]])),
            },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => false,
    );
  }
}

function fromRow(row: Item | undefined): KnownRequest {
  const { ref, fields, recorded_at, by } = StoredRequest.parse(row);
  return { ref, fields, recordedAt: recorded_at, by };
}
