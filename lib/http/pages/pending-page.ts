import type { Payment } from "../../domain/payment.ts";
import { type Instant, MINUTE_MS } from "../../domain/time.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { HttpAnswer } from "../problem.ts";
import { factsOf } from "./facts.ts";
import { type Around, type PageLanguage, pageOf, wordsIn } from "./frame.ts";
import { standingOf, titleOf, wayToCheckout } from "./standing.ts";

const REFRESH_SECONDS = 5;
const REFRESHING_MS = 2 * MINUTE_MS;

/** `since`: when this payer came to the page; undefined at their first visit. */
export type Visit = { language: PageLanguage; since: Instant | undefined; now: Instant; around: Around };

/**
 * Returns the address at which the page asks again, for a payment that is not decided yet; undefined if the page stays
 * where it is. The page keeps this address while it refreshes, so that "back" leads back.
 */
export function refreshingAt(payment: Payment | undefined, visit: Visit, policy: Policy): string | undefined {
  const isFirst = visit.since === undefined;
  const isOpen = payment !== undefined && standingOf(payment, policy) === "verifying";
  return isFirst && isOpen ? `?lang=${visit.language}&since=${visit.now}` : undefined;
}

/** Returns the page for a payer who returns before the payment is confirmed. */
export function pendingPage(payment: Payment | undefined, txRef: string, visit: Visit, policy: Policy): HttpAnswer {
  const { language, since = visit.now, now, around } = visit;
  const words = wordsIn(language);
  if (!payment) {
    return pageOf(404, { language, title: words.unknown_title, text: words.unknown, around });
  }
  const standing = standingOf(payment, policy);
  const isWaiting = standing === "verifying" && since <= now && now - since < REFRESHING_MS;
  const isPayable = standing === "failed" || standing === "cancelled" || standing === "expired";
  return pageOf(200, {
    language,
    title: titleOf(standing, language),
    text: standing === "verifying" && !isWaiting ? words.waited : words[standing],
    facts: factsOf(payment, txRef, language),
    ways: isPayable ? [wayToCheckout(payment, language)] : [],
    refreshSeconds: isWaiting ? REFRESH_SECONDS : undefined,
    around,
  });
}
