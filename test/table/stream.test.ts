import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { log } from "../../lib/runtime/logger.ts";
import { count } from "../../lib/runtime/metrics.ts";
import { type Item, toItem } from "../../lib/table/payment-item.ts";
import { type Change, streamHandler } from "../../lib/table/stream.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { aContext } from "../support/events.ts";
import { aClaim, anOpened } from "../support/payments.ts";

type Image = NonNullable<NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]>;

let errors: unknown[][];
let counted: string[];
beforeEach(() => {
  errors = [];
  counted = [];
  vi.spyOn(log, "error").mockImplementation((...said) => {
    errors.push(said);
  });
});
afterEach(() => vi.restoreAllMocks());

function imageOf(item: Item): Image {
  const image: Record<string, AttributeValue> = marshall(item, { removeUndefinedValues: true });
  return image as Image;
}

function aRecord(sequence: string, before: Payment | undefined, after: Payment | undefined): DynamoDBRecord {
  return {
    dynamodb: {
      SequenceNumber: sequence,
      ...(before ? { OldImage: imageOf(toItem(before)) } : {}),
      ...(after ? { NewImage: imageOf(toItem(after)) } : {}),
    },
  };
}

async function handled(records: DynamoDBRecord[], handle?: () => Promise<void>) {
  const seen: Change[][] = [];
  const handler = streamHandler(
    async (changes) => {
      seen.push(changes);
      await handle?.();
    },
    TX_STAGE,
    { log, count: (name) => counted.push(name) },
  );
  const { batchItemFailures } = await handler({ Records: records }, aContext());
  return { seen, failures: batchItemFailures };
}

const claim = aClaim();
const opened = anOpened(claim.ref);

test("the stream tells what each payment was and is, in order, in one go", async () => {
  const { seen, failures } = await handled([aRecord("1", undefined, claim), aRecord("2", claim, opened)]);
  expect(seen).toEqual([
    [
      { before: undefined, after: claim },
      { before: claim, after: opened },
    ],
  ]);
  expect(failures).toEqual([]);
  expect(errors).toEqual([]);
});

test("what fails for another reason than a row makes the batch come again", async () => {
  const bad = { dynamodb: { SequenceNumber: "1", NewImage: imageOf({ ...toItem(opened), schema: 2 }) } };
  const handler = streamHandler(async () => undefined, TX_STAGE, {
    log,
    count: () => {
      throw new Error("no metrics");
    },
  });
  await expect(handler({ Records: [bad] }, aContext())).resolves.toEqual({
    batchItemFailures: [{ itemIdentifier: "1" }],
  });
});

test("the stream is silent about rows that are gone or are no payments", async () => {
  const others: DynamoDBRecord[] = [
    aRecord("1", claim, undefined),
    { dynamodb: { SequenceNumber: "2", NewImage: { pk: { S: "R#P#" } } } },
    { dynamodb: { SequenceNumber: "3", NewImage: { pk: { N: "7" } } } },
    { dynamodb: { SequenceNumber: "4", NewImage: {} } },
    {},
  ];
  expect(await handled(others)).toEqual({ seen: [[]], failures: [] });
});

const imageWith = (change: Item) => imageOf({ ...toItem(opened), ...change });
const payment_id = paymentIdOf(opened.ref);
test.each<[string, NonNullable<DynamoDBRecord["dynamodb"]>, object]>([
  [
    "of a newer schema",
    { NewImage: imageWith({ schema: 2 }) },
    { payment_id, error: "ZodError", attributes: "schema" },
  ],
  ["of an unknown state", { NewImage: imageWith({ state: "HELD" }) }, { payment_id, attributes: "state" }],
  ["with text for a number", { NewImage: imageWith({ version: "2" }) }, { payment_id, attributes: "version" }],
  ["with null for its attempts", { NewImage: imageWith({ attempts: null }) }, { payment_id, attributes: "attempts" }],
  ["whose key names no payment", { NewImage: { pk: { S: "P#x" } } }, { row: "P#x" }],
  [
    "with a number that JavaScript cannot hold exactly",
    { NewImage: { ...imageWith({}), version: { N: "9007199254740993.5" } } },
    { payment_id },
  ],
  ["that no JavaScript number can hold", { NewImage: { ...imageWith({}), version: { N: "1e999" } } }, { payment_id }],
  [
    "that was unreadable before",
    { OldImage: imageWith({ schema: 2 }), NewImage: imageWith({}) },
    { payment_id, attributes: "schema" },
  ],
])(
  "a record of the stream %s is named and counted, the others are handled, and nothing comes again",
  async (_, dynamodb, name) => {
    const bad = { dynamodb: { SequenceNumber: "13", ...dynamodb } };
    const { seen, failures } = await handled([aRecord("12", undefined, claim), bad, aRecord("14", claim, opened)]);
    expect(seen).toEqual([
      [
        { before: undefined, after: claim },
        { before: claim, after: opened },
      ],
    ]);
    expect(failures).toEqual([]);
    expect(errors).toEqual([["row_unreadable", expect.objectContaining(name)]]);
    expect(counted).toEqual(["RowUnreadable"]);
  },
);

test("the stream comes again as a whole when it could not be handled, and says why", async () => {
  const failing = async () => {
    throw new TypeError("secret");
  };
  const { failures } = await handled([aRecord("12", undefined, claim), aRecord("13", claim, opened)], failing);
  expect(failures).toEqual([{ itemIdentifier: "12" }]);
  expect(errors.at(-1)).toEqual(["message_failed", { sequence: "12", error: "TypeError" }]);
  expect((await handled([{}], failing)).failures).toEqual([{ itemIdentifier: "" }]);
  expect((await handled([], failing)).failures).toEqual([]);
});

test("the stream writes out what was counted, however it ended", async () => {
  for (const end of [async () => undefined, () => Promise.reject(new Error("x"))]) {
    let written = "";
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
    await handled([], async () => {
      count("ReconcileFinding");
      await end();
    });
    vi.mocked(process.stdout.write).mockRestore();
    expect(written).toContain('"ReconcileFinding":1');
  }
});
