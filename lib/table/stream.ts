import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { PAYMENT_PREFIX } from "../contract/table.ts";
import { errorName } from "../domain/errors.ts";
import type { Payment } from "../domain/payment.ts";
import { inInvocation } from "../runtime/invocation.ts";
import { log } from "../runtime/logger.ts";
import { fromItem } from "./payment-item.ts";

/** One change of a payment row. */
export type Change = { before: Payment | undefined; after: Payment };

type Image = NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"];

/**
 * Returns the Lambda handler of the table's stream. An unreadable record ends the batch: the records before it are
 * handled, and the batch is delivered again from that record until it goes to the on-failure queue.
 */
export function streamHandler(
  handle: (changes: Change[]) => Promise<void>,
  txStage: string,
): (event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse> {
  const all = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const changes: Change[] = [];
    let unreadable: DynamoDBRecord | undefined;
    for (const record of Records) {
      try {
        changes.push(...changeOf(record, txStage));
      } catch (error) {
        log.error("message_malformed", { sequence: sequenceOf(record), error: errorName(error) });
        unreadable = record;
        break;
      }
    }
    try {
      await handle(changes);
    } catch (error) {
      log.error("message_failed", { sequence: sequenceOf(Records[0]), error: errorName(error) });
      unreadable = Records[0];
    }
    return { batchItemFailures: unreadable ? [{ itemIdentifier: sequenceOf(unreadable) }] : [] };
  };
  return (event, context) => inInvocation(context, undefined, () => all(event));
}

function changeOf({ dynamodb }: DynamoDBRecord, txStage: string): Change[] {
  const after = paymentOf(dynamodb?.NewImage, txStage);
  return after ? [{ before: paymentOf(dynamodb?.OldImage, txStage), after }] : [];
}

function paymentOf(image: Image, txStage: string): Payment | undefined {
  if (!image?.["pk"]?.S?.startsWith(PAYMENT_PREFIX)) return undefined;
  return fromItem(unmarshall(image as Record<string, AttributeValue>), txStage);
}

function sequenceOf(record: DynamoDBRecord | undefined): string {
  return record?.dynamodb?.SequenceNumber ?? "";
}
