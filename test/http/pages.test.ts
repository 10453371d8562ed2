import { expect, test } from "vitest";
import { pageLanguage } from "../../lib/http/pages/frame.ts";
import { pendingPage } from "../../lib/http/pages/pending-page.ts";
import texts from "../../lib/http/pages/texts.json" with { type: "json" };
import { anOpened, aSettled, captured } from "../support/payments.ts";

const TX_REF = "G85FR23GHWFN3DNF00BV";
const page = (change: { language?: "en" | "am" | "om"; round?: number } = {}, payment = anOpened()) =>
  pendingPage(payment, TX_REF, { language: "en", round: 0, ...change });

test("the pending page needs no script and nothing from elsewhere, and says so to the browser", () => {
  const { body, headers } = page();
  expect(body).not.toMatch(/<script|https?:\/\/|url\((?!\?)|@import|<img|<link/i);
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
});

test.each(["en", "am", "om"] as const)("the pending page is written in %s, with amount and reference", (language) => {
  const { body } = page({ language });
  expect(body).toContain(`<html lang="${language}">`);
  expect(body).toContain(texts[language].verifying_title);
  expect(body).toContain("500.00 ETB");
  expect(body).toContain(TX_REF);
});

test("the pending page refreshes for two minutes and then says what to do", () => {
  expect(page().body).toContain('content="5;url=?lang=en&amp;n=1"');
  expect(page({ round: 23 }).body).toContain("http-equiv");
  const { body } = page({ round: 24 });
  expect(body).not.toContain("http-equiv");
  expect(body).toContain(texts.en.waited);
});

test("the pending page never says that a checkout was not paid while that is not known", () => {
  for (const round of [0, 24, 99]) expect(page({ round }).body).not.toContain(texts.en.unpaid_title);
});

test("the pending page tells a settled payment and one under review apart, and neither refreshes", () => {
  const cancelled = aSettled("cancel");
  expect(page({}, cancelled).body).toContain(texts.en.unpaid_title);
  const review = captured(anOpened(), "review", { kind: "paid", facts: {} });
  const { body } = page({}, review);
  expect(body).toContain(texts.en.review);
  expect(body).not.toContain("http-equiv");
});

test("the pending page of an unknown reference is a 404 that repeats nothing of the address", () => {
  const { statusCode, body } = pendingPage(undefined, "<script>alert(1)</script>", { language: "en", round: 0 });
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
