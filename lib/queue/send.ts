import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { deadlineFactor } from "../contract/env.ts";
import { DependencyUnavailable } from "../domain/errors.ts";

const TRY_MS = 1_000;
const CONNECT_MS = 300;
const TRIES = 2;

// The limit of SendMessageBatch.
const CHUNK = 10;

/** A message to send. For a FIFO queue it names its group, and an id: SQS drops a repeated id within five minutes. */
export type Outgoing<Message> = {
  message: Message;
  delaySeconds?: number;
  fifo?: { group: string; deduplication: string };
};

export function sqsClient(factor = deadlineFactor("stores")): SQSClient {
  return new SQSClient({
    maxAttempts: TRIES,
    requestHandler: {
      requestTimeout: TRY_MS * factor,
      connectionTimeout: CONNECT_MS * factor,
      throwOnRequestTimeout: true,
    },
  });
}

/** A queue to send to. Every method throws DependencyUnavailable if the queue did not accept a message. */
export class Queue<Message> {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async send(outgoing: Outgoing<Message>): Promise<void> {
    try {
      await this.#client.send(new SendMessageCommand({ QueueUrl: this.#url, ...entryOf(outgoing) }));
    } catch (error) {
      throw new DependencyUnavailable("The queue", error);
    }
  }

  /** Sends all messages, ten at a time. */
  async sendAll(outgoing: readonly Outgoing<Message>[]): Promise<void> {
    for (let start = 0; start < outgoing.length; start += CHUNK) {
      const entries: SendMessageBatchRequestEntry[] = outgoing
        .slice(start, start + CHUNK)
        .map((one, index) => ({ Id: String(index), ...entryOf(one) }));
      await this.#sendChunk(entries);
    }
  }

  async #sendChunk(entries: SendMessageBatchRequestEntry[]): Promise<void> {
    let failed: unknown;
    try {
      const { Failed } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: this.#url, Entries: entries }),
      );
      failed = Failed?.[0];
    } catch (error) {
      failed = error;
    }
    if (failed) throw new DependencyUnavailable("The queue", failed);
  }
}

function entryOf({ message, delaySeconds, fifo }: Outgoing<unknown>) {
  return {
    MessageBody: JSON.stringify(message),
    ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
    ...(fifo ? { MessageGroupId: fifo.group, MessageDeduplicationId: fifo.deduplication } : {}),
  };
}
