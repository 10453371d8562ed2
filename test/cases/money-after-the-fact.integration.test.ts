import { describe, expect, test } from "vitest";
import { type Checkout, DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import type { FaultInput } from "../../local/faults.ts";
import { SILENT } from "../support/stage.ts";
import { openShop } from "./shop.ts";

const shop = openShop();

const PAST_WINDOW_MS = 61 * MINUTE_MS;

/** Several links of one fee, the oldest first; only the last one can be opened. */
async function links(count: number): Promise<Checkout[]> {
  const opened = [await shop().checkout()];
  while (opened.length < count) {
    await shop().pass(PAST_WINDOW_MS);
    opened.push(await shop().pressed());
  }
  return opened;
}

describe("what a payer reads who has paid, whose webhook is lost, while Chapa is silent", () => {
  test.each<[string, FaultInput]>([
    ["refuses connections", "down"],
    ["answers 503", "503"],
    ["answers a page of a proxy", { fault: "502", body: "html" }],
    ["limits us", "429"],
    ["refuses our key", "401burst"],
  ])("no answer says that nothing was charged when Chapa %s", async (_, fault) => {
    shop().stage.plan(SILENT);
    const checkout = await shop().checkout();
    await shop().stage.act(checkout, "close-tab");
    await shop().fault(fault);
    await shop().pass(PAST_WINDOW_MS);
    const answers = [await shop().press(), await shop().cancel(checkout), await shop().verifyByPerson(checkout)];
    for (const { status, detail } of answers) {
      expect(status).toBe(503);
      expect(detail).not.toMatch(/charged/);
    }
    await shop().fault(null);
    await shop().pass(7 * HOUR_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
  });
});

describe("captures beyond the one that pays the fee", () => {
  test("each of three links that is paid, and a second capture on the first, is an attention of its own", async () => {
    const [first, second, third] = await links(3);
    if (!first || !second || !third) throw new Error("there are three links");
    shop().chapa.plan(first.txRef, { ...SILENT, verifyShows: "first" });
    await shop().stage.act(first, "pay-late");
    await shop().webhook(first);
    for (const checkout of [second, third]) {
      await shop().pass(10_000);
      await shop().stage.act(checkout, "pay-late");
      await shop().webhook(checkout);
      await shop().pass(10_000);
    }
    const duplicates = async () => (await shop().attention()).filter((entry) => entry.startsWith("duplicate "));
    // The third link was closed once the first had paid the fee, so its payer is refused.
    expect(await duplicates()).toHaveLength(shop().chapa.captures().length - 1);
    expect(new Set(await duplicates()).size).toBe(shop().chapa.captures().length - 1);
  });

  test("a second capture on the same link is an attention of its own, by Chapa's reference", async () => {
    const checkout = await shop().checkout();
    shop().chapa.plan(checkout.txRef, { ...SILENT, verifyShows: "first" });
    await shop().stage.act(checkout, "pay-twice");
    await shop().webhook(checkout);
    await shop().pass(10_000);
    expect(await shop().attention()).toEqual([]);
    shop().chapa.plan(checkout.txRef, { ...SILENT, verifyShows: "last" });
    await shop().webhook(checkout);
    await shop().pass(10_000);
    const references = shop()
      .chapa.captures()
      .map(({ reference }) => reference);
    expect(await shop().attention()).toEqual([`duplicate ${references[1]}`]);
  });
});

describe("a link that Chapa does not close, beside the one that pays the fee", () => {
  async function lapsedAndLive(): Promise<[Checkout, Checkout]> {
    shop().stage.plan(SILENT);
    await shop().fault({ fault: "cancelRefused", route: "cancel" });
    const old = await shop().checkout();
    await shop().pass(66 * MINUTE_MS, HOUR_MS);
    return [old, await shop().pressed()];
  }

  test("a second capture on the live link, after the lapsed one has paid, is found without a webhook", async () => {
    const [old, live] = await lapsedAndLive();
    await shop().stage.act(old, "pay-late");
    await shop().webhook(old);
    await shop().pass(10_000);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
    await shop().stage.act(live, "pay");
    await shop().pass(5 * MINUTE_MS, MINUTE_MS);
    expect(await shop().attention()).toEqual([expect.stringMatching(/^duplicate AP/)]);
  });

  test("a second capture on the lapsed link is found a month after the live one has paid", async () => {
    const [old, live] = await lapsedAndLive();
    await shop().stage.act(live, "pay");
    await shop().webhook(live);
    await shop().pass(10_000, HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS);
    expect(await shop().attention()).toEqual([]);
    await shop().stage.act(old, "pay-late");
    await shop().pass(30 * DAY_MS);
    expect(await shop().attention()).toEqual([expect.stringMatching(/^duplicate AP/)]);
  });

  test("a lapsed link whose word may mean money later calls a person, and no link is given out meanwhile", async () => {
    const [old, live] = await lapsedAndLive();
    await shop().fault(null);
    await shop().fault({ fault: "statusWord", route: `verify/${old.txRef}`, word: "completed" });
    await shop().webhook(old);
    await shop().pass(10_000);
    expect(await shop().attention()).toEqual(["unknown_status attempt-0"]);
    expect(shop().payable()).toEqual([live.txRef]);
    expect(await shop().press()).toMatchObject({ code: "payment_unclear" });
    await shop().fault(null);
    await shop().webhook(old);
    await shop().pass(10_000);
    expect(await shop().press()).toMatchObject({ status: 202, url: live.url });
  });
});

describe("an authentic webhook while Chapa is silent", () => {
  test.each<[string, FaultInput]>([
    ["answers 503", { fault: "503", route: "verify" }],
    ["cuts the connection", { fault: "resetBeforeHeaders", route: "verify" }],
  ])(
    "a webhook about a second capture of a paid fee is followed until Chapa answers, when Chapa %s",
    async (_, fault) => {
      const checkout = await shop().checkout();
      shop().chapa.plan(checkout.txRef, { ...SILENT, verifyShows: "first" });
      await shop().stage.act(checkout, "pay-twice");
      await shop().webhook(checkout);
      await shop().pass(10_000);
      shop().chapa.plan(checkout.txRef, { ...SILENT, verifyShows: "last" });
      await shop().fault(fault);
      await shop().webhook(checkout);
      await shop().pass(10_000);
      await shop().fault(null);
      await shop().pass(2 * MINUTE_MS);
      expect(await shop().attention()).toEqual([expect.stringMatching(/^duplicate AP/)]);
    },
  );

  test("a webhook that names an older, renewed link has that link verified again", async () => {
    const [old] = await links(2);
    if (!old) throw new Error("there are two links");
    shop().chapa.plan(old.txRef, SILENT);
    await shop().stage.act(old, "pay-late");
    await shop().fault({ fault: "503", route: "verify" });
    await shop().webhook(old);
    await shop().pass(10_000);
    await shop().fault(null);
    await shop().pass(2 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
  });

  test("a webhook that names the link of a settled payment has that link verified again", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().pass(66 * MINUTE_MS, 7 * DAY_MS, 9 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "EXPIRED", dueAt: undefined });
    await shop().stage.act(old, "pay-late");
    await shop().fault({ fault: "503", route: "verify" });
    await shop().webhook(old);
    await shop().pass(10_000);
    await shop().fault(null);
    await shop().pass(2 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", late: true });
  });
});

describe("an answer of verify about another reference", () => {
  test("another reference's answer is no evidence that ours is unpaid: no press leaves the checkout, and nothing expires", async () => {
    shop().stage.plan(SILENT);
    const checkout = await shop().checkout();
    await shop().fault({ fault: "otherTxRef", route: "verify" });
    await shop().pass(PAST_WINDOW_MS);
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_unavailable" });
    expect(await shop().cancel(checkout)).toMatchObject({ status: 503, code: "gateway_unavailable" });
    await shop().pass(2 * HOUR_MS, 8 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "PENDING", attempts: { 0: { closedAt: undefined } } });
  });

  test("another reference's answer is no evidence that ours is paid", async () => {
    shop().stage.plan(SILENT);
    const checkout = await shop().checkout();
    await shop().stage.act(checkout, "pay");
    await shop().fault({ fault: "otherTxRef", route: "verify" });
    await shop().pass(3 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "PENDING", captures: [] });
    await shop().fault(null);
    await shop().pass(10 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
  });
});

describe("money on a link that is not the latest", () => {
  async function settledWithOldLinkPaid(): Promise<Checkout> {
    shop().stage.plan(SILENT);
    const [old, latest] = await links(2);
    if (!old || !latest) throw new Error("there are two links");
    expect(await shop().cancel(latest)).toMatchObject({ state: "CANCELLED" });
    await shop().pass(11 * MINUTE_MS);
    await shop().stage.act(old, "pay-late");
    return old;
  }

  test("money on an older link of a settled payment is found by an administrator's verify", async () => {
    await shop().verifyByPerson(await settledWithOldLinkPaid());
    await shop().pass(10_000);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
  });

  test("money on an older link of a settled payment is found by one read", async () => {
    await shop().stage.status(await settledWithOldLinkPaid());
    await shop().pass(10_000);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
  });

  test("money on an older link of a pending payment is found by an administrator's verify", async () => {
    shop().stage.plan(SILENT);
    const [old] = await links(2);
    if (!old) throw new Error("there are two links");
    await shop().stage.act(old, "pay-late");
    await shop().pass(10_000);
    await shop().verifyByPerson(old);
    await shop().pass(10_000);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
  });
});
