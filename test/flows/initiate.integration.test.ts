import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

describe("pressed at the same moment", () => {
  test("100 times with one request id: one transaction at Chapa, 100 equal checkout URLs", async () => {
    const [property_id, request_id] = [randomUUID(), randomUUID()];
    const answers = await inParallel(100, () => ({ property_id, request_id }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(oneOf(answers, "checkout_url")).toMatch(/^http/);
    expect(await openedAtChapa()).toEqual([oneOf(answers, "chapa_tx_ref")]);
    expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") !== "true")).toHaveLength(1);
  });

  test("with 50 request ids for one property: the same payment, the same URL, one transaction", async () => {
    const property_id = randomUUID();
    const answers = await inParallel(50, () => ({ property_id, request_id: randomUUID() }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    oneOf(answers, "id");
    oneOf(answers, "checkout_url");
    expect(await openedAtChapa()).toEqual([oneOf(answers, "chapa_tx_ref")]);
    expect(await stage.cloud.rows.payments()).toHaveLength(1);
  });

  test("after the checkout's window: it is ended and renewed once, and all get the new one", async () => {
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

  test("while the first answer of Chapa is lost: one published checkout, and it is the stored one", async () => {
    await stage.cloud.fault("chapa", { fault: "resetAfterEffect", route: "initialize", times: 1 });
    const property_id = randomUUID();
    const answers = await inParallel(30, () => ({ property_id, request_id: randomUUID() }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const [payment] = await stage.cloud.rows.payments();
    expect(oneOf(answers, "checkout_url")).toBe(payment?.checkoutUrl);
    const live = stage.cloud.chapa?.transactions().filter(({ state }) => state === "OPEN") ?? [];
    expect(live.map(({ txRef }) => txRef)).toEqual([oneOf(answers, "chapa_tx_ref")]);
  });
});

describe("an invocation that dies", () => {
  test("before Chapa answered is taken over by the next press when its lease is over", async () => {
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
});

function isInitialize(entry: object): boolean {
  return "path" in entry && String(entry.path).includes("initialize");
}

describe("a payment that has ended", () => {
  test("paid: pressing again opens nothing and says that it is paid", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    const [payment] = await stage.cloud.rows.payments();
    const again = await stage.caller.initiate({ property_id: payment?.propertyId });
    expect(again.status).toBe(202);
    expect(again.body).toMatchObject({ id: checkout.id, status: "SUCCESS", chapa_tx_ref: checkout.txRef });
    expect(again.body["checkout_url"]).toContain(`/api/v1/payments/return/${checkout.txRef}`);
    expect(await openedAtChapa()).toHaveLength(1);
  });

  test("expired: a new press opens it again, a press from before keeps its answer", async () => {
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
});
