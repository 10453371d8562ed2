import { expect, test } from "vitest";
import * as domainErrors from "../../lib/domain/errors.ts";
import { USER_EVENTS } from "../../lib/domain/vocabulary.ts";
import texts from "../../lib/http/pages/texts.json" with { type: "json" };
import { messageFor } from "../../lib/services/messages.ts";

// Money that was under way, or that lies on an older checkout, may be found after every one of these sentences. So none
// may say that nothing was paid or charged; each that a payer may read as "not paid" says what to do instead.
const CLAIMS = [/charged/i, /\bno money\b/i, /\bnot paid\b/i, /\bis closed\b/i, /አልተቆረጠም/, /hin kutamne/];
const DO_NOT_PAY_AGAIN = {
  en: /please do not pay again/i,
  am: /እባክዎ እንደገና አይክፈሉ/,
  om: /Maaloo irra deebitanii hin kaffalinaa/,
};
const LANGUAGES = ["en", "am", "om"] as const;

function claimsNothing(text: string): void {
  for (const claim of CLAIMS) expect(text).not.toMatch(claim);
}

test.each(LANGUAGES)(
  "no message to a payer claims that nothing was paid, and each about an unpaid fee says not to pay again: %s",
  (language) => {
    for (const event of USER_EVENTS) {
      const { message } = messageFor(event, language, {
        amount: "500.00 ETB",
        tx_ref: "REF",
        link: "https://pay.rental.et/api/v1/payments/P/checkout",
      });
      claimsNothing(message);
      if (event !== "paid" && event !== "refunded") expect(message).toMatch(DO_NOT_PAY_AGAIN[language]);
    }
  },
);

test.each(LANGUAGES)(
  "no page of ours claims that nothing was paid, and each that waits says not to pay again: %s",
  (language) => {
    const page = texts[language];
    for (const text of Object.values(page)) claimsNothing(text);
    for (const text of [page.waited, page.unpaid, page.review, page.failed, page.cancelled, page.expired, page.later])
      expect(text).toMatch(DO_NOT_PAY_AGAIN[language]);
  },
);

test("no error claims that nothing was paid, and each that stops a press while money may be under way says not to pay again", () => {
  const stopping = [
    new domainErrors.CheckoutClosing(60),
    new domainErrors.PaymentUnclear(),
    new domainErrors.GatewayUnavailable(5),
    new domainErrors.GatewayMisconfigured(5),
    new domainErrors.PaymentUnreadable(),
  ];
  for (const { message } of stopping) {
    claimsNothing(message);
    expect(message).toMatch(DO_NOT_PAY_AGAIN.en);
  }
  // Sentences of errors that take no value from their caller.
  const others = Object.values(domainErrors).flatMap((error) =>
    typeof error === "function" && error.prototype instanceof domainErrors.PaymentError && error.length === 0
      ? [Reflect.construct(error, []) as Error]
      : [],
  );
  expect(others.length).toBeGreaterThan(5);
  for (const { message } of others) claimsNothing(message);
});
