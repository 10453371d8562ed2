import type * as z from "zod";
import { type FieldError, InputInvalid } from "./errors.ts";

/**
 * Returns a part of a request, parsed.
 * @throws InputInvalid that names every invalid field
 */
export function parseRequest<Value>(
  where: "body" | "path" | "query" | "header",
  schema: z.ZodType<Value>,
  value: unknown,
): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InputInvalid(result.error.issues.flatMap((issue) => fieldErrors(where, issue, value)));
}

function fieldErrors(where: string, issue: z.core.$ZodIssue, value: unknown): FieldError[] {
  if (issue.code !== "unrecognized_keys") return [fieldError(where, issue, value)];
  return issue.keys.map((key) => ({
    pointer: `/${[...issue.path, key].join("/")}`,
    loc: [where, ...issue.path.map(String), key],
    msg: "unknown",
    type: issue.code,
  }));
}

function fieldError(where: string, issue: z.core.$ZodIssue, value: unknown): FieldError {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const missing = path.length > 0 && valueAt(value, path) === undefined;
  return {
    pointer: `/${path.join("/")}`,
    loc: [where, ...path],
    msg: missing ? "Field required" : issue.message,
    type: missing ? "missing" : issue.code,
  };
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
