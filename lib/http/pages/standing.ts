import { checkoutPath } from "../../contract/routes.ts";
import { paymentIdOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import { confirmsListing, type Policy } from "../../domain/verification-schedule.ts";
import { type PageLanguage, type WayOn, wordsIn } from "./frame.ts";

/** How a payment stands for its payer; names its title and its text. `verifying`: nobody knows yet. */
export type Standing =
  | "verifying"
  | "failed"
  | "cancelled"
  | "expired"
  | "unpaid"
  | "review"
  | "paid"
  | "published"
  | "received";

/** Returns how a payment stands. A try that Chapa calls failed or cancelled may be followed by another one. */
export function standingOf(payment: Payment, policy: Pick<Policy, "confirmingPurposes">): Standing {
  switch (payment.state) {
    case "SUCCESS":
      if (!confirmsListing(payment, policy)) return "received";
      return payment.acknowledgedAt === undefined ? "paid" : "published";
    case "REVIEW":
      return "review";
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return payment.finalised ? "unpaid" : SETTLED[payment.state];
    case "CREATED":
    case "PENDING":
      return payment.attempts[payment.attempt]?.lastRead === "failed" ? "failed" : "verifying";
  }
}

const SETTLED = { FAILED: "failed", EXPIRED: "expired", CANCELLED: "cancelled" } as const;

/** Returns the title of a page about a payment that stands so. */
export function titleOf(standing: Standing, language: PageLanguage): string {
  const words = wordsIn(language);
  return words[`${isPaid(standing) ? "paid" : standing}_title`];
}

function isPaid(standing: Standing): standing is "paid" | "published" | "received" {
  return standing === "paid" || standing === "published" || standing === "received";
}

/** Returns the link to the page that opens a checkout again. */
export function wayToCheckout({ ref }: Payment, language: PageLanguage): WayOn {
  return {
    text: wordsIn(language).press,
    href: `${checkoutPath(paymentIdOf(ref))}?lang=${language}`,
    isFirst: true,
  };
}
