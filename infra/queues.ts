import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { QUEUES, type QueueName } from "../lib/contract/queues.ts";

export type MadeQueue = { queue: Queue; dead: Queue };

// A dead letter keeps the age that it had: it must outlive the four days of its queue by far.
const DEAD_LETTER_DAYS = 14;
const USUAL_DAYS = 4;
const TO_PAYERS: readonly string[] = ["notification", "success"] satisfies QueueName[];

/**
 * Every queue with its dead-letter queue, encrypted and reachable over TLS only. Messages to payers wait for their turn, so
 * they are kept for a day longer than they are sent.
 */
export function makeQueues(scope: Construct, notificationMaxAgeDays: number): Record<QueueName, MadeQueue> {
  const made = Object.entries(QUEUES).map(([name, { fifo, visibilitySeconds, maxReceives }]) => {
    const id = name.charAt(0).toUpperCase() + name.slice(1);
    const common = { enforceSSL: true, encryption: QueueEncryption.SQS_MANAGED, ...(fifo ? { fifo } : {}) };
    const dead = new Queue(scope, `${id}Dead`, { ...common, retentionPeriod: Duration.days(DEAD_LETTER_DAYS) });
    const queue = new Queue(scope, id, {
      ...common,
      retentionPeriod: Duration.days(TO_PAYERS.includes(name) ? notificationMaxAgeDays + 1 : USUAL_DAYS),
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      deadLetterQueue: { queue: dead, maxReceiveCount: maxReceives },
    });
    return [name, { queue, dead }];
  });
  return Object.fromEntries(made);
}
