import { expect, test } from "vitest";
import { DecisionImpossible } from "../../lib/domain/errors.ts";
import { STORED_SUPPORT_LINKS, type SupportLink } from "../../lib/domain/payment.ts";
import { lastSupportLink, withSupportLink } from "../../lib/domain/support-links.ts";
import { anOpened, T0 } from "../support/payments.ts";

const LINK: SupportLink = { at: T0, by: "user:a", reason: "they called" };

test("a link made by support is stored beside the earlier ones, and changes nothing else of the payment", () => {
  const payment = anOpened();
  const later = { ...LINK, at: T0 + 1 };
  const twice = withSupportLink(withSupportLink(payment, LINK), later);
  expect(twice).toEqual({ ...payment, supportLinks: [LINK, later] });
  expect(lastSupportLink(twice)).toEqual(later);
  expect(lastSupportLink(payment)).toBeUndefined();
});

test("the same link is stored once; another moment, person or reason makes it another one", () => {
  const once = withSupportLink(anOpened(), LINK);
  expect(withSupportLink(once, { ...LINK })).toBe(once);
  for (const change of [{ at: T0 + 1 }, { by: "user:b" }, { reason: "they wrote" }])
    expect(withSupportLink(once, { ...LINK, ...change }).supportLinks).toEqual([LINK, { ...LINK, ...change }]);
});

test("a payment that holds as many links as it can refuses another one, and still knows those that it has", () => {
  const supportLinks = Array.from({ length: STORED_SUPPORT_LINKS }, (_, n) => ({ ...LINK, at: T0 + n }));
  const full = { ...anOpened(), supportLinks };
  expect(withSupportLink(full, LINK)).toBe(full);
  expect(() => withSupportLink(full, { ...LINK, at: T0 - 1 })).toThrow(DecisionImpossible);
  expect(withSupportLink({ ...full, supportLinks: supportLinks.slice(1) }, LINK).supportLinks).toHaveLength(
    STORED_SUPPORT_LINKS,
  );
});
