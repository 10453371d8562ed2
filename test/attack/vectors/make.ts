import { createHash, createHmac } from "node:crypto";
import type { SignatureVerdict } from "../../../lib/chapa/signature.ts";

/** One webhook as it arrives, and what its signature is worth. `body_text` only where the bytes are UTF-8. */
export type Vector = {
  name: string;
  body_base64: string;
  body_text?: string;
  headers: { "x-chapa-signature"?: string; "chapa-signature"?: string };
  secrets: readonly string[];
  verdict: SignatureVerdict;
  why: string;
};

const SECRET = "sim-webhook-secret";
const PREVIOUS = "previous-webhook-secret";
const OTHER = "secret-of-another-merchant";
const API_KEY = "CHASECK_TEST-public-example";

const PLAIN = '{"event":"charge.success","tx_ref":"PAY0000000000000001","status":"success","amount":"500.00"}';
// As PHP writes it: slashes and everything beyond ASCII are escaped.
const PHP =
  '{"event":"charge.success","tx_ref":"PAY0000000000000002","first_name":"\\u12a0\\u1260\\u1260","customization":{"logo":"https:\\/\\/img.example\\/l.png"}}';
const AMHARIC = '{"event":"charge.success","tx_ref":"PAY0000000000000003","first_name":"አበበ","status":"success"}';
const DUPLICATE = '{"tx_ref":"PAY0000000000000004","status":"failed","status":"success"}';
const PRETTY = '{\n  "tx_ref": "PAY0000000000000005",\n  "status": "success"\n}\n';
const FLOATS = '{"tx_ref":"PAY0000000000000006","amount":500.10,"charge":1.0e1}';
const FORM = "trx_ref=PAY0000000000000007&ref_id=AP0001&status=success";
const NOT_UTF8 = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0x80, 0x22, 0x7d]);

const hmac = (secret: string, content: string | Uint8Array, algorithm = "sha256") =>
  createHmac(algorithm, secret).update(content).digest("hex");
const CONSTANT = hmac(SECRET, SECRET);

type Given = { body?: string | Uint8Array; content?: string; other?: string; secrets?: readonly string[] };

function vector(verdict: SignatureVerdict, name: string, why: string, given: Given): Vector {
  const bytes = Buffer.from(given.body ?? PLAIN);
  const isText = Buffer.from(bytes.toString("utf8")).equals(bytes);
  return {
    name,
    body_base64: bytes.toString("base64"),
    ...(isText ? { body_text: bytes.toString("utf8") } : {}),
    headers: {
      ...(given.content === undefined ? {} : { "x-chapa-signature": given.content }),
      ...(given.other === undefined ? {} : { "chapa-signature": given.other }),
    },
    secrets: given.secrets ?? [SECRET],
    verdict,
    why,
  };
}

/** A vector of one verdict. */
const judged = (verdict: SignatureVerdict) => (name: string, why: string, given: Given) =>
  vector(verdict, name, why, given);
const [authentic, constant, wrong, absent] = [
  judged("authentic"),
  judged("constant"),
  judged("wrong"),
  judged("absent"),
];

/** A body that was signed as it is. */
const signed = (name: string, why: string, body: string | Uint8Array, secret = SECRET) =>
  authentic(name, why, { body, content: hmac(secret, body), other: CONSTANT });
/** A signature over `made` beside the bytes of `sent`. */
const changed = (name: string, why: string, made: string | Uint8Array, sent: string | Uint8Array) =>
  wrong(name, why, { body: sent, content: hmac(SECRET, made), other: CONSTANT });
const malformed = (name: string, why: string, content: string) => judged("malformed")(name, why, { content });

function believed(): Vector[] {
  const good = hmac(SECRET, PLAIN);
  const both = [SECRET, PREVIOUS];
  return [
    signed(
      "a standard webhook",
      "x-chapa-signature is the HMAC over the exact bytes; the other header is a constant.",
      PLAIN,
    ),
    signed("escapes as PHP writes them", "The bytes are signed as they are, with \\/ and \\u.", PHP),
    signed("letters beyond ASCII", "The HMAC is over UTF-8 bytes and not over characters.", AMHARIC),
    signed("a key twice", "Nothing is parsed before the check, so what JSON means does not matter.", DUPLICATE),
    signed("JSON over several lines", "White space is signed like everything else.", PRETTY),
    signed("numbers with zeros at their end", "500.10 is not rewritten as 500.1.", FLOATS),
    signed("a byte order mark", "The mark is three bytes of the body and was signed with it.", `\ufeff${PLAIN}`),
    signed("a line break at the end", "It was signed with the body.", `${PLAIN}\n`),
    signed("Windows line breaks", "Line breaks are not changed before the check.", PRETTY.replaceAll("\n", "\r\n")),
    signed("a form instead of JSON", "The signature does not care what the bytes mean.", FORM),
    signed("bytes that are no text", "The HMAC is over bytes: decoding them first would lose some.", NOT_UTF8),
    signed("a NUL byte", "Nothing ends at a NUL.", `${PLAIN}\u0000`),
    signed("an empty body", "Nothing at all can be signed, too.", ""),
    authentic("no constant beside it", "The other header is not needed.", { content: good }),
    authentic("a content signature in the other header", "Custom webhooks are signed there.", { other: good }),
    authentic("a blank header before it", "A blank header counts as none.", { content: "  ", other: good }),
    authentic("capital letters", "Hexadecimal is compared without regard to case.", { content: good.toUpperCase() }),
    authentic("spaces around it", "Header values are trimmed.", { content: ` ${good}\t` }),
    authentic("the previous secret", "While the secret is being changed both are known.", {
      content: hmac(PREVIOUS, PLAIN),
      secrets: both,
    }),
    authentic("the current one of two secrets", "The order of the secrets does not matter.", {
      content: good,
      secrets: [PREVIOUS, SECRET],
    }),
    authentic("a secret beyond ASCII", "The key is the secret's UTF-8 bytes.", {
      content: hmac("ምስጢር-🔑", PLAIN),
      secrets: ["ምስጢር-🔑"],
    }),
    authentic("a body that is the secret itself", "Signed content comes first, even where it equals the constant.", {
      body: SECRET,
      other: CONSTANT,
    }),
  ];
}

function constants(): Vector[] {
  return [
    constant(
      "the constant alone",
      "HMAC(secret, secret) is the same for ever and proves nothing about this body: at most ask Chapa.",
      { other: CONSTANT },
    ),
    constant("the constant with a body of anybody's", "Whoever has seen one webhook can send it with any body.", {
      body: '{"tx_ref":"FORGED","status":"success"}',
      other: CONSTANT,
    }),
    constant("the constant with nothing", "It does not depend on the body.", { body: "", other: CONSTANT }),
    constant("the constant in capital letters", "Spelled otherwise it is the same value.", {
      other: CONSTANT.toUpperCase(),
    }),
    constant("the constant beside a blank header", "A blank header counts as none.", { content: "", other: CONSTANT }),
    constant("the previous secret's constant", "It is known as long as its secret is.", {
      other: hmac(PREVIOUS, PREVIOUS),
      secrets: [SECRET, PREVIOUS],
    }),
    wrong("the constant in the header for content", "There only an HMAC over the body counts.", { content: CONSTANT }),
    wrong("the headers swapped", "The constant stands where the content's signature belongs.", {
      content: CONSTANT,
      other: hmac(SECRET, PLAIN),
    }),
    wrong("a wrong signature beside the constant", "The constant saves nothing.", {
      content: "0".repeat(64),
      other: CONSTANT,
    }),
    wrong("another secret's constant", "Nobody here knows that secret.", { other: hmac(OTHER, OTHER) }),
    wrong("one secret's HMAC over another", "Neither is signed with itself.", {
      other: hmac(SECRET, PREVIOUS),
      secrets: [SECRET, PREVIOUS],
    }),
  ];
}

function refused(): Vector[] {
  const rewritten = (text: string) => JSON.stringify(JSON.parse(text));
  return [
    changed(
      "parsed and written again",
      "JavaScript does not write \\/ and \\u: these are other bytes than were signed.",
      rewritten(PHP),
      PHP,
    ),
    changed("written again without its spaces", "White space was signed, too.", rewritten(PRETTY), PRETTY),
    changed("a duplicate key dropped", "Parsing keeps the last one only.", rewritten(DUPLICATE), DUPLICATE),
    changed("numbers written again", "500.10 and 500.1 are other bytes.", rewritten(FLOATS), FLOATS),
    changed("a byte order mark lost on the way", "Three bytes are missing.", `\ufeff${PLAIN}`, PLAIN),
    changed("a byte order mark added on the way", "Three bytes are too many.", PLAIN, `\ufeff${PLAIN}`),
    changed("a line break added on the way", "One byte is too many.", PLAIN, `${PLAIN}\n`),
    changed("a line break trimmed on the way", "One byte is missing.", `${PLAIN}\n`, PLAIN),
    changed(
      "one digit of the amount changed",
      "This is what a signature is for.",
      PLAIN,
      PLAIN.replace("500.00", "900.00"),
    ),
    changed("the body cut short", "Half a body is another one.", PLAIN, PLAIN.slice(0, 47)),
    changed("signed over nothing", "Not over this body.", "", PLAIN),
    changed(
      "signed over the base64 of the body",
      "A gateway's base64 has to be decoded first.",
      Buffer.from(PLAIN).toString("base64"),
      PLAIN,
    ),
    changed(
      "checked over base64 that was not decoded",
      "The bytes that were signed are inside.",
      PLAIN,
      Buffer.from(PLAIN).toString("base64"),
    ),
    changed(
      "bytes decoded as text on the way",
      "Each byte that is no UTF-8 became a replacement character.",
      NOT_UTF8,
      NOT_UTF8.toString("utf8"),
    ),
    wrong("another merchant's secret", "Well made, with a key that is not ours.", { content: hmac(OTHER, PLAIN) }),
    wrong("the API key as the secret", "Chapa signs with the webhook secret.", { content: hmac(API_KEY, PLAIN) }),
    wrong("an empty secret", "Anybody can make it.", { content: hmac("", PLAIN) }),
    wrong("the previous secret after it was given up", "Only what is in the list counts.", {
      content: hmac(PREVIOUS, PLAIN),
    }),
    wrong("no secret known", "Without a secret nothing is authentic.", { content: hmac("", PLAIN), secrets: [] }),
    wrong("a plain SHA-256 of the body", "It has no key in it.", {
      content: createHash("sha256").update(PLAIN).digest("hex"),
    }),
    wrong("half of an HMAC-SHA512", "Its first 64 characters are no HMAC-SHA256.", {
      content: hmac(SECRET, PLAIN, "sha512").slice(0, 64),
    }),
    wrong("one digit changed", "63 digits that fit are not enough.", {
      content: hmac(SECRET, PLAIN).replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    }),
    wrong(
      "a good signature in the header that does not count",
      "The other header counts only where x-chapa-signature is blank.",
      { content: "f".repeat(64), other: hmac(SECRET, PLAIN) },
    ),
  ];
}

function unreadable(): Vector[] {
  const good = hmac(SECRET, PLAIN);
  return [
    malformed(
      "63 characters",
      "A comparison in constant time needs equal lengths, and some libraries throw here.",
      good.slice(0, 63),
    ),
    malformed("65 characters", "As above.", `${good}0`),
    malformed("64 characters that are not hexadecimal", "There is no digit g.", good.replace(/^./, "g")),
    malformed("a letter of another alphabet", "It only looks like an a.", `а${good.slice(1)}`),
    malformed("64 characters beyond ASCII", "As bytes they are longer than 64.", "é".repeat(64)),
    malformed("a prefix as GitHub writes it", "Chapa writes none.", `sha256=${good}`),
    malformed(
      "base64 instead of hexadecimal",
      "Chapa writes hexadecimal.",
      Buffer.from(good, "hex").toString("base64"),
    ),
    malformed("the header twice, joined by a proxy", "Two values are none.", `${good},${good}`),
    malformed("a good one and another, joined", "Not even if one of them fits.", `${good}, ${"0".repeat(64)}`),
    malformed("a space within", "Only spaces around it are taken off.", `${good.slice(0, 32)} ${good.slice(32)}`),
    malformed("an HMAC-SHA1", "40 digits.", hmac(SECRET, PLAIN, "sha1")),
    malformed("an HMAC-SHA512", "128 digits.", hmac(SECRET, PLAIN, "sha512")),
    judged("malformed")("nonsense before the constant", "A header that is not blank is the one that counts.", {
      content: "x",
      other: CONSTANT,
    }),
    judged("malformed")("nonsense in the other header", "It counts where it is the only one.", { other: "signature" }),
    absent("no header", "Nobody signed anything.", {}),
    absent("blank headers", "Blank is none.", { content: "", other: "   " }),
    absent("no header and no body", "As above.", { body: "" }),
  ];
}

/** Every vector that is published. */
export function vectors(): Vector[] {
  return [...believed(), ...constants(), ...refused(), ...unreadable()];
}

export const ABOUT =
  "Signatures of Chapa's webhooks: what arrives, with public test secrets, and what it proves. authentic: HMAC-SHA256 in hexadecimal over exactly these bytes with one of the secrets. constant: HMAC(secret, secret), which Chapa sends with every webhook for ever; whoever has seen it once can send it with any body. wrong, malformed, absent: not from Chapa. A value is trimmed and put into lower case; x-chapa-signature counts, and chapa-signature only where that is blank or missing. A body that is larger than the receiver reads is not judged at all. See README.md beside this file.";
