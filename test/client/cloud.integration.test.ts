import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CLIENT_TYPES, generateTypes } from "../../.ci/client-types.ts";
import { apiKey, bearer, type Credentials, PaymentClient } from "../../client/src/client.ts";
import { openWorkspace } from "../../commands/workspace.ts";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let proxy: CuttingProxy;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "3" });
  proxy = await startCuttingProxy(stage.cloud.address.api);
});
beforeEach(async () => {
  proxy.judge = () => "pass";
  await stage.cloud.reset();
});
afterAll(() => Promise.all([proxy.close(), stage.close()]));

const owner = () => stage.cloud.address.users.owner;
const fee = (property_id = stage.addProperty()) => ({ property_id, user_id: owner().user_id, amount: 500 });
/** Nothing is under way when the clock moves. */
async function pass(ms: number): Promise<void> {
  await stage.cloud.settle();
  // The clock of the cloud counts whole milliseconds.
  await stage.cloud.advance(Math.ceil(ms));
}

/** A client behind the proxy. Waiting takes no time; each wait is kept in `waits`, and moves the cloud's clock. */
function clientFor(credentials: Credentials) {
  const waits: number[] = [];
  const client = new PaymentClient({
    baseUrl: `${proxy.origin}/api/v1`,
    credentials,
    ports: {
      now: () => stage.cloud.clock.now(),
      after: (ms, run) => {
        if (ms === 35_000) return () => undefined;
        waits.push(ms);
        void pass(ms).then(run);
        return () => undefined;
      },
    },
  });
  return { client, waits };
}

test("the client's types are those of today's API description", async () => {
  const made = await generateTypes(openWorkspace("client-test"), "called");
  expect(readFileSync(CLIENT_TYPES, "utf8"), "npm run client makes them anew").toBe(readFileSync(made, "utf8"));
});

test("an owner requests a fee, pays, and reads the outcome, the payment and its list", async () => {
  const { client } = clientFor(bearer(owner().token));
  const payment = await client.initiate(fee());
  expect(payment).toMatchObject({ state: "PENDING", amount: 500, currency: "ETB" });
  await stage.caller.act(payment.checkout_url ?? "", "pay");
  expect(await client.waitForOutcome(payment.id)).toMatchObject({
    id: payment.id,
    status: "SUCCESS",
    state: "SUCCESS",
  });
  expect(await client.payments.get(payment.id)).toMatchObject({ state: "SUCCESS", refundable: 500 });
  const listed: string[] = [];
  for await (const { id } of client.payments.list({ limit: 1 })) listed.push(id);
  expect(listed).toEqual([payment.id]);
});

test.each(["cut", "half"] as const)(
  "an answer to initiate that is lost (%s) after the request arrived leads to the same payment and one checkout",
  async (callFault) => {
    let calls = 0;
    proxy.judge = () => (++calls === 1 ? callFault : "pass");
    const { client } = clientFor(bearer(owner().token));
    const payment = await client.initiate(fee());
    expect(calls).toBe(2);
    const stored = await onlyPaymentOf(stage);
    expect([paymentIdOf(stored.ref), Object.keys(stored.attempts).length]).toEqual([payment.id, 1]);
  },
);

test("an owner over their limit waits as long as the answer says, and then gets a payment", async () => {
  const { client, waits } = clientFor(bearer(owner().token));
  for (let fees = 0; fees < 3; fees++) await client.initiate(fee());
  expect(waits).toEqual([]);
  expect(await client.initiate(fee(), { giveUpAfterMs: 120_000 })).toMatchObject({ state: "PENDING" });
  expect(waits.length).toBeGreaterThan(0);
});

test("initiate waits out an outage of Chapa and gets one payment", async () => {
  await stage.disturb("chapa", { fault: "503", route: "initialize", times: 2 });
  const { client, waits } = clientFor(bearer(owner().token));
  expect(await client.initiate(fee(), { giveUpAfterMs: 600_000 })).toMatchObject({ state: "PENDING" });
  expect(waits.length).toBeGreaterThan(0);
  await onlyPaymentOf(stage);
});

test("a wrong price and a wrong token are refusals with their codes", async () => {
  const { client } = clientFor(bearer(owner().token));
  await expect(client.initiate({ ...fee(), amount: 499 })).rejects.toMatchObject({
    code: "price_differs",
    status: 422,
  });
  const { client: stranger } = clientFor(bearer("no token"));
  await expect(stranger.initiate(fee())).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
});

test("a program pays with its key and sends money back once, although the answer was lost", async () => {
  const { client } = clientFor(apiKey(stage.cloud.address.apiKey));
  const payment = await client.initiate(fee());
  await stage.caller.act(payment.checkout_url ?? "", "pay");
  await client.waitForOutcome(payment.id);
  const { version } = await client.payments.get(payment.id);
  let calls = 0;
  proxy.judge = () => (++calls === 1 ? "cut" : "pass");
  const refunded = await client.payments.refund(payment.id, { amount: 200, reason: "asked for less", version });
  expect(calls).toBe(2);
  expect(refunded.refunds.map(({ amount }) => amount)).toEqual([200]);
  await expect(client.payments.refund(payment.id, { reason: "again", version })).rejects.toMatchObject({
    code: "version_changed",
    status: 409,
  });
});
