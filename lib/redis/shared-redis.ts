import { Redis } from "@upstash/redis";
import { deadlineFactor } from "../contract/env.ts";
import { DependencyUnavailable, errorName } from "../domain/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";

export type RedisAt = { url: string; token: string };

const BUDGET_MS = 200;
// Whoever needs Redis right after a failure does not wait for the next one.
const PAUSE_MS = 1_000;

/**
 * The Redis that all processes share, over Upstash's REST protocol. It holds nothing that is not also somewhere else:
 * counters and copies. One question takes at most 200 ms, and after a failure none is asked for a second.
 */
export class SharedRedis {
  readonly #at: () => Promise<RedisAt | undefined>;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Log;
  #client: { at: RedisAt; redis: Redis } | undefined;
  readonly #budgetMs: number;
  #pausedUntil = 0;

  /**
   * @param at where it is; undefined for a stage without one
   * @param budgetMs how long one question may take
   */
  constructor(
    at: () => Promise<RedisAt | undefined>,
    clock: Pick<Clock, "now">,
    log: Log,
    budgetMs = BUDGET_MS * deadlineFactor("stores"),
  ) {
    this.#at = at;
    this.#budgetMs = budgetMs;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * @returns undefined when this stage has no Redis
   * @throws DependencyUnavailable when it does not answer
   */
  async ask<Value>(question: (redis: Redis) => Promise<Value>): Promise<{ answer: Value } | undefined> {
    const at = await this.#at();
    if (!at) return undefined;
    if (this.#clock.now() < this.#pausedUntil) throw new DependencyUnavailable("The store of rate limits");
    try {
      return { answer: await question(this.#redisAt(at)) };
    } catch (error) {
      // Of many questions that were under way together one record is enough.
      if (this.#clock.now() >= this.#pausedUntil) this.#log.warn("redis_failed", { error: errorName(error) });
      this.#pausedUntil = this.#clock.now() + PAUSE_MS;
      throw new DependencyUnavailable("The store of rate limits", error);
    }
  }

  #redisAt(at: RedisAt): Redis {
    const known = this.#client;
    if (known?.at.url === at.url && known.at.token === at.token) return known.redis;
    const redis = new Redis({
      ...at,
      retry: false,
      enableTelemetry: false,
      readYourWrites: false,
      // As a function: a signal's own time would begin when the client is made, and an abort would be an answer.
      signal: () => AbortSignal.timeout(this.#budgetMs),
    });
    this.#client = { at, redis };
    return redis;
  }
}
