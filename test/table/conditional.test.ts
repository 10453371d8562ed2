import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { callTable, conditionally, difference, sameFields } from "../../lib/table/conditional.ts";
import type { Item } from "../../lib/table/payment-item.ts";

function refused(there?: Item) {
  const old = there === undefined ? {} : { Item: marshall(there) };
  return new ConditionalCheckFailedException({ message: "refused", $metadata: {}, ...old });
}

const failing = (error: unknown) => async () => {
  throw error;
};

function named(name: string): Error {
  return Object.assign(new Error("x"), { name });
}

test("a conditional write that the table took is won", async () => {
  expect(
    await conditionally(
      async () => ({}),
      () => false,
    ),
  ).toEqual({ won: true });
});

test("a conditional write that was refused is won only if what is there is ours", async () => {
  const isOurs = (there: Item) => there["by"] === "me";
  expect(await conditionally(failing(refused({ pk: "x", by: "me" })), isOurs)).toEqual({ won: true });
  expect(await conditionally(failing(refused({ pk: "x", by: "you" })), isOurs)).toEqual({
    won: false,
    there: { pk: "x", by: "you" },
  });
});

test("a conditional write that was refused by a row which is gone is lost, whatever ours would be", async () => {
  expect(await conditionally(failing(refused()), () => true)).toEqual({ won: false, there: undefined });
});

test("a conditional write whose end is unknown is neither won nor lost", async () => {
  await expect(conditionally(failing(named("TimeoutError")), () => true)).rejects.toThrow(DependencyUnavailable);
});

test("a failure of the table is an outage, with its cause, whatever it is called", async () => {
  for (const error of [named("TimeoutError"), named("ProvisionedThroughputExceededException"), "no error at all"]) {
    const outage = await callTable(failing(error)).catch((found: unknown) => found);
    expect(outage).toBeInstanceOf(DependencyUnavailable);
    expect(outage).toMatchObject({ cause: error, message: expect.stringMatching(/^The table does not answer/) });
  }
});

test.each(["ValidationException", "ResourceNotFoundException", "AccessDeniedException", "SerializationException"])(
  "a fault of ours, as %s is, never looks like an outage",
  async (name) => {
    const fault = named(name);
    await expect(callTable(failing(fault))).rejects.toBe(fault);
    await expect(conditionally(failing(fault), () => true)).rejects.toBe(fault);
  },
);

test("a refused condition is no failure of the table", async () => {
  const refusal = refused();
  await expect(callTable(failing(refusal))).rejects.toBe(refusal);
});

test("an answer of the table is returned as it is", async () => {
  expect(await callTable(async () => 7)).toBe(7);
});

test("a stored row is as wanted only when every named attribute is, absent ones included", () => {
  const there = { a: 1, b: { deep: ["x"] } };
  expect(sameFields(["a", "b", "c"], there, { a: 1, b: { deep: ["x"] } })).toBe(true);
  expect(sameFields(["a", "b"], there, { a: 1, b: { deep: ["y"] } })).toBe(false);
  expect(sameFields(["a", "c"], there, { a: 1, c: 0 })).toBe(false);
  expect(sameFields(["a"], there, { a: 1, c: 0 })).toBe(true);
});

test("an update sets what differs, removes what is gone and leaves the rest alone", () => {
  const before = { same: { x: 1 }, changed: 1, also: "a", gone: 3, undone: 4 };
  const after = { same: { x: 1 }, changed: 2, also: "b", undone: undefined, fresh: [5] };
  expect(difference(before, after)).toEqual({
    changed: ["changed", "also", "gone", "undone", "fresh"],
    UpdateExpression: "SET #changed = :changed, #also = :also, #fresh = :fresh REMOVE #gone, #undone",
    ExpressionAttributeNames: {
      "#changed": "changed",
      "#also": "also",
      "#gone": "gone",
      "#undone": "undone",
      "#fresh": "fresh",
    },
    ExpressionAttributeValues: { ":changed": 2, ":also": "b", ":fresh": [5] },
  });
});

test("a change of one of the attributes that belong together writes all of them, and a change of another writes none of them", () => {
  const before = { a: 1, b: 1, c: 1 };
  expect(difference(before, { ...before, a: 2 }, ["a", "b"]).changed).toEqual(["a", "b"]);
  expect(difference(before, { ...before, c: 2 }, ["a", "b"]).changed).toEqual(["c"]);
});

test("an update names only what it changes", () => {
  expect(difference({}, { a: 1 }).UpdateExpression).toBe("SET #a = :a");
  expect(difference({ a: 1 }, {}).UpdateExpression).toBe("REMOVE #a");
  expect(difference({ a: 1 }, { a: 1 })).toMatchObject({ changed: [], UpdateExpression: "" });
});
