import { createHash } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import type { HttpAnswer } from "./problem.ts";

/** Returns the answer with an ETag, or 304 without a body if the caller already has this answer. */
export function tagged(event: APIGatewayProxyEventV2, answer: HttpAnswer): HttpAnswer {
  const etag = `"${createHash("sha256").update(answer.body).digest("base64url").slice(0, 22)}"`;
  const headers = { ...answer.headers, etag, "cache-control": "private, no-cache" };
  const known = (header(event, "if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (!known.includes(etag) && !known.includes("*")) return { ...answer, headers };
  const { "content-type": _, ...kept } = headers as Record<string, string>;
  return { statusCode: 304, headers: kept, body: "" };
}
