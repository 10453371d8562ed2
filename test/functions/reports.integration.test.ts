import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { addisAbabaDay, DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage, simulatedChapa } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const Initialized = z.object({ data: z.object({ checkout_url: z.string() }) });
const as = (user: "owner" | "admin") => ({ authorization: `Bearer ${stage.cloud.address.users[user].token}` });
const read = (path: string, headers: Record<string, string> = as("admin")): Promise<HttpResponse> =>
  stage.caller.get(`/api/v1${path}`, headers);
const overview = async () => {
  await stage.cloud.sweep();
  return (await read("/overview")).body;
};

test("the deliveries of a paid payment say that the listing acknowledged it, and which messages the payer got", async () => {
  const checkout = await stage.checkout();
  await stage.cloud.advance(2 * MINUTE_MS);
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  const { status, body } = await read(`/payments/${checkout.id}/deliveries`, {
    "x-api-key": stage.cloud.address.apiKey,
  });
  expect(status).toBe(200);
  expect(body["listing"]).toMatchObject({ outcome: "acknowledged", next_at: null });
  expect(body["payer"]).toMatchObject([
    { event: "paid", outcome: "sent", tries: 1 },
    { event: "initiated", outcome: "sent", tries: 1 },
  ]);
});

test("a success that the listing does not hear waits, with the time of its next delivery, and the overview counts it", async () => {
  await stage.disturb("listing", "down");
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.cloud.advance(20 * MINUTE_MS);
  const { body } = await read(`/payments/${checkout.id}/deliveries`);
  expect(body["listing"]).toMatchObject({ outcome: "waiting", next_at: expect.any(String) });
  expect(await overview()).toMatchObject({
    waiting: { unacknowledged: { count: 1 }, undecided: { count: 0 } },
    listing: { health: "behind" },
  });
  await stage.recover("listing");
  await stage.cloud.advance(DAY_MS);
  expect(await overview()).toMatchObject({ waiting: { unacknowledged: { count: 0 } }, listing: { health: "ok" } });
});

test("the overview shows what needs a person, what waits, the money of today and the health of Chapa", async () => {
  const checkout = await stage.checkout();
  await stage.checkout(stage.addProperty());
  const paid = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  await stage.act(paid, "pay");
  expect(await overview()).toMatchObject({
    attention: { count: 1, codes: { mismatch: 1 }, since: expect.any(String) },
    waiting: { undecided: { count: 1 }, review: { count: 1 }, unacknowledged: { count: 0 }, overdue: { count: 0 } },
    is_whole: true,
    unreadable: 0,
    chapa: { health: "ok", detail: null },
    notification: { health: "ok", until: null },
    today: { total_payments: 3, success_payments: 1, pending_payments: 2, total_revenue: 500 },
    month: { total_payments: 3, total_revenue: 500 },
  });
});

test("totals by day count a payment on the day of its first checkout, also if it is paid on another day", async () => {
  const first = addisAbabaDay(stage.cloud.clock.now());
  await stage.checkout();
  await stage.cloud.advance(DAY_MS);
  const second = addisAbabaDay(stage.cloud.clock.now());
  await stage.act(await stage.checkout(stage.addProperty()), "pay");
  const { body } = await read(`/totals?from=${first}&to=${second}`);
  expect(body).toMatchObject({
    days: [
      { day: first, total_payments: 1, success_payments: 0, total_revenue: 0 },
      { day: second, total_payments: 1, success_payments: 1, total_revenue: 500 },
    ],
    sum: { total_payments: 2, total_revenue: 500 },
    unreadable: [],
  });
});

test.each([
  ["/totals?from=yesterday", "from"],
  ["/totals?from=2026-13-01", "from"],
  ["/totals?from=2020-01-01&to=2026-01-01", "from"],
  ["/totals?form=2026-01-01", "form"],
])("a wrong day or an unknown parameter of totals is refused, and named: %s", async (path, field) => {
  const { status, body } = await read(path);
  expect(status).toBe(422);
  expect(body["errors"]).toMatchObject([{ loc: ["query", field] }]);
});

test("the findings of the last comparison are read until the next one ends; before the first there are none", async () => {
  expect((await read("/reconcile")).body).toMatchObject({ state: "none", found: 0, findings: [] });
  await paidElsewhere("ORDER-7");
  await stage.cloud.advance(DAY_MS);
  const { body } = await read("/reconcile");
  const day = addisAbabaDay(stage.cloud.clock.now());
  expect(body).toMatchObject({ state: "complete", day, found: 1, findings: [{ reason: "foreign", payment_id: null }] });
  await stage.cloud.advance(DAY_MS);
  expect((await read("/reconcile")).body).toMatchObject({ state: "complete", found: 0, findings: [] });
});

/** Another program with our key takes money at Chapa. */
async function paidElsewhere(tx_ref: string): Promise<void> {
  const asked = await fetch(`${simulatedChapa(stage).apiBase}/transaction/initialize`, {
    method: "POST",
    headers: { authorization: `Bearer ${liveTwin(CHAPA_DEFAULTS.secretKey)}`, "content-type": "application/json" },
    body: JSON.stringify({ amount: "70", currency: "ETB", tx_ref, callback_url: "https://shop.et/cb" }),
  });
  await stage.caller.act(Initialized.parse(await asked.json()).data.checkout_url, "pay");
}
