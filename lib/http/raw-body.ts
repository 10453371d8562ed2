import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { BodyTooLarge } from "./errors.ts";

/** The largest body that is read: more than ten times Chapa's largest webhook, or any body of a caller. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Refuses a body above the limit, before it is decoded or parsed.
 * @throws BodyTooLarge
 */
export function requireBodyWithin(limitBytes: number, { body = "", isBase64Encoded }: APIGatewayProxyEventV2): void {
  if (Buffer.byteLength(body, isBase64Encoded ? "base64" : "utf8") > limitBytes) throw new BodyTooLarge(limitBytes);
}

/**
 * Returns the exact bytes of the body, for a signature over them.
 * @throws BodyTooLarge
 */
export function rawBody(event: APIGatewayProxyEventV2, limitBytes: number): Buffer {
  requireBodyWithin(limitBytes, event);
  return Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
}

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** Returns the bytes without the mark that some programs put before a text. A signature is over the bytes with it. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;
}
