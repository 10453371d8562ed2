import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { clientScript } from "../../local/examples.ts";
import { type Listening, serve } from "../../local/serve.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";
import { openBrowser, openTab, type Tab } from "./browser.ts";

const HOUR_MS = 3_600_000;

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let browser: Browser;
let proxy: CuttingProxy;
/** A server of another origin, which the service allows. */
let site: Listening;
beforeAll(async () => {
  const script = await clientScript();
  site = await serve("site", 0, ({ path }) =>
    path === "/client.js"
      ? { status: 200, headers: { "content-type": "text/javascript; charset=utf-8" }, body: script }
      : { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: PAGE },
  );
  [stage, browser] = await Promise.all([openStage({ FRONTEND_ORIGINS: site.origin }), openBrowser()]);
  proxy = await startCuttingProxy(stage.cloud.address.api);
});
beforeEach(async () => {
  proxy.judge = () => "pass";
  await stage.cloud.reset();
});
afterAll(() => Promise.all([browser.close(), proxy.close(), stage.close(), site.close()]));

/** A page of the site that has the client as `window.client`. Each wait is in `waits` and moves the cloud's clock. */
async function openSite(clockOffMs = 0): Promise<{ tab: Tab; waits: number[] }> {
  const waits: number[] = [];
  const tab = await openTab(browser, [proxy.origin, site.origin]);
  const { page } = tab;
  await page.addInitScript((off) => {
    const now = Date.now;
    Date.now = () => now() + off;
  }, clockOffMs);
  await page.exposeFunction("pass", async (ms: number) => {
    waits.push(ms);
    await stage.cloud.settle();
    await stage.cloud.advance(ms);
  });
  await page.goto(
    `${site.origin}/#${new URLSearchParams({ api: proxy.origin, token: stage.cloud.address.users.owner.token })}`,
  );
  await page.waitForFunction("window.client");
  return { tab, waits };
}

const PAGE = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A site</title><script type="module">
import { bearer, PaymentClient } from "/client.js";
const { api, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
let elapsed = 0;
const now = () => elapsed;
const after = (ms, run) => {
  // An attempt's own limit does not pass.
  if (ms === 35000) return () => undefined;
  elapsed += ms;
  void pass(ms).then(run);
  return () => undefined;
};
window.client = new PaymentClient({ baseUrl: api + "/api/v1", credentials: bearer(token), ports: { now, after } });
</script></html>`;

/** Requests a fee in the page. @returns the payment, or the code and the status of the failure */
function initiate({ page }: Tab, amount = 500): Promise<Record<string, unknown>> {
  const request = { property_id: stage.addProperty(), user_id: stage.cloud.address.users.owner.user_id, amount };
  return page.evaluate(
    `client.initiate(${JSON.stringify(request)}, { giveUpAfterMs: 600000 }).catch(({ code, status }) => ({ code, status }))`,
  );
}

test.each([0, HOUR_MS, -HOUR_MS])(
  "a page of another origin, its clock off by %i ms, requests a fee and sees the outcome",
  async (clockOffMs) => {
    const { tab } = await openSite(clockOffMs);
    const payment = await initiate(tab);
    expect(payment).toMatchObject({ state: "PENDING", amount: 500 });
    await stage.caller.act(String(payment["checkout_url"]), "pay");
    expect(await tab.page.evaluate(`client.waitForOutcome("${payment["id"]}")`)).toMatchObject({ state: "SUCCESS" });
    expect([tab.outside, tab.faults]).toEqual([[], []]);
  },
);

test("an unchanged payment is answered 304 to a page of another origin", async () => {
  const { tab } = await openSite();
  const payment = await initiate(tab);
  const statuses: number[] = [];
  tab.page.on("response", (response) => {
    if (response.request().method() === "GET") statuses.push(response.status());
  });
  const failure = tab.page.evaluate(
    `client.waitForOutcome("${payment["id"]}", { giveUpAfterMs: 5000 }).catch(({ code }) => code)`,
  );
  await expect.poll(() => statuses).toContain(304);
  await stage.caller.act(String(payment["checkout_url"]), "pay");
  expect(["still_pending", expect.objectContaining({ state: "SUCCESS" })]).toContainEqual(await failure);
});

test("a page whose connection breaks after the request arrived gets the same payment with one checkout", async () => {
  let calls = 0;
  // Chromium itself sends a request again if a connection ends without a first byte.
  proxy.judge = ({ method }) => (method === "POST" && ++calls === 1 ? "half" : "pass");
  const { tab, waits } = await openSite();
  expect(await initiate(tab)).toMatchObject({ state: "PENDING" });
  expect([calls, waits.length]).toEqual([2, 1]);
  expect(Object.keys((await onlyPaymentOf(stage)).attempts)).toHaveLength(1);
});

test("a page waits as long as an answer 503 to another origin says", async () => {
  await stage.disturb("chapa", { fault: "503", route: "initialize", times: 2 });
  const asked: (string | undefined)[] = [];
  const { tab, waits } = await openSite();
  tab.page.on("response", (response) => {
    if (response.status() >= 400) asked.push(response.headers()["retry-after"]);
  });
  expect(await initiate(tab)).toMatchObject({ state: "PENDING" });
  expect(waits.length).toBeGreaterThan(0);
  expect(waits).toEqual(asked.map((seconds) => Number(seconds) * 1_000));
});

test("a page gets a refusal with its code", async () => {
  const { tab } = await openSite();
  expect(await initiate(tab, 499)).toEqual({ code: "price_differs", status: 422 });
});
