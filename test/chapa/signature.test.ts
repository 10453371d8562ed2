import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeSignature } from "../../lib/chapa/signature.ts";

const SECRET = "sim-webhook-secret";
const BODY = Buffer.from(
  '{"event":"charge.success","tx_ref":"PAY0000000000000001","status":"success","amount":"500.00"}',
);
const SIGNATURE = "e702210f935b2f68542e8d3c88367bc3ef8051ebd73a98c076cbedc56ef837d4";
// PHP escapes slashes and everything beyond ASCII: parsed and written again these are other bytes.
const PHP_BODY = Buffer.from(
  '{"event":"charge.success","tx_ref":"PAY0000000000000002","first_name":"\\u12a0\\u1260\\u1260","customization":{"logo":"https:\\/\\/img.example\\/l.png"}}',
);
const PHP_SIGNATURE = "31f85f1b12135fbddf80398cc5be4fa98c9b6a7f9c9ca3652df82f34d40e1028";
const PHP_REWRITTEN_SIGNATURE = "231612f904a801caabe3e7099410cf424ad6e03f5f502b040402bae0835f7c39";
const CONSTANT = "c2a381363442fa0006e0110991bdcecacdde9dc4c030e47cfb6072c49eb2b2e4";

const judge = (content: string | undefined, other?: string, body = BODY, secrets = [SECRET]) =>
  judgeSignature(body, { "x-chapa-signature": content, "chapa-signature": other }, secrets);

test.each([
  ["ASCII", BODY, SIGNATURE],
  ["escaped by PHP", PHP_BODY, PHP_SIGNATURE],
])("a signature over the exact bytes is authentic: %s", (_name, body, signature) => {
  expect(judge(signature, undefined, body)).toBe("authentic");
  expect(judge(signature.toUpperCase(), undefined, body)).toBe("authentic");
  expect(judge(` ${signature} `, undefined, body)).toBe("authentic");
});

test("a signature over the body written again is wrong", () => {
  expect(judge(PHP_REWRITTEN_SIGNATURE, undefined, PHP_BODY)).toBe("wrong");
});

test("a signature made with the previous secret is authentic while both are known, and wrong after", () => {
  expect(judge(SIGNATURE, undefined, BODY, ["new-secret", SECRET])).toBe("authentic");
  expect(judge(SIGNATURE, undefined, BODY, ["new-secret"])).toBe("wrong");
});

test("the constant header alone proves nothing about the content", () => {
  expect(judge(undefined, CONSTANT)).toBe("constant");
  expect(judge("", CONSTANT)).toBe("constant");
  expect(judge(undefined, CONSTANT, Buffer.from("anything"))).toBe("constant");
  expect(judge(undefined, CONSTANT, BODY, ["new-secret", SECRET])).toBe("constant");
  expect(judge(undefined, CONSTANT, BODY, ["new-secret"])).toBe("wrong");
});

test("the constant in the header for content is wrong, and does not rescue a wrong signature beside it", () => {
  expect(judge(CONSTANT)).toBe("wrong");
  expect(judge("0".repeat(64), CONSTANT)).toBe("wrong");
});

test("a content signature in the other header is authentic, as custom webhooks send it", () => {
  expect(judge(undefined, SIGNATURE)).toBe("authentic");
});

test("a webhook without a signature counts as absent", () => {
  expect(judge(undefined)).toBe("absent");
  expect(judge("   ")).toBe("absent");
});

test.each(["x", "0".repeat(63), "0".repeat(65), `${"0".repeat(63)}g`, "é".repeat(64), "sha256=abc"])(
  "the signature %j is malformed and no fault of ours",
  (text) => {
    expect(judge(text)).toBe("malformed");
  },
);

test("any changed byte makes a signature wrong", () => {
  fc.assert(
    fc.property(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), (position, flip) => {
      const body = Buffer.from(BODY);
      body[position] = (body[position] ?? 0) ^ flip;
      expect(judge(SIGNATURE, undefined, body)).toBe("wrong");
    }),
  );
});

test("any body signed with the secret is authentic, and with any other secret it is not", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ minLength: 1 }), (bytes, other) => {
      fc.pre(other !== SECRET);
      const signed = (secret: string) => createHmac("sha256", secret).update(bytes).digest("hex");
      expect(judge(signed(SECRET), undefined, Buffer.from(bytes))).toBe("authentic");
      expect(judge(signed(other), undefined, Buffer.from(bytes))).toBe("wrong");
    }),
  );
});
