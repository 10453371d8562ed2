import type { DynamoDBBatchResponse, DynamoDBRecord } from "aws-lambda";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import type { Changes } from "./dynamo/changes.ts";
import type { Invoke } from "./lambda.ts";

const TRIES = 10;

export type StreamObserver = (record: DynamoDBRecord) => void;

/** The mapping from the table's stream to its function. It keeps the order and retries from the first failed record on. */
export class StreamMapping {
  readonly #changes: Changes;
  readonly #invoke: Invoke;
  readonly #observe: StreamObserver;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();
  #isDelivering = false;
  #isLosing = false;
  /** Records that failed in all tries. */
  readonly failed: DynamoDBRecord[] = [];

  /** Delivers every change that nobody has taken yet, from {@link start} on. */
  constructor(changes: Changes, invoke: Invoke, observe: StreamObserver) {
    this.#changes = changes;
    this.#invoke = invoke;
    this.#observe = observe;
  }

  /** Whether every change has been delivered. */
  get isQuiet(): boolean {
    return this.#changes.isEmpty && !this.#isDelivering;
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
    this.#changes.wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const target = streamTarget();
    while (!this.#stopped) {
      const records = this.#changes.take();
      if (records.length === 0) {
        await this.#changes.some();
        continue;
      }
      this.#isDelivering = true;
      for (const record of records) this.#observe(record);
      for (let start = 0; start < records.length && !this.#isLosing; start += target.batch) {
        await this.#deliver(target.name, records.slice(start, start + target.batch));
      }
      this.#isDelivering = false;
    }
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

function streamTarget(): { name: FunctionName; batch: number } {
  for (const [name, { trigger }] of Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][]) {
    if (trigger.kind === "stream") return { name, batch: trigger.batch };
  }
  throw new Error("no function reads the stream");
}
