import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { itemSize, writeUnits } from "./item-size.ts";

test("an item has the size of its names and values, as in AWS's example", () => {
  expect(itemSize({ "shirt-color": { S: "R" }, "shirt-size": { S: "M" } })).toBe(23);
});

test.each([
  ["text in UTF-8", { S: "ብር" }, 6],
  ["a number of two digits", { N: "27" }, 2],
  ["a negative number of three digits", { N: "-127" }, 4],
  ["a number with zeros at its end", { N: "50000" }, 2],
  ["bytes", { B: new Uint8Array(5) }, 5],
  ["a truth value", { BOOL: true }, 1],
  ["nothing", { NULL: true }, 1],
  ["an empty list", { L: [] }, 3],
  ["a list of two", { L: [{ S: "ab" }, { S: "c" }] }, 8],
  ["a map of one", { M: { ab: { S: "c" } } }, 7],
] satisfies [string, AttributeValue, number][])("the size of %s follows AWS's rule", (_, value, size) => {
  expect(itemSize({ a: value })).toBe(1 + size);
});

test.each([
  [0, 1],
  [1_024, 1],
  [1_025, 2],
])("a write of %i bytes is as many units as it has kilobytes, and at least one", (bytes, units) => {
  expect(writeUnits(bytes)).toBe(units);
});
