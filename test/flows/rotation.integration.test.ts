import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import { liveTwin } from "../../local/chapa/simulator.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { sign } from "../../local/services/tokens.ts";
import { USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";
import { waitUntil } from "../support/wait-until.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "100000", TOKEN_VERIFY: "local" });
});
afterAll(() => stage.close());

/** Presses, webhooks and programs without a pause until `done`; every answer that came. */
function load(answers: HttpResponse[]): { stop: () => Promise<void> } {
  let isOver = false;
  const loop = async (once: () => Promise<HttpResponse>) => {
    while (!isOver) answers.push(await once());
  };
  const body = () => ({ user_id: USERS.owner.id, property_id: randomUUID(), customer: {} });
  const running = [
    loop(() => stage.caller.initiate({ property_id: randomUUID() })),
    loop(() => stage.caller.initiateByKey(body())),
    loop(() => stage.caller.webhook(JSON.stringify({ tx_ref: "unknown" }), { secret: webhookSecret })),
  ];
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
  };
}

let webhookSecret = "sim-webhook-secret";

test("no request fails while every key and secret is replaced under load, one after the other", async () => {
  const answers: HttpResponse[] = [];
  const underLoad = async (work: () => Promise<void> | void) => {
    // A secret is renewed once in a while only. The clock jumps between the loads, or it would jump over deadlines.
    await stage.cloud.clock.advance(31_000);
    const running = load(answers);
    const more = (count: number) => {
      const goal = answers.length + count;
      return waitUntil(() => answers.length > goal);
    };
    await more(20);
    await work();
    await more(40);
    await running.stop();
  };

  // Chapa's key: the old one ends the moment that the new one is there.
  await underLoad(async () => {
    stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin("CHASECK_TEST-simreplaced") });
    stage.cloud.chapa?.setKeys({ secretKey: "CHASECK_TEST-simreplaced" });
  });

  // The webhook's: both are taken until Chapa signs with the new one.
  await underLoad(() => {
    stage.cloud.rotate("webhook", {
      chapa_webhook_secret: "replaced-secret",
      chapa_webhook_secret_previous: webhookSecret,
    });
    webhookSecret = "replaced-secret";
  });

  // The siblings' and a program's.
  await underLoad(async () => {
    stage.cloud.rotate("auth", {
      jwt_secret: "replaced-by-the-siblings",
      jwt_secret_previous: stage.cloud.address.jwtSecret,
      api_keys: [stage.cloud.address.apiKey, "its-successor"].map((key) => ({
        name: "local",
        sha256: createHash("sha256").update(key).digest("hex"),
        roles: ["service"],
      })),
    });
    const now = stage.cloud.clock.now();
    const { id, role } = USERS.owner;
    const claims = { sub: id, role };
    const fresh = await sign(claims, "replaced-by-the-siblings", now, now + 3_600_000);
    const authorization = `Bearer ${fresh}`;
    answers.push(await stage.caller.initiate({ property_id: randomUUID() }, { headers: { authorization } }));
    const body = { user_id: id, property_id: randomUUID(), customer: {} };
    answers.push(await stage.caller.initiateByKey(body, "its-successor"));
  });

  const failed = answers.filter(({ status }) => status !== 200 && status !== 202);
  expect(failed.map(({ status, text }) => [status, text])).toEqual([]);
  expect(answers.length).toBeGreaterThan(150);
});

test("a payment whose keys were replaced in the middle of it still reaches its end", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.cloud.clock.advance(31_000);
  stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin("CHASECK_TEST-simagain") });
  stage.cloud.chapa?.setKeys({ secretKey: "CHASECK_TEST-simagain" });
  await stage.act(checkout, "pay");
  const payments = await stage.cloud.rows.payments();
  const paid = payments.filter(({ state }) => state === "SUCCESS");
  expect(paid).toHaveLength(1);
});
