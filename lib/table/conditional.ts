import { isDeepStrictEqual } from "node:util";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Item } from "./payment-item.ts";

/** `won: false` carries the item that failed the condition, or undefined if there is none. */
export type Written = { won: true } | { won: false; there: Item | undefined };

/**
 * Sends one conditional write that asks for the stored item. After a lost answer the client's own retry meets our first
 * write, which looks like a conflict; `isOurs` tells whether the stored item is what we wrote.
 * @throws DependencyUnavailable if the table does not answer
 */
export async function conditionally(send: () => Promise<unknown>, isOurs: (there: Item) => boolean): Promise<Written> {
  try {
    await callTable(send);
    return { won: true };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const there = error.Item && unmarshall(error.Item);
    return there && isOurs(there) ? { won: true } : { won: false, there };
  }
}

// Defects of ours. A retry cannot help, and they must not look like an outage.
const OUR_FAULTS = [
  "ValidationException",
  "ResourceNotFoundException",
  "AccessDeniedException",
  "SerializationException",
];

/**
 * Runs a call to the table. A failed condition and defects of ours are thrown unchanged.
 * @throws DependencyUnavailable for every other failure
 */
export async function callTable<Value>(send: () => Promise<Value>): Promise<Value> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw error;
    if (error instanceof Error && OUR_FAULTS.includes(error.name)) throw error;
    throw new DependencyUnavailable("The table", error);
  }
}

/** Whether `there` and `wanted` have equal values in the named attributes, absent ones included. */
export function sameFields(names: readonly string[], there: Item, wanted: Item): boolean {
  return names.every((name) => isDeepStrictEqual(there[name], wanted[name]));
}

/**
 * Returns the update from `before` to `after` by attribute; unchanged attributes keep their stored values.
 * @param together attributes that are valid only together: if one changes, all are written
 */
export function difference(before: Item, after: Item, together: readonly string[] = []) {
  const isOther = (name: string) => !isDeepStrictEqual(before[name], after[name]);
  const bound = together.some(isOther) ? together : [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => isOther(name) || bound.includes(name),
  );
  const set = names.filter((name) => after[name] !== undefined);
  const remove = names.filter((name) => after[name] === undefined);
  const list = (verb: string, parts: string[]) => (parts.length > 0 ? `${verb} ${parts.join(", ")} ` : "");
  return {
    changed: names,
    UpdateExpression: (
      list(
        "SET",
        set.map((name) => `#${name} = :${name}`),
      ) +
      list(
        "REMOVE",
        remove.map((name) => `#${name}`),
      )
    ).trim(),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(set.map((name) => [`:${name}`, after[name]])),
  };
}
