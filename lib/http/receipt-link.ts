import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { Uuid } from "../domain/ids.ts";
import { DAY_MS, type Instant, SECOND_MS } from "../domain/time.ts";

const LIFE_MS = 30 * DAY_MS;

/** The query of a link to a receipt: until when it works, in seconds since 1970, and the signature of that. */
export const ReceiptQuery = z.object({
  until: z.coerce.number().int().min(0).max(99_999_999_999).catch(0),
  key: z.string().max(64).catch(""),
  lang: z.string().optional(),
});

/**
 * Returns the path of a payment's receipt with a signature, so that only who was given it can open it. It names no person.
 * @param secret is never rotated, so that a link works for as long as it says
 */
export function receiptLink(paymentId: Uuid, secret: string, now: Instant): string {
  const until = Math.ceil((now + LIFE_MS) / SECOND_MS);
  return `/api/v1/payments/${paymentId}/receipt?until=${until}&key=${signatureOf(paymentId, until, secret)}`;
}

/** Returns whether a link is ours, and its time is not over. */
export function checkReceiptLink(
  paymentId: Uuid,
  { until, key }: z.output<typeof ReceiptQuery>,
  secret: string,
  now: Instant,
): "valid" | "over" | "forged" {
  const expected = Buffer.from(signatureOf(paymentId, until, secret));
  const given = Buffer.from(key);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "forged";
  return now < until * SECOND_MS ? "valid" : "over";
}

function signatureOf(paymentId: Uuid, until: number, secret: string): string {
  return createHmac("sha256", secret).update(`receipt ${paymentId} ${until}`).digest("base64url").slice(0, 32);
}
