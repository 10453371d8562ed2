import { createHash } from "node:crypto";
import * as z from "zod";

/** A UUID in canonical form: lower case, hyphens, no braces, no `urn:`. */
export type Uuid = string & z.$brand<"Uuid">;
/** Names a fee (user, property, purpose, serial): 16 Crockford base32 characters, 80 bits. The payment's key. */
export type Ref = string & z.$brand<"Ref">;
/**
 * The reference of a checkout at Chapa: a {@link Ref}, two characters for the attempt, and two check characters of the
 * stage; `[0-9A-Z]{20}`.
 */
export type TxRef = string & z.$brand<"TxRef">;

/** Attempts are numbered from 0. Two base32 characters cannot hold a higher number. */
export const LAST_ATTEMPT = 1023;

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const REF_LENGTH = 16;
const REF_BITS = 80n;
const CHECKED_LENGTH = 18;
const TX_CHECK_BITS = 10n;
const ID_CHECK_BITS = 42n;

export const Ref = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{16}$/)
  .transform((text) => text as Ref);

/** Parses any textual form of a UUID (upper case, braces, `urn:uuid:`, no hyphens) to the canonical one. */
export const Uuid = z.string().transform((text, context): Uuid => {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, "")
    .replace(/^\{|\}$/g, "")
    .replaceAll("-", "");
  if (/^[0-9a-f]{32}$/.test(hex)) return hyphenated(hex);
  context.issues.push({ code: "custom", message: "not a UUID", input: text });
  return z.NEVER;
});

/**
 * The fee that a payment is for. `serial` counts from 0; a fee that is spent and payable again gets the next serial.
 */
export type Fee = { userId: Uuid; propertyId: Uuid; purpose: string; serial: number };

/**
 * Returns the key of a fee's payment.
 * @param namespace a secret constant of the stage: outsiders cannot compute keys, and no two stages share one
 */
export function refOf(namespace: string, fee: Fee): Ref {
  const digest = sha256([namespace, "fee/1", fee.userId, fee.propertyId, fee.purpose, fee.serial]);
  return encode32(bits(digest, REF_BITS), REF_LENGTH) as Ref;
}

/** Returns 8 hexadecimal characters that differ when the namespace differs, and do not reveal it. */
export function namespaceFingerprint(namespace: string): string {
  return sha256([namespace, "fingerprint/1"]).toString("hex").slice(0, 8);
}

/** Returns the key of a request: 64 hexadecimal characters. The same user and request id always give the same key. */
export function requestHash(namespace: string, userId: Uuid, requestId: string): string {
  return sha256([namespace, "request/1", userId, requestId]).toString("hex");
}

/**
 * What the references of a payment's checkouts are made of. `txStage` is a public constant of the stage. Its check
 * characters tell our references from those of other programs and stages on the same Chapa account.
 */
export type PaymentKey = { ref: Ref; txStage: string };

/**
 * Returns the reference under which Chapa knows this attempt of a payment.
 * @throws RangeError for a number outside 0 to {@link LAST_ATTEMPT}
 */
export function txRefOf({ ref, txStage }: PaymentKey, attempt: number): TxRef {
  if (!Number.isInteger(attempt) || attempt < 0 || attempt > LAST_ATTEMPT) {
    throw new RangeError(`attempt ${attempt} is outside 0..${LAST_ATTEMPT}`);
  }
  return checked(`${ref}${encode32(BigInt(attempt), 2)}`, txStage);
}

/** The parsed reference of a checkout. */
export type CheckoutRef = PaymentKey & { attempt: number; txRef: TxRef };

export function checkoutRefOf({ ref, txStage }: PaymentKey, attempt: number): CheckoutRef {
  return { ref, txStage, attempt, txRef: txRefOf({ ref, txStage }, attempt) };
}

/** Returns the parts of a reference; undefined if it does not have our form or our check characters. */
export function parseTxRef(text: string, txStage: string): CheckoutRef | undefined {
  if (!/^[0-9A-HJKMNP-TV-Z]{20}$/.test(text)) return undefined;
  const txRef = checked(text.slice(0, CHECKED_LENGTH), txStage);
  if (txRef !== text) return undefined;
  const attempt = Number(decode32(text.slice(REF_LENGTH, CHECKED_LENGTH)));
  return { ref: text.slice(0, REF_LENGTH) as Ref, txStage, attempt, txRef };
}

function checked(text: string, txStage: string): TxRef {
  return `${text}${encode32(bits(sha256([txStage, "tx/1", text]), TX_CHECK_BITS), 2)}` as TxRef;
}

/**
 * Returns the public id of a payment: a UUID of version 4 shape, because receivers accept no other. Its 122 free bits
 * are the 80 bits of the ref and 42 bits of the SHA-256 of the ref.
 */
export function paymentIdOf(ref: Ref): Uuid {
  const free = (decode32(ref) << ID_CHECK_BITS) | checkOf(ref);
  const high = free >> 74n;
  const middle = (free >> 62n) & 0xfffn;
  const low = free & ((1n << 62n) - 1n);
  const all = (high << 80n) | (0x4n << 76n) | (middle << 64n) | (0b10n << 62n) | low;
  return hyphenated(all.toString(16).padStart(32, "0"));
}

/** Returns the ref inside a payment id; undefined if {@link paymentIdOf} cannot have made the id. */
export function refOfPaymentId(paymentId: Uuid): Ref | undefined {
  const all = BigInt(`0x${paymentId.replaceAll("-", "")}`);
  if (((all >> 76n) & 0xfn) !== 0x4n || ((all >> 62n) & 0b11n) !== 0b10n) return undefined;
  const free = ((all >> 80n) << 74n) | (((all >> 64n) & 0xfffn) << 62n) | (all & ((1n << 62n) - 1n));
  const ref = encode32(free >> ID_CHECK_BITS, REF_LENGTH) as Ref;
  return (free & ((1n << ID_CHECK_BITS) - 1n)) === checkOf(ref) ? ref : undefined;
}

/**
 * Returns our reference of a refund at Chapa: the ref and 4 characters of the SHA-256 of its id. The same id gives the
 * same reference, also after the table was restored.
 */
export function refundReferenceOf(ref: Ref, refundId: string): string {
  return `${ref}${encode32(bits(createHash("sha256").update(refundId).digest(), 20n), 4)}`;
}

/** Returns the id of one version of a payment as an event; it is the same each time the version is published. */
export function eventIdOf(ref: Ref, version: number): string {
  return `${ref}.${version}`;
}

function checkOf(ref: Ref): bigint {
  return bits(createHash("sha256").update(ref).digest(), ID_CHECK_BITS);
}

function sha256(parts: readonly (string | number)[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

function bits(digest: Buffer, count: bigint): bigint {
  return BigInt(`0x${digest.toString("hex")}`) >> (256n - count);
}

function encode32(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest >>= 5n) text = ALPHABET.charAt(Number(rest & 31n)) + text;
  return text;
}

function decode32(text: string): bigint {
  return [...text].reduce((value, character) => (value << 5n) | BigInt(ALPHABET.indexOf(character)), 0n);
}

function hyphenated(hex: string): Uuid {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Uuid;
}
