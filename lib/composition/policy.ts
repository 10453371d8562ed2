import { type Env, EnvironmentInvalid } from "../contract/env.ts";
import { DAY_MS, MINUTE_MS } from "../domain/time.ts";
import { type Policy, parseLadder } from "../domain/verification-schedule.ts";

/** When a checkout is verified, from the environment. @throws EnvironmentInvalid */
export function createPolicy(
  env: Pick<Env, "RECHECK_LADDER" | "PAYMENT_TIMEOUT_DAYS" | "CHECKOUT_TTL_MINUTES" | "LISTING_HEARS_FAILED">,
): Policy {
  const ladderMs = parseLadder(env.RECHECK_LADDER);
  if (!ladderMs) throw new EnvironmentInvalid("RECHECK_LADDER is malformed: lengths of time that grow, like 2m,5m,1d");
  return {
    ladderMs,
    timeoutMs: env.PAYMENT_TIMEOUT_DAYS * DAY_MS,
    checkoutTtlMs: env.CHECKOUT_TTL_MINUTES * MINUTE_MS,
    listingHearsFailed: env.LISTING_HEARS_FAILED,
  };
}
