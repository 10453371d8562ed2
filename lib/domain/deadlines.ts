import { isInert, openedAttempts, type Payment } from "./payment.ts";
import { DAY_MS, type Instant } from "./time.ts";
import { awaitsAcknowledgement, type Policy, timeoutAt } from "./verification-schedule.ts";
import type { Deadline } from "./vocabulary.ts";

// Whatever a payment waits for, it waits in vain if it is a day late.
const PATIENCE_MS = DAY_MS;

/**
 * Returns what the payment has waited for too long: the listing's acknowledgement since it was settled, its expiry since
 * its timeout, a verification since its date, or that a refund is sent since it was requested.
 */
export function missedDeadlines(payment: Payment, now: Instant, policy: Policy): Deadline[] {
  const isLate = (since: Instant | undefined) => since !== undefined && now >= since + PATIENCE_MS;
  const isUnsettled = (payment.state === "CREATED" && !isInert(payment)) || payment.state === "PENDING";
  const missed: Deadline[] = [];
  if (awaitsAcknowledgement(payment, policy) && isLate(payment.settledAt)) missed.push("delivery");
  if (isUnsettled && isLate(timeoutAt(payment, policy))) missed.push("expiry");
  if (openedAttempts(payment).some(({ verifyAt }) => isLate(verifyAt))) missed.push("verification");
  if ((payment.refunds ?? []).some(({ state, at }) => state === "REQUESTED" && isLate(at))) missed.push("refund");
  return missed;
}
