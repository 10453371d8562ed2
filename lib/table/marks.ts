import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { MARK_MS } from "../domain/events.ts";
import type { Ref } from "../domain/ids.ts";
import type { Instant } from "../domain/time.ts";
import { USER_EVENTS, type UserEvent } from "../domain/vocabulary.ts";
import { batchGet } from "./batch-get.ts";
import { conditionally, type Written } from "./conditional.ts";
import { messageMarkKey, versionMarkKey } from "./keys.ts";
import type { Item } from "./payment-item.ts";
import { SYSTEM_PORTS } from "./ports.ts";

export type MarkedVersion = { ref: Ref; version: number };
export type MarkedMessage = MarkedVersion & { event: UserEvent };

/**
 * What is known of one message. `by` names the write, so that a write whose answer was lost is recognised. `tries`
 * counts the calls that may have reached the payer; `triedAt` is when the last of them began; `sentAt` is when the
 * service accepted the message.
 */
export type MessageMark = { by: string; tries: number; triedAt?: Instant | undefined; sentAt?: Instant | undefined };

type Replacement = { from: MessageMark; to: MessageMark };

const StoredMark = z
  .object({
    by: z.string(),
    tries: z.number().int(),
    tried_at: z.number().int().optional(),
    sent_at: z.number().int().optional(),
  })
  .transform(({ tried_at, sent_at, ...rest }): MessageMark => ({ ...rest, triedAt: tried_at, sentAt: sent_at }));

/** Marks of what was done once and must not be repeated. They expire after 30 days. */
export class MarkTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Marks a version as counted. @returns whether this write is the first; `by` names it */
  async count({ ref, version }: MarkedVersion, by: string, now: Instant): Promise<boolean> {
    const written = await this.#put({ ...versionMarkKey(ref, version), by, ttl: ttlFrom(now) }, undefined);
    return written.won;
  }

  /** Puts the first mark of a message. @returns undefined if it was written, else the mark that is there */
  async begin(message: MarkedMessage, mark: MessageMark, now: Instant): Promise<MessageMark | undefined> {
    const written = await this.#put(toItem(message, mark, now), undefined);
    return written.won ? undefined : StoredMark.parse(written.there);
  }

  /** Replaces the mark `from` by `to`. @returns false if another write has replaced it */
  async replace(message: MarkedMessage, { from, to }: Replacement, now: Instant): Promise<boolean> {
    const written = await this.#put(toItem(message, to, now), from.by);
    return written.won;
  }

  /** Returns the messages about these versions of a payment for which a call was made, in any order. */
  async messagesOf(ref: Ref, versions: readonly number[]): Promise<(MarkedMessage & MessageMark)[]> {
    const messages = versions.flatMap((version) => USER_EVENTS.map((event) => ({ ref, version, event })));
    const source = { client: this.#client, name: this.#name, isConsistent: true, ...SYSTEM_PORTS };
    const rows = await batchGet(
      source,
      messages.map(({ version, event }) => messageMarkKey(ref, version, event)),
    );
    const marks = new Map(rows.map((row) => [row["pk"], row]));
    return messages.flatMap((message) => {
      const row = marks.get(messageMarkKey(ref, message.version, message.event).pk);
      return row ? [{ ...message, ...StoredMark.parse(row) }] : [];
    });
  }

  #put(item: Item, seen: string | undefined): Promise<Written> {
    const condition =
      seen === undefined
        ? { ConditionExpression: "attribute_not_exists(pk)" }
        : {
            ConditionExpression: "#by = :seen",
            ExpressionAttributeNames: { "#by": "by" },
            ExpressionAttributeValues: { ":seen": seen },
          };
    return conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item: item,
            ...condition,
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => there["by"] === item["by"],
    );
  }
}

function toItem({ ref, version, event }: MarkedMessage, mark: MessageMark, now: Instant): Item {
  const { by, tries, triedAt, sentAt } = mark;
  return {
    ...messageMarkKey(ref, version, event),
    by,
    tries,
    ...(triedAt === undefined ? {} : { tried_at: triedAt }),
    ...(sentAt === undefined ? {} : { sent_at: sentAt }),
    ttl: ttlFrom(now),
  };
}

function ttlFrom(now: Instant): number {
  return Math.ceil((now + MARK_MS) / 1000);
}
