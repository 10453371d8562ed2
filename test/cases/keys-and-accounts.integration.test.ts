import { describe, expect, test } from "vitest";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import { SILENT } from "../support/stage.ts";
import { openShop, type Shop } from "./shop.ts";

const TEST_KEY = CHAPA_DEFAULTS.secretKey;
const LIVE_KEY = liveTwin(TEST_KEY);
const PAST_WINDOW_MS = 61 * MINUTE_MS;
// How long functions keep a secret that they have read.
const SECRET_FRESH_MS = 6 * MINUTE_MS;

describe("a stage that begins with a test key and then takes real money", () => {
  const shop = openShop({ EXPECTED_MODE: "test" });

  async function goLive(previous: string[] = []): Promise<void> {
    shop().stage.cloud.rotate("gateway", { chapa_secret_key: LIVE_KEY, chapa_secret_keys_previous: previous });
    await shop().stage.cloud.redeploy({ EXPECTED_MODE: "live" });
  }

  test.each([
    ["within its window", MINUTE_MS, []],
    ["past its window", PAST_WINDOW_MS, []],
    ["past its lapse", 3 * HOUR_MS, []],
    ["past its window, with the test key kept", PAST_WINDOW_MS, [TEST_KEY]],
  ])("a press leaves the test checkout %s at once and opens a live one", async (_, ms, previous) => {
    const old = await shop().checkout();
    await goLive(previous);
    await shop().pass(ms);
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
    const { attempts } = await shop().payment();
    expect(attempts[0]).toMatchObject({ mode: "test", end: "mode_changed", verifyAt: undefined });
    expect(attempts[1]).toMatchObject({ mode: "live", verifyAt: expect.any(Number) });
  });

  test("a live checkout follows a test one whose initialize got no answer, and costs one attempt", async () => {
    await shop().fault({ fault: "resetAfterEffect", route: "initialize" });
    await shop().fault({ fault: "503", route: "verify" });
    expect(await shop().press()).toMatchObject({ status: 503 });
    await shop().fault(null);
    await goLive();
    await shop().pass(MINUTE_MS);
    expect(await shop().press()).toMatchObject({ status: 202 });
    expect(await shop().payment()).toMatchObject({ attempt: 1, terms: { mode: "live" } });
  });

  test("a test checkout that nobody presses for is left by its next verification, and asked about no more", async () => {
    const old = await shop().checkout();
    await goLive();
    await shop().pass(3 * MINUTE_MS);
    const asked = shop().verifies(old);
    await shop().pass(HOUR_MS, DAY_MS);
    expect(shop().verifies(old)).toBe(asked);
    expect((await shop().payment()).attempts[0]).toMatchObject({ end: "mode_changed" });
    expect(shop().counted("ChapaMisconfigured")).toBe(0);
    expect(await shop().attention()).toEqual([]);
  });

  test("a webhook about a test checkout, however it ended, asks nothing and waits for nothing", async () => {
    const old = await shop().checkout();
    await goLive();
    await shop().pass(3 * MINUTE_MS);
    await shop().webhook(old);
    await shop().pass(10_000);
    const { attempts } = await shop().payment();
    expect(attempts[0]).toMatchObject({ end: "mode_changed", verifyAt: undefined, webhookAt: undefined });
    expect(shop().counted("ChapaMisconfigured")).toBe(0);
  });

  test("a payment whose test checkout has ended, and for which nobody presses, expires all the same", async () => {
    await shop().checkout();
    await goLive();
    await shop().pass(3 * MINUTE_MS, 7 * DAY_MS, HOUR_MS);
    expect(await shop().payment()).toMatchObject({ state: "EXPIRED", attempts: { 0: { end: "mode_changed" } } });
  });

  test("the live checkout that follows a test one is paid as any other", async () => {
    await shop().checkout();
    await goLive();
    const live = await shop().checkout();
    await shop().stage.act(live, "pay");
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 1, mode: "live" }] });
  });

  test("play money that a kept test key still reads is not told to the listing of a live stage", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    await goLive([TEST_KEY]);
    await shop().pass(3 * MINUTE_MS, HOUR_MS);
    expect((await shop().payment()).state).not.toBe("SUCCESS");
    expect(shop().stage.cloud.services.listing?.confirms() ?? []).toEqual([]);
  });
});

describe("a stage whose live key becomes a test key by mistake", () => {
  const shop = openShop();

  test("a live checkout that no key reads is not left, and a press is told that the fault is ours", async () => {
    const old = await shop().checkout();
    shop().stage.cloud.rotate("gateway", { chapa_secret_key: TEST_KEY });
    await shop().pass(PAST_WINDOW_MS);
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_misconfigured" });
    await shop().pass(HOUR_MS, DAY_MS + HOUR_MS);
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_misconfigured" });
    expect(await shop().payment()).toMatchObject({ state: "PENDING", attempts: { 0: { closedAt: undefined } } });
    shop().stage.cloud.rotate("gateway", { chapa_secret_key: LIVE_KEY });
    await shop().pass(SECRET_FRESH_MS);
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
  });
});

describe("a key that is renewed at Chapa on the same account", () => {
  const shop = openShop();

  function renewKey(): void {
    shop().chapa.setKeys({ secretKey: `${TEST_KEY}renewed` });
    shop().stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin(`${TEST_KEY}renewed`) });
  }

  test("a renewed key reads, closes and renews the checkout that the old key opened", async () => {
    const old = await shop().checkout();
    renewKey();
    await shop().pass(PAST_WINDOW_MS);
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
    expect((await shop().payment()).attempts[0]).toMatchObject({ end: "renewed", closedAt: expect.any(Number) });
  });

  test("a renewed key finds the money that the old key's checkout took", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    renewKey();
    await shop().pass(3 * MINUTE_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
  });

  test("a renewed key lets the old key's checkout expire", async () => {
    await shop().checkout();
    await shop().pass(3 * MINUTE_MS);
    renewKey();
    await shop().pass(HOUR_MS, 7 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "EXPIRED", attempts: { 0: { end: "expired" } } });
  });
});

describe("a key of another account", () => {
  const shop = openShop();

  function changeAccount(previous: string[] = []): void {
    shop().chapa.setAccount("other", `${TEST_KEY}other`);
    shop().stage.cloud.rotate("gateway", {
      chapa_secret_key: liveTwin(`${TEST_KEY}other`),
      chapa_secret_keys_previous: previous,
    });
  }

  async function held(one: Shop): Promise<void> {
    const { state, attempts } = await one.payment();
    expect({ state, attempts }).toMatchObject({ state: "PENDING", attempts: { 0: { closedAt: undefined } } });
    expect(Object.keys(attempts)).toEqual(["0"]);
    expect(await one.attention()).toEqual(["not_found attempt-0", "stuck attempt-0"]);
    expect(one.counted("CheckoutNotFound")).toBeGreaterThan(0);
  }

  test("a key of another account closes nothing by not finding a checkout: no press, no cancel and no timeout leaves it", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    // The first account's key is no longer ours, as after a real change.
    changeAccount();
    for (const ms of [SECRET_FRESH_MS, PAST_WINDOW_MS, 2 * HOUR_MS]) {
      await shop().pass(ms);
      expect(await shop().press()).toMatchObject({
        code: ms === SECRET_FRESH_MS ? undefined : "gateway_misconfigured",
      });
    }
    expect(await shop().cancel(old)).toMatchObject({ status: 503, code: "gateway_misconfigured" });
    await shop().pass(2 * DAY_MS, 7 * DAY_MS);
    await held(shop());
    const sent = shop().stage.cloud.services.notification?.sent() ?? [];
    expect(sent.filter(({ body }) => body["event_type"] !== "payment_initiated")).toEqual([]);
    expect(shop().payable()).toEqual([]);
  });

  test("a checkout of the former account is confirmed by its own key, while that is kept as a previous one", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    changeAccount([LIVE_KEY]);
    await shop().pass(SECRET_FRESH_MS);
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS" });
    expect(shop().counted("CheckoutNotFound")).toBe(0);
  });

  test("a checkout of the former account is renewed once its own key is put back", async () => {
    await shop().checkout();
    changeAccount();
    await shop().pass(PAST_WINDOW_MS);
    expect(await shop().press()).toMatchObject({ code: "gateway_misconfigured" });
    changeAccount([LIVE_KEY]);
    await shop().pass(SECRET_FRESH_MS);
    expect(await shop().press()).toMatchObject({ status: 202 });
    expect(shop().payable()).toHaveLength(1);
  });
});
