import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import { PAYMENT_PREFIX, TABLE } from "../lib/contract/table.ts";
import type { Payment } from "../lib/domain/payment.ts";
import { fromItem, type Item as Row } from "../lib/table/payment-item.ts";
import { dynamo } from "./dynamo/requests.ts";
import { TABLE_NAME, TX_STAGE } from "./environment.ts";

const BELONGING = /^[PRC]#/;
type Item = Record<string, AttributeValue>;

/** Reads the whole table, for tests and `GET /state`. The service itself never does this. */
export class Rows {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The payments, without rows that the service cannot read either. */
  async payments(): Promise<Payment[]> {
    return (await this.#paymentRows()).flatMap((row) => readable(row) ?? []);
  }

  /** The payment rows that the service cannot read, as they are. */
  async unreadable(): Promise<Row[]> {
    return (await this.#paymentRows()).filter((row) => readable(row) === undefined);
  }

  /** Changes attributes of a row, as a release that is not this one might. */
  async change(key: string, attributes: Row): Promise<void> {
    const names = Object.keys(attributes);
    await dynamo(this.#endpoint, "UpdateItem", {
      TableName: TABLE_NAME,
      Key: { [TABLE.partitionKey.name]: { S: key } },
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: marshall(Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]]))),
    });
  }

  /** The sorted keys of all rows that belong to payments: the payments, their requests and their contacts. */
  async keys(): Promise<string[]> {
    const keys = (await this.#all()).map((row) => row[TABLE.partitionKey.name]?.S ?? "");
    return keys.filter((key) => BELONGING.test(key)).sort();
  }

  /** Deletes the rows whose time to live has ended, because the engines do not. */
  async expire(now: number): Promise<void> {
    const dead = (await this.#all()).filter((row) => Number(row[TABLE.ttlAttribute]?.N ?? Number.NaN) * 1000 <= now);
    for (const row of dead) await this.remove(row[TABLE.partitionKey.name]?.S ?? "");
  }

  /** Deletes one row. */
  async remove(key: string): Promise<void> {
    const Key = { [TABLE.partitionKey.name]: { S: key } };
    await dynamo(this.#endpoint, "DeleteItem", { TableName: TABLE_NAME, Key });
  }

  /** Deletes every row. */
  async clear(): Promise<void> {
    for (const row of await this.#all()) await this.remove(row[TABLE.partitionKey.name]?.S ?? "");
  }

  async #paymentRows(): Promise<Row[]> {
    return (await this.#all()).map((row) => unmarshall(row)).filter(isPayment);
  }

  async #all(): Promise<Item[]> {
    const found: Item[] = [];
    let from: Item | undefined;
    do {
      const page: { Items: Item[]; LastEvaluatedKey?: Item } = await dynamo(this.#endpoint, "Scan", {
        TableName: TABLE_NAME,
        ...(from ? { ExclusiveStartKey: from } : {}),
      });
      found.push(...page.Items);
      from = page.LastEvaluatedKey;
    } while (from);
    return found;
  }
}

/** Returns the payment of a row; undefined if this release cannot read it. */
export function readable(row: Row): Payment | undefined {
  try {
    return fromItem(row, TX_STAGE);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return undefined;
  }
}

function isPayment(row: Record<string, unknown>): boolean {
  return String(row[TABLE.partitionKey.name]).startsWith(PAYMENT_PREFIX);
}
