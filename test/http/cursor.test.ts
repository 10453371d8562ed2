import { expect, test } from "vitest";
import { cursors } from "../../lib/http/cursor.ts";
import { InputInvalid } from "../../lib/http/errors.ts";
import { aRef, T0 } from "../support/payments.ts";

const mark = { ref: aRef(), at: T0 };
const list = cursors("key", ["user", null]);

test("a cursor is good for its list, as it was given, and for no other", () => {
  const cursor = list.write(mark);
  expect(list.read(cursor)).toEqual(mark);
  for (const other of [cursors("key", ["user", "SUCCESS"]), cursors("another key", ["user", null])]) {
    expect(() => other.read(cursor)).toThrow(InputInvalid);
  }
});

test.each([".", ".x", "=", " ", "\n"])("a cursor with %j behind it is not one that the list gave", (tail) => {
  expect(() => list.read(`${list.write(mark)}${tail}`)).toThrow(InputInvalid);
});
