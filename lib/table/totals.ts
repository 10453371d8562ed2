import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { TotalsDelta } from "../domain/events.ts";
import { reach } from "./conditional.ts";
import { totalsKey } from "./keys.ts";

/** Totals by the day of a payment's first checkout. Deltas are best effort: a repeated one counts twice. */
export class TotalsTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async add({ day, ...deltas }: TotalsDelta): Promise<void> {
    const changed = Object.entries(deltas).filter(([, delta]) => delta !== 0);
    await reach(() =>
      this.#client.send(
        new UpdateCommand({
          TableName: this.#name,
          Key: totalsKey(day),
          UpdateExpression: `ADD ${changed.map(([name]) => `#${name} :${name}`).join(", ")}`,
          ExpressionAttributeNames: Object.fromEntries(changed.map(([name]) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(changed.map(([name, delta]) => [`:${name}`, delta])),
        }),
      ),
    );
  }
}
