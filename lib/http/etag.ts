import { createHash } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import type { HttpAnswer } from "./problem.ts";

/** Returns the answer with an ETag, or 304 without a body if the caller already has this answer. */
export function tagged(event: APIGatewayProxyEventV2, answer: HttpAnswer): HttpAnswer {
  const etag = etagOf(answer.body);
  const headers = { ...answer.headers, etag, "cache-control": "private, no-cache" };
  return hasTag(event, etag) ? notModified(headers) : { ...answer, headers };
}

/** Returns the ETag of a body. */
export function etagOf(body: string): string {
  return `"${contentHash(body)}"`;
}

/** Returns a short name of a text's content. */
export function contentHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/** Whether the caller already has the answer with this ETag. */
export function hasTag(event: APIGatewayProxyEventV2, etag: string): boolean {
  const known = (header(event, "if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}

/** Returns the answer to a caller that has it already, with the headers of the full answer. */
export function notModified(headers: Record<string, string>): HttpAnswer {
  const { "content-type": _, ...kept } = headers;
  return { statusCode: 304, headers: kept, body: "" };
}
