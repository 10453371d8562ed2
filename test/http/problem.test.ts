import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { Problem } from "../../lib/contract/api.ts";
import { routeFor } from "../../lib/contract/routes.ts";
import {
  CheckoutBeingOpened,
  DependencyUnavailable,
  GatewayRefused,
  Unauthenticated,
} from "../../lib/domain/errors.ts";
import { ERROR_CODES } from "../../lib/domain/vocabulary.ts";
import { InputInvalid } from "../../lib/http/errors.ts";
import { errorGuide } from "../../lib/http/pages/error-guide.ts";
import { parseRequest } from "../../lib/http/parse.ts";
import { PROBLEMS, problemFor, problemOf } from "../../lib/http/problem.ts";
import { anEvent } from "../support/events.ts";

const answerTo = (error: unknown) => {
  const { statusCode, headers, body } = problemFor(error, "req-1");
  return { statusCode, headers, problem: Problem.parse(JSON.parse(body)) };
};

test("an error's answer is a problem document whose detail is a sentence and which nobody caches", () => {
  const { statusCode, headers, problem } = answerTo(new GatewayRefused("it does not accept the amount"));
  expect(statusCode).toBe(400);
  expect(headers).toMatchObject({ "content-type": "application/problem+json", "cache-control": "no-store" });
  expect(problem).toMatchObject({
    status: 400,
    code: "gateway_refused",
    detail: "The payment gateway refused this payment: it does not accept the amount.",
    request_id: "req-1",
  });
});

test("the answer of a refusal for now says when to come back", () => {
  expect(answerTo(new CheckoutBeingOpened(12)).headers["retry-after"]).toBe("12");
  expect(answerTo(new DependencyUnavailable("The table")).headers["retry-after"]).toBe("5");
});

test("an answer 401 says how to authenticate", () => {
  expect(answerTo(new Unauthenticated("Not authenticated")).headers["www-authenticate"]).toBe("Bearer");
});

test("an error's answer says nothing about a fault of ours", () => {
  const { statusCode, problem } = answerTo(new Error("secret abc at /home/x"));
  expect(statusCode).toBe(500);
  expect(problem).toMatchObject({ code: "internal_error" });
  expect(JSON.stringify(problem)).not.toMatch(/secret|home/);
  expect(answerTo("text").statusCode).toBe(500);
});

const Body = z.object({
  property_id: z.string(),
  amount: z.number(),
  nested: z.object({ deep: z.boolean() }).optional(),
});
const refusal = (value: unknown): InputInvalid => {
  try {
    parseRequest("body", Body, value);
  } catch (error) {
    if (error instanceof InputInvalid) return error;
    throw error;
  }
  throw new Error("it was accepted");
};

test("a refusal of input names every wrong field, in one sentence and one by one", () => {
  const error = refusal({ amount: "x", nested: { deep: 1 } });
  expect(error.errors.map(({ pointer, loc, type }) => ({ pointer, loc, type }))).toEqual([
    { pointer: "/property_id", loc: ["body", "property_id"], type: "missing" },
    { pointer: "/amount", loc: ["body", "amount"], type: "invalid_type" },
    { pointer: "/nested/deep", loc: ["body", "nested", "deep"], type: "invalid_type" },
  ]);
  expect(error.message).toMatch(
    /^The request is not valid: property_id: Field required; amount: .*; nested\.deep: .*\.$/,
  );
});

test("input that is no object is named as the body", () => {
  expect(refusal("text").message).toMatch(/^The request is not valid: body: /);
  expect(refusal(undefined).errors).toHaveLength(1);
});

test("input never comes back in the error", () => {
  const error = refusal({ property_id: 1, amount: "4111 1111 1111 1111" });
  expect(JSON.stringify(answerTo(error))).not.toContain("4111");
});

test("docs/errors.md has a heading for each code, under which stand its status, its meaning and what to do", () => {
  const doc = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const documented = [...doc.matchAll(/^## (\w+)\n\n(\d{3}): .{20,}\n\n\*\*What to do:\*\* .{8,}$/gm)].map(
    ([, code, status]) => [code, Number(status)],
  );
  const known = ERROR_CODES.map((code) => [code, PROBLEMS[code][0]]);
  expect(documented.toSorted()).toEqual(known.toSorted());
});

test("the type of every problem leads to the heading of its code on a page of this API", () => {
  const guide = errorGuide(anEvent({ method: "GET", rawPath: "/docs/errors" })).body;
  const ids = [...guide.matchAll(/<h2 id="(\w+)">/g)].map(([, id]) => id);
  expect(ids.toSorted()).toEqual(ERROR_CODES.toSorted());
  for (const code of ERROR_CODES) {
    const { pathname, hash } = new URL(problemOf(code).type, "https://api.example.com/api/v1/payments");
    expect(routeFor("GET", pathname)).toMatchObject({
      route: { function: "get-docs" },
      parameters: { file: "errors" },
    });
    expect(hash).toBe(`#${code}`);
  }
});

test("the page of errors shows every sentence of its document, and no mark of Markdown", () => {
  const guide = errorGuide(anEvent({ method: "GET", rawPath: "/docs/errors" })).body;
  expect(guide).toContain("<p>503: The last checkout is past its window");
  expect(guide).toContain("<li><code>detail</code> is a sentence for people.</li>");
  expect(guide.replaceAll(/<style>.*<\/style>/gs, "")).not.toMatch(/\*\*|`|\]\(|^#|undefined/m);
});
