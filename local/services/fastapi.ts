import * as z from "zod";
import type { Answer, Request } from "../serve.ts";

/** An error as FastAPI writes it. All three sibling services use FastAPI. */
export function detail(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { detail: text } };
}

export const notAuthenticated = (): Answer => detail(401, "Not authenticated", { "www-authenticate": "Bearer" });
export const notValid = (): Answer => detail(401, "Could not validate credentials", { "www-authenticate": "Bearer" });
export const notFound = (): Answer => detail(404, "Not Found");

/** The 422 for an invalid body or path. */
export function unprocessable(error: z.ZodError, where: "body" | "path"): Answer {
  const errors = error.issues.map((issue) => ({
    type: issue.code,
    loc: [where, ...issue.path.map(String)],
    msg: issue.message,
    input: null,
  }));
  return { status: 422, body: { detail: errors } };
}

/** The body as JSON. @returns undefined if it is not JSON */
export function jsonOf(request: Request): unknown {
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

export function bearerOf(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
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
