import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import type { FaultInput } from "../../local/faults.ts";
import { SILENT } from "../support/stage.ts";
import { openShop } from "./shop.ts";

const shop = openShop();

const PAST_WINDOW_MS = 61 * MINUTE_MS;
const UNCLOSABLE: [string, FaultInput][] = [
  ["answers cancel with 500 for weeks", { fault: "500", route: "cancel" }],
  ["refuses cancel in words that nobody knows", { fault: "cancelRefused", route: "cancel" }],
  ["refuses cancel in other words", { fault: "cancelRefused", route: "cancel", word: "Please try again later" }],
  ["answers cancel with a page of a proxy", { fault: "503", route: "cancel", body: "html" }],
  ["limits cancel", { fault: "429", route: "cancel" }],
];

describe.each(UNCLOSABLE)("a Chapa that %s", (_, fault) => {
  test("a press past the window is told when the lapse is over, and gets a new link then", async () => {
    const old = await shop().checkout();
    await shop().fault(fault);
    await shop().pass(PAST_WINDOW_MS);
    const early = await shop().press();
    expect(early).toMatchObject({ status: 503, code: "checkout_closing", url: undefined });
    expect(early.retryAfterSeconds).toBeGreaterThan(50 * 60);
    expect(early.retryAfterSeconds).toBeLessThanOrEqual(59 * 60);

    await shop().pass(early.retryAfterSeconds * 1000);
    const late = await shop().press();
    expect(late).toMatchObject({ status: 202, state: "PENDING" });
    expect(late.url).not.toBe(old.url);
    const { attempts } = await shop().payment();
    expect(attempts[0]).toMatchObject({ end: "lapsed", closedAt: undefined });
    expect(shop().counted("CheckoutLapsed")).toBe(1);
  });
});

describe("ten presses at once", () => {
  test("ten presses at once past the lapse get one and the same new link, and the lapse is counted once", async () => {
    const old = await shop().checkout();
    await shop().fault({ fault: "500", route: "cancel" });
    await shop().pass(66 * MINUTE_MS, HOUR_MS);
    const urls = new Set((await Promise.all(Array.from({ length: 10 }, () => shop().press()))).map(({ url }) => url));
    expect([urls.size, urls.has(old.url), urls.has(undefined)]).toEqual([1, false, false]);
    expect(shop().payable()).toHaveLength(1);
    expect(shop().counted("CheckoutLapsed")).toBe(1);
  });

  test("ten presses at once after a failed try get one and the same new link", async () => {
    const old = await shop().checkout();
    await shop().stage.act(old, "fail");
    await shop().pass(MINUTE_MS);
    const urls = new Set((await Promise.all(Array.from({ length: 10 }, () => shop().press()))).map(({ url }) => url));
    expect([urls.size, urls.has(old.url), urls.has(undefined)]).toEqual([1, false, false]);
    expect(shop().payable()).toHaveLength(1);
  });

  test("ten presses at once past the window of a checkout that Chapa does not close are all told to wait", async () => {
    await shop().checkout();
    await shop().fault({ fault: "500", route: "cancel" });
    await shop().pass(66 * MINUTE_MS);
    const codes = (await Promise.all(Array.from({ length: 10 }, () => shop().press()))).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(["checkout_closing"]));
  });
});

test("an owner's cancel of a checkout that Chapa does not close waits for the lapse as a press does", async () => {
  const checkout = await shop().checkout();
  await shop().fault({ fault: "500", route: "cancel" });
  await shop().pass(PAST_WINDOW_MS);
  expect(await shop().cancel(checkout)).toMatchObject({ status: 503, code: "checkout_closing" });
  await shop().pass(HOUR_MS);
  expect(await shop().cancel(checkout)).toMatchObject({ status: 200, state: "CANCELLED" });
  expect(shop().counted("CheckoutLapsed")).toBe(1);
});

test("an owner's cancel within the window of a checkout that Chapa does not close is told when it may be left", async () => {
  const checkout = await shop().checkout();
  await shop().fault({ fault: "500", route: "cancel" });
  const { code, retryAfterSeconds } = await shop().cancel(checkout);
  expect(code).toBe("checkout_closing");
  expect(retryAfterSeconds).toBeGreaterThan(110 * 60);
});

test("a payment whose checkout Chapa never closes expires at its timeout, and its old link is verified on", async () => {
  shop().stage.plan(SILENT);
  const checkout = await shop().checkout();
  await shop().fault({ fault: "500", route: "cancel" });
  await shop().pass(66 * MINUTE_MS, 7 * DAY_MS);
  expect(await shop().payment()).toMatchObject({ state: "EXPIRED", attempts: { 0: { end: "lapsed" } } });
  expect(shop().counted("CheckoutLapsed")).toBe(1);

  await shop().stage.act(checkout, "pay-late");
  await shop().pass(HOUR_MS + MINUTE_MS);
  expect(await shop().payment()).toMatchObject({ state: "SUCCESS", late: true });
});

test("a link that lapsed is verified for three months, and the listing hears no failure of it", async () => {
  const checkout = await shop().checkout();
  await shop().fault({ fault: "500", route: "cancel" });
  await shop().pass(66 * MINUTE_MS, 7 * DAY_MS);
  const before = shop().verifies(checkout);
  const ladder = [HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS, 60 * DAY_MS, 90 * DAY_MS];
  let age = 0;
  for (const at of ladder) {
    await shop().pass(at - age + MINUTE_MS);
    age = at + MINUTE_MS;
  }
  // Each verification also tries to cancel, between two verifies.
  expect(shop().verifies(checkout) - before).toBe(2 * ladder.length);
  expect(shop().counted("CheckoutLapsed")).toBe(1);
  const { finalised, dueAt, state } = await shop().payment();
  expect({ finalised, dueAt, state }).toEqual({ finalised: undefined, dueAt: undefined, state: "EXPIRED" });
  expect(shop().stage.cloud.services.listing?.confirms() ?? []).toEqual([]);
});

test("a link that lapsed is closed by its next verification once Chapa cancels again", async () => {
  const old = await shop().checkout();
  await shop().fault({ fault: "500", route: "cancel" });
  await shop().pass(PAST_WINDOW_MS);
  await shop().press();
  await shop().pass(HOUR_MS);
  await shop().press();
  await shop().fault(null);
  await shop().pass(HOUR_MS + MINUTE_MS);
  const { attempts } = await shop().payment();
  expect(attempts[0]).toMatchObject({ end: "lapsed", closedAt: expect.any(Number) });
  expect(shop().chapa.transaction(old.txRef)?.state).not.toBe("OPEN");
});

describe.each<[string, FaultInput]>([
  ["expired", { fault: "statusWord", route: "verify" }],
  ["voided", { fault: "statusWord", route: "verify", word: "voided" }],
  ["nothing but “Payment not paid yet” with 200", { fault: "notPaidYet", route: "verify" }],
  ["“Payment not paid yet” beside another word", { fault: "notPaidYet", route: "verify", word: "abandoned" }],
])("the word of verify “%s”", (_, fault) => {
  test("the answer is no money: the checkout lapses, and the word is counted", async () => {
    const old = await shop().checkout();
    await shop().fault(fault);
    await shop().pass(3 * MINUTE_MS);
    expect(shop().counted("ChapaWordUnknown")).toBeGreaterThan(0);
    await shop().pass(58 * MINUTE_MS);
    expect(await shop().press()).toMatchObject({ status: 503, code: "checkout_closing" });
    await shop().pass(HOUR_MS);
    const late = await shop().press();
    expect([late.status, late.url === old.url]).toEqual([202, false]);
    expect(await shop().attention()).toEqual([]);
  });

  test("a payment that nobody presses for expires at its timeout", async () => {
    await shop().checkout();
    await shop().fault(fault);
    await shop().pass(66 * MINUTE_MS, 7 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "EXPIRED" });
  });
});

describe.each<[string, FaultInput]>([
  ["expired with a charge", { fault: "statusWord", route: "verify", trace: "charge" }],
  ["expired with a reference", { fault: "statusWord", route: "verify", trace: "reference" }],
  ["completed", { fault: "statusWord", route: "verify", word: "completed" }],
  ["partially_refunded", { fault: "statusWord", route: "verify", word: "partially_refunded" }],
  ["success without data", { fault: "nullData", route: "verify" }],
  ["“Payment not paid yet” beside success", { fault: "notPaidYet", route: "verify", word: "success" }],
])("the word of verify “%s”", (_, fault) => {
  test("money may have come: a person is called at once, and nothing is left", async () => {
    const checkout = await shop().checkout();
    await shop().fault(fault);
    await shop().pass(3 * MINUTE_MS);
    expect(await shop().attention()).toEqual(["unknown_status attempt-0"]);
    for (const ms of [PAST_WINDOW_MS, 2 * HOUR_MS, DAY_MS]) {
      await shop().pass(ms);
      expect(await shop().press()).toMatchObject({ status: 503, code: "payment_unclear", url: undefined });
      expect(await shop().cancel(checkout)).toMatchObject({ status: 503, code: "payment_unclear" });
    }
    await shop().pass(7 * DAY_MS, 7 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "PENDING", attempts: { 0: { closedAt: undefined } } });
    expect(await shop().attention()).toContain("unknown_status attempt-0");
  });
});

test("words that may mean money stop to hold a checkout once verify says that no money came", async () => {
  await shop().checkout();
  await shop().fault({ fault: "statusWord", route: "verify", word: "completed" });
  await shop().pass(PAST_WINDOW_MS);
  expect(await shop().press()).toMatchObject({ code: "payment_unclear" });
  await shop().fault(null);
  expect(await shop().press()).toMatchObject({ status: 202 });
  expect(await shop().attention()).toEqual([]);
});

describe("a failed try on Chapa's page", () => {
  test.each([1, 5, 15, 35, 59])(
    "a press %d minutes after the payer cancelled there gets a new link",
    async (minutes) => {
      const old = await shop().checkout();
      await shop().stage.act(old, "cancel");
      await shop().pass(minutes * MINUTE_MS);
      const { status, url } = await shop().press();
      expect([status, url === old.url]).toEqual([202, false]);
      expect((await shop().payment()).attempts[0]).toMatchObject({ end: "renewed", closedAt: expect.any(Number) });
    },
  );

  test("a press after ten failed tries gets a new link", async () => {
    const old = await shop().checkout();
    for (let tries = 0; tries < 10; tries++) await shop().stage.act(old, "fail");
    await shop().pass(5 * MINUTE_MS);
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
  });

  test("a press while a further try is under way gets the same link", async () => {
    const old = await shop().checkout();
    await shop().stage.act(old, "fail");
    await shop().pass(MINUTE_MS);
    await shop().chapa.act(old.txRef, "prompt", { seconds: 600 });
    expect(await shop().press()).toMatchObject({ status: 202, url: old.url });
    expect(shop().payable()).toEqual([]);
    await shop().pass(11 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
  });

  test.each<[string, FaultInput]>([
    ["refuses to cancel", { fault: "cancelRefused", route: "cancel" }],
    ["answers cancel about another reference", { fault: "otherTxRef", route: "cancel" }],
    ["answers no verify", { fault: "503", route: "verify" }],
  ])("a press within the window gets the stored link while Chapa %s", async (_, fault) => {
    const old = await shop().checkout();
    await shop().stage.act(old, "fail");
    await shop().pass(MINUTE_MS);
    await shop().fault(fault);
    expect(await shop().press()).toMatchObject({ status: 202, url: old.url });
  });

  test("a press that has closed the link, and then gets no answer, does not give it out; the next one gets a new link", async () => {
    const old = await shop().checkout();
    await shop().stage.act(old, "fail");
    await shop().pass(MINUTE_MS);
    await shop().fault({ fault: "503", route: "verify", nth: 2 });
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_unavailable" });
    expect(shop().payable()).toEqual([]);
    await shop().fault(null);
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
  });

  test("a press that Chapa does not answer moves no verification", async () => {
    const old = await shop().checkout();
    await shop().stage.act(old, "fail");
    await shop().fault({ fault: "503", route: "verify" });
    await shop().pass(2 * MINUTE_MS + 1_000);
    const { dueAt, attempts } = await shop().payment();
    expect(await shop().press()).toMatchObject({ status: 202, url: old.url });
    expect(await shop().payment()).toMatchObject({ dueAt, attempts: { 0: { verifyAt: attempts[0]?.verifyAt } } });
  });
});
