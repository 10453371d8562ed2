import { setTimeout as pause } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { QUEUES, type QueueName } from "../lib/contract/queues.ts";
import type { Invoke } from "./lambda.ts";

const ACCOUNT = "000000000000";
const REGION = "eu-west-1";

// How many handlers of one queue run at the same time.
const CONCURRENCY = 5;
const IDLE_MS = 10;

/** Numbers of messages: `ready` to be received, `delayed`, and `hidden` after a receive. `dead` has bodies of dead letters. */
export type QueueState = { ready: number; delayed: number; hidden: number; dead: unknown[] };

/** The queues of one cloud on an emulator in this process, and the mappings from queues to functions. */
export class Queues {
  readonly #server: FauxqsServer;
  #stopped = false;
  #busy = 0;
  #mappings: Promise<void>[] = [];

  private constructor(server: FauxqsServer) {
    this.#server = server;
  }

  static async start(): Promise<Queues> {
    const queues = new Queues(await startFauxqs({ port: 0, host: "127.0.0.1", defaultRegion: REGION, logger: false }));
    for (const name of Object.keys(QUEUES) as QueueName[]) queues.#create(name);
    return queues;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** The queue's URL for functions. The host in the emulator's own URLs does not resolve everywhere. */
  url(name: QueueName): string {
    return `${this.endpoint}/${ACCOUNT}/${fullName(name)}`;
  }

  deadLetterUrl(name: QueueName): string {
    return `${this.endpoint}/${ACCOUNT}/${deadLetterName(name)}`;
  }

  /** Starts the mappings from queues to functions. They run until {@link stop}. */
  connect(invoke: Invoke): void {
    this.#mappings = TRIGGERS.map((trigger) => this.#pump(trigger, invoke));
  }

  /** Whether a message for a function is ready, being received or being handled. */
  get isBusy(): boolean {
    return this.#busy > 0 || TRIGGERS.some(({ queue }) => this.#waiting(queue).ready > 0);
  }

  state(name: QueueName): QueueState {
    const dead = this.#server.inspectQueue(deadLetterName(name))?.messages.ready ?? [];
    return { ...this.#waiting(name), dead: dead.map(({ body }) => JSON.parse(body)) };
  }

  #waiting(name: QueueName): Omit<QueueState, "dead"> {
    const { ready = [], delayed = [], inflight = [] } = this.#server.inspectQueue(fullName(name))?.messages ?? {};
    const now = Date.now();
    const hidden = inflight.filter(({ visibilityDeadline }) => visibilityDeadline > now);
    // In a FIFO queue a hidden message blocks the other messages of its group.
    const held = new Set(hidden.map(({ message }) => message.messageGroupId).filter(Boolean));
    const waiting = [
      ...ready,
      ...delayed.filter(({ delayUntil }) => (delayUntil ?? 0) <= now),
      ...inflight.filter((one) => !hidden.includes(one)).map(({ message }) => message),
    ];
    return {
      ready: waiting.filter(({ messageGroupId }) => !held.has(messageGroupId)).length,
      delayed: delayed.filter(({ delayUntil }) => (delayUntil ?? 0) > now).length,
      hidden: hidden.length,
    };
  }

  /** Deletes all messages. */
  clear(): void {
    this.#server.reset();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#mappings);
    await this.#server.stop();
  }

  #create(name: QueueName): void {
    const { fifo, visibilitySeconds, maxReceives } = QUEUES[name];
    const common = fifo ? { FifoQueue: "true" } : {};
    const dead = this.#server.createQueue(deadLetterName(name), { region: REGION, attributes: common });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: maxReceives });
    const attributes = { ...common, VisibilityTimeout: String(visibilitySeconds), RedrivePolicy };
    this.#server.createQueue(fullName(name), { region: REGION, attributes });
  }

  async #pump({ name, queue, batch }: Trigger, invoke: Invoke): Promise<void> {
    const deliveries = new Set<Promise<void>>();
    while (!this.#stopped) {
      // Reading the emulator's state is cheaper than a request, and sees at once what is due after a jump of the clock.
      if (deliveries.size === CONCURRENCY || this.#waiting(queue).ready === 0) {
        await Promise.race([...deliveries, pause(IDLE_MS)]);
        continue;
      }
      this.#busy++;
      const records = await this.#receive(queue, batch);
      const delivery = this.#deliver(name, queue, records, invoke).finally(() => {
        this.#busy--;
        deliveries.delete(delivery);
      });
      deliveries.add(delivery);
    }
    await Promise.all(deliveries);
  }

  async #deliver(name: FunctionName, queue: QueueName, records: SQSEvent["Records"], invoke: Invoke): Promise<void> {
    if (records.length === 0) return;
    let failed = new Set(records.map(({ messageId }) => messageId));
    try {
      const response = (await invoke(name, { Records: records })) as SQSBatchResponse;
      failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    } catch {
      // As on Lambda, the whole batch becomes visible again later.
    }
    for (const { messageId, receiptHandle } of records) {
      if (!failed.has(messageId)) await this.#ask("DeleteMessage", queue, { ReceiptHandle: receiptHandle });
    }
  }

  async #receive(queue: QueueName, batch: number): Promise<SQSEvent["Records"]> {
    const { Messages = [] } = await this.#ask<{ Messages?: Received[] }>("ReceiveMessage", queue, {
      MaxNumberOfMessages: batch,
      AttributeNames: ["All"],
    });
    return Messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: Attributes["ApproximateReceiveCount"] ?? "1",
        SentTimestamp: Attributes["SentTimestamp"] ?? "0",
        SenderId: ACCOUNT,
        ApproximateFirstReceiveTimestamp: Attributes["ApproximateFirstReceiveTimestamp"] ?? "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:${fullName(queue)}`,
      awsRegion: REGION,
    }));
  }

  async #ask<Result>(action: string, queue: QueueName, input: object): Promise<Result> {
    const response = await fetch(this.endpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body: JSON.stringify({ QueueUrl: this.url(queue), ...input }),
    });
    const text = await response.text();
    return JSON.parse(text || "{}");
  }
}

type Trigger = { name: FunctionName; queue: QueueName; batch: number };

const TRIGGERS = (Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][]).flatMap(
  ([name, { trigger }]): Trigger[] =>
    trigger.kind === "queue" ? [{ name, queue: trigger.queue, batch: trigger.batch }] : [],
);

type Received = { MessageId: string; ReceiptHandle: string; Body: string; Attributes: Record<string, string> };

function fullName(name: QueueName): string {
  return QUEUES[name].fifo ? `${name}.fifo` : name;
}

function deadLetterName(name: QueueName): string {
  return QUEUES[name].fifo ? `${name}-dead.fifo` : `${name}-dead`;
}
