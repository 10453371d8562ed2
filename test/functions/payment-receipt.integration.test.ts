import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import texts from "../../lib/http/pages/texts.json" with { type: "json" };
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
let checkout: Checkout;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  await stage.cloud.reset();
  checkout = await stage.checkout();
});
afterAll(() => stage.close());

const browse = (address: string): Promise<HttpResponse> =>
  stage.caller.browse(new URL(address, stage.cloud.address.api).href);

/** The link in the message that money came. */
async function receiptAddress(): Promise<string> {
  await stage.act(checkout, "pay");
  await stage.cloud.advance(2 * MINUTE_MS);
  const success = stage.cloud.services.notification?.sent().find(({ eventType }) => eventType === "payment_success");
  return /https?:\S+\/receipt\?\S+/.exec(success?.message ?? "")?.[0] ?? "no link";
}

test("the message that money came leads to a receipt with amount, both dates, both references and Chapa's own receipt", async () => {
  const page = await browse(`${await receiptAddress()}&lang=en`);
  expect(page.status).toBe(200);
  expect(page.text).toContain(texts.en.receipt);
  const shown = page.text.replaceAll(/<[^>]+>/g, " ");
  expect(shown).toMatch(/ETB.500\.00/);
  expect(shown).toMatch(/[A-Z][a-z]+ \d{1,2}, 20\d\d/);
  expect(shown).toMatch(
    /(Meskerem|Tekemt|Hedar|Tahsas|Ter|Yekatit|Megabit|Miazia|Genbot|Sene|Hamle|Nehasse|Pagumen) \d{1,2}, 20\d\d /,
  );
  expect(shown).toContain(checkout.txRef);
  expect(page.text).toContain('href="https://chapa.link/payment-receipt/');
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(page.headers.get("cache-control")).toBe("no-store");
});

test("neither the address of a receipt nor the page names a person", async () => {
  const address = await receiptAddress();
  const { text } = await browse(address);
  const { user_id } = stage.cloud.address.users.owner;
  for (const personal of [user_id, "abebe", "0911223344", "+251911223344"]) {
    expect(`${address} ${text}`.toLowerCase()).not.toContain(personal);
  }
});

test("a receipt whose link is a month old is 410, and one with another payment, time or signature 404, with the way on", async () => {
  const address = new URL(await receiptAddress());
  const other = await stage.checkout(stage.addProperty());
  const forged = [
    address.href.replace(checkout.id, other.id),
    address.href.replace(/until=\d/, "until=9"),
    address.href.replace(/key=../, "key=xx"),
    `${address.origin}${address.pathname}`,
    `${address.origin}${address.pathname}?until=x&key=${"k".repeat(65)}`,
  ];
  for (const one of forged) {
    const page = await browse(one);
    expect([one, page.status]).toEqual([one, 404]);
    expect(page.text).toContain(texts.en.receipt_gone);
    expect(page.text).not.toContain(checkout.txRef);
    expect(page.text).toContain(">Back to the site</a>");
  }
  await stage.cloud.clock.advance(31 * DAY_MS);
  expect((await browse(address.href)).status).toBe(410);
});

test("the page of a paid payment shows the way to the receipt, and the receipt follows its language", async () => {
  await stage.act(checkout, "pay");
  const page = await browse(`/api/v1/payments/${checkout.id}/checkout?lang=am`);
  const link = /class="button" href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll("&#38;", "&") ?? "";
  const receipt = await browse(link);
  expect(receipt.status).toBe(200);
  expect(receipt.text).toContain(texts.am.receipt_title);
  expect(receipt.text).toContain('<html lang="am">');
});

test("the page of a paid payment says that the property is being published until the listing service has it", async () => {
  await stage.cloud.fault("listing", "down");
  await stage.act(checkout, "pay");
  const address = `/api/v1/payments/${checkout.id}/checkout?lang=en`;
  expect((await browse(address)).text).toContain(texts.en.paid);
  await stage.cloud.fault("listing", null);
  await stage.cloud.advance(60 * MINUTE_MS);
  expect((await browse(address)).text).toContain(texts.en.published);
});
