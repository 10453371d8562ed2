import { BatchGetCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DependencyUnavailable } from "../domain/errors.ts";
import { callTable } from "./conditional.ts";
import type { Item } from "./payment-item.ts";
import type { TablePorts } from "./ports.ts";

/** Where to read: a table, and whether the rows must be as they are now. */
type Source = Pick<TablePorts, "clock" | "random"> & {
  client: DynamoDBDocumentClient;
  name: string;
  isConsistent: boolean;
};

// The limit of BatchGetItem.
const BATCH = 100;
// A busy table may leave keys unprocessed. After so many answers in a row without a single row, it counts as away.
const EMPTY_ANSWERS = 6;
const FIRST_WAIT_MS = 25;

/**
 * Returns the rows of these keys, in any order, without those that do not exist. Keys that the table leaves unprocessed
 * are asked for again, each time after a longer wait of random length.
 * @throws DependencyUnavailable if the table does not answer, or keeps leaving keys unprocessed
 */
export async function batchGet(source: Source, keys: readonly Item[]): Promise<Item[]> {
  const found: Item[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    found.push(...(await readBatch(source, keys.slice(start, start + BATCH))));
  }
  return found;
}

async function readBatch({ client, name, isConsistent, clock, random }: Source, keys: Item[]): Promise<Item[]> {
  const found: Item[] = [];
  const consistency = isConsistent ? { ConsistentRead: true } : {};
  for (let left = keys, empty = 0; ; ) {
    const { Responses, UnprocessedKeys } = await callTable(() =>
      client.send(new BatchGetCommand({ RequestItems: { [name]: { Keys: left, ...consistency } } })),
    );
    const rows = Responses?.[name] ?? [];
    found.push(...rows);
    left = UnprocessedKeys?.[name]?.Keys ?? [];
    if (left.length === 0) return found;
    empty = rows.length === 0 ? empty + 1 : 0;
    if (empty === EMPTY_ANSWERS) throw new DependencyUnavailable("The table");
    await clock.sleep(random() * FIRST_WAIT_MS * 2 ** empty);
  }
}
