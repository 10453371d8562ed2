import { isDeepStrictEqual } from "node:util";
import type { AttributeValue, DynamoDBRecord } from "aws-lambda";
import { TABLE } from "../../lib/contract/table.ts";

export type Attributes = Record<string, AttributeValue>;

/** The table's stream: the changes that nobody has taken yet, in order. What is taken is kept no longer. */
export class Changes {
  #waiting: DynamoDBRecord[] = [];
  #written = 0;
  #wake: () => void = () => undefined;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Adds what a write has changed, which may be nothing. */
  add(key: Attributes, before: Attributes | undefined, after: Attributes | undefined): void {
    if (isDeepStrictEqual(before, after)) return;
    const sequence = String(++this.#written).padStart(21, "0");
    this.#waiting.push({
      eventID: sequence,
      eventName: before ? (after ? "MODIFY" : "REMOVE") : "INSERT",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "eu-west-1",
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: key,
        ...(after ? { NewImage: after } : {}),
        ...(before ? { OldImage: before } : {}),
        SequenceNumber: sequence,
        StreamViewType: TABLE.streamView,
      },
    });
    this.wake();
  }

  take(): DynamoDBRecord[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Waits until there is a change, or until {@link wake}. */
  async some(): Promise<void> {
    if (!this.isEmpty) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }
}
