import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Comparison, Finding } from "../domain/comparison.ts";
import { DAY_MS, type Instant } from "../domain/time.ts";
import { callTable, conditionally, sameFields } from "./conditional.ts";
import { findingsKey, foreignKey, reconcileKey } from "./keys.ts";

/** Why Chapa's list was not compared to its end: its order is another one, or it has too many pages. */
const INCOMPLETE = ["order", "pages"] as const;

const StoredFinding = z.object({ reason: z.string() }).catchall(z.union([z.string(), z.number()]));

/**
 * The progress of one reconciliation. `day` is the day on which it began; `page` is the next page of Chapa's list,
 * absent after the last one; `newest` is the latest date on the page before, epoch ms; `foreign` are the transactions of
 * other programs that this reconciliation is the first to meet; `ours` is the next of our days, counted back from the
 * day on which it began. One that ended with `incomplete` is never done. `findings` are the first ones that it made.
 * `version` counts the writes, so that two runs at once do not undo each other's steps; 0 was never written.
 */
export type Progress = {
  version: number;
  day: string;
  startedAt: number;
  page?: number | undefined;
  newest?: number | undefined;
  foreign: readonly string[];
  incomplete?: (typeof INCOMPLETE)[number] | undefined;
  ours: number;
  isDone: boolean;
  findings: readonly Finding[];
  found: number;
};

const StoredProgress = z
  .object({
    version: z.number().int(),
    day: z.string(),
    started_at: z.number().int(),
    page: z.number().int().optional(),
    newest: z.number().optional(),
    foreign: z.array(z.string()).default([]),
    incomplete: z.enum(INCOMPLETE).optional(),
    ours: z.number().int(),
    is_done: z.boolean(),
    findings: z.array(StoredFinding).default([]),
    found: z.number().int().default(0),
  })
  .transform(({ started_at, is_done, ...rest }): Progress => ({ ...rest, startedAt: started_at, isDone: is_done }));

const StoredComparison = z
  .object({
    day: z.string(),
    started_at: z.number().int(),
    ended_at: z.number().int(),
    is_done: z.boolean(),
    findings: z.array(StoredFinding),
    found: z.number().int(),
  })
  .transform(
    ({ started_at, ended_at, is_done, ...rest }): Comparison => ({
      ...rest,
      startedAt: started_at,
      endedAt: ended_at,
      isDone: is_done,
    }),
  );

const MARK_TTL_MS = 100 * DAY_MS;

/** The progress of the daily reconciliation, so that the next run continues one that was cut short. */
export class ProgressTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async load(): Promise<Progress | undefined> {
    const item = await this.#get(reconcileKey);
    return item && StoredProgress.parse(item);
  }

  /** @returns the progress as it is stored now; undefined if another run has gone on from the same place */
  async save(progress: Progress): Promise<Progress | undefined> {
    const saved = { ...progress, version: progress.version + 1 };
    const { startedAt, isDone, ...rest } = saved;
    const known = Object.entries(rest).filter(([, value]) => value !== undefined);
    const item = { ...reconcileKey, ...Object.fromEntries(known), started_at: startedAt, is_done: isDone };
    const put = new PutCommand({
      TableName: this.#name,
      Item: item,
      ConditionExpression: progress.version === 0 ? "attribute_not_exists(pk)" : "version = :version",
      ...(progress.version === 0 ? {} : { ExpressionAttributeValues: { ":version": progress.version } }),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    const { won } = await conditionally(
      () => this.#client.send(put),
      (there) => sameFields(Object.keys(item), there, item),
    );
    return won ? saved : undefined;
  }

  /** Stores what a comparison that came to its end found, in place of the one before. */
  async end({ day, startedAt, isDone, findings, found }: Progress, endedAt: Instant): Promise<void> {
    const item = { ...findingsKey, day, started_at: startedAt, ended_at: endedAt, is_done: isDone, findings, found };
    await this.#put(item);
  }

  /** Returns what the last comparison that came to its end found; undefined before the first. */
  async last(): Promise<Comparison | undefined> {
    const item = await this.#get(findingsKey);
    return item && StoredComparison.parse(item);
  }

  /** Whether another reconciliation than the one that began at `startedAt` has named this foreign transaction. */
  async wasNamed(id: string, startedAt: Instant): Promise<boolean> {
    const mark = await this.#get(foreignKey(id));
    return mark !== undefined && mark["started_at"] !== startedAt;
  }

  /** Remembers for 100 days that the reconciliation that began at `startedAt` names this foreign transaction. */
  async markNamed(id: string, startedAt: Instant, now: Instant): Promise<void> {
    await this.#put({ ...foreignKey(id), started_at: startedAt, ttl: Math.ceil((now + MARK_TTL_MS) / 1000) });
  }

  async #get(key: { pk: string }): Promise<Record<string, unknown> | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: key, ConsistentRead: true })),
    );
    return Item;
  }

  async #put(item: Record<string, unknown>): Promise<void> {
    await callTable(() => this.#client.send(new PutCommand({ TableName: this.#name, Item: item })));
  }
}
