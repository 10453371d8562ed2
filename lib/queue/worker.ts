import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type * as z from "zod";
import { errorName, PaymentUnreadable } from "../domain/errors.ts";
import { inInvocation } from "../runtime/invocation.ts";
import { parseJson } from "../runtime/json.ts";
import { log } from "../runtime/logger.ts";

/**
 * The result of handling a message. `retry` hides it for `delaySeconds`; its next delivery counts as another
 * receive.
 */
export type Handled = { kind: "done" } | { kind: "retry"; delaySeconds: number };

/** `deadline` is epoch ms; `receives` includes this time. */
export type Delivery = { deadline: number; receives: number };

// SQS hides a message for at most twelve hours.
const LONGEST_WAIT_SECONDS = 43_000;

/**
 * Returns a queue's Lambda handler. It parses each record, runs `handle`, and reports the records to deliver again.
 * Equal messages of one batch are handled once. A malformed record is delivered again until it reaches the dead-letter
 * queue. An error of one record does not affect the others. `dropsUnreadable`: a message about an unreadable payment
 * is dropped, because the schedule sends another one once the payment can be read. `afterBatch` runs
 * when every record of a batch is handled.
 */
export function worker<Message>(
  options: {
    schema: z.ZodType<Message>;
    client: SQSClient;
    queueUrl: string;
    dropsUnreadable?: true;
    afterBatch?: (messages: readonly Message[]) => Promise<void>;
  },
  handle: (message: Message, delivery: Delivery) => Promise<Handled>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const hide = (record: SQSRecord, seconds: number) =>
    options.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: options.queueUrl,
        ReceiptHandle: record.receiptHandle,
        VisibilityTimeout: Math.min(Math.ceil(seconds), LONGEST_WAIT_SECONDS),
      }),
    );

  const one = async (record: SQSRecord, deadline: number): Promise<Handled> => {
    const message = options.schema.safeParse(parseJson(record.body));
    if (!message.success) {
      log.error("message_malformed", { message_id: record.messageId });
      return { kind: "retry", delaySeconds: 0 };
    }
    return handle(message.data, { deadline, receives: Number(record.attributes.ApproximateReceiveCount) });
  };

  const all = async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const deadline = Date.now() + context.getRemainingTimeInMillis();
    const started = new Map<string, Promise<Handled>>();
    const each = async (record: SQSRecord): Promise<string[]> => {
      try {
        const handled = started.get(record.body) ?? one(record, deadline);
        started.set(record.body, handled);
        const outcome = await handled;
        if (outcome.kind === "done") return [];
        await hide(record, outcome.delaySeconds);
      } catch (error) {
        if (error instanceof PaymentUnreadable && options.dropsUnreadable) return [];
        log.error("message_failed", { message_id: record.messageId, error: errorName(error) });
      }
      return [record.messageId];
    };
    const failed = (await Promise.all(event.Records.map(each))).flat();
    await options.afterBatch?.(distinctMessages(event, options.schema));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
  return (event, context) => inInvocation(context, undefined, () => all(event, context));
}

/** Returns the messages of a batch that can be read, equal ones once. */
function distinctMessages<Message>({ Records }: SQSEvent, schema: z.ZodType<Message>): readonly Message[] {
  const bodies = new Set(Records.map(({ body }) => body));
  return [...bodies].flatMap((body) => schema.safeParse(parseJson(body)).data ?? []);
}
