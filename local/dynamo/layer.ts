import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { TABLE } from "../../lib/contract/table.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import { dynamo } from "./requests.ts";

type Attributes = Record<string, unknown>;

const Write = z.looseObject({
  TableName: z.string(),
  Key: z.record(z.string(), z.unknown()).optional(),
  Item: z.record(z.string(), z.unknown()).optional(),
  ReturnValuesOnConditionCheckFailure: z.string().optional(),
});
const Iterator = z.object({ ShardIterator: z.string() });
const IteratorRequest = z.object({ ShardIteratorType: z.string() });

const STREAM_ARN = "arn:aws:dynamodb:eu-west-1:000000000000:table/local/stream/1";
const SHARD = "shardId-00000001";
const RECORDS_LIMIT = 1000;

/**
 * A proxy that adds to dynalite what this service needs of DynamoDB: the old item of a failed condition, the table's
 * stream, and settings of a table that dynalite does not know. It forwards one write at a time, so that the old and the
 * new image in the stream are correct.
 * @param behind the address of dynalite
 */
export function startLayer(behind: string): Promise<Listening> {
  const stream = new Stream();
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const result = turn.then(work, work);
    turn = result.catch(() => undefined);
    return result;
  };

  return serve("DynamoDB", 0, (request) => {
    const action = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
    const input: unknown = JSON.parse(request.body.toString("utf8"));
    switch (action) {
      case "PutItem":
      case "UpdateItem":
      case "DeleteItem":
        return inTurn(() => write(behind, request, Write.parse(input), stream));
      case "CreateTable": {
        const { StreamSpecification, DeletionProtectionEnabled, SSESpecification, ...known } = z
          .looseObject({})
          .parse(input);
        return forward(behind, request, known);
      }
      case "UpdateTimeToLive":
        return { status: 200, headers: JSON_TYPE, body: { TimeToLiveSpecification: { Enabled: true } } };
      case "ListStreams":
      case "DescribeStream":
      case "GetShardIterator":
      case "GetRecords":
        return { status: 200, headers: JSON_TYPE, body: stream.answer(action, input) };
      default:
        return forward(behind, request, input);
    }
  });
}

async function write(behind: string, request: Request, input: z.infer<typeof Write>, stream: Stream): Promise<Answer> {
  const { ReturnValuesOnConditionCheckFailure, ...known } = input;
  const name = TABLE.partitionKey.name;
  const key = { [name]: input.Key?.[name] ?? input.Item?.[name] };
  const before = await read(behind, input.TableName, key);
  const answer = await forward(behind, request, known);
  if (answer.status === 200) {
    stream.append(key, before, await read(behind, input.TableName, key));
  } else if (ReturnValuesOnConditionCheckFailure === "ALL_OLD" && before && isConditionFailure(answer)) {
    return { ...answer, body: { ...z.looseObject({}).parse(JSON.parse(String(answer.body))), Item: before } };
  }
  return answer;
}

function isConditionFailure({ body }: Answer): boolean {
  return String(body).includes("ConditionalCheckFailedException");
}

async function read(behind: string, table: string, key: Attributes): Promise<Attributes | undefined> {
  const { Item } = await dynamo<{ Item?: Attributes }>(behind, "GetItem", {
    TableName: table,
    Key: key,
    ConsistentRead: true,
  });
  return Item;
}

async function forward(behind: string, request: Request, input: unknown): Promise<Answer> {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": String(request.headers["x-amz-target"]),
    "x-amz-date": String(request.headers["x-amz-date"]),
    authorization: String(request.headers.authorization),
  };
  const response = await fetch(behind, { method: "POST", headers, body: JSON.stringify(input) });
  return { status: response.status, headers: JSON_TYPE, body: await response.text() };
}

const JSON_TYPE = { "content-type": "application/x-amz-json-1.0" };

/** One shard that never closes. It keeps every change since the start. */
class Stream {
  readonly #records: object[] = [];

  append(key: Attributes, before: Attributes | undefined, after: Attributes | undefined): void {
    if (isDeepStrictEqual(before, after)) return;
    const sequence = String(this.#records.length + 1).padStart(21, "0");
    this.#records.push({
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
  }

  answer(action: string, input: unknown): object {
    switch (action) {
      case "ListStreams":
        return { Streams: [{ StreamArn: STREAM_ARN, TableName: "local" }] };
      case "DescribeStream":
        return { StreamDescription: { StreamArn: STREAM_ARN, StreamStatus: "ENABLED", Shards: [{ ShardId: SHARD }] } };
      case "GetShardIterator":
        return { ShardIterator: IteratorRequest.parse(input).ShardIteratorType === "LATEST" ? this.#end() : "0" };
      default: {
        const from = Number(Iterator.parse(input).ShardIterator);
        const records = this.#records.slice(from, from + RECORDS_LIMIT);
        return { Records: records, NextShardIterator: String(from + records.length) };
      }
    }
  }

  #end(): string {
    return String(this.#records.length);
  }
}
