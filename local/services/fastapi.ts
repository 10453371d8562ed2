import * as z from "zod";
import type { Answer, Request } from "../serve.ts";

/** An error as FastAPI writes it. All three sibling services use FastAPI. */
export function detail(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { detail: text } };
}

export const notAuthenticated = (): Answer => detail(401, "Not authenticated", { "www-authenticate": "Bearer" });
export const notValid = (): Answer => detail(401, "Could not validate credentials", { "www-authenticate": "Bearer" });
export const notFound = (): Answer => detail(404, "Not Found");

/** An error that the service does not expect. */
export function crashed(): Answer {
  return { status: 500, headers: { "content-type": "text/plain; charset=utf-8" }, body: "Internal Server Error" };
}

/** A route's path, of which a part in braces is a parameter, with its answers by method. */
export type Routes = Record<string, Record<string, (request: Request, parameter: string) => Answer | Promise<Answer>>>;

/** Returns the answer of the first route with this path and method. A slash too many is redirected. */
export function routed(routes: Routes, request: Request, origin: string): Answer | Promise<Answer> {
  const { method, path } = request;
  const found = matching(routes, path);
  for (const { methods, parameter } of found) {
    const handle = methods[method];
    if (handle) return handle(request, parameter);
  }
  const [first] = found;
  if (first) return detail(405, "Method Not Allowed", { allow: Object.keys(first.methods).join(", ") });
  const unslashed = path.slice(0, -1);
  const isSlashTooMany = path.endsWith("/") && matching(routes, unslashed).length > 0;
  return isSlashTooMany ? { status: 307, headers: { location: `${origin}${unslashed}` } } : notFound();
}

function matching(routes: Routes, path: string) {
  return Object.entries(routes).flatMap(([pattern, methods]) => {
    const [before = "", after] = pattern.split("{}");
    if (after === undefined) return path === pattern ? [{ methods, parameter: "" }] : [];
    if (!path.startsWith(before) || !path.endsWith(after)) return [];
    const parameter = path.slice(before.length, path.length - after.length);
    return parameter && !parameter.includes("/") ? [{ methods, parameter }] : [];
  });
}

/** One error of a 422. */
export type FieldError = {
  type: string;
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Record<string, unknown>;
};

/** The 422 for an invalid body or path. */
export function unprocessable(errors: readonly FieldError[]): Answer {
  return { status: 422, body: { detail: errors } };
}

/** What is wrong with a value; undefined if nothing is. */
export type Check = (value: unknown) => Pick<FieldError, "type" | "msg" | "ctx"> | undefined;

export const isText: Check = (value) =>
  typeof value === "string" ? undefined : { type: "string_type", msg: "Input should be a valid string" };
export const isTextOrNull: Check = (value) => (value === null ? undefined : isText(value));
export const isDictionary: Check = (value) =>
  Dictionary.safeParse(value).success ? undefined : { type: "dict_type", msg: "Input should be a valid dictionary" };
export const isUuid: Check = (value) => {
  if (PythonUuid.safeParse(value).success) return undefined;
  const at = typeof value === "string" ? value.search(/[^0-9a-f-]/i) : -1;
  const error =
    typeof value === "string" && at >= 0
      ? `invalid character: expected an optional prefix of \`urn:uuid:\` followed by [0-9a-fA-F-], found \`${value[at]}\` at ${at + 1}`
      : "invalid length";
  return { type: "uuid_parsing", msg: `Input should be a valid UUID, ${error}`, ctx: { error } };
};
export const isUuid4: Check = (value) =>
  isUuid(value) ??
  (PythonUuid4.safeParse(value).success
    ? undefined
    : { type: "uuid_version", msg: "UUID version 4 expected", ctx: { expected_version: 4 } });

const Dictionary = z.record(z.string(), z.unknown());

/** A field of a body: its check, and whether it may be absent. */
export type Field = { check: Check; isOptional?: true };

export type JsonBody = { broken: Answer; value?: never } | { broken?: never; value: unknown };

/** Reads a JSON body. Another content type is read as one text. FastAPI does this before it authenticates. */
export function jsonBody({ headers, body }: Request): JsonBody {
  const text = body.toString("utf8");
  if (text === "") return { value: undefined };
  const type = headers["content-type"] ?? "application/json";
  if (!/^application\/(.+\+)?json/.test(type)) return { value: text };
  try {
    return { value: JSON.parse(text) };
  } catch {
    const error = { type: "json_invalid", loc: ["body", 0], msg: "JSON decode error", input: {} };
    return { broken: unprocessable([{ ...error, ctx: { error: "Expecting value" } }]) };
  }
}

/** What is wrong with the fields of a body. @returns the fields if nothing is */
export function checked(
  value: unknown,
  fields: Record<string, Field>,
): { errors: FieldError[]; body?: never } | { errors?: never; body: Record<string, unknown> } {
  const loc = ["body"];
  if (value === undefined) return { errors: [{ type: "missing", loc, msg: "Field required", input: null }] };
  const body = Dictionary.safeParse(value).data;
  if (!body || Array.isArray(value)) {
    const msg = "Input should be a valid dictionary or object to extract fields from";
    return { errors: [{ type: "model_attributes_type", loc, msg, input: value }] };
  }
  const errors = Object.entries(fields).flatMap(([name, { check, isOptional }]): FieldError[] => {
    const field = body[name];
    if (field === undefined) {
      return isOptional ? [] : [{ type: "missing", loc: ["body", name], msg: "Field required", input: body }];
    }
    const error = check(field);
    return error ? [{ ...error, loc: ["body", name], input: field }] : [];
  });
  return errors.length > 0 ? { errors } : { body };
}

/** The 422 for a path whose parameter is no UUID; undefined if it is one. */
export function pathError(name: string, input: string): Answer | undefined {
  const error = isUuid(input);
  return error && unprocessable([{ ...error, loc: ["path", name], input }]);
}

/** The token of a bearer, which may be empty. @returns undefined if there is no header of this scheme */
export function bearerOf(request: Request): string | undefined {
  const [, scheme, token] = /^(\S+)(?: (.*))?$/.exec(request.headers.authorization ?? "") ?? [];
  return scheme?.toLowerCase() === "bearer" ? (token ?? "") : undefined;
}

/** A UUID as Python parses it: with or without hyphens, braces and `urn:uuid:`, in any case. The output is canonical. */
export const PythonUuid = z.string().transform((text, context) => {
  const hex = text
    .replace("urn:", "")
    .replace("uuid:", "")
    .replace(/^[{}]+|[{}]+$/g, "")
    .replaceAll("-", "")
    .toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex)) return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  context.issues.push({ code: "custom", message: "Input should be a valid UUID", input: text });
  return z.NEVER;
});

/** As {@link PythonUuid}, but only version 4. */
export const PythonUuid4 = PythonUuid.refine((id) => /^.{14}4.{4}[89ab]/.test(id), "UUID version 4 expected");

/** A time as Python writes it: in UTC, but without saying so. */
export function pythonTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "000");
}
