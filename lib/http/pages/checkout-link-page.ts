import type { LinkTarget } from "../../domain/lasting-link.ts";
import { type Payment, shownTxRef } from "../../domain/payment.ts";
import type { HttpAnswer } from "../problem.ts";
import { type PageLanguage, pageOf } from "./frame.ts";
import texts from "./texts.json" with { type: "json" };

const TEXTS = { payable: "payable", paid: "paid", review: "review", over: "unpaid" } as const;

/**
 * Returns the page behind the link of a message: how the payment stands, and a button if a checkout can be opened.
 * @param view `checkoutOrigins` are those to which the button may lead
 */
export function checkoutLinkPage(
  payment: Payment,
  kind: Exclude<LinkTarget["kind"], "open">,
  { language, checkoutOrigins }: { language: PageLanguage; checkoutOrigins: readonly string[] },
): HttpAnswer {
  const words = texts[language];
  const text = TEXTS[kind];
  const content = {
    language,
    title: words[`${text}_title`],
    text: words[text],
    payment,
    txRef: shownTxRef(payment),
  };
  if (kind !== "payable") return pageOf(200, content);
  // Browsers apply the policy of a form to the redirect that answers it, too.
  return pageOf(200, {
    ...content,
    below: `<form method="post" action="?lang=${language}"><button>${words.press}</button></form>`,
    formTargets: ["'self'", ...checkoutOrigins],
  });
}

/** Returns the page for a payer whose link names no payment. */
export function unknownLinkPage(language: PageLanguage): HttpAnswer {
  const words = texts[language];
  return pageOf(404, { language, title: words.unknown_title, text: words.unknown });
}

/** Returns the page after a press that opened no checkout, with the status and the waiting time of its problem. */
export function notNowPage(language: PageLanguage, { statusCode, headers }: HttpAnswer): HttpAnswer {
  const words = texts[language];
  const page = pageOf(statusCode, { language, title: words.later_title, text: words.later });
  const wait = headers["retry-after"];
  return wait === undefined ? page : { ...page, headers: { ...page.headers, "retry-after": wait } };
}
