import { expect, test } from "vitest";
import type { Action, ActParams } from "../../../local/chapa/actions.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { LIVE_KEY, MINUTE, startCheckout, startLab } from "./lab.ts";

test.each<[string, ActParams]>([
  ["no number at all", {}],
  ["a telebirr test number", { method: "telebirr", phone: "0900881111" }],
  ["an M-Pesa test number", { method: "mpesa", phone: "0700112233" }],
  ["a card, which has no number", { method: "card", phone: "0911111111" }],
])("the payer pays with %s", async (_what, params) => {
  const { chapa, txRef } = await startCheckout();

  const result = await chapa.act(txRef, "pay", params);

  expect(result).toMatchObject({ txRef, status: "success", state: "PAID" });
  expect(chapa.captures()).toMatchObject([
    {
      txRef,
      amount: 50_000,
      currency: "ETB",
      mode: "test",
      method: params.method ?? "telebirr",
      refunded: 0,
      reversed: false,
    },
  ]);
  expect(chapa.captures()[0]?.reference).toMatch(/^AP[A-Z0-9]{10}$/);
});

test.each<[string, ActParams]>([
  ["a number that is not a test number", { phone: "0911223344" }],
  ["a telebirr number for M-Pesa", { method: "mpesa", phone: "0900123456" }],
])("the payer fails with %s, and may try again", async (_what, params) => {
  const { chapa, statusOf, txRef } = await startCheckout();
  const first = await chapa.act(txRef, "pay", params);
  const word = await statusOf(txRef);
  const second = await chapa.act(txRef, "pay");
  expect(first).toMatchObject({ status: "failed", state: "OPEN", redirect: null });
  expect(word).toBe("failed");
  expect(second.state).toBe("PAID");
});

test("the payer succeeds with any number in live mode", async () => {
  const { chapa, call } = await startLab();
  const headers = { authorization: `Bearer ${LIVE_KEY}` };
  await call("POST", "/transaction/initialize", { amount: "10", currency: "ETB", tx_ref: "LIVE1" }, headers);
  expect(await chapa.act("LIVE1", "pay", { phone: "0911223344" })).toMatchObject({ state: "PAID" });
  expect(chapa.captures()).toMatchObject([{ mode: "live" }]);
});

test("the payer has ten attempts; the eleventh is refused", async () => {
  const { chapa, txRef } = await startCheckout();
  for (let attempt = 1; attempt <= 9; attempt++) {
    expect(await chapa.act(txRef, "fail")).toMatchObject({ state: "OPEN", status: "failed" });
  }
  expect(await chapa.act(txRef, "fail")).toMatchObject({ state: "CLOSED" });
  await expect(chapa.act(txRef, "fail")).rejects.toThrow("All ten attempts have failed");
  await expect(chapa.act(txRef, "pay")).rejects.toThrow("All ten attempts have failed");
});

test("the payer who does nothing leaves the checkout to expire after an hour, without a word from Chapa", async () => {
  const { chapa, statusOf, inbox, txRef } = await startCheckout();
  await chapa.act(txRef, "abandon");
  await chapa.clock.advance(61 * MINUTE);
  expect(chapa.transaction(txRef)?.state).toBe("EXPIRED");
  expect(await statusOf(txRef)).toBe("pending");
  expect(inbox.received).toEqual([]);
});

test("the payer cannot pay a checkout that is paid, cancelled or expired", async () => {
  const { chapa, open, cancel } = await startLab();
  const [paid, cancelled, expired] = [await open(), await open(), await open()];
  await chapa.act(paid.txRef, "pay");
  await cancel(cancelled.txRef);
  await expect(chapa.act(paid.txRef, "pay")).rejects.toThrow("already paid");
  await expect(chapa.act(cancelled.txRef, "pay")).rejects.toThrow("was cancelled");
  await chapa.clock.advance(61 * MINUTE);
  await expect(chapa.act(expired.txRef, "pay")).rejects.toThrow("has expired");
  expect(chapa.captures()).toHaveLength(1);
});

test("the payer who cancels is failed/cancelled in the webhook and goes back to the merchant", async () => {
  const { act, inbox, txRef } = await startCheckout({ return_url: "https://merchant.et/back?id=7" });
  const result = await act(txRef, "cancel");
  expect(result).toMatchObject({ status: "cancelled", state: "CANCELLED" });
  expect(result.redirect).toMatch(/^https:\/\/merchant\.et\/back\?id=7&trx_ref=.+&ref_id=.+&status=cancelled$/);
  expect(inbox.webhooks()).toMatchObject([{ event: "charge.failed/cancelled", status: "failed/cancelled" }]);
});

test("the payer who closes the tab has paid, but never comes back", async () => {
  const { act, inbox, txRef } = await startCheckout({ return_url: "https://merchant.et/back" });
  const result = await act(txRef, "close-tab");
  expect(result).toMatchObject({ state: "PAID", redirect: null });
  expect(inbox.webhooks()).toMatchObject([{ event: "charge.success" }]);
});

test("a payment that is under way is pending for its seconds on the clock, then succeeds", async () => {
  const { chapa, statusOf, txRef } = await startCheckout();
  expect(await chapa.act(txRef, "prompt", { seconds: 60 })).toMatchObject({ status: "pending", state: "ATTEMPTING" });
  await chapa.clock.advance(59_000);
  expect(await statusOf(txRef)).toBe("pending");
  await chapa.clock.advance(1000);
  expect(await statusOf(txRef)).toBe("success");
});

test("a payment that is under way can fail in the end", async () => {
  const { chapa, txRef } = await startCheckout();
  await chapa.act(txRef, "prompt", { outcome: "failure" });
  await chapa.clock.advance(30_000);
  expect(chapa.transaction(txRef)).toMatchObject({ state: "OPEN", status: "failed", failedAttempts: 1 });
});

test.each(["merchant", "payer"])(
  "a payment that is under way: lands although the %s has cancelled the link",
  async (who) => {
    const { chapa, statusOf, inbox, cancel, txRef } = await startCheckout();
    await chapa.act(txRef, "prompt", { seconds: 60 });
    if (who === "merchant") await cancel(txRef);
    else await chapa.act(txRef, "cancel");
    await chapa.clock.advance(MINUTE);
    expect(await statusOf(txRef)).toBe("success");
    expect(chapa.captures()).toHaveLength(1);
    expect(inbox.webhooks().at(-1)).toMatchObject({ event: "charge.success", tx_ref: txRef });
  },
);

test("a payment that is under way bears the moment at which it landed, however far the clock was moved", async () => {
  const { chapa, txRef } = await startCheckout();
  const begun = chapa.clock.now();
  await chapa.act(txRef, "prompt", { seconds: 60 });
  await chapa.clock.advance(5 * MINUTE);
  expect((chapa.captures()[0]?.at ?? 0) - begun).toBeLessThan(2 * MINUTE);
});

test.each<[string, Action, Action, string]>([
  ["is under way lets nobody begin another", "prompt", "pay", "under way"],
  ["has landed is not paid late as well", "pay", "pay-late", "already paid"],
])("a second action is refused on a payment that %s", async (_what, first, second, reason) => {
  const { chapa, txRef } = await startCheckout();
  await chapa.act(txRef, first);
  await expect(chapa.act(txRef, second)).rejects.toThrow(reason);
});

test.each(["cancelled", "expired", "closed"])("a late payment still lands on a link that is %s", async (state) => {
  const { chapa, act, statusOf, inbox, cancel, txRef } = await startCheckout();
  if (state === "cancelled") await cancel(txRef);
  if (state === "expired") await chapa.clock.advance(61 * MINUTE);
  if (state === "closed") for (let n = 0; n < 10; n++) await chapa.act(txRef, "fail");
  await act(txRef, "pay-late");
  expect(await statusOf(txRef)).toBe("success");
  expect(chapa.captures()).toHaveLength(1);
  expect(inbox.webhooks().at(-1)).toMatchObject({ event: "charge.success" });
});

test("a late payment on an open link waits until the link has expired", async () => {
  const { chapa, txRef } = await startCheckout();
  await chapa.act(txRef, "pay-late");
  await chapa.clock.advance(60 * MINUTE);
  expect(chapa.captures()).toEqual([]);
  await chapa.clock.advance(MINUTE);
  expect(chapa.captures()).toHaveLength(1);
});

test.each<[Action, ActParams, Record<string, unknown>, Record<string, unknown>]>([
  ["wrong-amount", {}, { amount: 499 }, { amount: "499.00" }],
  ["wrong-amount", { amount: "600" }, { amount: 600, charge: 18 }, { amount: "600.00", charge: "18.00" }],
  ["wrong-currency", {}, { currency: "USD" }, { currency: "USD" }],
  ["live-test-mix", {}, { mode: "live" }, { mode: "live" }],
])("%s %j is what verify, webhook and ledger all say", async (action, params, verified, delivered) => {
  const { chapa, act, inbox, verify, txRef } = await startCheckout();
  await act(txRef, action, params);
  for (let time = 0; time < 2; time++) {
    expect((await verify(txRef)).body.data).toMatchObject({ status: "success", ...verified });
  }
  expect(inbox.webhooks()).toMatchObject([{ event: "charge.success", ...delivered }]);
  const { amount, ...rest } = verified;
  expect(chapa.captures()[0]).toMatchObject(amount === undefined ? rest : { amount: Number(amount) * 100 });
});

test("a payment that is made twice is two references, two webhooks, and the first one in verify", async () => {
  const { chapa, act, inbox, verify, txRef } = await startCheckout();
  await act(txRef, "pay-twice");
  const references = chapa.captures().map(({ reference }) => reference);
  expect(new Set(references).size).toBe(2);
  expect(inbox.webhooks().map((webhook) => webhook["reference"])).toEqual(references);
  expect((await verify(txRef)).body.data?.["reference"]).toBe(references[0]);
  chapa.plan(txRef, { verifyShows: "last" });
  expect((await verify(txRef)).body.data?.["reference"]).toBe(references[1]);
});

test("a payment may fail first and succeed later under the same tx_ref", async () => {
  const { chapa, statusOf, inbox, txRef } = await startCheckout();
  await chapa.act(txRef, "fail-then-pay", { seconds: 60 });
  await chapa.clock.advance(MINUTE);
  expect(inbox.webhooks()).toMatchObject([
    {
      event: "charge.failed/cancelled",
      status: "failed/cancelled",
      tx_ref: txRef,
      failure_reason: expect.any(String),
    },
    { event: "charge.success", tx_ref: txRef, failure_reason: null },
  ]);
  expect(await statusOf(txRef)).toBe("success");
});

test("money that goes back by a reversal is told later, and verify says so", async () => {
  const { chapa, statusOf, inbox, txRef } = await startCheckout();
  await chapa.act(txRef, "reverse", { seconds: 60 });
  expect(await statusOf(txRef)).toBe("success");
  await chapa.clock.advance(MINUTE);
  expect(await statusOf(txRef)).toBe("reversed");
  expect(chapa.captures()).toMatchObject([{ reversed: true }]);
  expect(inbox.webhooks().map(({ event }) => event)).toEqual(["charge.success", "charge.reversed"]);
});

test("money of a payment that is reversed afterwards goes back at once", async () => {
  const { chapa, txRef } = await startCheckout();
  await chapa.act(txRef, "pay");
  expect(await chapa.act(txRef, "reverse")).toMatchObject({ status: "reversed" });
});

test("money refunded from the dashboard goes back in parts or whole, and never more than was paid", async () => {
  const { chapa, inbox, txRef } = await startCheckout();
  await chapa.act(txRef, "pay");
  expect(await chapa.act(txRef, "refund", { amount: "100" })).toMatchObject({ status: "success" });
  await expect(chapa.act(txRef, "refund", { amount: "400.01" })).rejects.toThrow("Only 400.00 ETB");
  expect(await chapa.act(txRef, "refund")).toMatchObject({ status: "refunded" });
  await expect(chapa.act(txRef, "refund")).rejects.toThrow("no payment left");
  await chapa.settled();
  expect(chapa.captures()).toMatchObject([{ refunded: 50_000 }]);
  expect(inbox.webhooks().filter(({ event }) => event === "charge.refunded")).toHaveLength(2);
});

test("money that is refunded can be that of the second of two payments", async () => {
  const { chapa, statusOf, txRef } = await startCheckout();
  await chapa.act(txRef, "pay-twice");
  await chapa.act(txRef, "refund", { reference: chapa.captures()[1]?.reference });
  expect(chapa.captures()).toMatchObject([{ refunded: 0 }, { refunded: 50_000 }]);
  expect(await statusOf(txRef)).toBe("success");
});

test.each([
  [{ amount: "500.01" }, "failed", "failed"],
  [{ amount: "500.02" }, "cancelled", "cancelled"],
  [{ amount: "500.03" }, "pending", "pending"],
  [{ amount: "500.05" }, "success", "success"],
  [{ amount: "500.06" }, "success", "success"],
  [{ amount: "500.07" }, "success", "success"],
  [{ first_name: "Sim-late" }, "pending", "success"],
  [{ first_name: "Sim-fail-then-pay" }, "pending", "success"],
  [{ first_name: "Sim-wrong-currency" }, "success", "success"],
  [{ first_name: "Sim-reverse" }, "success", "reversed"],
])(
  "a scenario is chosen by the cents or by the first name %j: at first %s, after two hours %s",
  async (fields, now, later) => {
    const { chapa, txRef } = await startCheckout(fields);
    await chapa.settled();
    expect(chapa.transaction(txRef)?.status).toBe(now);
    await chapa.clock.advance(120 * MINUTE);
    expect(chapa.transaction(txRef)?.status).toBe(later);
  },
);

test.each([
  ["duplicate-webhooks", 3],
  ["no-webhook", 0],
])("the scenario %s is paid and tells the merchant %i times", async (name, times) => {
  const { chapa, inbox, txRef } = await startCheckout({ first_name: `Sim-${name}` });
  await chapa.settled();
  expect(chapa.transaction(txRef)?.state).toBe("PAID");
  expect(inbox.received).toHaveLength(times);
});

test("the scenario initialize-timeout opens the checkout and never answers", async () => {
  const { chapa, initialize } = await startLab();
  const isLost = expect(initialize({ tx_ref: "LOST1", amount: "500.09" })).rejects.toThrow();
  await waitUntil(() => chapa.transaction("LOST1")?.state === "OPEN");
  await chapa.close();
  await isLost;
});

test("the scenario verify-503 is paid while verify is out of order for five minutes", async () => {
  const { chapa, statusOf, verify, txRef } = await startCheckout({ amount: "500.10" });
  await chapa.settled();
  expect((await verify(txRef)).status).toBe(503);
  await chapa.clock.advance(5 * MINUTE);
  expect(await statusOf(txRef)).toBe("success");
});

test("a scenario does nothing when scenarios are switched off, or its name is unknown", async () => {
  const { chapa, open } = await startLab({ scenarios: false });
  const off = await open({ amount: "500.01" });
  const { open: openAnother, chapa: another } = await startLab();
  const unknown = await openAnother({ first_name: "Sim-constructor" });
  await Promise.all([chapa.settled(), another.settled()]);
  expect(chapa.transaction(off.txRef)?.status).toBe("pending");
  expect(another.transaction(unknown.txRef)?.status).toBe("pending");
});

test("every checkout is paid at once with the autopilot", async () => {
  const { chapa, open } = await startLab({ autopilot: true });
  for (let n = 0; n < 5; n++) await open();
  await chapa.settled();
  expect(chapa.transactions().map(({ state }) => state)).toEqual(Array(5).fill("PAID"));
});
