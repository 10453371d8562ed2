import { isDeepStrictEqual } from "node:util";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import * as z from "zod";
import { ListingMessage, NotificationMessage, ResolveMessage } from "../../../../lib/contract/queues.ts";
import { worker } from "../../../../lib/queue/worker.ts";
import { fromItem, type Item, toItem } from "../../../../lib/table/payment-item.ts";
import { type Change, streamHandler } from "../../../../lib/table/stream.ts";
import { TX_STAGE } from "../../../../local/environment.ts";
import { aContext } from "../../../support/events.ts";
import { anOpened, aRef } from "../../../support/payments.ts";
import { demand, demandCleanPrototypes, orRefused, own, plainly, textOf } from "./broken.ts";

/** A row is read as a payment that is written as the same row, or it is refused with a named error. */
export function itemInvariant(row: object): void {
  const payment = orRefused(() => fromItem(row as Item, TX_STAGE), z.ZodError);
  demandCleanPrototypes();
  if (payment === undefined) return;
  const again = fromItem(toItem(payment), TX_STAGE);
  demand(isDeepStrictEqual(again, payment), "a payment that was read is written and read as itself");
  demand(isDeepStrictEqual(toItem(again), toItem(payment)), "a row that was written is written the same again");
}

const [FIRST, LAST] = [anOpened(aRef()), anOpened(aRef())];
const imageOf = (item: Item) => marshall(item, { removeUndefinedValues: true });
const recordOf = (sequence: string, dynamodb: object) =>
  ({ dynamodb: { SequenceNumber: sequence, ...dynamodb } }) as DynamoDBRecord;
const BEFORE = recordOf("1", { NewImage: imageOf(toItem(FIRST)) });
const AFTER = recordOf("3", { NewImage: imageOf(toItem(LAST)) });

/** A bad stream record does not affect others: they are handled, and nothing is retried. */
export async function streamInvariant(images: { NewImage?: unknown; OldImage?: unknown }): Promise<void> {
  const handled: Change[] = [];
  const reported: string[] = [];
  const log = { warn: () => undefined, error: (name: string) => void reported.push(name) };
  const handler = streamHandler(
    async (changes) => {
      handled.push(...changes);
    },
    TX_STAGE,
    { log, count: () => undefined },
  );
  const { batchItemFailures } = await handler({ Records: [BEFORE, recordOf("2", images), AFTER] }, aContext());
  demandCleanPrototypes();
  const refs = handled.map(({ after }) => after.ref);
  demand(refs[0] === FIRST.ref && refs.at(-1) === LAST.ref, "what stands before and behind a record is handled");
  demand(batchItemFailures.length === 0, "no record holds up the stream");
  const isPayment = textOf(own(images.NewImage, "pk", "S")).startsWith("P#");
  demand(reported.length <= 1, "a bad record is named once");
  demand(refs.length === (isPayment && reported.length === 0 ? 3 : 2), "a payment is handled, or it is named");
  demand(isPayment || reported.length === 0, "other rows are passed over");
}

const hidden: string[] = [];
// A stand-in for SQS, with the one call that a worker needs.
const sqs: SQSClient = Object.assign(Object.create(null), {
  send: async (command: { input: { ReceiptHandle: string } }) => hidden.push(command.input.ReceiptHandle),
});
const messageOf = (id: string, body: string) =>
  ({ messageId: id, receiptHandle: id, body, attributes: { ApproximateReceiveCount: "1" } }) as SQSRecord;

export const QUEUED = {
  resolve: { schema: ResolveMessage, good: (ref: string) => ({ tx_ref: `${ref}0000`, trigger: "schedule" }) },
  listing: { schema: ListingMessage, good: (ref: string) => ({ ref, version: 1 }) },
  notification: { schema: NotificationMessage, good: (ref: string) => ({ ref, version: 1, event: "paid" }) },
} as const;

/** A message is handled unchanged, or retried until it is a dead letter. Other messages of the batch are handled. */
export async function queueInvariant(queue: keyof typeof QUEUED, body: string): Promise<void> {
  const handled: unknown[] = [];
  hidden.length = 0;
  const { schema, good } = QUEUED[queue];
  const work = worker<unknown>({ schema, client: sqs, queueUrl: "q" }, async (message) => {
    handled.push(message);
    return { kind: "done" };
  });
  const goods = [good(FIRST.ref), good(LAST.ref)];
  const records = [JSON.stringify(goods[0]), body, JSON.stringify(goods[1])].map((text, at) =>
    messageOf(String(at), text),
  );
  const { batchItemFailures } = await work({ Records: records }, aContext());
  demandCleanPrototypes();
  for (const message of goods) {
    demand(
      handled.some((one) => isDeepStrictEqual(one, message)),
      "a good message is handled beside any other",
    );
  }
  const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  const said = plainly(body);
  if (handled.length === 3) {
    demand(failed.length === 0, "what was handled does not come again");
    const message = handled.find((one) => !goods.some((other) => isDeepStrictEqual(one, other))) ?? {};
    for (const [key, value] of Object.entries(message))
      demand(own(said, key) === value, "a message is what was written");
  } else if (!records.some((record, at) => at !== 1 && record.body === body)) {
    demand(failed.join() === "1" && hidden.join() === "1", "a malformed message comes again at once, until it is dead");
  }
}
