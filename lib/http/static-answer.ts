import { gzipSync } from "node:zlib";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import { etagOf, hasTag, notModified } from "./etag.ts";
import type { HttpAnswer } from "./problem.ts";

/**
 * Returns the answer to any request for one fixed text: compressed for callers that accept gzip, and 304 for callers that
 * have it. The text is compressed once in a process.
 */
export function staticAnswer(
  body: string,
  headers: { "content-type": string; "cache-control": string; "content-security-policy"?: string },
): (event: APIGatewayProxyEventV2) => HttpAnswer {
  const common = { ...headers, etag: etagOf(body), vary: "accept-encoding" };
  let packed: string | undefined;
  return (event) => {
    if (hasTag(event, common.etag)) return notModified(common);
    if (!acceptsGzip(header(event, "accept-encoding"))) return { statusCode: 200, headers: common, body };
    packed ??= gzipSync(body).toString("base64");
    return { statusCode: 200, headers: { ...common, "content-encoding": "gzip" }, body: packed, isBase64Encoded: true };
  };
}

function acceptsGzip(accepted = ""): boolean {
  return accepted.split(",").some((part) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(part));
}
