import type { TxRef } from "../../domain/ids.ts";
import { type Capture, type Payment, shownTerms } from "../../domain/payment.ts";
import type { Instant } from "../../domain/time.ts";
import { type Fact, type PageLanguage, wordsIn } from "./frame.ts";

const TIME_ZONE = "Africa/Addis_Ababa";

/** Returns the facts of a payment that a payer needs: amount and reference; what arrived, too, where it differs. */
export function factsOf(payment: Payment, reference: TxRef | string, language: PageLanguage): Fact[] {
  const words = wordsIn(language);
  const { amount, currency } = shownTerms(payment);
  const asked = money(amount, currency, language);
  const arrived = payment.captures
    .filter(({ kind }) => kind !== "duplicate")
    .map((one) => moneyOf(one, currency, language));
  const isOther = arrived.length > 0 && arrived.some((text) => text !== asked);
  return [
    ...(isOther
      ? [
          { label: words.asked, value: asked },
          { label: words.arrived, value: arrived.join(" + ") },
        ]
      : [{ label: words.amount, value: asked }]),
    { label: words.reference, value: reference, isWhole: true },
  ];
}

/** Returns an amount in santim with its currency, as people of this language write it. */
export function money(santim: number, currency: string, language: PageLanguage): string {
  return new Intl.NumberFormat(`${language}-ET`, { style: "currency", currency }).format(santim / 100);
}

/** Returns what of a capture arrived. An amount that Chapa did not report is a question mark. */
function moneyOf({ amount, currency }: Capture, asked: string, language: PageLanguage): string {
  const isCurrency = /^[A-Z]{3}$/.test(currency ?? asked);
  return amount === undefined || !isCurrency ? "?" : money(amount, currency ?? asked, language);
}

/** Returns date and time in Addis Ababa, by the Gregorian calendar. */
export function dateAndTime(at: Instant, language: PageLanguage): string {
  const format = { dateStyle: "long", timeStyle: "short", timeZone: TIME_ZONE } as const;
  return new Intl.DateTimeFormat(`${language}-ET-u-ca-gregory`, format).format(at);
}

/** Returns the day by the Ethiopian calendar, without the era. */
export function ethiopianDate(at: Instant, language: PageLanguage): string {
  const format = { dateStyle: "long", timeZone: TIME_ZONE } as const;
  const parts = new Intl.DateTimeFormat(`${language}-ET-u-ca-ethiopic`, format).formatToParts(at);
  const end = parts.findIndex(({ type }) => type === "era");
  const shown = end === -1 ? parts : parts.slice(0, end);
  return shown
    .map(({ value }) => value)
    .join("")
    .trim();
}
