import { hasEnded, type Payment } from "./payment.ts";
import type { Instant } from "./time.ts";
import { isPastWindow, type Policy } from "./verification-schedule.ts";

/**
 * Where the link in a payer's messages leads: to a checkout that can be paid, to a button that opens one, or to a page
 * that says how the payment stands. `over`: nobody can pay it any more.
 */
export type LinkTarget = { kind: "open"; checkoutUrl: string } | { kind: "payable" | "paid" | "review" | "over" };

/** Returns where the link leads. What Chapa has said of a failed or cancelled try makes a press ask first. */
export function linkTarget(payment: Payment, now: Instant, policy: Policy): LinkTarget {
  const { state, attempt, attempts, checkoutUrl } = payment;
  switch (state) {
    case "SUCCESS":
      return { kind: "paid" };
    case "REVIEW":
      return { kind: "review" };
    case "PENDING": {
      const isLive = !hasEnded(payment, attempt) && !isPastWindow(payment, now, policy) && !attempts[attempt]?.lastRead;
      return isLive && checkoutUrl !== undefined ? { kind: "open", checkoutUrl } : { kind: "payable" };
    }
    case "CREATED":
      return { kind: "payable" };
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return { kind: payment.finalised ? "over" : "payable" };
  }
}
