import { createHmac } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { openStage, verifiedAt } from "../support/stage.ts";

const SECRET = "sim-webhook-secret";
const SEED = 20_261_124;
/** FORGED_WEBHOOKS=n for more of them. */
const FORGED = Number(process.env["FORGED_WEBHOOKS"] ?? 60);

let stage: Stage;
let checkout: Checkout;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_TRIGGERS: "5" });
  checkout = await stage.checkout(stage.addProperty());
});
afterAll(() => stage.close());

const hmac = (secret: string, content: string, algorithm = "sha256") =>
  createHmac(algorithm, secret).update(content).digest("hex");

/** Headers that a stranger can think of who has seen other merchants' webhooks, and one constant of ours. */
const headers = (body: string, noise: string, pick: number): Record<string, string> => {
  const forged: Record<string, string>[] = [
    {},
    { "x-chapa-signature": "" },
    { "x-chapa-signature": "0".repeat(64) },
    { "x-chapa-signature": hmac(noise, body) },
    { "x-chapa-signature": hmac("", body) },
    { "x-chapa-signature": hmac(SECRET, `${body} `) },
    { "x-chapa-signature": hmac(SECRET, JSON.stringify({ ...JSON.parse(body), x: 1 })) },
    { "x-chapa-signature": hmac(SECRET, body).slice(0, 63) },
    { "x-chapa-signature": `${hmac(SECRET, body)}0` },
    { "x-chapa-signature": hmac(SECRET, body, "sha1") },
    { "x-chapa-signature": hmac(SECRET, body, "sha512") },
    { "x-chapa-signature": `sha256=${hmac(SECRET, body)}` },
    { "x-chapa-signature": Buffer.from(hmac(SECRET, body), "hex").toString("base64") },
    { "x-chapa-signature": hmac(SECRET, SECRET) },
    { "chapa-signature": hmac(noise, noise) },
    { "x-chapa-signature": `${hmac(SECRET, body)}, ${hmac(SECRET, body)}` },
    { "x-chapa-signature": encodeURIComponent(noise) },
    { "x-hub-signature-256": hmac(SECRET, body) },
    { authorization: `Bearer ${hmac(SECRET, body)}` },
  ];
  return forged[pick % forged.length] ?? {};
};

test(`${FORGED} forged webhooks: none is accepted, none brings the service down, none moves or asks for money`, async () => {
  const made = fc.sample(
    fc.record({
      noise: fc.string({ minLength: 1, maxLength: 40 }),
      pick: fc.nat(),
      status: fc.constantFrom("success", "failed"),
    }),
    { seed: SEED, numRuns: FORGED },
  );
  const answers = new Map<number, number>();
  for (const { noise, pick, status } of made) {
    const body = JSON.stringify({ event: "charge.success", tx_ref: checkout.txRef, status, amount: "500.00", noise });
    const forged = headers(body, noise, pick);
    const answer = await stage.caller.webhook(body, { headers: forged });
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
  }
  expect(Object.fromEntries(answers)).toEqual({ 401: FORGED });
  await stage.cloud.settle();
  const [payment] = await stage.cloud.rows.payments();
  expect(payment).toMatchObject({ state: "PENDING", captures: [] });
  expect(verifiedAt(stage)).toEqual([]);
});

test("the constant header, replayed without end, costs a handful of verifications and moves nothing", async () => {
  const constant = { "chapa-signature": hmac(SECRET, SECRET) };
  for (let count = 0; count < 60; count++) {
    const body = JSON.stringify({ tx_ref: checkout.txRef, status: "success", count });
    expect((await stage.caller.webhook(body, { headers: constant })).status).toBe(200);
  }
  await stage.cloud.settle();
  await stage.cloud.clock.advance(6_000);
  await stage.cloud.settle();
  expect(verifiedAt(stage).length).toBeLessThanOrEqual(5);
  expect((await stage.cloud.rows.payments())[0]?.state).toBe("PENDING");
});
