import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { PAYMENT_PREFIX } from "../contract/table.ts";
import type { PageKey, Span } from "../domain/commands.ts";
import { Ref, type Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { Instant } from "../domain/time.ts";
import { callTable, conditionally, difference, sameFields } from "./conditional.ts";
import { paymentKey, pointerKey } from "./keys.ts";
import { fromItem, type Item, toItem } from "./payment-item.ts";

// The limit of BatchGetItem.
const BATCH = 100;
// The index lists an item only if it has both keys, and another write on the same version may have removed them.
const DUE_KEYS = ["due_shard", "due_at"];

// Pointers of other kinds lead to a payment, not to an attempt.
const StoredPointer = z.object({ ref: Ref, attempt: z.number().int() });

/**
 * Payment rows. Every write is one conditional write on one item; a lost race is a result, not an error. Every method
 * throws DependencyUnavailable if the table does not answer.
 */
export class PaymentTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Returns the payment as it now is (consistent read). */
  async find(ref: Ref): Promise<Payment | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: paymentKey(ref), ConsistentRead: true })),
    );
    return Item && fromItem(Item);
  }

  /** Returns several payments as they now are, in any order, without those that do not exist. */
  async findAll(refs: readonly Ref[]): Promise<Payment[]> {
    const found: Payment[] = [];
    for (let start = 0; start < refs.length; start += BATCH) {
      let keys: Item[] = refs.slice(start, start + BATCH).map(paymentKey);
      // If the answer would be too large, DynamoDB returns the remaining keys to ask for again.
      for (let round = 0; keys.length > 0 && round < BATCH; round++) {
        const { Responses, UnprocessedKeys } = await callTable(() =>
          this.#client.send(
            new BatchGetCommand({ RequestItems: { [this.#name]: { Keys: keys, ConsistentRead: true } } }),
          ),
        );
        found.push(...(Responses?.[this.#name] ?? []).map(fromItem));
        keys = UnprocessedKeys?.[this.#name]?.Keys ?? [];
      }
    }
    return found;
  }

  /**
   * Writes a payment that must not exist yet.
   * @returns the payment as it now is, and whether this call wrote it
   */
  async create(payment: Payment): Promise<{ won: boolean; payment: Payment }> {
    const wanted = toItem(payment);
    const written = await conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item: wanted,
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => sameFields(Object.keys({ ...there, ...wanted }), there, wanted),
    );
    if (written.won) return { won: true, payment };
    if (!written.there) throw new Error("a put was refused by an item that does not exist");
    return { won: false, payment: fromItem(written.there) };
  }

  /**
   * Stores one step from `before` to `after`: a transition, which raises the version, or a note, which keeps it. The
   * write succeeds only while the stored version is that of `before`.
   * @returns whether this step is stored, and the payment as it now is; undefined if the row is gone
   */
  async save(before: Payment, after: Payment): Promise<{ won: boolean; payment: Payment | undefined }> {
    const wanted = toItem(after);
    const { changed, ...update } = difference(toItem(before), wanted, DUE_KEYS);
    if (changed.length === 0) return { won: true, payment: after };
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: paymentKey(before.ref),
            ...update,
            ConditionExpression: "#version = :seen",
            ExpressionAttributeNames: { ...update.ExpressionAttributeNames, "#version": "version" },
            ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ":seen": before.version },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => sameFields([...changed, "version"], there, wanted),
    );
    if (written.won) return { won: true, payment: after };
    return { won: false, payment: written.there && fromItem(written.there) };
  }

  /** Makes Chapa's own reference lead to an attempt, unless it leads somewhere already. */
  async point(reference: string, { ref, attempt }: { ref: Ref; attempt: number }): Promise<void> {
    await conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item: { ...pointerKey(reference), ref, attempt },
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => true,
    );
  }

  /** Returns the attempt that Chapa's own reference leads to; undefined if it leads nowhere. */
  async pointed(reference: string): Promise<{ ref: Ref; attempt: number } | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: pointerKey(reference), ConsistentRead: true })),
    );
    return StoredPointer.safeParse(Item).data;
  }

  /** Deletes a claim if it is still the untouched one that this invocation wrote. */
  async discard(claim: Payment): Promise<void> {
    await conditionally(
      () =>
        this.#client.send(
          new DeleteCommand({
            TableName: this.#name,
            Key: paymentKey(claim.ref),
            ConditionExpression: "#version = :seen AND #state = :created AND #lease.#holder = :holder",
            ExpressionAttributeNames: {
              "#version": "version",
              "#state": "state",
              "#lease": "lease",
              "#holder": "holder",
            },
            ExpressionAttributeValues: { ":seen": 1, ":created": "CREATED", ":holder": claim.lease?.holder },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => false,
    );
  }

  /** Returns the keys of payments due by `now` in one bucket, most overdue first, at most `limit`. */
  async due(shard: string, now: Instant, limit: number): Promise<Ref[]> {
    const { Items } = await callTable(() =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          IndexName: "due",
          KeyConditionExpression: "due_shard = :shard AND due_at <= :now",
          ExpressionAttributeValues: { ":shard": shard, ":now": now },
          Limit: limit,
        }),
      ),
    );
    return (Items ?? []).map(({ pk }) => refOf(pk));
  }

  /** Returns the payments of one bucket that need a person since `latest` or before, the oldest first, at most `limit`. */
  async flagged(shard: string, latest: Instant, limit: number): Promise<PageKey[]> {
    const { Items } = await callTable(() =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          IndexName: "by-attention",
          KeyConditionExpression: "flag_shard = :shard AND flag_at <= :latest",
          ExpressionAttributeValues: { ":shard": shard, ":latest": latest },
          Limit: limit,
        }),
      ),
    );
    return (Items ?? []).map(({ pk, flag_at }) => ({ ref: refOf(pk), at: Number(flag_at) }));
  }

  /** Returns a user's payments by their first checkout within `span`, latest first, at most `limit`. */
  openedByUser(userId: Uuid, span: Span, limit: number): Promise<PageKey[]> {
    return this.#opened({ index: "by-user", key: "user_id", value: userId }, span, limit);
  }

  /** Returns the payments of one bucket of a day (see {@link dayBuckets}), as {@link openedByUser} does. */
  openedOnDay(bucket: string, span: Span, limit: number): Promise<PageKey[]> {
    return this.#opened({ index: "by-day", key: "day", value: bucket }, span, limit);
  }

  async #opened(of: { index: string; key: string; value: string }, span: Span, limit: number): Promise<PageKey[]> {
    // DynamoDB rejects an empty span.
    if (span.to < span.from) return [];
    const { Items } = await callTable(() =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          IndexName: of.index,
          KeyConditionExpression: "#key = :value AND first_opened_at BETWEEN :from AND :to",
          ExpressionAttributeNames: { "#key": of.key },
          ExpressionAttributeValues: { ":value": of.value, ":from": span.from, ":to": span.to },
          ScanIndexForward: false,
          Limit: limit,
        }),
      ),
    );
    return (Items ?? []).map(({ pk, first_opened_at }) => ({ ref: refOf(pk), at: Number(first_opened_at) }));
  }
}

function refOf(pk: unknown): Ref {
  return Ref.parse(String(pk).slice(PAYMENT_PREFIX.length));
}
