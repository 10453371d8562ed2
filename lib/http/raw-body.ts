import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { BodyTooLarge } from "./errors.ts";

/** More than ten times Chapa's largest webhook. */
export const WEBHOOK_LIMIT_BYTES = 64 * 1024;

/**
 * Returns the exact bytes of the body, for a signature over them.
 * @throws BodyTooLarge
 */
export function rawBody(event: APIGatewayProxyEventV2, limitBytes: number): Buffer {
  const text = event.body ?? "";
  // Four characters of base64 are three bytes, so a body that is too large is refused before it is decoded.
  if (text.length > (event.isBase64Encoded ? Math.ceil(limitBytes / 3) * 4 : limitBytes)) {
    throw new BodyTooLarge(limitBytes);
  }
  const bytes = Buffer.from(text, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > limitBytes) throw new BodyTooLarge(limitBytes);
  return bytes;
}

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** Returns the bytes without the mark that some programs put before a text. A signature is over the bytes with it. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;
}
