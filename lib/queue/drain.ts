import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type * as z from "zod";
import { parseJson } from "../runtime/json.ts";

/** One received message, to be answered exactly once. */
export type Received<Body> = {
  body: Body;
  /** How often it has been received, this time included. */
  receives: number;
  done(): Promise<void>;
  later(seconds: number): Promise<void>;
};

/**
 * A queue that is emptied at a pace by a schedule, because a mapping would hand messages over as fast as they come.
 */
export class Drain<Body> {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #schema: z.ZodType<Body>;

  constructor(client: SQSClient, url: string, schema: z.ZodType<Body>) {
    this.#client = client;
    this.#url = url;
    this.#schema = schema;
  }

  /** The next message, or undefined when there is none. What cannot be read is left to the dead-letter queue. */
  async next(): Promise<Received<Body> | "malformed" | undefined> {
    const { Messages } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: 1,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
    );
    const message = Messages?.[0];
    if (!message) return undefined;
    const body = this.#schema.safeParse(parseJson(message.Body ?? ""));
    return body.success ? this.#received(message, body.data) : "malformed";
  }

  #received(message: Message, body: Body): Received<Body> {
    const handle = { QueueUrl: this.#url, ReceiptHandle: message.ReceiptHandle };
    return {
      body,
      receives: Number(message.Attributes?.["ApproximateReceiveCount"] ?? 1),
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
