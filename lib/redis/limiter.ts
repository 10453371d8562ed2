import { createHmac } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis";
import { DependencyUnavailable, type Quota } from "../domain/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Count } from "../runtime/metrics.ts";
import { RateLimiter, type Refusal, type Verdict } from "../runtime/rate-limit.ts";
import type { SharedRedis } from "./shared-redis.ts";

export type LimiterOptions = {
  /** The limit's name for callers. */
  name: string;
  /** Calls a minute of a caller without a limit of their own. */
  limit: number;
  /** Another window than a minute, in seconds. `limit` is then for one window. */
  windowSeconds?: number;
  redis: Pick<SharedRedis, "ask">;
  /** Hashes callers in Redis keys, so that readers of Redis do not learn who called. */
  hashKey: () => Promise<string>;
  clock: Pick<Clock, "now">;
  count: Count;
};

const WINDOW_SECONDS = 60;
const BLOCKED_LIMIT = 10_000;

/**
 * A limit of calls a minute for each caller, counted over all processes. This process also counts: a caller over the
 * limit here costs no call to Redis, and this count alone decides while Redis does not answer in time.
 */
export class SharedLimiter {
  readonly #options: LimiterOptions;
  readonly #windowSeconds: number;
  readonly #floor: RateLimiter;
  readonly #blocked = new Map<string, number>();
  readonly #limiters = new Map<number, { redis: Redis; limiter: Ratelimit }>();

  constructor(options: LimiterOptions) {
    this.#options = options;
    this.#windowSeconds = options.windowSeconds ?? WINDOW_SECONDS;
    this.#floor = new RateLimiter(options.name, options.limit, options.clock, this.#windowSeconds * 1_000);
  }

  /** Counts one call of `caller`, whose limit may be their own. */
  async take(caller: string, limit = this.#options.limit): Promise<Verdict> {
    const here = await this.#floor.take(caller, limit);
    if (!here.allowed) return here;
    const blocked = this.refused(caller, limit);
    if (blocked) return blocked;
    try {
      const key = await this.#keyOf(caller);
      const asked = await this.#options.redis.ask((redis) => this.#limiterOn(redis, limit).limit(key));
      if (!asked) return here;
      const { success, remaining, reset } = asked.answer;
      if (success) return { allowed: true, quota: this.#quota(limit, remaining, reset) };
      this.#block(caller, reset);
      return this.#refusal(limit, reset);
    } catch (error) {
      if (!(error instanceof DependencyUnavailable)) throw error;
      this.#options.count("RateLimiterFailOpen");
      return here;
    }
  }

  /**
   * Returns the refusal of `caller` that this process knows, without counting a call or asking Redis; undefined if
   * there is none.
   */
  refused(caller: string, limit = this.#options.limit): Refusal | undefined {
    const until = this.#blocked.get(caller) ?? 0;
    return until > this.#options.clock.now() ? this.#refusal(limit, until) : this.#floor.refused(caller, limit);
  }

  #block(caller: string, until: number): void {
    this.#blocked.delete(caller);
    this.#blocked.set(caller, until);
    const oldest = this.#blocked.keys().next().value;
    if (this.#blocked.size > BLOCKED_LIMIT && oldest !== undefined) this.#blocked.delete(oldest);
  }

  #refusal(limit: number, until: number): Refusal {
    const quota = this.#quota(limit, 0, until);
    return { allowed: false, retryAfterSeconds: quota.resetSeconds, quota };
  }

  #quota(limit: number, remaining: number, resetAt: number): Quota {
    const { name, clock } = this.#options;
    const resetSeconds = Math.max(1, Math.ceil((resetAt - clock.now()) / 1000));
    return { name, limit, windowSeconds: this.#windowSeconds, remaining: Math.max(0, remaining), resetSeconds };
  }

  async #keyOf(caller: string): Promise<string> {
    const key = await this.#options.hashKey();
    return createHmac("sha256", key).update(caller).digest("base64url").slice(0, 22);
  }

  #limiterOn(redis: Redis, limit: number): Ratelimit {
    const known = this.#limiters.get(limit);
    if (known?.redis === redis) return known.limiter;
    const { name } = this.#options;
    const limiter = new Ratelimit({
      redis,
      // A sliding window could refuse again at the moment at which it told a caller to retry.
      limiter: Ratelimit.fixedWindow(limit, `${this.#windowSeconds} s`),
      prefix: `payments:limit:${name}`,
      // The library's own deadline would allow the call. Our deadline is that of the request, and `take` decides what
      // an outage means.
      timeout: 0,
      ephemeralCache: false,
      analytics: false,
      enableProtection: false,
    });
    this.#limiters.set(limit, { redis, limiter });
    return limiter;
  }
}
