import type { DynamoDBBatchResponse, DynamoDBRecord } from "aws-lambda";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { dynamo } from "./dynamo/requests.ts";
import type { Invoke } from "./lambda.ts";

// The first pause after a poll that found something. Each poll that finds nothing doubles the pause.
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 40;
const TRIES = 10;

export type StreamObserver = (record: DynamoDBRecord) => void;

/** The mapping from the table's stream to its function. It keeps the order and retries from the first failed record on. */
export class StreamMapping {
  readonly #endpoint: string;
  #iterator: string;
  readonly #invoke: Invoke;
  readonly #observe: StreamObserver;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();
  #quietPolls = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #wake: () => void = () => undefined;
  #isLosing = false;
  /** Records that failed in all tries. */
  readonly failed: DynamoDBRecord[] = [];

  private constructor(endpoint: string, iterator: string, consumers: { invoke: Invoke; observe: StreamObserver }) {
    this.#endpoint = endpoint;
    this.#iterator = iterator;
    this.#invoke = consumers.invoke;
    this.#observe = consumers.observe;
  }

  /** Delivers every change that is made from now on. */
  static async fromNow(endpoint: string, invoke: Invoke, observe: StreamObserver): Promise<StreamMapping> {
    return new StreamMapping(endpoint, await endOfStream(endpoint), { invoke, observe });
  }

  /** How many consecutive polls have found nothing. */
  get quietPolls(): number {
    return this.#quietPolls;
  }

  /** Polls at once and resets {@link quietPolls}, because something may have changed. */
  stir(): void {
    this.#quietPolls = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#wake();
  }

  /** While `isLosing` is true, records are read but not delivered. */
  lose(isLosing: boolean): void {
    this.#isLosing = isLosing;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const target = streamTarget();
    while (!this.#stopped) {
      const answer = await dynamo<{ Records: DynamoDBRecord[]; NextShardIterator?: string }>(
        this.#endpoint,
        "GetRecords",
        { ShardIterator: this.#iterator },
      );
      this.#iterator = answer.NextShardIterator ?? this.#iterator;
      if (answer.Records.length === 0) {
        this.#quietPolls++;
        await this.#pause();
        continue;
      }
      this.stir();
      for (const record of answer.Records) this.#observe(record);
      if (this.#isLosing) continue;
      for (let start = 0; start < answer.Records.length; start += target.batch) {
        await this.#deliver(target.name, answer.Records.slice(start, start + target.batch));
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, this.#pauseMs);
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    });
  }

  async #deliver(name: FunctionName, records: DynamoDBRecord[]): Promise<void> {
    let left = records;
    for (let tries = 1; left.length > 0; tries++) {
      const failedAt = await this.#handle(name, left);
      if (failedAt === undefined) return;
      left = left.slice(failedAt);
      if (tries < TRIES) continue;
      this.failed.push(...left.slice(0, 1));
      left = left.slice(1);
      tries = 0;
    }
  }

  async #handle(name: FunctionName, records: DynamoDBRecord[]): Promise<number | undefined> {
    try {
      const { batchItemFailures } = (await this.#invoke(name, { Records: records })) as DynamoDBBatchResponse;
      const sequence = batchItemFailures[0]?.itemIdentifier;
      if (sequence === undefined) return undefined;
      return Math.max(
        0,
        records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === sequence),
      );
    } catch {
      return 0;
    }
  }
}

async function endOfStream(endpoint: string): Promise<string> {
  const { Streams } = await dynamo<{ Streams: { StreamArn: string }[] }>(endpoint, "ListStreams", {});
  const StreamArn = Streams[0]?.StreamArn;
  const { StreamDescription } = await dynamo<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
    endpoint,
    "DescribeStream",
    { StreamArn },
  );
  const { ShardIterator } = await dynamo<{ ShardIterator: string }>(endpoint, "GetShardIterator", {
    StreamArn,
    ShardId: StreamDescription.Shards[0]?.ShardId,
    ShardIteratorType: "LATEST",
  });
  return ShardIterator;
}

function streamTarget(): { name: FunctionName; batch: number } {
  for (const [name, { trigger }] of Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][]) {
    if (trigger.kind === "stream") return { name, batch: trigger.batch };
  }
  throw new Error("no function reads the stream");
}
