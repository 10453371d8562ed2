import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type * as z from "zod";
import type { Instant } from "../domain/time.ts";
import { parseJson } from "../runtime/json.ts";

/** One received message. The caller ends it once, with `done` or `later`. */
export type Received<Body> = {
  body: Body;
  /** How often the message has been received, this time included. */
  receives: number;
  /** When it was sent, if the queue says it. */
  sentAt?: Instant | undefined;
  done(): Promise<void>;
  later(seconds: number): Promise<void>;
};

/** A queue that a schedule empties at a limited pace. A mapping would deliver messages as fast as they arrive. */
export class Drain<Body> {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #schema: z.ZodType<Body>;

  constructor(client: SQSClient, url: string, schema: z.ZodType<Body>) {
    this.#client = client;
    this.#url = url;
    this.#schema = schema;
  }

  /**
   * Returns the next message; undefined if there is none. An unreadable message goes to the dead-letter queue after its
   * receives.
   */
  async next(): Promise<Received<Body> | "malformed" | undefined> {
    const { Messages } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: 1,
        MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
      }),
    );
    const message = Messages?.[0];
    if (!message) return undefined;
    const body = this.#schema.safeParse(parseJson(message.Body ?? ""));
    return body.success ? this.#received(message, body.data) : "malformed";
  }

  #received(message: Message, body: Body): Received<Body> {
    const sentAt = message.Attributes?.["SentTimestamp"];
    const handle = { QueueUrl: this.#url, ReceiptHandle: message.ReceiptHandle };
    return {
      body,
      receives: Number(message.Attributes?.["ApproximateReceiveCount"] ?? 1),
      sentAt: sentAt === undefined ? undefined : Number(sentAt),
      done: async () => {
        await this.#client.send(new DeleteMessageCommand(handle));
      },
      later: async (seconds) => {
        await this.#client.send(
          new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: Math.ceil(seconds) }),
        );
      },
    };
  }
}
