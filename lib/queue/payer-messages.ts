import type { SQSClient } from "@aws-sdk/client-sqs";
import { NotificationMessage } from "../contract/queues.ts";
import { Ref } from "../domain/ids.ts";
import { Drain } from "./drain.ts";
import { type Outgoing, Queue } from "./send.ts";

type Urls = { NOTIFICATION_QUEUE_URL: string; SUCCESS_QUEUE_URL: string };

/** Messages to payers, in two queues: those that a payment succeeded, and all others. */
export class PayerMessages {
  readonly #success: Queue<NotificationMessage>;
  readonly #others: Queue<NotificationMessage>;

  constructor(client: SQSClient, urls: Urls) {
    this.#success = new Queue(client, urls.SUCCESS_QUEUE_URL);
    this.#others = new Queue(client, urls.NOTIFICATION_QUEUE_URL);
  }

  async send(outgoing: Outgoing<NotificationMessage>): Promise<void> {
    await (isSuccess(outgoing) ? this.#success : this.#others).send(outgoing);
  }

  /** Sends all messages, those about successes first. */
  async sendAll(outgoing: readonly Outgoing<NotificationMessage>[]): Promise<void> {
    await this.#success.sendAll(outgoing.filter(isSuccess));
    await this.#others.sendAll(outgoing.filter((one) => !isSuccess(one)));
  }
}

/** The same messages to be received: one about a success whenever there is any. */
export class PayerMessageDrain {
  readonly #drains;

  constructor(client: SQSClient, urls: Urls) {
    const Message = NotificationMessage.extend({ ref: Ref });
    this.#drains = [urls.SUCCESS_QUEUE_URL, urls.NOTIFICATION_QUEUE_URL].map((url) => new Drain(client, url, Message));
  }

  async next() {
    for (const drain of this.#drains) {
      const received = await drain.next();
      if (received) return received;
    }
    return undefined;
  }
}

function isSuccess({ message }: Outgoing<NotificationMessage>): boolean {
  return message.event === "paid";
}
