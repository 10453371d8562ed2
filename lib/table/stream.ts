import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { PAYMENT_PREFIX } from "../contract/table.ts";
import { errorName, PaymentUnreadable } from "../domain/errors.ts";
import type { Payment } from "../domain/payment.ts";
import { inInvocation } from "../runtime/invocation.ts";
import type { Item } from "./payment-item.ts";
import { SYSTEM_PORTS, type TablePorts } from "./ports.ts";
import { readRow, reportUnreadable } from "./read-row.ts";

/** One change of a payment row. */
export type Change = { before: Payment | undefined; after: Payment };

type Reports = Pick<TablePorts, "log" | "count">;
type Image = NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"];

/**
 * Returns the Lambda handler of the table's stream. A record that cannot be read is named in the log, counted and left
 * out; the others are handled. If they cannot be handled, the whole batch is delivered again.
 */
export function streamHandler(
  handle: (changes: Change[]) => Promise<void>,
  txStage: string,
  reports: Reports = SYSTEM_PORTS,
): (event: DynamoDBStreamEvent, context: Context) => Promise<DynamoDBBatchResponse> {
  const all = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    try {
      await handle(Records.flatMap((record) => changeOf(record, txStage, reports)));
    } catch (error) {
      reports.log.error("message_failed", { sequence: sequenceOf(Records[0]), error: errorName(error) });
      return { batchItemFailures: Records.slice(0, 1).map((record) => ({ itemIdentifier: sequenceOf(record) })) };
    }
    return { batchItemFailures: [] };
  };
  return (event, context) => inInvocation(context, undefined, () => all(event));
}

/** Without the payment as it was, nobody can tell what has changed. So one unreadable image makes the record one. */
function changeOf({ dynamodb }: DynamoDBRecord, txStage: string, reports: Reports): Change[] {
  try {
    const after = paymentOf(dynamodb?.NewImage, txStage, reports);
    return after ? [{ before: paymentOf(dynamodb?.OldImage, txStage, reports), after }] : [];
  } catch (error) {
    if (!(error instanceof PaymentUnreadable)) throw error;
    return [];
  }
}

function paymentOf(image: Image, txStage: string, reports: Reports): Payment | undefined {
  const pk = image?.["pk"]?.S;
  if (typeof pk !== "string" || !pk.startsWith(PAYMENT_PREFIX)) return undefined;
  return readRow(itemOf(image, pk, reports), txStage, reports);
}

function itemOf(image: Image, pk: string, reports: Reports): Item {
  try {
    return unmarshall(image as Record<string, AttributeValue>);
  } catch (error) {
    reportUnreadable(pk, error, reports);
    throw new PaymentUnreadable(error);
  }
}

function sequenceOf(record: DynamoDBRecord | undefined): string {
  return record?.dynamodb?.SequenceNumber ?? "";
}
