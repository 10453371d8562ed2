import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { addisAbabaDay, DAY_MS, type Instant } from "../domain/time.ts";
import { conditionally } from "./conditional.ts";
import { refundLimitKey } from "./keys.ts";

const KEPT_MS = 3 * DAY_MS;
const SEVERAL = "several";

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
   * @param me names this try to request the refund
   * @returns whether it is within the limit
   */
  async take(refund: LimitedRefund, limit: number, me: string): Promise<boolean> {
    const { by, at, reference, amount } = refund;
    if (amount > limit) return false;
    const [id, taker] = [idOf(reference), takerOf(reference)];
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: refundLimitKey(by, addisAbabaDay(at)),
            UpdateExpression: "SET #id = :amount, #taker = :me, #ttl = :ttl ADD #total :amount",
            ConditionExpression: "attribute_not_exists(#id) AND (attribute_not_exists(#total) OR #total <= :most)",
            ExpressionAttributeNames: { "#id": id, "#taker": taker, "#total": "total", "#ttl": "ttl" },
            ExpressionAttributeValues: {
              ":amount": amount,
              ":me": me,
              ":most": limit - amount,
              ":ttl": Math.ceil((at + KEPT_MS) / 1000),
            },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      (there) => there[id] === amount && there[taker] === me,
    );
    if (written.won) return true;
    if (written.there?.[id] !== amount) return false;
    return (await this.#share(refund)) || this.take(refund, limit, me);
  }

  /**
   * Notes that several tries request this refund: none of them alone may take it out again, since another may have made it.
   * @returns whether it is still there
   */
  async #share({ by, at, reference, amount }: LimitedRefund): Promise<boolean> {
    const written = await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: refundLimitKey(by, addisAbabaDay(at)),
            UpdateExpression: "SET #taker = :several",
            ConditionExpression: "#id = :amount",
            ExpressionAttributeNames: { "#id": idOf(reference), "#taker": takerOf(reference) },
            ExpressionAttributeValues: { ":amount": amount, ":several": SEVERAL },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      () => false,
    );
    return written.won;
  }

  /**
   * Takes a refund out of its day again: it came to nothing, or was not made by the try `me`. One that several tries
   * requested stays, so that a refund that another try made is always counted.
   */
  async giveBack({ by, at, reference, amount }: LimitedRefund, me?: string): Promise<void> {
    const isMine = me === undefined ? "" : " AND #taker = :me";
    await conditionally(
      () =>
        this.#client.send(
          new UpdateCommand({
            TableName: this.#name,
            Key: refundLimitKey(by, addisAbabaDay(at)),
            UpdateExpression: "REMOVE #id, #taker ADD #total :less",
            ConditionExpression: `#id = :amount${isMine}`,
            ExpressionAttributeNames: { "#id": idOf(reference), "#taker": takerOf(reference), "#total": "total" },
            ExpressionAttributeValues: {
              ":amount": amount,
              ":less": -amount,
              ...(me === undefined ? {} : { ":me": me }),
            },
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

function takerOf(reference: string): string {
  return `taker ${reference}`;
}
