import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import type { FunctionName } from "../lib/contract/functions.ts";
import { ListingMessage } from "../lib/contract/queues.ts";
import { PAYMENT_PREFIX } from "../lib/contract/table.ts";
import { paymentIdOf, Ref } from "../lib/domain/ids.ts";
import type { ApiObserver } from "./api-gateway.ts";
import type { Invoke } from "./lambda.ts";
import type { StreamObserver } from "./stream.ts";

const Row = z.object({ ref: Ref, state: z.string(), version: z.string() });
const Deliveries = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const Failed = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });
const Notified = z.object({ sent: z.number(), failed: z.number() });

/** Receives a line for a person. */
export type Tell = (line: string) => void;

/** Tells what happens in a cloud, one line each: requests, webhooks, changes of a payment's state, deliveries. */
export class Happenings {
  readonly #tell: Tell;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  readonly request: ApiObserver = ({ request, answer, route }) => {
    // The address of a webhook leads to one function, whatever its path.
    const isWebhook = route?.function === "chapa-webhook";
    this.say(isWebhook ? "webhook" : "request", `${request.method} ${request.path} → ${answer.status}`);
  };

  readonly change: StreamObserver = ({ dynamodb }) => {
    const [before, after] = [rowIn(dynamodb?.OldImage), rowIn(dynamodb?.NewImage)];
    if (!after || before?.state === after.state) return;
    const from = before ? `${before.state} → ` : "";
    this.say("payment", `${paymentIdOf(after.ref)} ${from}${after.state}, version ${after.version}`);
  };

  /** An invocation of a function, and what it returned; undefined if it failed. */
  invocation(name: FunctionName, event: unknown, result: unknown): void {
    if (name === "notify-listing") this.#listing(event, result);
    if (name === "notify-user") this.#payers(result);
  }

  say(kind: string, what: string): void {
    this.#tell(`${new Date().toISOString().slice(11, 19)}  ${kind.padEnd(8)}  ${what}`);
  }

  #listing(event: unknown, result: unknown): void {
    const failed = Failed.safeParse(result).data?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    for (const { messageId, body } of Deliveries.parse(event).Records) {
      const message = ListingMessage.extend({ ref: Ref }).safeParse(JSON.parse(body)).data;
      const isDone = failed !== undefined && !failed.includes(messageId);
      const about = message ? paymentIdOf(message.ref) : "a message that cannot be read";
      this.say("delivery", `to the listing: ${about}, ${isDone ? "done" : "not done, tried again later"}`);
    }
  }

  #payers(result: unknown): void {
    const { sent, failed } = Notified.safeParse(result).data ?? { sent: 0, failed: 1 };
    if (sent + failed > 0) this.say("delivery", `to payers: ${sent} sent, ${failed} not sent`);
  }
}

type Image = NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"];

function rowIn(image: Image): z.output<typeof Row> | undefined {
  const ref = image?.["pk"]?.S?.slice(PAYMENT_PREFIX.length);
  return Row.safeParse({ ref, state: image?.["state"]?.S, version: image?.["version"]?.N }).data;
}

/** Runs functions, and tells about each invocation that ends. */
export function observed(invoke: Invoke, happenings: Happenings): Invoke {
  return async (name, event) => {
    let result: unknown;
    try {
      result = await invoke(name, event);
      return result;
    } finally {
      happenings.invocation(name, event, result);
    }
  };
}
