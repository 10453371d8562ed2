import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ListingMessage } from "../../lib/contract/queues.ts";
import { DependencyUnavailable, PaymentUnreadable } from "../../lib/domain/errors.ts";
import { parseTxRef, paymentIdOf, type Ref } from "../../lib/domain/ids.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { listPayments } from "../../lib/flows/list-payments.ts";
import { type SweepPorts, sweep } from "../../lib/flows/sweep.ts";
import { worker } from "../../lib/queue/worker.ts";
import { DUE_SHARDS, dayBuckets, FLAG_SHARDS } from "../../lib/table/keys.ts";
import { type Item, toItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { streamHandler } from "../../lib/table/stream.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { aContext as anInvocation } from "../support/events.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { anOpened, aRef, FEE, POLICY, T0 } from "../support/payments.ts";
import { seenPorts } from "../support/table-client.ts";

type World = { memory: MemoryTable; table: PaymentTable; ports: ReturnType<typeof seenPorts>["ports"] };

// Long after every payment of these tests is due.
const NOW = T0 + DAY_MS;
const SPAN = { from: T0, to: NOW };

const listOf =
  (userId: typeof FEE.userId | undefined) =>
  async ({ table }: World): Promise<Ref[]> => {
    const command = { userId, status: undefined, span: SPAN, limit: 100, after: undefined };
    const { payments } = await listPayments(
      { payments: table, bucketsOf: dayBuckets, flagShards: FLAG_SHARDS },
      command,
    );
    return payments.map(({ ref }) => ref);
  };

/** Everything that reads many rows; each returns the payments that it went through. */
const READERS: Record<string, (world: World) => Promise<Ref[]>> = {
  "the list of an owner": listOf(FEE.userId),
  "the list of everybody": listOf(undefined),
  "the sweep": async ({ table, ports: { log, count } }) => {
    const asked: string[] = [];
    const swept: SweepPorts = {
      payments: table,
      shards: DUE_SHARDS,
      resolve: { sendAll: async (messages) => void asked.push(...messages.map(({ message }) => message.tx_ref)) },
      listing: { sendAll: async () => undefined },
      notification: { sendAll: async () => undefined },
      clock: { now: () => NOW },
      log: { ...log, info: () => undefined },
      count,
      policy: POLICY,
    };
    await sweep(swept, NOW + HOUR_MS);
    return asked.flatMap((txRef) => parseTxRef(txRef, TX_STAGE)?.ref ?? []);
  },
  "the stream": async ({ memory, ports }) => {
    const handled: Ref[] = [];
    const handler = streamHandler(
      async (changes) => void handled.push(...changes.map(({ after }) => after.ref)),
      TX_STAGE,
      ports,
    );
    const images = [...memory.rows.values()].map((row): Record<string, AttributeValue> => marshall(row));
    const Records = images.map((NewImage) => ({ dynamodb: { NewImage } }) as DynamoDBRecord);
    expect(await handler({ Records }, anInvocation())).toEqual({ batchItemFailures: [] });
    return handled;
  },
};
const READ_BY_KEYS = Object.entries(READERS).filter(([name]) => name !== "the stream");

const word = fc.constantFrom("frozen", "melted", "constructor");
const withUnknownWord = (row: Item) =>
  word.chain((text) =>
    fc.constantFrom<Item>(
      { attention: [{ code: text, subject: "AP1", at: T0 }] },
      { attempts: { 0: { ...row["attempts"][0], end: text } } },
      { captures: [{ attempt: 0, at: T0, kind: text }] },
      { history: [...row["history"], `${text} 5 x y`] },
    ),
  );
const NUMBERS = "serial version attempt amount created_at updated_at began_at".split(" ");
const FIELDS = [...NUMBERS, "state", "currency", "mode", "attempts", "history", "checkout_url", "verified_at"];

/** What may be wrong with a row, and whether the row is read all the same. */
const FAULTS: Record<string, { isRead: boolean; change: (row: Item) => fc.Arbitrary<Item> }> = {
  "an unknown word": { isRead: true, change: withUnknownWord },
  "a newer schema": { isRead: false, change: () => fc.integer({ min: 2, max: 9 }).map((schema) => ({ schema })) },
  "an unknown state": { isRead: false, change: () => word.map((state) => ({ state })) },
  "a wrong type": {
    isRead: false,
    change: () => fc.constantFrom(...FIELDS).map((field) => ({ [field]: NUMBERS.includes(field) ? "7" : [7] })),
  },
  null: { isRead: false, change: () => fc.constantFrom(...FIELDS).map((field) => ({ [field]: null })) },
};

/** Fills a table with good payments and bad rows, of which `change` is different. */
function worldOf(good: number, changes: ((row: Item) => Item)[], client = (memory: MemoryTable) => memory.client) {
  const { ports, said, counted } = seenPorts();
  const memory = new MemoryTable();
  const world = { memory, table: new PaymentTable(client(memory), "payments", TX_STAGE, ports), ports };
  const goods = Array.from({ length: good }, () => toItem(anOpened()));
  const bads = changes.map((change) => {
    const row = toItem(anOpened());
    return { ...row, ...change(row) };
  });
  const refs = (rows: Item[]) => rows.map(({ pk }) => pk.slice(2) as Ref);
  // Bad rows stand between good ones, and before them.
  for (const row of [...bads.slice(1), ...goods, ...bads.slice(0, 1)]) memory.rows.set(row["pk"], row);
  return { world, said, counted, goods: refs(goods), bads: refs(bads) };
}

const cases = Object.entries(READERS).flatMap(([reader, read]) =>
  Object.entries(FAULTS).map(([fault, { isRead, change }]) => [reader, fault, { read, isRead, change }] as const),
);

test.each(cases)(
  "%s goes on past rows with %s, which are named and counted and stay as they are",
  async (reader, _, { read, isRead, change }) => {
    const row = toItem(anOpened());
    const changes = fc.array(change(row), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.nat(4), changes, async (good, wrong) => {
        const { world, said, counted, goods, bads } = worldOf(
          good,
          wrong.map((one) => () => one),
        );
        const before = new Map(world.memory.rows);
        const handled = await read(world);
        expect(handled.toSorted()).toEqual([...goods, ...(isRead ? bads : [])].toSorted());
        const name = isRead ? "row_word_unknown" : "row_unreadable";
        const named = bads.map((ref) => [name, expect.objectContaining({ payment_id: paymentIdOf(ref) })]);
        expect(said).toHaveLength(bads.length);
        expect(said).toEqual(expect.arrayContaining(named));
        expect(counted).toEqual(bads.map(() => "RowUnreadable"));
        const putOff = reader === "the sweep" && !isRead ? { due_at: NOW + HOUR_MS } : {};
        for (const ref of bads) {
          expect(world.memory.rows.get(`P#${ref}`)).toEqual({ ...before.get(`P#${ref}`), ...putOff });
        }
      }),
      { numRuns: 20 },
    );
  },
);

/** A client whose table leaves every key of a read unprocessed, so many times. */
const busy = (times: number) => (memory: MemoryTable) => {
  let left = times;
  const send = async (command: object) => {
    if (!(command instanceof BatchGetCommand) || left-- <= 0) {
      return (memory.client.send as (command: object) => Promise<unknown>)(command);
    }
    return { UnprocessedKeys: command.input.RequestItems };
  };
  return { send } as unknown as DynamoDBDocumentClient;
};

test.each(READ_BY_KEYS)(
  "%s reads all rows of a table that leaves their keys unprocessed for a while",
  async (_, read) => {
    const { world, goods } = worldOf(3, [], busy(5));
    expect((await read(world)).toSorted()).toEqual(goods.toSorted());
  },
);

test.each(READ_BY_KEYS)("%s fails rather than miss rows whose keys the table never processes", async (_, read) => {
  await expect(read(worldOf(3, [], busy(1_000)).world)).rejects.toThrow(DependencyUnavailable);
});

test("unreadable rows that the sweep has put off leave their place to payments that are due", async () => {
  // As many as one run takes from a bucket, all more overdue than the payment.
  const { world, goods, said } = worldOf(
    1,
    Array.from({ length: 1_000 }, () => () => ({ schema: 2, due_at: T0 })),
  );
  const sweepOnce = READERS["the sweep"];
  const found: Ref[] = [];
  for (let minute = 0; minute < 3; minute++) found.push(...((await sweepOnce?.(world)) ?? []));
  expect(found).toEqual(expect.arrayContaining(goods));
  // Each was read once, and not again within its hour.
  expect(said).toHaveLength(1_000);
});

test("a page of a list names the unreadable rows between its payments, and the next page names none of them again", async () => {
  const { world, goods, bads } = worldOf(4, [() => ({ schema: 2 }), () => ({ state: "HELD" })]);
  const ports = { payments: world.table, bucketsOf: dayBuckets, flagShards: FLAG_SHARDS };
  const seen: { payments: Ref[]; unreadable: Ref[] } = { payments: [], unreadable: [] };
  for (let after: Awaited<ReturnType<typeof listPayments>>["next"], isEnd = false; !isEnd; ) {
    const command = { userId: FEE.userId, status: undefined, span: SPAN, limit: 1, after };
    const page = await listPayments(ports, command);
    seen.payments.push(...page.payments.map(({ ref }) => ref));
    seen.unreadable.push(...page.unreadable);
    after = page.next;
    isEnd = page.next === undefined;
  }
  expect(seen.payments.toSorted()).toEqual(goods.toSorted());
  expect(seen.unreadable.toSorted()).toEqual(bads.toSorted());
});

test.each([
  [true, []],
  [undefined, ["1"]],
] as const)(
  "a message about an unreadable payment comes again unless its queue drops those (%s), and the others are handled",
  async (drops, again) => {
    const [bad, good] = [aRef(), aRef()];
    const handled: string[] = [];
    const options = {
      schema: ListingMessage,
      client: {} as SQSClient,
      queueUrl: "q",
      ...(drops ? { dropsUnreadable: drops } : {}),
    };
    const work = worker(options, async ({ ref }) => {
      if (ref === bad) throw new PaymentUnreadable();
      handled.push(ref);
      return { kind: "done" };
    });
    const Records = [bad, good].map((ref, index) => ({
      messageId: String(index + 1),
      receiptHandle: "",
      body: JSON.stringify({ ref, version: 1 }),
      attributes: { ApproximateReceiveCount: "1" },
    }));
    const { batchItemFailures } = await work({ Records: Records as SQSRecord[] }, anInvocation());
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(again);
    expect(handled).toEqual([good]);
  },
);
