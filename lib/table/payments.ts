import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { PageKey, Span } from "../domain/commands.ts";
import { PaymentUnreadable } from "../domain/errors.ts";
import { Ref, type Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import type { Instant } from "../domain/time.ts";
import { batchGet } from "./batch-get.ts";
import { callTable, conditionally, difference, sameFields } from "./conditional.ts";
import { paymentKey, pointerKey } from "./keys.ts";
import { type Item, toItem } from "./payment-item.ts";
import { SYSTEM_PORTS, type TablePorts } from "./ports.ts";
import { readRow, refIn, reportUnreadable } from "./read-row.ts";

// The index lists an item only if it has both keys, and another write on the same version may have removed them.
const DUE_KEYS = ["due_shard", "due_at"];

/** A row that this release cannot read, and when the sweep finds it. */
export type UnreadableRow = { ref: Ref; dueAt: Instant | undefined };
// Pointers of other kinds lead to a payment, not to an attempt.
const StoredPointer = z.object({ ref: Ref, attempt: z.number().int() });

/**
 * Payment rows. Every write is one conditional write on one item; a lost race is a result, not an error. Every method
 * throws DependencyUnavailable if the table does not answer. Methods that return one payment throw PaymentUnreadable
 * if this release cannot read it; those that read many rows return the others. Either way the row is named in the log
 * and counted.
 */
export class PaymentTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #txStage: string;
  readonly #ports: TablePorts;

  constructor(client: DynamoDBDocumentClient, name: string, txStage: string, ports = SYSTEM_PORTS) {
    this.#client = client;
    this.#name = name;
    this.#txStage = txStage;
    this.#ports = ports;
  }

  /** Returns the payment as it now is (consistent read). */
  async find(ref: Ref): Promise<Payment | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: paymentKey(ref), ConsistentRead: true })),
    );
    return Item && this.#read(Item);
  }

  /** Returns several payments as they now are, in any order, without those that do not exist. */
  async findAll(refs: readonly Ref[]): Promise<{ payments: Payment[]; unreadable: UnreadableRow[] }> {
    const source = { client: this.#client, name: this.#name, isConsistent: true, ...this.#ports };
    const rows = await batchGet(source, refs.map(paymentKey));
    const payments: Payment[] = [];
    const unreadable: UnreadableRow[] = [];
    for (const row of rows) {
      try {
        payments.push(this.#read(row));
      } catch (error) {
        const ref = refIn(row["pk"]);
        if (!(error instanceof PaymentUnreadable) || !ref) throw error;
        unreadable.push({ ref, dueAt: typeof row["due_at"] === "number" ? row["due_at"] : undefined });
      }
    }
    return { payments, unreadable };
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
    return { won: false, payment: this.#read(written.there) };
  }

  /**
   * Stores one step from `before` to `after`: a transition, which raises the version, or a note, which keeps it. The
   * write succeeds only while the stored row is the one that was read as `before`: a note beside it counts, too, because
   * a date computed from an old copy would lose the date that somebody else has written.
   * @returns whether this step is stored, and the payment as it now is; undefined if the row is gone
   */
  async save(before: Payment, after: Payment): Promise<{ won: boolean; payment: Payment | undefined }> {
    const next = { ...after, revision: before.revision + 1 };
    const wanted = toItem(next);
    const { changed, ...update } = difference(toItem(before), wanted, DUE_KEYS);
    if (changed.every((name) => name === "revision")) return { won: true, payment: before };
    const lease = sameLease(before);
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: paymentKey(before.ref),
            ...update,
            ConditionExpression: `#version = :seen AND #revision = :read${lease.condition}`,
            ExpressionAttributeNames: {
              ...update.ExpressionAttributeNames,
              ...lease.names,
              "#version": "version",
              "#revision": "revision",
            },
            ExpressionAttributeValues: {
              ...update.ExpressionAttributeValues,
              ...lease.values,
              ":seen": before.version,
              ":read": before.revision,
            },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => sameFields([...changed, "version"], there, wanted),
    );
    if (written.won) return { won: true, payment: next };
    return { won: false, payment: written.there && this.#read(written.there) };
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

  /**
   * Makes an unreadable row due again at `until`, so that it does not stand before others, and changes nothing else of
   * it. Does nothing if its date has changed since it was read.
   * @returns whether it is due at `until` now
   */
  async postpone({ ref, dueAt }: UnreadableRow, until: Instant): Promise<boolean> {
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: paymentKey(ref),
            UpdateExpression: "SET due_at = :until",
            ConditionExpression: "due_at = :seen",
            ExpressionAttributeValues: { ":until": until, ":seen": dueAt },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => there["due_at"] === until,
    );
    return written.won;
  }

  /** Returns the payments of one bucket that are due within `span`, most overdue first, at most `limit`. */
  async due(shard: string, span: Span, limit: number): Promise<PageKey[]> {
    const found = await this.#query(
      {
        IndexName: "due",
        KeyConditionExpression: "due_shard = :shard AND due_at BETWEEN :from AND :to",
        ExpressionAttributeValues: { ":shard": shard, ":from": span.from, ":to": span.to },
      },
      limit,
    );
    return found.map(({ ref, key }) => ({ ref, at: Number(key["due_at"]) }));
  }

  /** Returns the payments of one bucket that need a person since a moment in `span`, the oldest first, at most `limit`. */
  async flagged(shard: string, span: Span, limit: number): Promise<PageKey[]> {
    if (isEmpty(span)) return [];
    const found = await this.#query(
      {
        IndexName: "by-attention",
        KeyConditionExpression: "flag_shard = :shard AND flag_at BETWEEN :from AND :to",
        ExpressionAttributeValues: { ":shard": shard, ":from": span.from, ":to": span.to },
      },
      limit,
    );
    return found.map(({ ref, key }) => ({ ref, at: Number(key["flag_at"]) }));
  }

  /** Returns a user's payments by their first checkout within `span`, latest first, at most `limit`. */
  openedByUser(userId: Uuid, span: Span, limit: number): Promise<PageKey[]> {
    return this.#opened({ index: "by-user", key: "user_id", value: userId }, span, limit);
  }

  /** Returns the payments of a property, of all users, as {@link openedByUser} does. */
  openedForProperty(propertyId: Uuid, span: Span, limit: number): Promise<PageKey[]> {
    return this.#opened({ index: "by-property", key: "property_id", value: propertyId }, span, limit);
  }

  /** Returns the payments of one bucket of a day (see {@link dayBuckets}), as {@link openedByUser} does. */
  openedOnDay(bucket: string, span: Span, limit: number): Promise<PageKey[]> {
    return this.#opened({ index: "by-day", key: "day", value: bucket }, span, limit);
  }

  #read(item: Item): Payment {
    return readRow(item, this.#txStage, this.#ports);
  }

  async #opened(of: { index: string; key: string; value: string }, span: Span, limit: number): Promise<PageKey[]> {
    if (isEmpty(span)) return [];
    const found = await this.#query(
      {
        IndexName: of.index,
        KeyConditionExpression: "#key = :value AND first_opened_at BETWEEN :from AND :to",
        ExpressionAttributeNames: { "#key": of.key },
        ExpressionAttributeValues: { ":value": of.value, ":from": span.from, ":to": span.to },
        ScanIndexForward: false,
      },
      limit,
    );
    return found.map(({ ref, key }) => ({ ref, at: Number(key["first_opened_at"]) }));
  }

  /** Returns the first `limit` keys of an index. A key that is none of ours is named, and another takes its place. */
  async #query(question: Omit<QueryCommandInput, "TableName">, limit: number): Promise<{ ref: Ref; key: Item }[]> {
    const found: { ref: Ref; key: Item }[] = [];
    let from: Item | undefined;
    do {
      const { Items, LastEvaluatedKey } = await callTable(() =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#name,
            ...question,
            Limit: limit - found.length,
            ...(from ? { ExclusiveStartKey: from } : {}),
          }),
        ),
      );
      for (const key of Items ?? []) {
        const ref = refIn(key["pk"]);
        if (ref) found.push({ ref, key });
        else reportUnreadable(key["pk"], "no key of a payment", this.#ports);
      }
      from = LastEvaluatedKey;
    } while (from && found.length < limit);
    return found;
  }
}

/** DynamoDB rejects a question about an empty span. */
function isEmpty({ from, to }: Span): boolean {
  return to < from;
}

/** A claim that was taken back and made anew has the same version and revision, but another holder. */
function sameLease({ lease }: Payment) {
  if (!lease) return { condition: "", names: {}, values: {} };
  return {
    condition: " AND #lease.#holder = :held",
    names: { "#lease": "lease", "#holder": "holder" },
    values: { ":held": lease.holder },
  };
}
