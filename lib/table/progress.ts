import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { callTable } from "./conditional.ts";
import { reconcileKey } from "./keys.ts";

/**
 * How far the comparison of books has come. `day` is the day it was begun on; `page` is the next page of Chapa's list,
 * absent when the list is done; `ours` is the next of our days, counted back from the day it was begun.
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

/** Where the daily comparison stands, so that a run that was cut short goes on where it was. */
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
