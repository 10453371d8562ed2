import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type * as z from "zod";
import { errorName } from "../domain/errors.ts";
import { parseJson } from "../runtime/json.ts";
import { log } from "../runtime/logger.ts";
import { flushMetrics } from "../runtime/metrics.ts";

/** What a message came to. `later` returns it to the queue for that many seconds; it counts as one receive. */
export type Handled = "done" | { later: number };

/** `deadline` in epoch ms; `receives` counts this time too. */
export type Delivery = { deadline: number; receives: number };

// Longest time a message can be hidden again.
const LONGEST_WAIT_SECONDS = 43_000;

/**
 * A queue's Lambda handler: parses each record, runs `handle`, and returns only what must come again. A record that is
 * not a message of ours fails until it reaches the dead-letter queue; an error of one record leaves the others alone.
 */
export function worker<Message>(
  options: { schema: z.ZodType<Message>; client: SQSClient; queueUrl: string },
  handle: (message: Message, delivery: Delivery) => Promise<Handled>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const one = async (record: SQSRecord, deadline: number): Promise<boolean> => {
    const message = options.schema.safeParse(parseJson(record.body));
    if (!message.success) {
      log.error("message_malformed", { message_id: record.messageId });
      return false;
    }
    const receives = Number(record.attributes.ApproximateReceiveCount);
    const handled = await handle(message.data, { deadline, receives });
    if (handled === "done") return true;
    await options.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: options.queueUrl,
        ReceiptHandle: record.receiptHandle,
        VisibilityTimeout: Math.min(Math.ceil(handled.later), LONGEST_WAIT_SECONDS),
      }),
    );
    return false;
  };

  return async (event, context) => {
    const deadline = Date.now() + context.getRemainingTimeInMillis();
    const failures: string[] = [];
    const each = async (record: SQSRecord) => {
      try {
        if (!(await one(record, deadline))) failures.push(record.messageId);
      } catch (error) {
        log.error("message_failed", { message_id: record.messageId, error: errorName(error) });
        failures.push(record.messageId);
      }
    };
    await Promise.all(event.Records.map(each));
    flushMetrics();
    return { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
