import { type Env, EnvironmentInvalid } from "../contract/env.ts";
import { confirmingPurposes } from "../domain/prices.ts";
import { DAY_MS, MINUTE_MS } from "../domain/time.ts";
import { type Policy, parseLadder } from "../domain/verification-schedule.ts";
import { createPriceBook } from "./price-book.ts";

/**
 * Returns the schedule of verifications, and which purposes confirm the listing, from the environment.
 * @throws EnvironmentInvalid if the ladder or the price book is malformed
 */
export function createPolicy(
  env: Pick<
    Env,
    | "RECHECK_LADDER"
    | "PAYMENT_TIMEOUT_DAYS"
    | "CHECKOUT_TTL_MINUTES"
    | "CHECKOUT_LAPSE_MINUTES"
    | "LISTING_HEARS_FAILED"
    | "LISTING_FAILED_AFTER_DAYS"
    | "EXPECTED_MODE"
    | "PRICE_BOOK"
  >,
): Policy {
  const ladderMs = parseLadder(env.RECHECK_LADDER);
  if (!ladderMs)
    throw new EnvironmentInvalid("RECHECK_LADDER is malformed: expected ascending lengths of time such as 2m,5m,1d");
  return {
    ladderMs,
    timeoutMs: env.PAYMENT_TIMEOUT_DAYS * DAY_MS,
    checkoutTtlMs: env.CHECKOUT_TTL_MINUTES * MINUTE_MS,
    lapseMs: env.CHECKOUT_LAPSE_MINUTES * MINUTE_MS,
    expectedMode: env.EXPECTED_MODE,
    listingHearsFailed: env.LISTING_HEARS_FAILED,
    listingFailedAfterMs: env.LISTING_FAILED_AFTER_DAYS * DAY_MS,
    confirmingPurposes: confirmingPurposes(createPriceBook(env)),
  };
}
