import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { openStage, simulatedChapa } from "../support/stage.ts";
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
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  return checkout;
}

test("an administrator logs in, finds a payment by its reference, and reads what happened", async () => {
  const { id, txRef } = await paid();
  const tab = await opened("#/payments");
  await shows(tab, "Payments console");
  await picture(tab, "console-login");
  expect(await faultsOf(tab)).toEqual([]);
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
  await tab.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await tab.page.getByRole("button", { name: "Copy as curl" }).click();
  await expect.poll(() => tab.page.getByRole("status").innerText()).toBe("Copied");
  expect(await tab.page.evaluate("navigator.clipboard.readText()")).toBe(
    `curl -sS -H "Authorization: Bearer $TOKEN" '${stage.cloud.address.api}/api/v1/payments/${id}'`,
  );
  expect(await faultsOf(tab)).toEqual([]);
  expect([tab.outside, tab.faults]).toEqual([[], []]);
});

/** A payment whose money waits for a decision. */
async function underReview(): Promise<{ id: string }> {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "wrong-amount");
  await stage.cloud.advance(2 * MINUTE_MS);
  return checkout;
}

const press = ({ page }: Tab, name: string | RegExp) => page.getByRole("button", { name }).click();
const showsText = (tab: Tab, text: string | RegExp) =>
  expect.poll(() => tab.page.locator("body").innerText()).toMatch(text);

test("the second of two operators who decide at once sees what the first did, keeps their words, and decides nothing", async () => {
  const { id } = await underReview();
  const tabs = [await opened(`#/payment/${id}`), await opened(`#/payment/${id}`)] as const;
  const [first, second] = tabs;
  for (const tab of tabs) {
    await logIn(tab);
    await shows(tab, "Payment");
  }
  await press(second, "Reject the money");
  await second.page.getByLabel("Reason").fill("it is for another house");
  await press(second, "Continue");
  await showsText(second, /This will happen:[\s\S]*goes back to the payer[\s\S]*The payment fails/);
  await picture(second, "console-confirm");
  expect(await faultsOf(second)).toEqual([]);

  await press(first, "Accept the money");
  await first.page.getByLabel("Reason").fill("<img src=x onerror=alert(1)> the payer rounded");
  await press(first, "Continue");
  await press(first, "Yes: accept the money");
  await expect.poll(() => first.page.locator(".sum").innerText()).toContain("success");

  await press(second, "Yes: reject the money");
  await showsText(second, /Since you read it:[\s\S]*money accepted by user/);
  await picture(second, "console-conflict");
  expect(await faultsOf(second)).toEqual([]);
  await press(second, "Read the payment again");
  expect(await second.page.getByLabel("Reason").inputValue()).toBe("it is for another house");
  await expect.poll(() => second.page.locator(".sum").innerText()).toContain("success");
  // What people type is text, wherever it is shown.
  await showsText(second, "<img src=x onerror=alert(1)> the payer rounded");
  expect(await second.page.locator("img").count()).toBe(0);
  for (const tab of tabs) expect(tab.outside).toEqual([]);
  expect(first.faults).toEqual([]);
});

test("a refund is sent once: with a reason, after a confirmation that names the amount, also when the network was gone", async () => {
  const { id } = await paid();
  const tab = await opened(`#/payment/${id}`);
  await logIn(tab);
  await press(tab, "Send money back");
  await tab.page.getByLabel("Amount").fill("120.5");
  await press(tab, "Continue");
  await tab.page.getByLabel("Reason").fill("agreed by phone");
  await press(tab, "Continue");
  await showsText(tab, /120\.50 ETB of 500\.00 ETB \(\w+\) goes back to the payer/);
  await tab.context.setOffline(true);
  await press(tab, "Yes: send money back");
  await showsText(tab, "the network may be gone");
  await tab.context.setOffline(false);
  // This time the request arrives, and its answer is lost.
  const lost = tab.page.waitForEvent("requestfailed");
  await tab.page.route(
    "**/refunds",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await press(tab, "Yes: send money back");
  await lost;
  await showsText(tab, "the network may be gone");
  await press(tab, "Yes: send money back");
  await showsText(tab, /refund by user:\S+\s+120\.50 ETB/);
  const [payment] = await stage.cloud.rows.payments();
  expect(payment?.refunds?.map(({ amount, reason }) => [amount, reason])).toEqual([[12_050, "agreed by phone"]]);
});

test("an operator whose token expires while they decide logs in again, and what they typed is still there", async () => {
  const { id } = await underReview();
  const tab = await opened(`#/payment/${id}`);
  await logIn(tab);
  await press(tab, "Accept the money");
  await tab.page.getByLabel("Reason").fill("the payer rounded");
  await press(tab, "Continue");
  await stage.cloud.clock.advance(2 * DAY_MS);
  await press(tab, "Yes: accept the money");
  await shows(tab, "Log in again");
  await picture(tab, "console-login-again");
  await logIn(tab);
  await showsText(tab, "You were logged out before this was sent.");
  await showsText(tab, "the payer rounded");
  await press(tab, "Yes: accept the money");
  await expect.poll(() => tab.page.locator(".sum").innerText()).toContain("success");
});

test("a view that was open when the token expired shows what it reads once the operator has logged in again", async () => {
  const { id } = await paid();
  const tab = await opened(`#/payment/${id}`);
  await logIn(tab);
  await showsText(tab, "message to the payer: paid");
  await stage.cloud.clock.advance(2 * DAY_MS);
  await tab.page.getByRole("link", { name: "Payments" }).click();
  await shows(tab, "Log in again");
  await logIn(tab);
  await shows(tab, "Payments");
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
});

test("an operator with a keyboard alone logs in, finds a payment, opens a decision, and leaves it where they were", async () => {
  const { txRef } = await paid();
  const { page } = await opened("");
  // What is typed before the field has the focus goes nowhere.
  await expect.poll(() => page.evaluate("document.activeElement?.getAttribute('autocomplete')")).toBe("username");
  await page.keyboard.type(USERS.admin.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate("document.activeElement?.textContent")).toBe("Overview");
  const focused = () =>
    page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent");
  const until = async (name: string, key: "Tab" | "Shift+Tab") => {
    for (let steps = 0; steps < 40 && (await focused()) !== name; steps++) await page.keyboard.press(key);
    expect(await focused()).toBe(name);
  };
  await until("Find a payment by any reference", "Shift+Tab");
  await page.keyboard.type(txRef);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByRole("button", { name: "Send money back" }).count()).toBe(1);
  await until("Send money back", "Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(1);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  expect(await focused()).toBe("Send money back");
});

test("a view that found no network reads by itself when the network is back", async () => {
  await paid();
  const tab = await opened("#/findings");
  await logIn(tab);
  await showsText(tab, "comparison");
  await tab.context.setOffline(true);
  await tab.page.getByRole("link", { name: "Payments" }).click();
  await showsText(tab, "the network may be gone");
  await tab.context.setOffline(false);
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
});

test("a person who is no administrator is shown no payment, and why", async () => {
  await paid();
  const tab = await opened("#/overview");
  await tab.page.getByLabel("E-mail").fill(USERS.tenant.email);
  await tab.page.getByLabel("Password").fill("wrong");
  await press(tab, "Log in");
  await expect.poll(() => tab.page.getByRole("alert").count()).toBe(1);
  await tab.page.getByLabel("Password").fill(PASSWORD);
  await press(tab, "Log in");
  await showsText(tab, "The console is for administrators.");
});

test("what an operator chose stands in the address: a filter, a page, and Back leads through them", async () => {
  for (let number = 0; number < 3; number++) await stage.checkout(stage.addProperty());
  const tab = await opened("#/payments?limit=2&state=PENDING");
  await logIn(tab);
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(3);
  await tab.page.getByRole("link", { name: "Next page" }).click();
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
  await tab.page.getByLabel("State").selectOption("SUCCESS");
  await press(tab, "Show");
  await showsText(tab, "No payment is like this.");
  expect(tab.page.url()).toContain("#/payments?state=SUCCESS");
  // The button stays where the person is, so that they can go on with the keyboard.
  expect(await tab.page.evaluate("document.activeElement?.textContent")).toBe("Show");
  await tab.page.goBack();
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
  await tab.page.goBack();
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(3);
});

test("at most six requests and 150 KB pass until the console's first list is there", async () => {
  await underReview();
  const { api } = stage.cloud.address;
  const tab = await openTab(browser, [api]);
  const session = await tab.context.newCDPSession(tab.page);
  await session.send("Network.enable");
  const asked: { id: string; url: string }[] = [];
  const bytes = new Map<string, number>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => asked.push({ id: requestId, url: request.url }));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => bytes.set(requestId, encodedDataLength));
  await tab.page.goto(`${api}/console#/overview`);
  await logIn(tab);
  await expect.poll(() => tab.page.getByRole("row").count()).toBe(2);
  const sent = asked.filter(({ url }) => url.startsWith("http"));
  const passed = sent.slice(0, sent.findIndex(({ url }) => url.includes("/api/v1/payments?")) + 1);
  const size = passed.reduce((sum, { id }) => sum + (bytes.get(id) ?? Number.NaN), 0);
  expect(passed.length).toBeGreaterThan(3);
  expect(passed.length).toBeLessThanOrEqual(6);
  expect(size).toBeLessThanOrEqual(150 * 1024);
});

/** Another program's money comes to the same account at Chapa. */
async function payForeign(): Promise<void> {
  const foreign = await fetch(`${simulatedChapa(stage).apiBase}/transaction/initialize`, {
    method: "POST",
    headers: { authorization: `Bearer ${liveTwin(CHAPA_DEFAULTS.secretKey)}`, "content-type": "application/json" },
    body: JSON.stringify({ amount: "70", currency: "ETB", tx_ref: "ORDER-7", callback_url: "https://shop.et/cb" }),
  });
  const answer = z.object({ data: z.object({ checkout_url: z.string() }) }).parse(await foreign.json());
  await stage.caller.act(answer.data.checkout_url, "pay");
}

/** Each view, its heading, and what it shows when everything is there. */
const VIEWS: Record<string, { place: () => Promise<string>; heading: string; shown: string | RegExp }> = {
  overview: { place: async () => "#/overview", heading: "Overview", shown: /mismatch 1[\s\S]*Revenue/ },
  payments: { place: async () => "#/payments", heading: "Payments", shown: /review\s+500\.00 ETB\s+mismatch/ },
  payment: {
    place: async () => `#/payment/${(await underReview()).id}`,
    heading: "Payment",
    shown: /Needs a person[\s\S]*money came \(reviewed\)/,
  },
  days: { place: async () => "#/days", heading: "Days", shown: /Revenue[\s\S]*Sum/ },
  findings: {
    place: async () => {
      await payForeign();
      await stage.cloud.clock.advance(DAY_MS);
      await stage.cloud.rows.remove("H#reconcile");
      await stage.cloud.functions.invoke("reconcile-payments", {});
      return "#/findings";
    },
    heading: "Comparison with Chapa",
    shown: /1 finding of[\s\S]*foreign[\s\S]*AP/,
  },
};

test.each(Object.keys(VIEWS))(
  "the view '%s' of the console fits 360 px, light and dark, and axe finds nothing in it",
  async (name) => {
    const view = VIEWS[name];
    if (!view) throw new Error(`there is no view ${name}`);
    await paid();
    await underReview();
    const place = await view.place();
    for (const display of [{ width: 1280 }, { width: 360, colorScheme: "dark" }] as const) {
      const tab = await opened(place, display);
      await logIn(tab);
      await shows(tab, view.heading);
      await showsText(tab, view.shown);
      expect(await tab.page.evaluate("document.activeElement?.tagName")).toBe("H1");
      expect(await tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      await picture(tab, `console-${name}-${display.width}`);
      expect(await faultsOf(tab)).toEqual([]);
      expect([tab.outside, tab.faults]).toEqual([[], []]);
      await tab.context.close();
    }
  },
);
