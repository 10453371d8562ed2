import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { vi } from "vitest";
import * as z from "zod";
import type { FunctionName } from "../../lib/contract/functions.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { Forwarder } from "../../local/forward.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import { itemSize, writeUnits } from "./item-size.ts";

/** One call of a function to the table. */
export type TableCall = { by: string; what: string; wru: number; rru: number };

/** What functions used: their calls to the table, their invocations, their calls of SQS, and their records. */
export type Usage = { table: TableCall[]; invocations: string[]; sqs: string[]; records: string[] };

const FUNCTION_HEADER = "x-function";
const ROWS: Readonly<Record<string, string>> = {
  P: "payment",
  R: "request",
  C: "contact",
  N: "mark",
  X: "pointer to the capture",
  T: "totals of the day",
  "H#chapa": "Chapa's health",
  "H#notification": "pause of messages",
  "H#table": "identity of the table",
  "H#reconcile": "progress of the comparison",
  "H#findings": "findings of the comparison",
};
const WRITES: Readonly<Record<string, string>> = { PutItem: "put", UpdateItem: "update", DeleteItem: "delete" };
const READS: Readonly<Record<string, string>> = { GetItem: "read", BatchGetItem: "read several", Query: "query" };

const Image = z.record(z.string(), z.custom<AttributeValue>());
const Asked = z.looseObject({
  Key: Image.optional(),
  Item: Image.optional(),
  IndexName: z.string().optional(),
  RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(Image) })).optional(),
});
const Consumed = z.object({ CapacityUnits: z.number() });
const Answered = z.object({ ConsumedCapacity: z.union([Consumed, z.array(Consumed)]) });
const Refused = z.object({ __type: z.string().endsWith("ConditionalCheckFailedException"), Item: Image.optional() });

type Running = { name: FunctionName; usage: Usage };
const running = new AsyncLocalStorage<Running>();

subscribe("http.client.request.created", (message) => {
  const { request } = z.object({ request: z.custom<ClientRequest>() }).parse(message);
  const run = running.getStore();
  if (!run) return;
  const target = String(request.getHeader("x-amz-target") ?? "");
  if (target.startsWith("DynamoDB")) request.setHeader(FUNCTION_HEADER, run.name);
  else if (target.startsWith("AmazonSQS")) run.usage.sqs.push(`${run.name} ${target.split(".")[1]}`);
});

const print = process.stdout.write.bind(process.stdout);
process.stdout.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
  const run = running.getStore();
  run?.usage.records.push(run.name);
  return print(chunk, ...rest);
}) as typeof process.stdout.write;

/**
 * Counts what the functions of a stage use, until it is closed. The engine says what a call to the table consumes; of a
 * write that its condition refuses it says nothing, so that is computed from the stored item.
 */
export class UsageMeter {
  readonly #stage: Stage;
  readonly #at: Listening;
  readonly #engine: Forwarder;
  #usage: Usage = nothing();

  private constructor(stage: Stage, at: Listening, engine: Forwarder) {
    this.#stage = stage;
    this.#at = at;
    this.#engine = engine;
  }

  static async open(stage: Stage): Promise<UsageMeter> {
    const { cloud } = stage;
    const engine = new Forwarder(String(process.env["AWS_ENDPOINT_URL_DYNAMODB"]));
    let meter: UsageMeter | undefined;
    const at = await serve("DynamoDB", 0, async (request) => {
      const answer = await engine.send(withCapacity(request));
      meter?.add(request, answer);
      return answer;
    });
    meter = new UsageMeter(stage, at, engine);
    const made = meter;
    const invoke = cloud.functions.invoke;
    vi.spyOn(cloud.functions, "invoke").mockImplementation((name, event) => {
      made.#usage.invocations.push(name);
      return running.run({ name, usage: made.#usage }, () => invoke(name, event));
    });
    return meter;
  }

  /** Empties the cloud, and counts from now on. The functions start anew, and find their table through the meter. */
  async begin(): Promise<void> {
    await this.#stage.cloud.reset();
    vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", this.#at.origin);
    await this.#stage.cloud.functions.forget();
    this.take();
  }

  /** Returns what was used since it was last taken. */
  take(): Usage {
    const usage = this.#usage;
    this.#usage = nothing();
    return usage;
  }

  add({ headers, body }: Request, answer: Answer): void {
    const action = String(headers["x-amz-target"]).split(".")[1] ?? "";
    const asked = Asked.parse(JSON.parse(body.toString("utf8")));
    const units = unitsOf(answer);
    const isWrite = WRITES[action] !== undefined;
    this.#usage.table.push({
      by: String(headers[FUNCTION_HEADER]),
      what: `${WRITES[action] ?? READS[action] ?? action}: ${asked.IndexName ? `index ${asked.IndexName}` : rowsOf(asked)}`,
      wru: isWrite ? units : 0,
      rru: isWrite ? 0 : units,
    });
  }

  async close(): Promise<void> {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await this.#at.close();
    this.#engine.close();
  }
}

function nothing(): Usage {
  return { table: [], invocations: [], sqs: [], records: [] };
}

function withCapacity(request: Request): Request {
  const asked = z.looseObject({}).parse(JSON.parse(request.body.toString("utf8")));
  return { ...request, body: Buffer.from(JSON.stringify({ ...asked, ReturnConsumedCapacity: "INDEXES" })) };
}

function unitsOf({ status, body }: Answer): number {
  const answer: unknown = JSON.parse(String(body));
  if (status !== 200) return writeUnits(itemSize(Refused.parse(answer).Item ?? {}));
  return [Answered.parse(answer).ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

function rowsOf({ Key, Item, RequestItems = {} }: z.output<typeof Asked>): string {
  const keys = [Key ?? Item ?? [], ...Object.values(RequestItems).map(({ Keys }) => Keys)].flat();
  const names = keys.map((key) => z.object({ pk: z.object({ S: z.string() }) }).parse(key).pk.S);
  return [...new Set(names.map((name) => ROWS[name] ?? ROWS[name.split("#")[0] ?? ""] ?? name))].join(", ");
}
