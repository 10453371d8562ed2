import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { QUEUES, type QueueName } from "../lib/contract/queues.ts";
import { FaultPlan } from "./faults.ts";
import { Forwarder } from "./forward.ts";
import type { Invoke } from "./lambda.ts";
import { type Answer, type Listening, type Request, serve } from "./serve.ts";

const ACCOUNT = "000000000000";
const REGION = "eu-west-1";

// How many handlers of one queue run at the same time.
const CONCURRENCY = 5;
// Between two reads of a queue that had nothing ready; it is read at once when something is sent or the clock moves.
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;
// After a failed receive.
const RETRY_MS = 200;

/** Numbers of messages: `ready` to be received, `delayed`, and `hidden` after a receive. `dead` has bodies of dead letters. */
export type QueueState = { ready: number; delayed: number; hidden: number; dead: unknown[] };

/** The queues of one cloud on an emulator in this process, and the mappings from queues to functions. */
export class Queues {
  readonly #server: FauxqsServer;
  readonly #forwarder: Forwarder;
  readonly #tell: (line: string) => void;
  /** Faults of functions' calls. The mappings reach the emulator without them. */
  readonly faults = new FaultPlan(() => 0);
  #entrance: Listening | undefined;
  #stirred = Promise.withResolvers<void>();
  #stopped = false;
  #busy = 0;
  #mappings: Promise<void>[] = [];

  private constructor(server: FauxqsServer, tell: (line: string) => void) {
    this.#server = server;
    this.#tell = tell;
    this.#forwarder = new Forwarder(this.#inside);
  }

  /** @param tell receives what goes wrong here and is tried again */
  static async start(tell: (line: string) => void): Promise<Queues> {
    const server = await startFauxqs({ port: 0, host: "127.0.0.1", defaultRegion: REGION, logger: false });
    const queues = new Queues(server, tell);
    for (const name of Object.keys(QUEUES) as QueueName[]) queues.#create(name);
    queues.#entrance = await serve("SQS", 0, (request) => queues.#forward(request), queues.faults);
    return queues;
  }

  get endpoint(): string {
    return this.#entrance?.origin ?? "";
  }

  get #inside(): string {
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
    this.stir();
    await Promise.all(this.#mappings);
    await this.#entrance?.close();
    this.#forwarder.close();
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

  /** Makes every mapping read its queue now, because something may be ready. */
  stir(): void {
    this.#stirred.resolve();
    this.#stirred = Promise.withResolvers();
  }

  async #forward(request: Request): Promise<Answer> {
    const answer = await this.#forwarder.send(request);
    this.stir();
    return answer;
  }

  async #pump({ name, queue, batch }: Trigger, invoke: Invoke): Promise<void> {
    const deliveries = new Set<Promise<void>>();
    let ready = 0;
    while (!this.#stopped) {
      if (deliveries.size === CONCURRENCY) {
        await Promise.race(deliveries);
        continue;
      }
      const stirred = this.#stirred.promise;
      if (ready <= 0) ready = this.#waiting(queue).ready;
      if (ready === 0) {
        await within(this.#pauseMs(queue), [stirred, ...deliveries]);
        continue;
      }
      this.#busy++;
      const records = await this.#received(queue, batch);
      ready = records?.length ? ready - records.length : 0;
      const delivery = this.#deliver(name, queue, records ?? [], invoke).finally(() => {
        this.#busy--;
        deliveries.delete(delivery);
      });
      deliveries.add(delivery);
      if (!records) await within(RETRY_MS, [stirred]);
    }
    await Promise.all(deliveries);
  }

  /** Time until a message of this queue becomes due by itself, if that is soon. */
  #pauseMs(queue: QueueName): number {
    const { delayed = [], inflight = [] } = this.#server.inspectQueue(fullName(queue))?.messages ?? {};
    const times = [
      ...delayed.map(({ delayUntil }) => delayUntil ?? 0),
      ...inflight.map((one) => one.visibilityDeadline),
    ];
    const next = times.reduce((earliest, at) => Math.min(earliest, at), Number.POSITIVE_INFINITY);
    return Math.min(Math.max(next - Date.now(), SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  }

  /** Receives messages; undefined if the emulator did not answer, which is told and tried again. */
  async #received(queue: QueueName, batch: number): Promise<SQSEvent["Records"] | undefined> {
    try {
      return await this.#receive(queue, batch);
    } catch (error) {
      this.#tell(`queue ${queue}: no messages could be received, which is tried again: ${error}`);
      return undefined;
    }
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
    try {
      for (const { messageId, receiptHandle } of records) {
        if (!failed.has(messageId)) await this.#ask("DeleteMessage", queue, { ReceiptHandle: receiptHandle });
      }
    } catch (error) {
      this.#tell(`queue ${queue}: handled messages could not be deleted, and come again: ${error}`);
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
    const response = await fetch(this.#inside, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body: JSON.stringify({ QueueUrl: this.url(queue), ...input }),
    });
    const text = await response.text();
    return JSON.parse(text || "{}");
  }
}

/** Waits until one of `events` happens, at most `ms`. */
async function within(ms: number, events: Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([...events, over]);
  clearTimeout(timer);
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
