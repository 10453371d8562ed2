import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeSignature } from "../../../lib/chapa/signature.ts";
import { BODY_LIMIT_BYTES, rawBody } from "../../../lib/http/raw-body.ts";
import { anEvent } from "../../support/events.ts";
import { anyText, mostly } from "./hostile.ts";
import { signatureInvariant } from "./invariants/chapa.ts";
import { webhookInvariant } from "./invariants/http.ts";
import { holds, holdsOften } from "./settings.ts";

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.json().map((text) => Uint8Array.from(Buffer.from(text))),
);
const secrets = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 2 });
const hmac = (secret: string, content: Uint8Array | string) =>
  createHmac("sha256", secret).update(content).digest("hex");
const other = (text: string) => (text === "0" ? "1" : "0");

test("a webhook's signature is judged by what it is, in either header, spelled in any way, for any bytes and secrets", async () => {
  const spelled = (signature: string) =>
    fc.oneof(
      fc.constantFrom(
        signature,
        signature.toUpperCase(),
        ` ${signature}\t`,
        `\ufeff${signature}`,
        signature.slice(1),
        `${signature}0`,
        `${signature},${signature}`,
        `${signature}, ${signature}`,
        `sha256=${signature}`,
        `${signature.slice(0, 32)} ${signature.slice(32)}`,
        signature.replace(/[0-9]/, "g"),
        signature.replace("a", "а"),
        Buffer.from(signature, "hex").toString("base64"),
        "",
        "   ",
      ),
      anyText,
      fc.constant(undefined),
    );
  const asked = fc.tuple(bodies, secrets).chain(([body, known]) => {
    const signed = fc.constantFrom(
      ...known.flatMap((secret) => [hmac(secret, body), hmac(secret, secret), hmac(`${secret}x`, body)]),
    );
    const header = signed.chain(spelled);
    return fc.record({ body: fc.constant(body), known: fc.constant(known), content: header, other: header });
  });
  await holdsOften(5, [asked], ({ body, known, content, other }) => {
    signatureInvariant(body, { "x-chapa-signature": content, "chapa-signature": other }, known);
  });
});

test("a webhook's signature is authentic no more once any bit of the body, or any digit of itself, is another", async () => {
  await holdsOften(
    2,
    [bodies, secrets, fc.tuple(fc.nat(), fc.nat(63), fc.boolean())],
    (body, known, [bit, digit, isOther]) => {
      const [secret = ""] = known;
      const signature = hmac(secret, body);
      const header = isOther ? "chapa-signature" : "x-chapa-signature";
      expect(judgeSignature(body, { [header]: signature }, known)).toBe("authentic");
      const changed = signature.slice(0, digit) + other(signature.charAt(digit)) + signature.slice(digit + 1);
      expect(judgeSignature(body, { [header]: changed }, known)).toBe("wrong");
      if (body.length === 0) return;
      const touched = Uint8Array.from(body);
      const at = bit % (body.length * 8);
      touched[at >> 3] = (touched[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(judgeSignature(touched, { [header]: signature }, known)).toBe("wrong");
    },
  );
});

test("a webhook's signature given twice is malformed, whether the two are joined or not, and never half of it counts", async () => {
  await holds([bodies, secrets, fc.constantFrom(",", ", ", ";", " ", "\n", "")], (body, known, join) => {
    const good = hmac(known[0] ?? "", body);
    for (const value of [`${good}${join}${good}`, `${good}${join}${"0".repeat(64)}`]) {
      expect(judgeSignature(body, { "x-chapa-signature": value }, known)).toBe("malformed");
    }
  });
});

test("a webhook's signature over bytes that came in base64 is judged over the bytes, and over the base64 text it is wrong", async () => {
  await holds([fc.uint8Array({ minLength: 1, maxLength: 300 }), secrets], (bytes, known) => {
    const body = Buffer.from(bytes).toString("base64");
    const raw = rawBody(anEvent({ body, isBase64Encoded: true }), BODY_LIMIT_BYTES);
    expect(raw.equals(bytes)).toBe(true);
    const judge = (content: Uint8Array | string) =>
      judgeSignature(raw, { "x-chapa-signature": hmac(known[0] ?? "", content) }, known);
    expect(judge(bytes)).toBe("authentic");
    if (body !== Buffer.from(bytes).toString("latin1")) expect(judge(body)).toBe("wrong");
  });
});

test("a webhook's signature without a known secret is never authentic, not even over nothing", async () => {
  await holds([bodies, fc.oneof(anyText, fc.constant(hmac("", "")))], (body, value) => {
    expect(["absent", "malformed", "wrong"]).toContain(judgeSignature(body, { "x-chapa-signature": value }, []));
  });
});

describe("a webhook's body", () => {
  const body = fc.oneof(
    mostly({ tx_ref: anyText, trx_ref: anyText, status: anyText }).map((value) => JSON.stringify(value)),
    fc.record({ tx_ref: anyText, trx_ref: anyText }, { requiredKeys: [] }).map((fields) =>
      // As a form; what is no character there is left out.
      new URLSearchParams(
        Object.entries(fields).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
      ).toString(),
    ),
    anyText,
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("utf8")),
  );

  test("a webhook's body names the payment that its text names, or is refused by name", async () => {
    const query = fc.record({ tx_ref: anyText, trx_ref: anyText }, { requiredKeys: [] });
    await holdsOften(3, [body, query, fc.boolean()], (text, queryStringParameters, isBase64Encoded) => {
      const sent = isBase64Encoded ? Buffer.from(text).toString("base64") : text;
      webhookInvariant({ headers: {}, body: sent, isBase64Encoded, queryStringParameters });
    });
  });
});
