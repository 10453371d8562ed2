import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { callTable } from "./conditional.ts";
import { reconcileKey } from "./keys.ts";

/**
 * The progress of one reconciliation. `day` is the day on which it began; `page` is the next page of Chapa's list,
 * absent after the last one; `ours` is the next of our days, counted back from the day on which it began.
 */
export type Progress = { day: string; startedAt: number; page: number | undefined; ours: number; isDone: boolean };

const StoredProgress = z
  .object({
    day: z.string(),
    started_at: z.number().int(),
    page: z.number().int().optional(),
    ours: z.number().int(),
    is_done: z.boolean(),
  })
  .transform(
    ({ day, started_at, page, ours, is_done }): Progress => ({
      day,
      startedAt: started_at,
      page,
      ours,
      isDone: is_done,
    }),
  );

/** The progress of the daily reconciliation, so that the next run continues one that was cut short. */
export class ProgressTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async load(): Promise<Progress | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: reconcileKey, ConsistentRead: true })),
    );
    return Item && StoredProgress.parse(Item);
  }

  async save({ day, startedAt, page, ours, isDone }: Progress): Promise<void> {
    const Item = {
      ...reconcileKey,
      day,
      started_at: startedAt,
      ours,
      is_done: isDone,
      ...(page === undefined ? {} : { page }),
    };
    await callTable(() => this.#client.send(new PutCommand({ TableName: this.#name, Item })));
  }
}
