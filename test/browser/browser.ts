import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Returns the path of an installed browser. @throws Error if there is none */
function browserPath(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
  if (!found) throw new Error("Chromium is not installed: apt-get install chromium fonts-noto-core");
  return found;
}

/** Starts a browser. It has no sandbox of its own, because root may not make one. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/**
 * A tab of its own, and what went wrong in it: requests that left for hosts that are not `own`, and errors. A request that
 * the page's content policy forbids does not leave.
 */
export async function openTab(
  browser: Browser,
  own: readonly string[],
  display: Display = { width: 1200 },
): Promise<Tab> {
  const { width, ...other } = display;
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...other });
  const page = await context.newPage();
  const outside: string[] = [];
  const faults: string[] = [];
  const left = (request: Request) => {
    const { protocol, origin } = new URL(request.url());
    const isForbidden = request.failure()?.errorText === "csp";
    if (protocol.startsWith("http") && !own.includes(origin) && !isForbidden) outside.push(request.url());
  };
  context.on("requestfinished", left);
  context.on("requestfailed", left);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  return { context, page, outside, faults };
}

/** How the tab shows pages. */
export type Display = { width: number; colorScheme?: "dark"; javaScriptEnabled?: boolean };

/** Returns the names of what axe-core finds, with the elements, under all its rules. */
export async function faultsOf({ page }: Tab): Promise<string[]> {
  // A page's policy forbids a script element, and not what a debugger evaluates.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

export type Tab = { context: BrowserContext; page: Page; outside: string[]; faults: string[] };

/** Keeps a picture of the tab for people, in `.local/browser`. */
export async function picture({ page }: Tab, name: string): Promise<void> {
  await page.screenshot({ path: `.local/browser/${name}.png`, fullPage: false });
}
