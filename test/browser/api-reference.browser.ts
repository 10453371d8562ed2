import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROUTES } from "../../lib/contract/routes.ts";
import { openApiDocument } from "../../lib/http/openapi.ts";
import { openStage } from "../support/stage.ts";
import { openBrowser, openTab, picture, type Tab } from "./browser.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  [stage, browser] = await Promise.all([openStage(), openBrowser()]);
});
afterAll(() => Promise.all([browser.close(), stage.close()]));

const TAGS = openApiDocument().tags?.map(({ name }) => name) ?? [];
const OPERATIONS = ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted();

async function shown(path: string): Promise<Tab> {
  const tab = await openTab(browser, [stage.cloud.address.api]);
  await tab.page.goto(`${stage.cloud.address.api}${path}`, { waitUntil: "networkidle" });
  return tab;
}

test("/docs lists every operation and loads nothing from other hosts", async () => {
  const tab = await shown("/docs");
  await tab.page.waitForSelector(".opblock");
  const texts = await tab.page.locator(".opblock-summary").allInnerTexts();
  await picture(tab, "docs");
  const listed = texts.map((text) => text.replaceAll("\u200b", "").split(/\s+/).slice(0, 2).join(" "));
  expect(listed.toSorted()).toEqual(OPERATIONS);
  expect(tab.outside).toEqual([]);
  expect(tab.faults).toEqual([]);
});

test("/redoc lists every operation and loads nothing from other hosts", async () => {
  const tab = await shown("/redoc");
  const ids: string[] = [];
  for (const name of TAGS) {
    const sections = tab.page.locator(`[data-section-id^='/${name}/']`);
    // The operations of a tag are shown once it is opened.
    await tab.page.locator(`[data-section-id='/${name}'], a[href$='/${name}']`).first().click();
    await expect.poll(() => sections.count()).toBeGreaterThan(0);
    ids.push(...(await sections.evaluateAll((all) => all.map((one) => one.getAttribute("data-section-id") ?? ""))));
  }
  await picture(tab, "redoc");
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  expect(ids.map((id) => plain(id.split("/")[2] ?? "")).toSorted()).toEqual(OPERATIONS.map(plain).toSorted());
  expect(tab.outside).toEqual([]);
});
