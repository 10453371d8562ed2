import { afterEach, expect, test } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SECRET_MS = 6 * MINUTE_MS;

let stage: Stage;
afterEach(() => stage.close());

/** Every body of a payment that the API gives. */
async function bodiesOf(id: string): Promise<Record<string, unknown>[]> {
  const { caller } = stage;
  const headers = { "x-api-key": stage.cloud.address.apiKey };
  const [status, detail, list] = await Promise.all([
    caller.status(id),
    caller.get(`/api/v1/payments/${id}`, headers),
    caller.get("/api/v1/payments", headers),
  ]);
  const rows = list.body["data"] as Record<string, unknown>[];
  return [status.body, detail.body, ...rows];
}

test.each([
  ["test", "live"],
  ["live", "test"],
] as const)(
  "a press with a %s key on a stage that expects %s is answered 503 and opens nothing",
  async (mode, EXPECTED_MODE) => {
    stage = await openStage({ EXPECTED_MODE }, { mode });
    const answer = await stage.press();
    expect(answer).toMatchObject({ status: 503, body: { code: "gateway_misconfigured" } });
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await stage.cloud.rows.keys()).toEqual([]);
    expect(stage.cloud.chapa?.transactions()).toEqual([]);
  },
);

test("a press while a test key is there by mistake gets the live checkout that is open", async () => {
  stage = await openStage();
  const checkout = await stage.checkout();
  stage.cloud.rotate("gateway", { chapa_secret_key: CHAPA_DEFAULTS.secretKey });
  await stage.cloud.clock.advance(SECRET_MS);
  const again = await stage.press();
  expect(again).toMatchObject({ status: 202, body: { id: checkout.id, checkout_url: checkout.url, mode: "live" } });
  expect((await stage.press(stage.addProperty())).status).toBe(503);
  expect(stage.cloud.chapa?.transactions().map(({ state }) => state)).toEqual(["OPEN"]);
});

test("money of the other mode awaits a person, is not told to the listing, and no body hides its mode", async () => {
  stage = await openStage();
  const checkout = await stage.checkout();
  await stage.act(checkout, "live-test-mix");
  expect(await onlyPaymentOf(stage)).toMatchObject({ state: "REVIEW", attention: [{ code: "mismatch" }] });
  expect(stage.cloud.services.listing?.confirms()).toEqual([]);
  const [status, detail, listed] = await bodiesOf(checkout.id);
  for (const body of [status, detail, listed]) expect(body).toMatchObject({ mode: "live", approved_at: null });
  expect(detail).toMatchObject({ attempts: [{ mode: "live" }], captures: [{ mode: "test" }] });
});

test("a payment that is refunded the next day keeps the moment when it was paid, and is no revenue any more", async () => {
  stage = await openStage();
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  const before = await stage.caller.status(checkout.id);
  expect(before.body["approved_at"]).toMatch(/^\d{4}-/);
  expect(await revenue()).toBe(500);

  await stage.cloud.advance(DAY_MS);
  await stage.act(checkout, "refund");
  await stage.cloud.sweep();
  const after = await stage.caller.status(checkout.id);
  expect(after.body).toMatchObject({ status: "SUCCESS", approved_at: before.body["approved_at"] });
  expect(await revenue()).toBe(0);
});

async function revenue(): Promise<unknown> {
  return (await stage.caller.get("/api/v1/metrics")).body["total_revenue"];
}

test("the caller's currency is compared with that of the price book", async () => {
  stage = await openStage({ PRICE_BOOK: '{"listing_fee":{"amounts":["10.00"],"currency":"USD"}}' });
  const initiate = (currency: string | null): Promise<HttpResponse> =>
    stage.caller.initiate({ property_id: stage.addProperty(), currency });
  for (const other of ["ETB", "EUR"]) {
    const refused = await initiate(other);
    expect(refused).toMatchObject({ status: 422, body: { code: "currency_differs" } });
    expect(refused.body["detail"]).toContain("10.00 USD");
  }
  expect(stage.cloud.chapa?.transactions()).toEqual([]);
  for (const same of ["USD", null]) {
    expect(await initiate(same)).toMatchObject({ status: 202, body: { currency: "USD", amount: 10 } });
  }
});
