import { backOf, type Capture, type Payment, paidAmount, shownTerms, shownTxRef } from "../../domain/payment.ts";
import type { HttpAnswer } from "../problem.ts";
import { dateAndTime, ethiopianDate, money } from "./facts.ts";
import { type Around, type Fact, type PageLanguage, pageOf, type WayOn, wordsIn } from "./frame.ts";

// It shows the payer's name and phone number, so only they get its address.
const CHAPA_RECEIPT = "https://chapa.link/payment-receipt/";

/**
 * Returns the receipt of a paid payment, to be shown or printed. It names nobody.
 * @param confirmed the money that confirmed the payment
 */
export function receiptPage(
  payment: Payment,
  confirmed: Capture,
  { language, around }: { language: PageLanguage; around: Around },
): HttpAnswer {
  const words = wordsIn(language);
  const { currency } = shownTerms(payment);
  const { refunded, reversed } = backOf(confirmed);
  const givenBack = refunded + reversed;
  const facts: (Fact | undefined)[] = [
    { label: words.amount, value: money(paidAmount(payment), currency, language) },
    givenBack > 0 ? { label: words.given_back, value: money(givenBack, currency, language) } : undefined,
    { label: words.paid_at, value: dateAndTime(confirmed.at, language) },
    { label: words.ethiopian, value: ethiopianDate(confirmed.at, language) },
    confirmed.method ? { label: words.method, value: confirmed.method } : undefined,
    { label: words.reference, value: shownTxRef(payment), isWhole: true },
    confirmed.reference ? { label: words.chapa_reference, value: confirmed.reference, isWhole: true } : undefined,
  ];
  const chapas: WayOn[] = confirmed.reference
    ? [{ text: words.chapa_receipt, href: `${CHAPA_RECEIPT}${encodeURIComponent(confirmed.reference)}` }]
    : [];
  return pageOf(200, {
    language,
    title: words.receipt_title,
    text: words.receipt,
    facts: facts.filter((fact) => fact !== undefined),
    ways: chapas,
    around,
  });
}

/** Returns the page behind a link to a receipt that does not work: its time is over (410), or it is not ours (404). */
export function noReceiptPage(
  statusCode: 404 | 410,
  { language, around }: { language: PageLanguage; around: Around },
): HttpAnswer {
  const words = wordsIn(language);
  return pageOf(statusCode, { language, title: words.receipt_gone_title, text: words.receipt_gone, around });
}
