import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Cloud } from "../../local/cloud.ts";
import { freePort } from "../../local/dynamo/free-port.ts";
import { EXAMPLE_PATH, EXAMPLE_PROGRAMS } from "../../local/examples.ts";
import { readSettings } from "../../local/settings.ts";
import { startCloud } from "../../local/start-cloud.ts";
import { faultsOf, openBrowser, openTab, picture, type Tab } from "./browser.ts";

let cloud: Cloud;
let browser: Browser;
let site: string;
beforeAll(async () => {
  const port = await freePort();
  site = `http://127.0.0.1:${port}${EXAMPLE_PATH}`;
  const settings = readSettings({ FRONTEND_REDIRECT_URL: site, FRONTEND_PENDING_URL: site });
  [cloud, browser] = await Promise.all([startCloud({ settings, port }), openBrowser()]);
});
beforeEach(() => cloud.reset());
afterAll(() => Promise.all([browser.close(), cloud.close()]));

/** A payer who came from the first page of the cloud to the example and pressed its button. */
async function pressed(width = 1280): Promise<Tab> {
  const { api, chapa } = cloud.address;
  const tab = await openTab(browser, [api, chapa], { width });
  await tab.page.goto(api);
  await tab.page.getByRole("link", { name: "web page" }).click();
  await tab.page.getByRole("button", { name: "Pay" }).click();
  await tab.page.waitForURL(`${chapa}/**`);
  return tab;
}

async function heading({ page }: Tab, text: string): Promise<void> {
  await expect.poll(() => page.getByRole("heading", { level: 1 }).innerText()).toBe(text);
}

const PAID = { English: "Payment successful", አማርኛ: "ክፍያው ተሳክቷል", "Afaan Oromoo": "Kaffaltiin milkaa'eera" };

test.each([360, 1280])(
  "at %i px the example's button leads to Chapa and back to the outcome in three languages",
  async (width) => {
    const tab = await pressed(width);
    await tab.page.getByRole("button", { name: "Pay with telebirr", exact: true }).click();
    await tab.page.waitForURL(`${site}?**`);
    for (const [language, text] of Object.entries(PAID)) {
      await tab.page.getByRole("button", { name: language }).click();
      await heading(tab, text);
      expect(await tab.page.locator("#facts").innerText()).toContain("500.00");
      expect(await faultsOf(tab)).toEqual([]);
      await picture(tab, `example-${width}-${language}`);
    }
    expect(await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
    expect([tab.outside, tab.faults]).toEqual([[], []]);
  },
);

test("a payer who cancels at Chapa presses the example's button again and pays", async () => {
  const tab = await pressed();
  await tab.page.getByRole("button", { name: "Cancel", exact: true }).click();
  await tab.page.waitForURL(`${site}?**`);
  await heading(tab, "We are checking your payment");
  expect(await faultsOf(tab)).toEqual([]);
  await tab.page.getByRole("button", { name: "Pay" }).click();
  await tab.page.waitForURL(`${cloud.address.chapa}/**`);
  await tab.page.getByRole("button", { name: "Pay with telebirr", exact: true }).click();
  await heading(tab, "Payment successful");
});

test("the first page of the cloud links every example program", async () => {
  const tab = await openTab(browser, [cloud.address.api]);
  await tab.page.goto(cloud.address.api);
  for (const name of EXAMPLE_PROGRAMS) {
    const address = await tab.page.getByRole("link", { name, exact: true }).getAttribute("href");
    const answer = await fetch(`${cloud.address.api}${address}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
  }
});
