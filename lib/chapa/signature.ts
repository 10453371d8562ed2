import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * `authentic`: the sender knows the secret and signed exactly these bytes. `constant`: the header has the value that
 * Chapa sends with every webhook, which proves nothing about the content. `absent`, `malformed`, `wrong`: not from
 * Chapa.
 */
export type SignatureVerdict = "authentic" | "constant" | "absent" | "malformed" | "wrong";

/** The two headers of Chapa's signatures, in lower case. */
export type SignatureHeaders = { "x-chapa-signature"?: string | undefined; "chapa-signature"?: string | undefined };

/**
 * Checks a webhook's HMAC-SHA256 over its raw bytes; JSON that is serialised again would give other bytes.
 * @param secrets the current webhook secret, and the previous one during a rotation
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

// timingSafeEqual throws for texts of different lengths, so only 64 hexadecimal characters pass.
function isHex(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
