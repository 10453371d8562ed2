import type { AuthSecret } from "../contract/secrets.ts";
import { type LimiterOptions, SharedLimiter } from "../redis/limiter.ts";
import { systemClock } from "../runtime/clock.ts";
import { count } from "../runtime/metrics.ts";
import type { Secret } from "../runtime/secrets.ts";
import { createRedis, hashKeyOf } from "./redis.ts";

/** A limit that all processes count together. */
export function createLimiter(
  limit: Pick<LimiterOptions, "name" | "limit" | "whenUnknown">,
  secret: Secret<AuthSecret>,
): SharedLimiter {
  return new SharedLimiter({
    ...limit,
    redis: createRedis(secret),
    hashKey: hashKeyOf(secret),
    clock: systemClock,
    count,
  });
}
