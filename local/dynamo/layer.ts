import type { AttributeValue } from "aws-lambda";
import * as z from "zod";
import { PAYMENT_PREFIX, TABLE } from "../../lib/contract/table.ts";
import { FaultPlan } from "../faults.ts";
import { Forwarder } from "../forward.ts";
import { type Answer, type Request, serve } from "../serve.ts";
import { type Attributes, Changes } from "./changes.ts";

const Image = z.record(z.string(), z.custom<AttributeValue>());
const Write = z.looseObject({
  TableName: z.string(),
  Key: Image.optional(),
  Item: Image.optional(),
  // The layer asks for them itself.
  ReturnValues: z.undefined().optional(),
  ReturnValuesOnConditionCheckFailure: z.string().optional(),
});
type Write = z.output<typeof Write>;
const Written = z.looseObject({ Attributes: Image.optional() });
const Read = z.object({ Item: Image.optional() });

const WRITES = ["PutItem", "UpdateItem", "DeleteItem"];
const MANY_WRITES = ["BatchWriteItem", "TransactWriteItems", "ExecuteStatement", "ExecuteTransaction"];

/** What stands before an engine. `faults` act on callers of `endpoint`; `inside` has none. */
export type Layer = {
  endpoint: string;
  inside: string;
  changes: Changes;
  faults: FaultPlan;
  /** Whether a request has not been answered yet. */
  readonly isBusy: boolean;
  close(): Promise<void>;
};

/**
 * Stands before an engine and adds what it lacks: the stream, which holds the changes of payment rows only, as the
 * stack's filter does. The writes of one payment pass one at a time, so that its images are correct and in order.
 * dynalite also gets the old item of a failed condition, and settings of a table that it does not know.
 * @param behind the address of the engine
 */
export async function startLayer(behind: string, engine: "dynoxide" | "dynalite"): Promise<Layer> {
  const engineAt = new Forwarder(behind);
  const changes = new Changes();
  const faults = new FaultPlan(() => 0);
  const turns = new Map<string, Promise<unknown>>();
  let underWay = 0;

  async function inTurn(key: string, work: () => Promise<Answer>): Promise<Answer> {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(key) === turn) turns.delete(key);
    }
  }

  async function handle(request: Request): Promise<Answer> {
    const action = actionOf(request);
    if (MANY_WRITES.includes(action)) return unknown(`${action} would change rows past the stream`);
    if (action === "CreateTable") return engineAt.send(withBody(request, knownSettings(request, engine)));
    if (action === "UpdateTimeToLive" && engine === "dynalite") return DONE;
    if (!WRITES.includes(action)) return engineAt.send(request);
    const input = Write.parse(JSON.parse(request.body.toString("utf8")));
    const key = keyOf(input);
    const id = String(key[TABLE.partitionKey.name]?.S);
    const isWatched = id.startsWith(PAYMENT_PREFIX);
    if (!isWatched && engine === "dynoxide") return engineAt.send(request);
    return inTurn(id, () => write({ request, action, input, key, isWatched }));
  }

  async function write({ request, action, input, key, isWatched }: Writing): Promise<Answer> {
    const { ReturnValuesOnConditionCheckFailure: returned, ...known } = input;
    const isUpdate = action === "UpdateItem";
    const read = isUpdate || engine === "dynalite" ? await oldItem(request, input.TableName, key) : undefined;
    const asked = { ...(engine === "dynoxide" ? input : known), ReturnValues: isUpdate ? "ALL_NEW" : "ALL_OLD" };
    const answer = await engineAt.send(withBody(request, asked));
    if (answer.status === 200) {
      const { Attributes, ...rest } = Written.parse(JSON.parse(String(answer.body)));
      const before = isUpdate || engine === "dynalite" ? read : Attributes;
      if (isWatched) changes.add(key, before, isUpdate ? Attributes : input.Item);
      return { ...answer, body: JSON.stringify(rest) };
    }
    if (engine === "dynalite" && returned === "ALL_OLD" && read && isConditionFailure(answer)) {
      return { ...answer, body: JSON.stringify({ ...JSON.parse(String(answer.body)), Item: read }) };
    }
    return answer;
  }

  async function oldItem(request: Request, table: string, key: Attributes): Promise<Attributes | undefined> {
    const headers = { ...request.headers, "x-amz-target": "DynamoDB_20120810.GetItem" };
    const asked = { TableName: table, Key: key, ConsistentRead: true };
    const answer = await engineAt.send(withBody({ ...request, headers }, asked));
    return answer.status === 200 ? Read.parse(JSON.parse(String(answer.body))).Item : undefined;
  }

  const counted = async (request: Request) => {
    underWay++;
    try {
      return await handle(request);
    } finally {
      underWay--;
    }
  };
  const outer = await serve("DynamoDB", 0, counted, faults);
  const inner = await serve("DynamoDB", 0, counted);
  return {
    endpoint: outer.origin,
    inside: inner.origin,
    changes,
    faults,
    get isBusy() {
      return underWay > 0;
    },
    close: async () => {
      await Promise.all([outer.close(), inner.close()]);
      engineAt.close();
    },
  };
}

type Writing = { request: Request; action: string; input: Write; key: Attributes; isWatched: boolean };

/** The settings of a table that the engine knows. Its own stream stays off: dynoxide reads it whole at each write. */
function knownSettings(request: Request, engine: "dynoxide" | "dynalite"): object {
  const { StreamSpecification, ...settings } = z.looseObject({}).parse(JSON.parse(request.body.toString("utf8")));
  const { DeletionProtectionEnabled, SSESpecification, ...known } = settings;
  return engine === "dynalite" ? known : settings;
}

function keyOf({ Key, Item }: Write): Attributes {
  const name = TABLE.partitionKey.name;
  const value = Key?.[name] ?? Item?.[name];
  return value ? { [name]: value } : {};
}

function actionOf({ headers }: Request): string {
  return String(headers["x-amz-target"]).split(".")[1] ?? "";
}

function withBody(request: Request, input: object): Request {
  return { ...request, body: Buffer.from(JSON.stringify(input)) };
}

function isConditionFailure({ body }: Answer): boolean {
  return String(body).includes("ConditionalCheckFailedException");
}

const JSON_TYPE = { "content-type": "application/x-amz-json-1.0" };
const DONE: Answer = { status: 200, headers: JSON_TYPE, body: { TimeToLiveSpecification: { Enabled: true } } };

function unknown(message: string): Answer {
  return { status: 400, headers: JSON_TYPE, body: { __type: "UnknownOperationException", message } };
}
