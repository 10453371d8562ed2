import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { endpoint, json } from "../../lib/http/endpoint.ts";
import { Forbidden } from "../../lib/http/errors.ts";
import { parseRequest } from "../../lib/http/parse.ts";
import { aContext, anEvent } from "../support/events.ts";
import { T0 } from "../support/payments.ts";

const Body = z.object({ n: z.number() });
const echo = endpoint("json", async ({ body }) => json(200, Body, parseRequest("body", Body, body)));

let written: string[];
beforeEach(() => {
  written = [];
  const keep = (chunk: unknown) => {
    written.push(String(chunk));
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
});
afterEach(() => vi.restoreAllMocks());

test("an endpoint answers a good body and names the request", async () => {
  const answer = await echo(anEvent({ body: '{"n":1}' }), aContext("abc"));
  expect(answer).toMatchObject({ statusCode: 200, body: '{"n":1}', headers: { "x-request-id": "abc" } });
});

test("an endpoint reads JSON whatever the content type says", async () => {
  const event = anEvent({ body: '{"n":1}', headers: { "content-type": "application/x-www-form-urlencoded" } });
  expect((await echo(event, aContext())).statusCode).toBe(200);
});

test.each([...'{ n=1 {"n":1 {"__proto__":{"n":1}} [] 1 null "text" {"n":"x"} {}'.split(" "), undefined, ""])(
  "an endpoint answers the body %j with 422 and a problem document",
  async (body) => {
    const answer = await echo(anEvent(body === undefined ? {} : { body }), aContext());
    expect(answer.statusCode).toBe(422);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.body)).toMatchObject({ code: "input_invalid", request_id: "req-1" });
    expect(JSON.parse(answer.body).detail).toMatch(/^The request is not valid: .+\.$/);
  },
);

test("an endpoint writes neither a body nor the text of a fault into the log", async () => {
  const failing = endpoint("json", async () => {
    throw new Error("canary-in-error");
  });
  await echo(anEvent({ body: '{"phone":"canary-in-body"' }), aContext());
  const answer = await failing(anEvent({ body: '{"x":"canary-in-body"}' }), aContext());
  expect(answer.statusCode).toBe(500);
  expect(written.join("")).not.toContain("canary");
  expect(answer.body).not.toContain("canary");
});

test("an endpoint logs which part does not answer, and why when that is known", async () => {
  const waiting = endpoint("nothing", async () => {
    throw new DependencyUnavailable("The user service");
  });
  const failing = endpoint("nothing", async () => {
    throw new DependencyUnavailable("The table", new TypeError("canary"));
  });
  expect((await waiting(anEvent(), aContext("a"))).statusCode).toBe(503);
  expect((await failing(anEvent(), aContext("b"))).statusCode).toBe(503);
  const record = { level: "WARN", message: "dependency_failed", error: "dependency_unavailable" };
  const records = written.map((line) => JSON.parse(line)).filter(({ message }) => message === record.message);
  expect(records).toEqual([
    expect.objectContaining({ ...record, request_id: "a", part: "The user service" }),
    expect.objectContaining({ ...record, request_id: "b", part: "The table", cause: "TypeError" }),
  ]);
});

test("an endpoint answers an error that middy cannot change", async () => {
  const frozen = endpoint("nothing", async () => {
    throw Object.freeze(new Forbidden("no"));
  });
  expect((await frozen(anEvent(), aContext())).statusCode).toBe(403);
});

test("an endpoint answers with no field that its schema does not promise", async () => {
  const chatty = endpoint("nothing", async () => json(200, Body, { n: 1, secret: "x" } as z.infer<typeof Body>));
  expect((await chatty(anEvent(), aContext())).body).toBe('{"n":1}');
});

test("an endpoint leaves a raw body alone", async () => {
  const raw = endpoint("raw", async ({ event }) => json(200, z.object({ b: z.string() }), { b: event.body ?? "" }));
  expect(JSON.parse((await raw(anEvent({ body: '{"a": 1 }' }), aContext())).body)).toEqual({ b: '{"a": 1 }' });
});

test("an endpoint is decided within eleven seconds, and before its function's time is over", async () => {
  vi.spyOn(Date, "now").mockReturnValue(T0);
  const timed = endpoint("nothing", async ({ deadline }) => json(200, Body, { n: deadline - T0 }));
  expect((await timed(anEvent(), aContext("a", 15_000))).body).toBe('{"n":11000}');
  expect((await timed(anEvent(), aContext("b", 5_000))).body).toBe('{"n":4500}');
});
