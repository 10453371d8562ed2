import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { namespaceFingerprint } from "../domain/ids.ts";
import { type Instant, SECOND_MS } from "../domain/time.ts";
import type { Clock } from "../runtime/clock.ts";
import { callTable, conditionally } from "./conditional.ts";
import { tableIdentityKey } from "./keys.ts";
import type { Item } from "./payment-item.ts";

const FRESH_MS = 30 * SECOND_MS;

// People write this row, too. One that nobody can read pauses payments.
const StoredIdentity = z.object({ table: z.string(), namespace: z.string(), paused: z.boolean().optional() });

/**
 * Why no payment may begin: a person paused them, the row was written in another table (a restored copy) or with another
 * namespace (ids would not lead to the payments that are there), or it cannot be read.
 */
export type Closed = "paused" | "other_table" | "other_namespace" | "unreadable";

/**
 * The row that says which table this is, which namespace its ids are made with, and whether new payments are paused. It
 * is read at most every 30 seconds; the first payment of a table writes it.
 */
export class TableIdentity {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #clock: Pick<Clock, "now">;
  #last: { row: Item; at: Instant } | undefined;

  constructor(client: DynamoDBDocumentClient, name: string, clock: Pick<Clock, "now">) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  /** Returns why no payment may begin, from what was read in the last 30 seconds; undefined if nothing is known. */
  knownClosed(namespace: string): Closed | undefined {
    const row = this.#fresh();
    return row && this.#judge(row, namespace);
  }

  /**
   * Returns why no payment may begin; undefined if it may.
   * @throws DependencyUnavailable if the table does not answer
   */
  async closed(namespace: string): Promise<Closed | undefined> {
    let row = this.#fresh();
    if (!row) {
      const at = this.#clock.now();
      row = (await this.#read()) ?? (await this.#begin(namespace));
      this.#last = { row, at };
    }
    return this.#judge(row, namespace);
  }

  /** Reads the row, so that the first payment of a process does not wait for it. A table without it stays without. */
  async prime(): Promise<void> {
    const at = this.#clock.now();
    const row = await this.#read();
    if (row) this.#last = { row, at };
  }

  #fresh(): Item | undefined {
    const age = this.#clock.now() - (this.#last?.at ?? Number.NEGATIVE_INFINITY);
    return age >= 0 && age < FRESH_MS ? this.#last?.row : undefined;
  }

  async #read(): Promise<Item | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: tableIdentityKey })),
    );
    return Item;
  }

  /** Returns the row as it now is. Only the first caller of a table writes it. */
  async #begin(namespace: string): Promise<Item> {
    const Item = { ...tableIdentityKey, table: this.#name, namespace: namespaceFingerprint(namespace) };
    const written = await conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item,
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => false,
    );
    return written.won ? Item : (written.there ?? Item);
  }

  #judge(row: Item, namespace: string): Closed | undefined {
    const stored = StoredIdentity.safeParse(row).data;
    if (!stored) return "unreadable";
    if (stored.table !== this.#name) return "other_table";
    if (stored.namespace !== namespaceFingerprint(namespace)) return "other_namespace";
    return stored.paused ? "paused" : undefined;
  }
}
