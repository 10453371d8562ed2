import { expect, test } from "vitest";
import { BodyTooLarge } from "../../lib/http/errors.ts";
import { rawBody } from "../../lib/http/raw-body.ts";
import { anEvent } from "../support/events.ts";

test("a raw body comes out byte by byte as it went in, encoded or not", () => {
  const text = '{"name":"አበበ","url":"https:\\/\\/x"}';
  expect(rawBody(anEvent({ body: text }), 1_000).toString("utf8")).toBe(text);
  const encoded = anEvent({ body: Buffer.from(text).toString("base64"), isBase64Encoded: true });
  expect(rawBody(encoded, 1_000).equals(Buffer.from(text))).toBe(true);
  expect(rawBody(anEvent({}), 1_000)).toHaveLength(0);
});

test("a raw body may be as large as the limit and not larger, counted in bytes", () => {
  expect(rawBody(anEvent({ body: "x".repeat(64) }), 64)).toHaveLength(64);
  expect(() => rawBody(anEvent({ body: "x".repeat(65) }), 64)).toThrow(BodyTooLarge);
  expect(() => rawBody(anEvent({ body: "አ".repeat(30) }), 64)).toThrow(BodyTooLarge);
  const atLimit = anEvent({ body: Buffer.alloc(64, 1).toString("base64"), isBase64Encoded: true });
  expect(rawBody(atLimit, 64)).toHaveLength(64);
  const above = anEvent({ body: Buffer.alloc(65, 1).toString("base64"), isBase64Encoded: true });
  expect(() => rawBody(above, 64)).toThrow(BodyTooLarge);
});
