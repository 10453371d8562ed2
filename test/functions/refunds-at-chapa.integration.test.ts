import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { openStage, SILENT, simulatedChapa } from "../support/stage.ts";

// What Chapa says of refunds that were asked for through our API.

let stage: Stage;
let checkout: Checkout;

const Detail = z.looseObject({
  version: z.number(),
  refundable: z.number(),
  attention: z.array(z.looseObject({ code: z.string(), amount: z.number().nullable(), answered: z.unknown() })),
  captures: z.array(z.looseObject({ reference: z.string() })),
  refunds: z.array(z.looseObject({ state: z.string(), refusal: z.string().nullable() })),
});
const asAdmin = () => ({ authorization: `Bearer ${stage.cloud.address.users.admin.token}` });
const read = async () => Detail.parse((await stage.caller.get(`/api/v1/payments/${checkout.id}`, asAdmin())).body);
const states = async () => (await read()).refunds.map(({ state }) => state);
const open = async () => (await read()).attention.filter(({ answered }) => answered === null);

async function refund(refund_id: string, amount: number): Promise<void> {
  const asked = { refund_id, amount, reason: "the price was lower", version: (await read()).version };
  const path = `/api/v1/payments/${checkout.id}/refunds`;
  const { status } = await stage.caller.post(path, JSON.stringify(asked), asAdmin());
  expect(status).toBe(200);
}

/** The bank takes the money back, and Chapa tells nobody. */
async function reverseUnnoticed(): Promise<void> {
  simulatedChapa(stage).plan(checkout.txRef, SILENT);
  await simulatedChapa(stage).act(checkout.txRef, "reverse");
}

describe("a live key", () => {
  beforeAll(async () => {
    stage = await openStage();
  });
  beforeEach(async () => {
    await stage.cloud.reset();
    checkout = await stage.checkout();
    await stage.act(checkout, "pay");
  });
  afterAll(() => stage.close());

  test("a refund whose amount Chapa refuses is REFUSED in our words, and calls a person", async () => {
    await reverseUnnoticed();
    await refund("r-1", 100);
    expect((await read()).refunds).toMatchObject([
      { state: "REFUSED", refusal: "Chapa sends no more back than it received" },
    ]);
    expect(await open()).toMatchObject([{ code: "refund_refused" }]);
  });

  test("a refusal of the amount is not definite while another refund of the same money is open", async () => {
    await refund("r-1", 200);
    await reverseUnnoticed();
    await refund("r-2", 100);
    expect(await states()).toEqual(["SENT", "SENT"]);
    expect((await read()).refundable).toBe(200);
    expect(await open()).toEqual([]);
  });

  const asked = () =>
    simulatedChapa(stage)
      .journal()
      .filter((entry) => entry.kind === "request" && /^\/v1\/refund\/[^/]+\/verify$/.test(entry.path));
  const webhook = (secret: string, change: object = {}) => {
    const said = { event: "refund.success", tx_ref: checkout.txRef, status: "refunded", amount: "200.00", ...change };
    return stage.webhook("a refund's webhook", JSON.stringify(said), { secret });
  };

  test("a signed webhook about a refund makes us ask Chapa within a minute, and proves nothing by itself", async () => {
    await refund("r-1", 200);
    expect((await webhook("somebody's secret")).status).toBe(401);
    await stage.cloud.advance(MINUTE_MS);
    expect(asked()).toEqual([]);
    const [capture] = (await read()).captures;
    expect((await webhook(CHAPA_DEFAULTS.webhookSecret, { reference: capture?.reference })).status).toBe(200);
    // Without the webhook, the first question comes ten minutes after the request.
    await stage.cloud.advance(MINUTE_MS);
    expect(asked()).toHaveLength(1);
    expect(await states()).toEqual(["SENT"]);
    await stage.cloud.advance(25 * HOUR_MS);
    expect(await states()).toEqual(["SETTLED"]);
  });

  test("a signed webhook about a refund that nobody asked for calls a person after a day, with its amount", async () => {
    const [capture] = (await read()).captures;
    const said = { event: "charge.refunded", amount: "120.50", reference: capture?.reference };
    expect((await webhook(CHAPA_DEFAULTS.webhookSecret, said)).status).toBe(200);
    expect([await open(), (await read()).refundable]).toEqual([[], 500]);
    await stage.cloud.advance(DAY_MS + 2 * HOUR_MS);
    expect(await open()).toMatchObject([{ code: "refund_unconfirmed", amount: 120.5 }]);
    expect((await read()).refundable).toBe(500);
  });
});

describe("a test key", () => {
  beforeAll(async () => {
    stage = await openStage({}, { mode: "test" });
  });
  afterAll(() => stage.close());

  test("a refund is REFUSED in our words, because Chapa refunds only payments in live mode", async () => {
    checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await refund("r-1", 500);
    expect(await read()).toMatchObject({
      refundable: 500,
      refunds: [{ state: "REFUSED", refusal: "Chapa refunds only payments in live mode" }],
    });
    expect(await open()).toMatchObject([{ code: "refund_refused" }]);
  });
});
