import { createHmac } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { isAuthenticWebhook } from "../../lib/chapa/webhook-authentication.ts";
import type { WebhookSecret } from "../../lib/contract/secrets.ts";
import { Unauthenticated } from "../../lib/domain/errors.ts";

const RAW = Buffer.from('{"event":"charge.success"}');
const OLD = "the-old-webhook-secret";
const NEW = "the-new-webhook-secret";

let stored: WebhookSecret;
let renewed: WebhookSecret;
let reads: string[];
let reported: unknown[][];

beforeEach(() => {
  stored = renewed = { chapa_webhook_secret: OLD };
  reads = [];
  reported = [];
});

const ports = () => ({
  secret: {
    get: async () => {
      reads.push("get");
      return stored;
    },
    renewed: async () => {
      reads.push("renewed");
      return renewed;
    },
  },
  log: { warn: (...record: unknown[]) => void reported.push(record) },
  count: (...counted: unknown[]) => void reported.push(counted),
});

const signed = (secret: string, content: string | Buffer = RAW) =>
  createHmac("sha256", secret).update(content).digest("hex");

const judged = (headers: Parameters<typeof isAuthenticWebhook>[2]) => isAuthenticWebhook(ports(), RAW, headers);

test("a webhook that is signed with the current or the previous secret is authentic, and the secret is read once", async () => {
  stored = { chapa_webhook_secret: NEW, chapa_webhook_secret_previous: OLD };
  for (const secret of [NEW, OLD]) expect(await judged({ "x-chapa-signature": signed(secret) })).toBe(true);
  expect(reads).toEqual(["get", "get"]);
  expect(reported).toEqual([]);
});

test("a signature of a secret that was rotated since this process read it is authentic", async () => {
  renewed = { chapa_webhook_secret: NEW };
  expect(await judged({ "x-chapa-signature": signed(NEW) })).toBe(true);
  expect(reads).toEqual(["get", "renewed"]);
});

test("the constant header is no signature, and no refusal", async () => {
  expect(await judged({ "chapa-signature": signed(OLD, OLD) })).toBe(false);
  expect(reads).toEqual(["get"]);
  expect(reported).toEqual([]);
});

test.each([
  ["absent", {}, "X-Chapa-Signature header missing", ["get"]],
  ["malformed", { "x-chapa-signature": "nonsense" }, "Invalid webhook signature", ["get"]],
  ["wrong", { "x-chapa-signature": signed("another") }, "Invalid webhook signature", ["get", "renewed"]],
] as const)(
  "a webhook whose signature is %s is refused, counted and named",
  async (verdict, headers, detail, asked) => {
    const refused = judged(headers);
    await expect(refused).rejects.toThrow(Unauthenticated);
    await expect(refused).rejects.toThrow(detail);
    expect(reads).toEqual(asked);
    expect(reported).toEqual([["WebhookRefused"], ["webhook_refused", { verdict, bytes: RAW.length }]]);
  },
);
