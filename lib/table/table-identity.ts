import { isDeepStrictEqual } from "node:util";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { namespaceFingerprint } from "../domain/ids.ts";
import type { Stop, TableFacts } from "../domain/pause.ts";
import { type Instant, SECOND_MS } from "../domain/time.ts";
import type { Closed } from "../domain/vocabulary.ts";
import type { Clock } from "../runtime/clock.ts";
import { callTable, conditionally } from "./conditional.ts";
import { tableIdentityKey } from "./keys.ts";
import type { Item } from "./payment-item.ts";

const FRESH_MS = 30 * SECOND_MS;

const Act = z.looseObject({ by: z.string(), reason: z.string(), at: z.number().int() });

// People write this row, too. One that nobody can read pauses payments and refunds.
const StoredIdentity = z.object({
  table: z.string(),
  namespace: z.string(),
  paused: Act.extend({ until: z.number().int().optional() }).optional(),
  resumed: Act.optional(),
});

/**
 * The row that says which table this is, which namespace its ids are made with, and whether payments and refunds are
 * paused. It is read at most every 30 seconds; the first payment of a table writes it.
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

  /**
   * Returns why no money may go back; undefined if it may. A table without the row began no payment yet.
   * @throws DependencyUnavailable if the table does not answer
   */
  async refundsClosed(namespace: string): Promise<Closed | undefined> {
    if (!this.#fresh()) await this.prime();
    return this.knownClosed(namespace);
  }

  /** Returns what the row says now, also to a process that has just read it. */
  async read(namespace: string): Promise<Stop> {
    const row = await this.#read(true);
    return { closed: row && this.#judge(row, namespace), facts: row && StoredIdentity.safeParse(row).data };
  }

  /** Replaces what {@link read} returned. The row then names this table; it keeps its namespace. @returns false if another write came first */
  async replace(from: TableFacts | undefined, to: Pick<TableFacts, "paused" | "resumed">, namespace: string) {
    const Item = known({
      ...tableIdentityKey,
      table: this.#name,
      namespace: from?.namespace ?? namespaceFingerprint(namespace),
      paused: to.paused,
      resumed: to.resumed,
    });
    const written = await conditionally(
      () =>
        this.#client.send(
          new PutCommand({
            TableName: this.#name,
            Item,
            ...conditionOn(from),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => isDeepStrictEqual(there, Item),
    );
    if (written.won) this.#last = { row: Item, at: this.#clock.now() };
    return written.won;
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

  async #read(isConsistent = false): Promise<Item | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: tableIdentityKey, ConsistentRead: isConsistent })),
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
    return isPaused(stored.paused, this.#clock.now()) ? "paused" : undefined;
  }
}

function isPaused(paused: TableFacts["paused"], now: Instant): boolean {
  return paused !== undefined && (paused.until === undefined || now < paused.until);
}

function known(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}

/** The row must be as it was read: another person may have paused or resumed since. */
function conditionOn(from: TableFacts | undefined) {
  if (!from) return { ConditionExpression: "attribute_not_exists(pk)" };
  const names = ["table", "namespace", "paused", "resumed"] as const;
  const values = Object.fromEntries(
    names.flatMap((name) => (from[name] === undefined ? [] : [[`:${name}`, from[name]]])),
  );
  return {
    ConditionExpression: names
      .map((name) => (from[name] === undefined ? `attribute_not_exists(#${name})` : `#${name} = :${name}`))
      .join(" AND "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: values,
  };
}
