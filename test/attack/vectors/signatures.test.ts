import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod";
import published from "../../../docs/vectors/chapa-signatures.json" with { type: "json" };
import { judgeSignature } from "../../../lib/chapa/signature.ts";
import { BODY_LIMIT_BYTES, rawBody } from "../../../lib/http/raw-body.ts";
import { anEvent } from "../../support/events.ts";
import { ABOUT, vectors } from "./make.ts";

const Published = z.strictObject({
  name: z.string().min(1),
  body_base64: z.base64(),
  body_text: z.string().optional(),
  headers: z.strictObject({ "x-chapa-signature": z.string().optional(), "chapa-signature": z.string().optional() }),
  secrets: z.array(z.string()),
  verdict: z.enum(["authentic", "constant", "absent", "malformed", "wrong"]),
  why: z.string().regex(/\.$/),
});
type Published = z.infer<typeof Published>;

const VECTORS = z.array(Published).parse(published.vectors);
const bytesOf = ({ body_base64 }: Pick<Published, "body_base64">) => Buffer.from(body_base64, "base64");

/** The check as another merchant would write it from the file's own words, without any code of ours. */
function judgedElsewhere({ headers, secrets, body_base64 }: Published): string {
  const bytes = bytesOf({ body_base64 });
  const values = ["x-chapa-signature", "chapa-signature"].map((name) =>
    (new Map(Object.entries(headers)).get(name) ?? "").trim().toLowerCase(),
  );
  const value = values.find((one) => one !== "");
  if (value === undefined) return "absent";
  if (Buffer.from(value, "hex").toString("hex") !== value || value.length !== 64) return "malformed";
  const is = (content: (secret: string) => string | Buffer) =>
    secrets.some((secret) => createHmac("sha256", secret).update(content(secret)).digest("hex") === value);
  if (is(() => bytes)) return "authentic";
  return values[0] === "" && is((secret) => secret) ? "constant" : "wrong";
}

test("the published signatures are at least sixty, each with a name of its own, of every verdict", () => {
  expect(VECTORS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(VECTORS.map(({ name }) => name)).size).toBe(VECTORS.length);
  const verdicts = new Set(VECTORS.map(({ verdict }) => verdict));
  expect([...verdicts].sort()).toEqual(["absent", "authentic", "constant", "malformed", "wrong"]);
});

test("the published signatures are those that node test/attack/vectors/main.ts makes", () => {
  expect(published).toEqual(JSON.parse(JSON.stringify({ about: ABOUT, vectors: vectors() })));
});

test.each(VECTORS)("the published signature $name is judged $verdict", (vector) => {
  expect(judgeSignature(bytesOf(vector), vector.headers, vector.secrets)).toBe(vector.verdict);
  expect(judgedElsewhere(vector)).toBe(vector.verdict);
  const { body_text = bytesOf(vector).toString("latin1") } = vector;
  expect(Buffer.from(body_text, vector.body_text === undefined ? "latin1" : "utf8").equals(bytesOf(vector))).toBe(true);
});

test.each(VECTORS)(
  "the published signature $name is judged $verdict behind a gateway that encodes bodies in base64",
  (vector) => {
    const raw = rawBody(anEvent({ body: vector.body_base64, isBase64Encoded: true }), BODY_LIMIT_BYTES);
    expect(judgeSignature(raw, vector.headers, vector.secrets)).toBe(vector.verdict);
  },
);
