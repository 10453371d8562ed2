import { expect, test } from "vitest";
import { pageLanguage } from "../../lib/http/pages/frame.ts";
import { pendingPage, refreshingAt } from "../../lib/http/pages/pending-page.ts";
import texts from "../../lib/http/pages/texts.json" with { type: "json" };
import { anOpened, aReviewed, aSettled, POLICY, T0 } from "../support/payments.ts";

const TX_REF = "G85FR23GHWFN3DNF00BV";
const AROUND = { site: "https://app.rental.et", support: "+251 911 22 33 44" };
const VISIT = { language: "en", since: T0, now: T0, around: AROUND } as const;
const page = (change: Partial<Parameters<typeof pendingPage>[2]> = {}, payment = anOpened()) =>
  pendingPage(payment, TX_REF, { ...VISIT, ...change }, POLICY);
const words = (body: string) => body.replace(/<style>.*<\/style>/s, "").replaceAll(/<[^>]+>/g, " ");

test("the pending page needs no script and nothing from elsewhere, and says so to the browser", () => {
  const { body, headers } = page();
  expect(body).not.toMatch(/<script|url\((?!\?)|@import|<img|<link|src=/i);
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
});

test.each(["en", "am", "om"] as const)("the pending page is written in %s, with amount and reference", (language) => {
  const { body } = page({ language });
  expect(body).toContain(`<html lang="${language}">`);
  expect(body).toContain(texts[language].verifying_title);
  expect(words(body)).toMatch(/(ETB|Br|ብር)\s500\.00/);
  expect(body).toContain(`<dd class="whole">${TX_REF}</dd>`);
});

test("a payer's first visit leads to an address that stays the same while the page refreshes, so that 'back' leads back", () => {
  const first = { ...VISIT, since: undefined };
  expect(refreshingAt(anOpened(), first, POLICY)).toBe(`?lang=en&since=${T0}`);
  expect(refreshingAt(anOpened(), VISIT, POLICY)).toBeUndefined();
  expect(refreshingAt(aSettled("cancel"), first, POLICY)).toBeUndefined();
  expect(refreshingAt(undefined, first, POLICY)).toBeUndefined();
  expect(page().headers).toMatchObject({ refresh: "5" });
});

test("the pending page refreshes for two minutes, shows a bar only then, and afterwards says what to do", () => {
  for (const now of [T0, T0 + 119_999]) {
    expect(page({ now }).headers).toMatchObject({ refresh: "5" });
    expect(page({ now }).body).toContain('<div class="bar">');
  }
  for (const change of [{ now: T0 + 120_000 }, { since: T0 + 1 }]) {
    const { body, headers } = page(change);
    expect(headers["refresh"]).toBeUndefined();
    expect(body).not.toContain('<div class="bar">');
    expect(body).toContain(texts.en.waited);
  }
});

test.each([
  ["expire", "expired"],
  ["cancel", "cancelled"],
  ["fail", "failed"],
] as const)(
  "a payment that was settled by %s says what happened, and the way on is to continue paying",
  (step, text) => {
    const { body, headers } = page({}, aSettled(step));
    expect(body).toContain(texts.en[`${text}_title`]);
    expect(body).toContain(texts.en[text]);
    expect(body).toMatch(
      /<a class="button" href="\/api\/v1\/payments\/[0-9a-f-]{36}\/checkout\?lang=en">Continue paying<\/a>/,
    );
    expect(headers["refresh"]).toBeUndefined();
  },
);

test("a payment under review shows what was asked and what arrived where they differ, and does not refresh", () => {
  const { body, headers } = page({}, aReviewed());
  expect(body).toContain(texts.en.review);
  expect(words(body)).toMatch(/Asked\s+ETB.500\.00\s+Arrived\s+ETB.0\.01/s);
  expect(headers["refresh"]).toBeUndefined();
});

test("a finalised payment is over: its page has no way to pay, and still leads back to the site", () => {
  const { body } = page({}, { ...aSettled("expire"), finalised: true });
  expect(body).toContain(texts.en.unpaid_title);
  expect(body).not.toContain("checkout?");
  expect(body).toContain(`<a href="${AROUND.site}">Back to the site</a>`);
});

test.each([
  ["+251 911 22 33 44", "tel:+251911223344"],
  ["help@rental.et", "mailto:help@rental.et"],
  ["https://rental.et/help", "https://rental.et/help"],
])("whom a payer may ask stands on every page as a link: %s", (support, href) => {
  for (const payment of [anOpened(), aSettled("expire"), aReviewed()]) {
    expect(page({ around: { ...AROUND, support } }, payment).body).toContain(`href="${href}">${support}</a>`);
  }
  expect(page({ around: { site: undefined, support: undefined } }).body).not.toContain("<footer>");
});

test("a page for payers weighs less than 10 KB in every language", () => {
  for (const language of ["en", "am", "om"] as const) {
    expect(Buffer.byteLength(page({ language }, aSettled("expire")).body)).toBeLessThan(10_240);
  }
});

test("the pending page never says that a checkout was not paid while that is not known", () => {
  for (const now of [T0, T0 + 120_000]) expect(page({ now }).body).not.toContain(texts.en.unpaid_title);
});

test("the pending page of an unknown reference is a 404 that repeats nothing of the address", () => {
  const { statusCode, body } = pendingPage(undefined, "<script>alert(1)</script>", VISIT, POLICY);
  expect(statusCode).toBe(404);
  expect(body).not.toContain("alert");
});

test("the pending page has every text in every language", () => {
  const keys = Object.keys(texts.en).sort();
  for (const words of Object.values(texts)) {
    expect(Object.keys(words).sort()).toEqual(keys);
    for (const text of Object.values(words)) expect(text).not.toBe("");
  }
});

test.each([
  [undefined, undefined, "en"],
  ["om", "am", "om"],
  ["xx", "am-ET,en;q=0.8", "am"],
  [undefined, "fr, OM;q=0.5", "om"],
  [undefined, "de", "en"],
  ["__proto__", "constructor", "en"],
])("the pending page with lang=%s and %s is in %s", (asked, accept, language) => {
  expect(pageLanguage(asked, accept)).toBe(language);
});
