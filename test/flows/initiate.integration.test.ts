import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";
import { waitUntil } from "../support/wait-until.ts";

const HOUR_MS = 3_600_000;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "100000" });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

function inParallel(count: number, body: (index: number) => Record<string, unknown>): Promise<HttpResponse[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => stage.caller.initiate(body(index))));
}

function oneOf(answers: readonly HttpResponse[], field: string): unknown {
  const values = new Set(answers.map(({ body }) => body[field]));
  expect(values.size).toBe(1);
  return [...values][0];
}

async function openedAtChapa(): Promise<string[]> {
  await stage.cloud.settle();
  return (stage.cloud.chapa?.transactions() ?? []).map(({ txRef }) => txRef);
}

test("100 presses at once with one request id open one transaction at Chapa and get 100 equal checkout URLs", async () => {
  const [property_id, request_id] = [randomUUID(), randomUUID()];
  const answers = await inParallel(100, () => ({ property_id, request_id }));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(oneOf(answers, "checkout_url")).toMatch(/^http/);
  expect(await openedAtChapa()).toEqual([oneOf(answers, "chapa_tx_ref")]);
  expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") !== "true")).toHaveLength(1);
});

test("presses at once with 50 request ids for one property get one payment, one URL and one transaction", async () => {
  const property_id = randomUUID();
  const answers = await inParallel(50, () => ({ property_id, request_id: randomUUID() }));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  oneOf(answers, "id");
  oneOf(answers, "checkout_url");
  expect(await openedAtChapa()).toEqual([oneOf(answers, "chapa_tx_ref")]);
  expect(await stage.cloud.rows.payments()).toHaveLength(1);
});

test("presses at once after the checkout's window end and renew it once, and all get the new one", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  const [payment] = await stage.cloud.rows.payments();
  await stage.cloud.advance(HOUR_MS + 60_000);
  const answers = await inParallel(30, () => ({ property_id: payment?.propertyId, request_id: randomUUID() }));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(oneOf(answers, "id")).toBe(checkout.id);
  const fresh = oneOf(answers, "chapa_tx_ref");
  expect(fresh).not.toBe(checkout.txRef);
  expect(await openedAtChapa()).toEqual([checkout.txRef, fresh]);
  expect(stage.cloud.chapa?.transaction(checkout.txRef)?.state).not.toBe("OPEN");
});

test("presses at once while Chapa's first answer is lost get one checkout, which is the stored one", async () => {
  await stage.cloud.fault("chapa", { fault: "resetAfterEffect", route: "initialize", times: 1 });
  const property_id = randomUUID();
  const answers = await inParallel(30, () => ({ property_id, request_id: randomUUID() }));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  const [payment] = await stage.cloud.rows.payments();
  expect(oneOf(answers, "checkout_url")).toBe(payment?.checkoutUrl);
  const live = stage.cloud.chapa?.transactions().filter(({ state }) => state === "OPEN") ?? [];
  expect(live.map(({ txRef }) => txRef)).toEqual([oneOf(answers, "chapa_tx_ref")]);
});

test("the next press takes over from an invocation that died before Chapa answered, when its lease is over", async () => {
  const [property_id, request_id] = [randomUUID(), randomUUID()];
  await stage.cloud.fault("chapa", { fault: "timeoutBeforeEffect", route: "initialize", times: 1 });
  // Nobody waits for it any more: its row and its lease are all that is left.
  const dying = stage.caller.initiate({ property_id, request_id });
  await waitUntil(() => stage.cloud.chapa?.journal().some(isInitialize) === true);
  await stage.cloud.clock.advance(60_000);
  const next = await stage.caller.initiate({ property_id, request_id });
  expect(next.status).toBe(202);
  // What it still waits for at Chapa ends.
  await stage.cloud.fault("chapa", "down");
  const late = await dying;
  expect([202, 409, 503]).toContain(late.status);
  if (late.status === 202) expect(late.body["checkout_url"]).toBe(next.body["checkout_url"]);
  const [payment] = await stage.cloud.rows.payments();
  expect(payment?.checkoutUrl).toBe(next.body["checkout_url"]);
});

function isInitialize(entry: object): boolean {
  return "path" in entry && String(entry.path).includes("initialize");
}

test("a press on a paid payment opens nothing and says that it is paid", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay");
  const [payment] = await stage.cloud.rows.payments();
  const again = await stage.caller.initiate({ property_id: payment?.propertyId });
  expect(again.status).toBe(202);
  expect(again.body).toMatchObject({ id: checkout.id, status: "SUCCESS", chapa_tx_ref: checkout.txRef });
  expect(again.body["checkout_url"]).toContain(`/api/v1/payments/return/${checkout.txRef}`);
  expect(await openedAtChapa()).toHaveLength(1);
});

test("a new press reopens an expired payment, and a press from before keeps its answer", async () => {
  await stage.close();
  stage = await openStage({ RATE_LIMIT_INITIATE: "100000", LISTING_HEARS_FAILED: "false" });
  const [property_id, old] = [stage.addProperty(), randomUUID()];
  const checkout = await stage.checkout(property_id, old);
  await stage.cloud.advance(8 * 24 * HOUR_MS);
  await stage.cloud.advance(61_000);
  expect((await stage.cloud.rows.payments())[0]?.state).toBe("EXPIRED");
  const replay = await stage.caller.initiate({ property_id, request_id: old, amount: 500 });
  expect(replay.body).toMatchObject({ id: checkout.id, status: "FAILED" });
  const fresh = await stage.caller.initiate({ property_id, request_id: randomUUID() });
  expect(fresh.status).toBe(202);
  expect(fresh.body).toMatchObject({ id: checkout.id, status: "PENDING" });
  expect(fresh.body["chapa_tx_ref"]).not.toBe(checkout.txRef);
});
