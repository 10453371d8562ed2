import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkoutPath } from "../../lib/contract/routes.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";
import { openBrowser, openTab, picture, type Tab } from "./browser.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  [stage, browser] = await Promise.all([openStage(), openBrowser()]);
});
beforeEach(() => stage.cloud.reset());
afterAll(() => Promise.all([browser.close(), stage.close()]));

/** A payer at the first page of the API's address, who has pressed. They are then on Chapa's page. */
async function pressed(): Promise<Tab> {
  const { api, chapa } = stage.cloud.address;
  const tab = await openTab(browser, [api, chapa]);
  await tab.page.goto(`${api}/`);
  await picture(tab, "home");
  await tab.page.getByRole("button", { name: /^Pay a listing fee/ }).click();
  expect(new URL(tab.page.url()).origin).toBe(chapa);
  return tab;
}

/** The payer presses a button of Chapa's page, and goes back to the merchant. */
async function onChapa({ page }: Tab, button: string): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).first().click();
  const back = page.getByRole("link", { name: "Back to the merchant" });
  if (new URL(page.url()).origin === stage.cloud.address.chapa) await back.click();
  expect(new URL(page.url()).origin).toBe(stage.cloud.address.api);
}

async function endsPaid(tab: Tab, name: string): Promise<void> {
  const heading = tab.page.getByRole("heading", { name: "Payment successful" });
  await expect.poll(() => heading.count()).toBe(1);
  expect(await tab.page.locator("body").innerText()).toContain("500.00");
  await picture(tab, name);
  await stage.cloud.settle();
  expect(await onlyPaymentOf(stage)).toMatchObject({ state: "SUCCESS", attention: [] });
  expect([tab.outside, tab.faults]).toEqual([[], []]);
}

test("a payer with nothing set goes from the press over Chapa's page to 'Payment successful'", async () => {
  const tab = await pressed();
  await picture(tab, "chapa");
  await onChapa(tab, "Pay with telebirr");
  await endsPaid(tab, "paid");
});

test("a payer who cancels sees no success, presses again on the page where they come back, and pays", async () => {
  const tab = await pressed();
  const first = tab.page.url();
  await onChapa(tab, "Cancel");
  expect(await tab.page.getByRole("heading").innerText()).toBe("No payment so far");
  await picture(tab, "cancelled");
  await tab.page.getByRole("link", { name: "Go to the checkout" }).click();
  await picture(tab, "link");
  await tab.page.getByRole("button", { name: "Go to the checkout" }).click();
  await expect.poll(() => new URL(tab.page.url()).origin).toBe(stage.cloud.address.chapa);
  expect(tab.page.url()).not.toBe(first);
  await onChapa(tab, "Pay with telebirr");
  await endsPaid(tab, "paid-after-cancel");
});

test("the link's page is shown in Amharic and Oromo, with every letter in a font", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "cancel");
  await stage.returnFromChapa(checkout);
  await stage.cloud.settle();
  const tab = await openTab(browser, [stage.cloud.address.api]);
  for (const language of ["am", "om"]) {
    await tab.page.goto(`${stage.cloud.address.api}${checkoutPath(checkout.id)}?lang=${language}`);
    expect(await tab.page.locator("html").getAttribute("lang")).toBe(language);
    expect(await tab.page.getByRole("button").count()).toBe(1);
    await picture(tab, `link-${language}`);
  }
  expect([tab.outside, tab.faults]).toEqual([[], []]);
});
