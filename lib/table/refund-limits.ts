import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { addisAbabaDay, DAY_MS, type Instant } from "../domain/time.ts";
import { conditionally } from "./conditional.ts";
import { refundLimitKey } from "./keys.ts";

const KEPT_MS = 3 * DAY_MS;

/** Who sends how much of which refund back, and when. `reference` names the refund among all payments; santim. */
export type LimitedRefund = { by: string; at: Instant; reference: string; amount: number };

/** What each person or program has sent back on one day in Addis Ababa. Rows expire after three days. */
export class RefundLimitTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * Adds a refund to the day of its actor, unless their total would be above `limit`. The same refund is added once.
   * @returns whether it is within the limit
   */
  async take({ by, at, reference, amount }: LimitedRefund, limit: number): Promise<boolean> {
    if (amount > limit) return false;
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: refundLimitKey(by, addisAbabaDay(at)),
            UpdateExpression: "SET #id = :amount, #ttl = :ttl ADD #total :amount",
            ConditionExpression: "attribute_not_exists(#id) AND (attribute_not_exists(#total) OR #total <= :most)",
            ExpressionAttributeNames: { "#id": idOf(reference), "#total": "total", "#ttl": "ttl" },
            ExpressionAttributeValues: {
              ":amount": amount,
              ":most": limit - amount,
              ":ttl": Math.ceil((at + KEPT_MS) / 1000),
            },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => there[idOf(reference)] === amount,
    );
    return written.won;
  }

  /** Takes a refund out of its day again: it was not made, or came to nothing. */
  async giveBack({ by, at, reference, amount }: LimitedRefund): Promise<void> {
    await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: refundLimitKey(by, addisAbabaDay(at)),
            UpdateExpression: "REMOVE #id ADD #total :less",
            ConditionExpression: "#id = :amount",
            ExpressionAttributeNames: { "#id": idOf(reference), "#total": "total" },
            ExpressionAttributeValues: { ":amount": amount, ":less": -amount },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => true,
    );
  }
}

function idOf(reference: string): string {
  return `refund ${reference}`;
}
