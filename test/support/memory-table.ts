import { isDeepStrictEqual } from "node:util";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

type Row = Record<string, unknown>;
type Names = Record<string, string> | undefined;
type Values = Record<string, unknown> | undefined;
type Condition = { condition: string | undefined; names: Names; values: Values; asksForOld: boolean };
type Conditional = PutCommand["input"] | UpdateCommand["input"] | DeleteCommand["input"];

/** How a call of the table goes: done, or one of the ways in which it goes wrong. */
export type Around = <Result>(site: string, about: string, effect: () => Result) => Promise<Result>;

/**
 * A table in memory that understands exactly the expressions that `lib/table` writes, and refuses every other. The
 * shared contract suite holds it against the real engines.
 */
export class MemoryTable {
  readonly rows = new Map<string, Row>();
  /** Hears each change of a row, in order. */
  onChange: (before: Row | undefined, after: Row | undefined) => void = () => undefined;
  readonly #around: Around;

  constructor(around: Around = async (_site, _about, effect) => effect()) {
    this.#around = around;
  }

  /** As the adapters take it; they use nothing but `send`. */
  get client(): DynamoDBDocumentClient {
    const send = (command: object) => {
      const verb = command.constructor.name.replace("Command", "");
      return this.#around(`table.${verb}`, keyOf(command), () => this.#do(command));
    };
    return { send } as unknown as DynamoDBDocumentClient;
  }

  #do(command: object): object {
    if (command instanceof GetCommand) return { Item: this.#copy(String(command.input.Key?.["pk"])) };
    if (command instanceof BatchGetCommand) return this.#batch(command);
    if (command instanceof QueryCommand) return this.#query(command);
    if (command instanceof PutCommand) {
      const { Item = {} } = command.input;
      return this.#write(String(Item["pk"]), conditionOf(command.input), () => Item);
    }
    if (command instanceof DeleteCommand)
      return this.#write(String(command.input.Key?.["pk"]), conditionOf(command.input), () => undefined);
    if (command instanceof UpdateCommand) {
      const { Key, UpdateExpression = "" } = command.input;
      const condition = conditionOf(command.input);
      return this.#write(String(Key?.["pk"]), condition, (row) =>
        updated({ ...row, ...Key }, UpdateExpression, condition.names, condition.values),
      );
    }
    throw new Error(`the table in memory does not know ${command.constructor.name}`);
  }

  #write(pk: string, { condition, names, values, asksForOld }: Condition, next: (row: Row) => Row | undefined): object {
    const before = this.rows.get(pk);
    if (condition && !holds(condition, before, names, values)) {
      const Item = before && marshall(before, { removeUndefinedValues: true });
      const shown = asksForOld && Item ? { Item } : {};
      throw new ConditionalCheckFailedException({ message: "refused", $metadata: {}, ...shown });
    }
    // Rows are never changed in place, so what was read before stays as it was.
    const after = next(before ?? {});
    if (after === undefined) this.rows.delete(pk);
    else this.rows.set(pk, copied(withoutUndefined(after)));
    if (!isDeepStrictEqual(before, this.rows.get(pk))) this.onChange(before, this.rows.get(pk));
    return {};
  }

  #copy(pk: string): Row | undefined {
    const row = this.rows.get(pk);
    return row && copied(row);
  }

  #batch({ input }: BatchGetCommand): object {
    const [table = ""] = Object.keys(input.RequestItems ?? {});
    const found = keysOf({ input }).flatMap((pk) => this.#copy(pk) ?? []);
    return { Responses: { [table]: found }, UnprocessedKeys: {} };
  }

  #query({ input }: QueryCommand): object {
    const { KeyConditionExpression = "", ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input;
    const sort = /AND (\w+) (?:<=|BETWEEN)/.exec(KeyConditionExpression)?.[1];
    if (!sort) throw new Error(`not a question of ours: ${KeyConditionExpression}`);
    const found = [...this.rows.values()].filter((row) => isFound(row, KeyConditionExpression, names, values));
    const order = input.ScanIndexForward === false ? -1 : 1;
    found.sort((a, b) => order * (Number(a[sort]) - Number(b[sort])));
    return { Items: found.slice(0, input.Limit).map(copied) };
  }
}

function conditionOf(input: Conditional): Condition {
  return {
    condition: input.ConditionExpression,
    names: input.ExpressionAttributeNames,
    values: input.ExpressionAttributeValues,
    asksForOld: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
}

function isFound(row: Row, condition: string, names: Names, values: Values): boolean {
  const parts = /^([#\w]+) = (:\w+) AND (\w+) (?:<= (:\w+)|BETWEEN (:\w+) AND (:\w+))$/.exec(condition);
  if (!parts) throw new Error(`not a question of ours: ${condition}`);
  const [, key = "", value = "", sort = "", most, from, to] = parts;
  const at = row[sort];
  if (row[nameOf(key, names)] !== values?.[value] || typeof at !== "number") return false;
  if (most) return at <= Number(values?.[most]);
  return at >= Number(values?.[from ?? ""]) && at <= Number(values?.[to ?? ""]);
}

function holds(condition: string, row: Row | undefined, names: Names, values: Values): boolean {
  const [, before, either] = /^(.*) AND \((.* OR .*)\)$/.exec(condition) ?? [];
  if (before !== undefined && either !== undefined)
    return holds(before, row, names, values) && holds(either, row, names, values);
  return condition.split(" OR ").some((all) => all.split(" AND ").every((atom) => isTrue(atom, row, names, values)));
}

function isTrue(atom: string, row: Row | undefined, names: Names, values: Values): boolean {
  const exists = /^attribute_(not_)?exists\(([#\w]+)\)$/.exec(atom);
  if (exists) return (row?.[nameOf(exists[2] ?? "", names)] !== undefined) !== (exists[1] !== undefined);
  const most = /^(#\w+) <= (:\w+)$/.exec(atom);
  if (most) return Number(row?.[nameOf(most[1] ?? "", names)]) <= Number(values?.[most[2] ?? ""]);
  const equal = /^([#\w.]+) = (:\w+)$/.exec(atom);
  if (!equal) throw new Error(`not a condition of ours: ${atom}`);
  const path = (equal[1] ?? "").split(".").map((part) => nameOf(part, names));
  const found = path.reduce<unknown>(
    (inner, name) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, name) : undefined),
    row,
  );
  return found !== undefined && isDeepStrictEqual(found, values?.[equal[2] ?? ""]);
}

function updated(row: Row, expression: string, names: Names, values: Values): Row {
  const next = { ...row };
  for (const section of expression.split(/(?=\b(?:SET|REMOVE|ADD) )/)) {
    const [verb = "", ...rest] = section.trim().split(" ");
    for (const part of rest.join(" ").split(", ")) {
      const [name = "", ...operands] = part.replace(" = ", " ").split(" ");
      const key = nameOf(name, names);
      const value = values?.[operands[0] ?? ""];
      if (verb === "REMOVE") delete next[key];
      else if (verb === "SET") next[key] = value;
      else if (verb === "ADD") next[key] = Number(next[key] ?? 0) + Number(value);
      else throw new Error(`not an update of ours: ${expression}`);
    }
  }
  return next;
}

function nameOf(name: string, names: Names): string {
  return name.startsWith("#") ? (names?.[name] ?? name) : name;
}

/** What a command is about, for whoever reads a diagram. */
function keyOf(command: object): string {
  if (command instanceof GetCommand || command instanceof UpdateCommand || command instanceof DeleteCommand) {
    return String(command.input.Key?.["pk"]);
  }
  if (command instanceof PutCommand) return String(command.input.Item?.["pk"]);
  if (command instanceof BatchGetCommand) return keysOf(command).join(" ");
  if (command instanceof QueryCommand) {
    return `${command.input.IndexName} ${Object.values(command.input.ExpressionAttributeValues ?? {})[0]}`;
  }
  return "";
}

function keysOf({ input }: Pick<BatchGetCommand, "input">): string[] {
  const [request] = Object.values(input.RequestItems ?? {});
  return (request?.Keys ?? []).map((key) => String(key["pk"]));
}

/** A copy of a row as deep as rows go; several times faster than `structuredClone`, on which most of the time went. */
function copied<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copied) as Value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copied(inner)])) as Value;
}

function withoutUndefined(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}
