import type { AuthSecret } from "../contract/secrets.ts";
import { type LimiterOptions, SharedLimiter } from "../redis/limiter.ts";
import { systemClock } from "../runtime/clock.ts";
import { count } from "../runtime/metrics.ts";
import type { Secret } from "../runtime/secrets.ts";
import { createHashKey, createRedis } from "./redis.ts";

/** Returns a rate limit that all processes share. */
export function createLimiter(
  limit: Pick<LimiterOptions, "name" | "limit" | "windowSeconds">,
  secret: Secret<AuthSecret>,
): SharedLimiter {
  return new SharedLimiter({
    ...limit,
    redis: createRedis(secret),
    hashKey: createHashKey(secret),
    clock: systemClock,
    count,
  });
}
