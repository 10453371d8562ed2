import type { LinkTarget } from "../../domain/lasting-link.ts";
import { type Payment, shownTxRef } from "../../domain/payment.ts";
import { lastSupportLink } from "../../domain/support-links.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { HttpAnswer } from "../problem.ts";
import { factsOf } from "./facts.ts";
import { type Around, type Fact, type PageLanguage, pageOf, wordsIn } from "./frame.ts";
import { standingOf, titleOf } from "./standing.ts";

type View = {
  language: PageLanguage;
  around: Around;
  policy: Pick<Policy, "confirmingPurposes">;
  /** Origins to which the button may lead. */
  checkoutOrigins: readonly string[];
  /** Path of the payment's receipt. */
  receipt: string;
};

/** Returns the page behind the link of a message: how the payment stands, and what its payer can do. */
export function checkoutLinkPage(payment: Payment, kind: Exclude<LinkTarget["kind"], "open">, view: View): HttpAnswer {
  const { language, around, checkoutOrigins, receipt } = view;
  const words = wordsIn(language);
  const standing = standingOf(payment, view.policy);
  const isNew = kind === "payable" && standing === "verifying";
  const content = {
    language,
    around,
    title: isNew ? words.payable_title : titleOf(standing, language),
    text: isNew ? words.payable : words[standing],
    facts: [...factsOf(payment, shownTxRef(payment), language), ...supportFacts(payment, words.support_reason)],
  };
  if (kind === "paid")
    return pageOf(200, { ...content, ways: [{ text: words.show_receipt, href: receipt, isFirst: true }] });
  if (kind !== "payable") return pageOf(200, content);
  // Browsers apply the policy of a form to the redirect that answers it, too.
  return pageOf(200, {
    ...content,
    ways: [{ text: words.press, press: `?lang=${language}` }],
    formTargets: ["'self'", ...checkoutOrigins],
  });
}

function supportFacts(payment: Payment, label: string): Fact[] {
  const link = lastSupportLink(payment);
  return link ? [{ label, value: link.reason }] : [];
}

/** Returns the page for a payer whose link names no payment. */
export function unknownLinkPage(language: PageLanguage, around: Around): HttpAnswer {
  const words = wordsIn(language);
  return pageOf(404, { language, title: words.unknown_title, text: words.unknown, around });
}

/** Returns the page after a press that opened no checkout, with the status and the waiting time of its problem. */
export function notNowPage(language: PageLanguage, around: Around, { statusCode, headers }: HttpAnswer): HttpAnswer {
  const words = wordsIn(language);
  const again = { text: words.press, href: `?lang=${language}`, isFirst: true };
  const page = pageOf(statusCode, { language, title: words.later_title, text: words.later, ways: [again], around });
  const wait = headers["retry-after"];
  return wait === undefined ? page : { ...page, headers: { ...page.headers, "retry-after": wait } };
}
