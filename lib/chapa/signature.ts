import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * `authentic`: whoever sent this knows the secret and signed exactly these bytes. `constant`: it carries the value that
 * Chapa sends with every webhook for ever, which proves nothing about the content. `absent`, `malformed`, `wrong`:
 * not from Chapa.
 */
export type SignatureVerdict = "authentic" | "constant" | "absent" | "malformed" | "wrong";

/** The two headers in which Chapa puts signatures, in lower case. */
export type SignatureHeaders = { "x-chapa-signature"?: string | undefined; "chapa-signature"?: string | undefined };

/**
 * Judges a webhook by HMAC-SHA256 over its raw bytes; re-serialised JSON is never tried.
 * @param secrets the current webhook secret, and the previous one while it is being changed
 */
export function judgeSignature(
  raw: Uint8Array,
  headers: SignatureHeaders,
  secrets: readonly string[],
): SignatureVerdict {
  const content = headers["x-chapa-signature"]?.trim().toLowerCase();
  const other = headers["chapa-signature"]?.trim().toLowerCase();
  const given = content || other;
  if (!given) return "absent";
  if (!isHex(given)) return "malformed";
  if (secrets.some((secret) => equal(given, hmac(secret, raw)))) return "authentic";
  return !content && secrets.some((secret) => equal(given, hmac(secret, secret))) ? "constant" : "wrong";
}

function hmac(secret: string, content: Uint8Array | string): string {
  return createHmac("sha256", secret).update(content).digest("hex");
}

// timingSafeEqual throws on texts of different length, so only 64 hexadecimal characters come here.
function isHex(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
