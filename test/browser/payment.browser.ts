import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkoutPath } from "../../lib/contract/routes.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";
import { faultsOf, openBrowser, openTab, picture, type Tab } from "./browser.ts";

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
  expect(await tab.page.getByRole("heading").innerText()).toBe("Payment not completed");
  await picture(tab, "cancelled");
  await tab.page.getByRole("link", { name: "Continue paying" }).click();
  await picture(tab, "link");
  await tab.page.getByRole("button", { name: "Continue paying" }).click();
  await expect.poll(() => new URL(tab.page.url()).origin).toBe(stage.cloud.address.chapa);
  expect(tab.page.url()).not.toBe(first);
  await onChapa(tab, "Pay with telebirr");
  await endsPaid(tab, "paid-after-cancel");
});

const LANGUAGES = ["en", "am", "om"] as const;

/** Each page in which a payer may end, by what they did before. */
const SITUATIONS: Record<string, { address: () => Promise<string>; way: RegExp }> = {
  pending: {
    address: async () => `/api/v1/payments/return/${(await stage.checkout()).txRef}`,
    way: /Back to the site|ወደ ድረ ገጹ ይመለሱ|Gara marsariitii/,
  },
  failed: {
    address: async () => {
      const checkout = await stage.checkout();
      await stage.act(checkout, "cancel");
      return `/api/v1/payments/return/${checkout.txRef}`;
    },
    way: /Continue paying|መክፈል ይቀጥሉ|Kaffaluu itti fufaa/,
  },
  expired: {
    address: async () => {
      const checkout = await stage.checkout();
      await stage.act(checkout, "abandon");
      await stage.cloud.advance(8 * DAY_MS);
      return `/api/v1/payments/return/${checkout.txRef}`;
    },
    way: /Continue paying|መክፈል ይቀጥሉ|Kaffaluu itti fufaa/,
  },
  review: {
    address: async () => {
      const checkout = await stage.checkout();
      await stage.act(checkout, "wrong-amount");
      await stage.cloud.advance(HOUR_MS);
      return checkoutPath(checkout.id);
    },
    way: /Back to the site|ወደ ድረ ገጹ ይመለሱ|Gara marsariitii/,
  },
  paid: {
    address: async () => {
      const checkout = await stage.checkout();
      await stage.act(checkout, "pay");
      await stage.cloud.settle();
      return checkoutPath(checkout.id);
    },
    way: /Show the receipt|የክፍያ ማረጋገጫ ይመልከቱ|Ragaa kaffaltii ilaalaa/,
  },
  receipt: { address: receiptAddress, way: /Chapa's own receipt|የChapa ደረሰኝ|Nagahee Chapa/ },
  "receipt-over": {
    address: async () => {
      const address = await receiptAddress();
      await stage.cloud.clock.advance(31 * DAY_MS);
      return address;
    },
    way: /Back to the site|ወደ ድረ ገጹ ይመለሱ|Gara marsariitii/,
  },
  "receipt-forged": {
    address: async () => (await receiptAddress()).replace(/key=./, "key=_"),
    way: /Back to the site|ወደ ድረ ገጹ ይመለሱ|Gara marsariitii/,
  },
};

async function receiptAddress(): Promise<string> {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  const [message] = stage.cloud.services.notification?.sent() ?? [];
  const { pathname, search } = new URL(/https?:\S+\/receipt\?\S+/.exec(message?.message ?? "")?.[0] ?? "about:blank");
  return `${pathname}${search}`;
}

test.each(Object.keys(SITUATIONS))(
  "the page '%s' shows its way on in each language, at 360 px, in the dark and without scripts, and axe finds nothing",
  async (name) => {
    const { address, way } = SITUATIONS[name] ?? { address: async () => "", way: /./ };
    const { api } = stage.cloud.address;
    const url = new URL(await address(), api);
    for (const language of LANGUAGES) {
      url.searchParams.set("lang", language);
      for (const display of [{ width: 1280 }, { width: 360, colorScheme: "dark", javaScriptEnabled: false }] as const) {
        const tab = await openTab(browser, [api], display);
        await tab.page.goto(url.href);
        expect(await tab.page.locator("html").getAttribute("lang")).toBe(language);
        expect(await tab.page.getByRole("heading", { level: 1 }).count()).toBe(1);
        const ways = tab.page.locator("nav").getByText(way);
        expect(await ways.count()).toBe(1);
        expect(await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        await picture(tab, `${name}-${language}-${display.width}`);
        if (display.width === 1280) expect(await faultsOf(tab)).toEqual([]);
        expect(tab.outside).toEqual([]);
        await tab.context.close();
      }
    }
  },
);
