import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";
import { type Display, faultsOf, openBrowser, openTab, picture, type Tab } from "./browser.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  [stage, browser] = await Promise.all([openStage(), openBrowser()]);
});
beforeEach(() => stage.cloud.reset());
afterAll(() => Promise.all([browser.close(), stage.close()]));

/** The console at a place, and its login. */
async function opened(place: string, display?: Display): Promise<Tab> {
  const { api } = stage.cloud.address;
  const tab = await openTab(browser, [api], display);
  await tab.page.goto(`${api}/console${place}`);
  return tab;
}

async function logIn({ page }: Tab): Promise<void> {
  await page.getByLabel("E-mail").fill(USERS.admin.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

const shows = (tab: Tab, heading: string | RegExp) =>
  expect.poll(() => tab.page.getByRole("heading", { level: 1, name: heading }).count()).toBe(1);

async function paid(): Promise<{ id: string; txRef: string }> {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  return checkout;
}

test("an administrator logs in, finds a payment by its reference, and reads what happened", async () => {
  const { id, txRef } = await paid();
  const tab = await opened("#/payments");
  await logIn(tab);
  await shows(tab, "Payments");
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
  await picture(tab, "console-payments");
  await tab.page.getByLabel("Find a payment by any reference").fill(txRef);
  await tab.page.getByRole("button", { name: "Find" }).click();
  await expect.poll(() => tab.page.url()).toContain(`#/payment/${id}`);
  await expect
    .poll(() => tab.page.locator(".timeline").innerText())
    .toMatch(/money came \(confirmed\)[\s\S]*message to the payer: paid/);
  await picture(tab, "console-payment");
  expect(await faultsOf(tab)).toEqual([]);
  expect([tab.outside, tab.faults]).toEqual([[], []]);
});
