import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { txRefOf } from "../../lib/domain/ids.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { combined, NO_TOTALS, shareOf } from "../../lib/domain/totals.ts";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage, SILENT } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const Done = z.object({ kind: z.string(), verifications: z.number(), findings: z.number() });

/** The day's comparison, whether or not the schedule has had it done; `goOn` with one that was cut short. */
async function reconcile(goOn = false) {
  if (!goOn) await stage.cloud.rows.remove("H#reconcile");
  const compare = async () => {
    const done = Done.parse(await stage.cloud.functions.invoke("reconcile-payments", {}));
    await stage.cloud.settle();
    return done;
  };
  const done = await compare();
  // The schedule's own run may have made a step first. Then this one goes on where that has ended.
  return done.kind === "to_be_continued" && !goOn ? compare() : done;
}

async function paid(): Promise<{ txRef: string; id: string }> {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay");
  return checkout;
}

async function metrics() {
  const { body } = await stage.caller.get("/metrics");
  const { total_payments, pending_payments, success_payments, failed_payments, total_revenue } = body;
  return { total_payments, pending_payments, success_payments, failed_payments, total_revenue };
}

/** What the metrics must say, counted from the rows themselves. */
async function recount() {
  const payments = await stage.cloud.rows.payments();
  const { total, pending, success, failed, revenue } = payments
    .map(shareOf)
    .reduce((a, b) => combined(a, b), NO_TOTALS);
  return {
    total_payments: total,
    pending_payments: pending,
    success_payments: success,
    failed_payments: failed,
    total_revenue: revenue / 100,
  };
}

async function accounted(): Promise<string[]> {
  const payments = await stage.cloud.rows.payments();
  return payments.flatMap((payment) => payment.captures.map(({ attempt }) => txRefOf(payment, attempt))).toSorted();
}

const captured = () => (stage.cloud.chapa?.captures() ?? []).map(({ txRef }) => txRef).toSorted();

test("the sweep and one comparison account for every birr after all webhooks, all changes of the table and a row are lost", async () => {
  // Without the name in the list, the money of the lost row could only be reported.
  stage.plan({ ...SILENT, namedInList: true });
  stage.cloud.stream.lose(true);
  for (let n = 0; n < 12; n++) {
    const checkout = await stage.checkout(stage.addProperty());
    if (n > 0) await stage.caller.act(checkout.url, "pay");
    if (n === 1) await stage.cloud.rows.remove(`P#${checkout.txRef.slice(0, 16)}`);
    if (n % 4 === 3) await stage.cloud.clock.advance(20 * HOUR_MS);
  }
  const gone = captured().find((txRef) => txRef === stage.cloud.chapa?.transactions()[1]?.txRef) ?? "";

  await stage.cloud.advance(2 * HOUR_MS);
  await reconcile();

  expect(await accounted()).toEqual(captured());
  expect(captured()).toHaveLength(11);
  const rows = await stage.cloud.rows.payments();
  const unmatched = rows.find(({ ref }) => gone.startsWith(ref));
  expect(unmatched).toMatchObject({ state: "REVIEW", attention: [{ code: "unmatched" }] });
  expect(rows.filter(({ state }) => state === "SUCCESS")).toHaveLength(10);
  expect(await metrics()).toEqual(await recount());
  expect(await metrics()).toMatchObject({ total_payments: 12, pending_payments: 2, success_payments: 10 });
});

test("the daily comparison is done once a day, and finds nothing where nothing is wrong", async () => {
  await paid();
  await stage.cloud.advance(DAY_MS + HOUR_MS);
  const first = await reconcile();
  expect(first).toMatchObject({ kind: "done", verifications: 0, findings: 0 });
  const [payment] = await stage.cloud.rows.payments();
  expect(payment?.captures).toMatchObject([{ listed: true }]);
  const version = payment?.version;
  await stage.cloud.advance(DAY_MS);
  await reconcile();
  expect((await stage.cloud.rows.payments())[0]?.version).toBe(version);
});

test("the daily comparison puts totals right that were counted twice, on the day that they belong to", async () => {
  const { id } = await paid();
  await stage.cloud.settle();
  const day = addisAbabaDay(stage.cloud.clock.now());
  await stage.cloud.advance(3 * DAY_MS);
  await paid();
  stage.cloud.stream.lose(true);
  await paid();
  await stage.cloud.advance(DAY_MS);
  expect((await stage.status({ id, txRef: "", url: "" })).body["status"]).toBe("SUCCESS");
  await reconcile();
  expect(await metrics()).toEqual(await recount());
  expect(day).not.toBe(addisAbabaDay(stage.cloud.clock.now()));
});

test("the daily comparison records a second capture on a paid fee that no webhook reported", async () => {
  const property = stage.addProperty();
  const old = await stage.checkout(property);
  await stage.cloud.advance(HOUR_MS + MINUTE_MS);
  const fresh = await stage.checkout(property);
  await stage.act(fresh, "pay");
  stage.plan(SILENT);
  await stage.caller.act(old.url, "pay-late");
  await stage.cloud.clock.advance(HOUR_MS + MINUTE_MS);
  await reconcile();
  const captures = (await stage.cloud.rows.payments())[0]?.captures.map(({ kind }) => kind) ?? [];
  expect(captures.toSorted()).toEqual(captured().length === 2 ? ["confirmed", "duplicate"] : ["confirmed"]);
});

test("the daily comparison stays where it is while Chapa gives no list, and goes on from there", async () => {
  stage.plan(SILENT);
  for (let n = 0; n < 14; n++) await paid();
  await stage.cloud.fault("chapa", { fault: "503", route: "/transactions", nth: 2 });
  await stage.cloud.clock.advance(DAY_MS);
  expect((await reconcile()).kind).toBe("to_be_continued");
  await stage.cloud.fault("chapa", null);
  const rest = await reconcile(true);
  expect(rest.kind).toBe("done");
  expect(rest.verifications).toBeLessThan(14);
  expect(await accounted()).toEqual(captured());
});

test.each(["ORDER-7", "20261127134500123456"])(
  "the daily comparison reports another program's money under %s in one finding, and makes no row of it",
  async (tx_ref) => {
    const { chapa } = stage.cloud;
    if (!chapa) throw new Error("Chapa is simulated here");
    const foreign = await fetch(`${chapa.apiBase}/transaction/initialize`, {
      method: "POST",
      headers: { authorization: `Bearer ${liveTwin(CHAPA_DEFAULTS.secretKey)}`, "content-type": "application/json" },
      body: JSON.stringify({ amount: "70", currency: "ETB", tx_ref, callback_url: "https://shop.et/cb" }),
    });
    const url = z.object({ data: z.object({ checkout_url: z.string() }) }).parse(await foreign.json())
      .data.checkout_url;
    await stage.caller.act(url, "pay");
    const mine = await paid();
    await stage.cloud.clock.advance(DAY_MS);
    expect(await reconcile()).toMatchObject({ kind: "done", findings: 1 });
    expect((await stage.status({ ...mine, url: "" })).body["status"]).toBe("SUCCESS");
    expect(await stage.cloud.rows.payments()).toHaveLength(1);
  },
);

test("a second payment of one checkout, whose webhook came, is a duplicate by the list, which names no checkout", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay-twice");
  expect((await stage.cloud.rows.payments())[0]?.captures).toHaveLength(1);
  await stage.cloud.clock.advance(DAY_MS);
  expect(await reconcile()).toMatchObject({ kind: "done", findings: 0 });
  const [payment] = await stage.cloud.rows.payments();
  expect(payment?.captures).toMatchObject([
    { kind: "confirmed", listed: true },
    { kind: "duplicate", listed: true },
  ]);
  expect(payment?.attention).toMatchObject([
    { code: "duplicate", subject: stage.cloud.chapa?.captures()[1]?.reference },
  ]);
});

test("a second payment of one checkout of which no webhook came is named once as foreign", async () => {
  stage.plan(SILENT);
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay-twice");
  await stage.cloud.advance(DAY_MS);
  expect(await reconcile()).toMatchObject({ kind: "done" });
  await stage.cloud.advance(DAY_MS);
  expect(await reconcile()).toMatchObject({ kind: "done", findings: 0, verifications: 0 });
  expect((await stage.cloud.rows.payments())[0]?.captures).toHaveLength(1);
});

const admin = () => ({ authorization: `Bearer ${stage.cloud.address.users.admin.token}` });
const reconcileNow = async (body: object = { reason: "the dashboard shows more" }) =>
  (await stage.caller.post("/api/v1/reconcile/now", JSON.stringify(body), admin())).body;

test("a comparison that a person asks for finds the money of today, also when today's comparison is done, and counts nothing twice", async () => {
  await paid();
  await stage.cloud.advance(2 * HOUR_MS);
  expect(await reconcileNow()).toMatchObject({ outcome: "done", findings: 0 });
  stage.plan(SILENT);
  const { txRef } = await paid();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  expect(await accounted()).not.toContain(txRef);
  expect(await reconcileNow()).toMatchObject({ outcome: "done", verifications: 1 });
  await stage.cloud.settle();
  expect(await accounted()).toEqual(captured());
  expect(await reconcileNow()).toEqual({ outcome: "done", verifications: 0, findings: 0 });
  expect(await metrics()).toEqual(await recount());
});

test("comparisons that three people ask for at once come to one end, and a later one names no foreign transaction again", async () => {
  stage.plan({ ...SILENT, verifyShows: "first" });
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay-twice");
  await stage.cloud.advance(2 * HOUR_MS);
  await stage.cloud.rows.remove("H#reconcile");
  const outcomes = await Promise.all([reconcileNow(), reconcileNow(), reconcileNow()]);
  expect(outcomes.some(({ outcome }) => outcome === "done")).toBe(true);
  expect(await metrics()).toEqual(await recount());
  expect(await reconcileNow()).toEqual({ outcome: "done", verifications: 0, findings: 0 });
});

test("a comparison is not begun without a reason", async () => {
  const { status } = await stage.caller.post("/api/v1/reconcile/now", "{}", admin());
  expect(status).toBe(422);
});
