import { checkoutPath } from "../../contract/routes.ts";
import { paymentIdOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import { WIRE_STATUS } from "../../domain/vocabulary.ts";
import type { HttpAnswer } from "../problem.ts";
import { type PageLanguage, pageOf } from "./frame.ts";
import texts from "./texts.json" with { type: "json" };

// The page refreshes itself for two minutes.
const REFRESH_SECONDS = 5;
const REFRESHES = 24;

/**
 * Returns the page for a payer who returns before the payment is confirmed.
 * @param round how often this page has refreshed itself
 */
export function pendingPage(
  payment: Payment | undefined,
  txRef: string,
  { language, round }: { language: PageLanguage; round: number },
): HttpAnswer {
  const words = texts[language];
  const kind = kindOf(payment);
  const isVerifying = kind === "verifying";
  const goesOn = isVerifying && round < REFRESHES;
  const next = `?lang=${language}&amp;n=${round + 1}`;
  return pageOf(payment ? 200 : 404, {
    language,
    title: words[`${kind}_title`],
    text: isVerifying && !goesOn ? words.waited : words[kind],
    payment,
    txRef,
    head: goesOn ? `<meta http-equiv="refresh" content="${REFRESH_SECONDS};url=${next}">` : "",
    below: goesOn ? '<div class="bar"></div>' : linkOf(payment, kind, language),
  });
}

function kindOf(payment: Payment | undefined): "verifying" | "unpaid" | "review" | "unknown" {
  if (!payment) return "unknown";
  if (payment.state === "REVIEW") return "review";
  // A try that Chapa calls failed or cancelled may be followed by another one.
  const isOver = WIRE_STATUS[payment.state] === "FAILED" || payment.attempts[payment.attempt]?.lastRead === "failed";
  return isOver ? "unpaid" : "verifying";
}

function linkOf(payment: Payment | undefined, kind: ReturnType<typeof kindOf>, language: PageLanguage): string {
  if (!payment || kind !== "unpaid" || payment.finalised) return "";
  const path = checkoutPath(paymentIdOf(payment.ref));
  return `<a class="button" href="${path}?lang=${language}">${texts[language].press}</a>`;
}
