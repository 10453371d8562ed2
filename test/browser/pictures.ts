// Must be the first import, so that no module keeps the original Date.
import "../../local/process-clock.ts";
import "../../local/silent-functions.ts";

import { mkdirSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { Command } from "../../commands/command.ts";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";
import { checkoutPath } from "../../lib/contract/routes.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { type Checkout, Stage } from "../../local/demo/stage.ts";
import { clock } from "../../local/process-clock.ts";
import { readSettings } from "../../local/settings.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { openBrowser } from "./browser.ts";
import type { PICTURES } from "./picture-names.ts";

const command = new Command({
  name: "npm run pictures",
  summary: "Draws the pages of a payment and the console again, from payments of a fixed day, to docs/img.",
  duration: "20 seconds",
  options: {},
  examples: { "npm run pictures": "after a change of a page or of the console" },
  notes: "Needs Chromium: apt-get install chromium fonts-noto-core.",
});

/** The clock only moves forward, so the day of the pictures is in the future: 8 January 2030, 08:00 in Addis Ababa. */
const BEGINS = Date.UTC(2030, 0, 8, 5);
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };

type Name = keyof typeof PICTURES;
type Studio = { stage: Stage; browser: Browser; folder: string };

async function paid(stage: Stage): Promise<Checkout> {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  return checkout;
}

/** Opens a tab whose clock stands still where the cloud's stands, draws what `visit` leaves, and closes it. */
async function draw(
  { browser, folder }: Studio,
  name: Name,
  display: BrowserContextOptions,
  visit: (page: Page) => Promise<unknown>,
): Promise<void> {
  const context = await browser.newContext({ timezoneId: "Africa/Addis_Ababa", reducedMotion: "reduce", ...display });
  const page = await context.newPage();
  await page.clock.setFixedTime(clock.now());
  await visit(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await context.close();
}

async function drawConsole(studio: Studio, subject: Checkout): Promise<void> {
  const { api } = studio.stage.cloud.address;
  const visit = (place: string, ready: string) => async (page: Page) => {
    await page.goto(`${api}/console#/${place}`);
    await page.getByLabel("E-mail").fill(USERS.admin.email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText(ready).first().waitFor();
  };
  for (const [suffix, scheme] of [
    ["", {}],
    ["-dark", { colorScheme: "dark" }],
  ] as const) {
    const display = { ...DESK, ...scheme };
    await draw(studio, `console-overview${suffix}`, display, visit("overview", "Revenue"));
    const tall = { ...display, viewport: { ...DESK.viewport, height: 1300 } };
    await draw(studio, `console-payment${suffix}`, tall, visit(`payment/${subject.id}`, "What happened"));
  }
}

async function drawPayer(studio: Studio): Promise<void> {
  const { stage } = studio;
  const { api } = stage.cloud.address;
  const at = (path: string) => (page: Page) => page.goto(`${api}${path}${path.includes("?") ? "&" : "?"}lang=en`);
  const pending = await stage.checkout(stage.addProperty());
  await draw(studio, "pending", { ...PHONE, javaScriptEnabled: false }, at(`/api/v1/payments/return/${pending.txRef}`));
  await stage.act(pending, "cancel");
  await draw(studio, "cancelled", PHONE, at(`/api/v1/payments/return/${pending.txRef}`));
  const done = await paid(stage);
  await draw(studio, "paid", PHONE, at(checkoutPath(done.id)));
  await draw(studio, "receipt", PHONE, async (page) => {
    await at(checkoutPath(done.id))(page);
    await page.getByRole("link", { name: "Show the receipt" }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
  });
}

async function drawAll(studio: Studio): Promise<void> {
  const { stage } = studio;
  await paid(stage);
  await stage.cloud.advance(DAY_MS);
  const returned = await paid(stage);
  await stage.decide(returned, "refunds", { refund_id: "r-1", amount: "120.00", reason: "agreed by phone" });
  await paid(stage);
  await stage.cloud.advance(DAY_MS + HOUR_MS);
  await paid(stage);
  const wrong = await stage.checkout(stage.addProperty());
  await stage.act(wrong, "wrong-amount");
  await stage.cloud.advance(HOUR_MS);
  await stage.checkout(stage.addProperty());
  await drawConsole(studio, returned);
  await drawPayer(studio);
}

command.read();
await clock.advance(BEGINS - Date.now());
const folder = `${openWorkspace("pictures")}/img`;
mkdirSync(folder);
const [stage, browser] = await Promise.all([Stage.open(readSettings({})), openBrowser()]);
try {
  await drawAll({ stage, browser, folder });
  moveIntoPlace(folder, "docs/img");
} finally {
  await Promise.all([browser.close(), stage.close()]);
}
