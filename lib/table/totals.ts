import { type DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { DayTotals } from "../domain/overview.ts";
import { addisAbabaDay, DAY_MS, type Instant } from "../domain/time.ts";
import { type Calls, combined, NO_CALLS, NO_TOTALS, type Totals, type TotalsDelta } from "../domain/totals.ts";
import { batchGet } from "./batch-get.ts";
import { callTable } from "./conditional.ts";
import { totalsKey } from "./keys.ts";
import type { Item } from "./payment-item.ts";
import { SYSTEM_PORTS, type TablePorts } from "./ports.ts";
import { reportUnreadable } from "./read-row.ts";

const number = z.number().default(0);
const StoredDay = z.object({
  total: number,
  pending: number,
  success: number,
  failed: number,
  revenue: number,
  webhook_calls: number,
  initiate_calls: number,
  status_calls: number,
  timeout_jobs_run: number,
});

// One read of the table. Days are read in rounds of this many.
const ROUND_DAYS = 100;
// After this many rounds without a payment or a call, the service is taken not to have existed yet.
const SILENT_ROUNDS = 4;

/**
 * Totals by the day of a payment's first checkout, and calls by their own day. Until the daily reconciliation rewrites
 * a day, a repeated delta counts twice and a lost delta is missing.
 */
export class TotalsTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #ports: TablePorts;

  constructor(client: DynamoDBDocumentClient, name: string, ports = SYSTEM_PORTS) {
    this.#client = client;
    this.#name = name;
    this.#ports = ports;
  }

  async add({ day, ...deltas }: TotalsDelta): Promise<void> {
    await this.#add(day, deltas);
  }

  /** Counts calls on the day of `now`. */
  async count(calls: Partial<Calls>, now: Instant): Promise<void> {
    await this.#add(addisAbabaDay(now), calls);
  }

  /** Writes a day's totals as reconciliation found them; its calls stay. */
  async rewrite(day: string, totals: Totals): Promise<void> {
    const names = Object.keys(totals);
    await callTable(() =>
      this.#client.send(
        new UpdateCommand({
          TableName: this.#name,
          Key: totalsKey(day),
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries(totals).map(([name, value]) => [`:${name}`, value]),
          ),
        }),
      ),
    );
  }

  /** Returns the sums since the service began; revenue is in santim. A day that cannot be read is left out and named. */
  async all(now: Instant): Promise<Totals & Calls> {
    const sum = { ...NO_TOTALS, ...NO_CALLS };
    for (let silent = 0, end = now + DAY_MS; silent < SILENT_ROUNDS; end -= ROUND_DAYS * DAY_MS) {
      const days = await this.#days(end);
      silent = days.length === 0 ? silent + 1 : 0;
      for (const day of days) {
        Object.assign(sum, combined(sum, day));
        for (const name of Object.keys(NO_CALLS) as (keyof Calls)[]) sum[name] += day[name];
      }
    }
    return sum;
  }

  /** Returns the sums of each day that is named, in the same order; undefined for a day that cannot be read. */
  async ofDays(days: readonly string[]): Promise<DayTotals[]> {
    const rows = new Map((await this.#rows(days)).map((row) => [row["pk"], row]));
    return days.map((day) => {
      const row = rows.get(totalsKey(day).pk);
      return { day, sums: row ? this.#read(row)[0] : { ...NO_TOTALS, ...NO_CALLS } };
    });
  }

  /** Returns the days of one round that have an item. The round ends at the day of `end`. */
  async #days(end: Instant): Promise<z.output<typeof StoredDay>[]> {
    const days = Array.from({ length: ROUND_DAYS }, (_, back) => addisAbabaDay(end - back * DAY_MS));
    return (await this.#rows(days)).flatMap((row) => this.#read(row));
  }

  #rows(days: readonly string[]): Promise<Item[]> {
    const source = { client: this.#client, name: this.#name, isConsistent: false, ...this.#ports };
    return batchGet(source, days.map(totalsKey));
  }

  #read(row: Item): z.output<typeof StoredDay>[] {
    const read = StoredDay.safeParse(row);
    if (read.error) reportUnreadable(row["pk"], read.error, this.#ports);
    return read.data ? [read.data] : [];
  }

  async #add(day: string, deltas: Readonly<Record<string, number>>): Promise<void> {
    const changed = Object.entries(deltas).filter(([, delta]) => delta !== 0);
    if (changed.length === 0) return;
    await callTable(() =>
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
