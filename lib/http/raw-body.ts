import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { BodyTooLarge } from "./errors.ts";

/** More than ten times the largest webhook that Chapa sends. */
export const WEBHOOK_LIMIT_BYTES = 64 * 1024;

/**
 * The body's bytes exactly as they came, for a signature over them.
 * @throws BodyTooLarge
 */
export function rawBody(event: APIGatewayProxyEventV2, limitBytes: number): Buffer {
  const text = event.body ?? "";
  // Four characters of base64 are three bytes: what is too large is not even decoded.
  if (text.length > (event.isBase64Encoded ? Math.ceil(limitBytes / 3) * 4 : limitBytes)) {
    throw new BodyTooLarge(limitBytes);
  }
  const bytes = Buffer.from(text, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > limitBytes) throw new BodyTooLarge(limitBytes);
  return bytes;
}
