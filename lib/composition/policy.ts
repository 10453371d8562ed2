import type { Env } from "../contract/env.ts";
import { confirmingPurposes } from "../domain/prices.ts";
import { DAY_MS, MINUTE_MS } from "../domain/time.ts";
import type { Policy } from "../domain/verification-schedule.ts";

/** Returns the schedule of verifications, and which purposes confirm the listing, from the environment. */
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
  return {
    ladderMs: env.RECHECK_LADDER,
    timeoutMs: env.PAYMENT_TIMEOUT_DAYS * DAY_MS,
    checkoutTtlMs: env.CHECKOUT_TTL_MINUTES * MINUTE_MS,
    lapseMs: env.CHECKOUT_LAPSE_MINUTES * MINUTE_MS,
    expectedMode: env.EXPECTED_MODE,
    listingHearsFailed: env.LISTING_HEARS_FAILED,
    listingFailedAfterMs: env.LISTING_FAILED_AFTER_DAYS * DAY_MS,
    confirmingPurposes: confirmingPurposes(env.PRICE_BOOK),
  };
}
