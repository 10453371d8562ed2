import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({});
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

/** What a browser shows at last when it submits a form or, without fields, opens an address. */
async function shown(url: string, fields?: Record<string, string>): Promise<{ status: number; at: URL; text: string }> {
  const form = fields && { method: "POST", body: new URLSearchParams(fields) };
  const page = await fetch(url, { headers: { accept: "text/html" }, ...form });
  return { status: page.status, at: new URL(page.url), text: await page.text() };
}

const press = () => shown(`${stage.cloud.address.api}/press`, {});

test("a payment in the browser with nothing set ends at a page that says 'Payment successful'", async () => {
  const checkout = await press();
  expect([checkout.status, checkout.at.origin]).toEqual([200, stage.cloud.address.chapa]);
  const paid = await shown(`${checkout.at.href}/act`, { action: "pay" });
  const end = paid.at.origin === stage.cloud.address.api ? paid : await shown(linkIn(paid.text));
  expect(end).toMatchObject({ status: 200, at: expect.objectContaining({ pathname: "/payment/success" }) });
  expect(end.text).toContain("Payment successful");
  expect(end.text).toMatch(/href="\/api\/v1\/payments\/[\w-]+\/checkout"/);
  expect(end.text).toMatch(/href="\/console#\/payment\/[\w-]+"/);
  expect(end.text).toContain("500.00");
});

test("a payer who cancels in the browser with nothing set sees that there is no payment", async () => {
  const checkout = await press();
  const cancelled = await shown(`${checkout.at.href}/act`, { action: "cancel" });
  const end = cancelled.at.origin === stage.cloud.address.api ? cancelled : await shown(linkIn(cancelled.text));
  expect(end.status).toBe(200);
  expect(end.text).not.toContain("Payment successful");
});

test("a press in the browser that opens no checkout shows the API's own reason", async () => {
  await stage.cloud.fault("chapa", "down");
  const refused = await press();
  await stage.cloud.fault("chapa", null);
  expect(refused.status).toBe(503);
  expect(refused.text).toContain("No checkout was opened");
});

test("the first page of the API's address says what runs here and leads to docs, Chapa and control", async () => {
  const { api, chapa, control } = stage.cloud.address;
  const home = await shown(`${api}/`);
  expect(home.status).toBe(200);
  for (const link of ["/docs", "/openapi.json", chapa, `${control}/state`])
    expect(home.text).toContain(`href="${link}"`);
  expect((await fetch(`${api}/`, { method: "HEAD" })).status).toBe(200);
});

test("what stands in the address of the success page cannot add markup to it", async () => {
  const evil = "<script>alert(1)</script>";
  const page = await shown(`${stage.cloud.address.api}/payment/success?amount=${encodeURIComponent(evil)}`);
  expect(page.text).not.toContain(evil);
});

/** The address behind "Back to the merchant". */
function linkIn(text: string): string {
  return /<a class="button main" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&#38;", "&") ?? "about:blank";
}
