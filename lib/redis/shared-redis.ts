import { Redis, type UpstashRequest, type UpstashResponse } from "@upstash/redis";
import * as z from "zod";
import { DependencyUnavailable, errorName } from "../domain/errors.ts";
import { call } from "../runtime/call.ts";
import type { Clock } from "../runtime/clock.ts";
import { parseJson } from "../runtime/json.ts";
import type { Log } from "../runtime/logger.ts";

export type RedisAt = { url: string; token: string };

const BUDGET_MS = 200;
// Calls right after a failure fail at once, instead of waiting for the next timeout.
const PAUSE_MS = 1_000;

/**
 * The Redis that all processes share, over Upstash's REST protocol. It holds only counters and copies. A call takes at
 * most 200 ms, and no call is made for a second after a failure.
 */
export class SharedRedis {
  readonly #at: () => Promise<RedisAt | undefined>;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Log;
  #client: { at: RedisAt; redis: Redis } | undefined;
  readonly #budgetMs: number;
  #pausedUntil = 0;

  /**
   * @param at the address of Redis; undefined if the stage has none
   * @param budgetMs how long one call may take, in milliseconds
   */
  constructor(at: () => Promise<RedisAt | undefined>, clock: Pick<Clock, "now">, log: Log, budgetMs = BUDGET_MS) {
    this.#at = at;
    this.#budgetMs = budgetMs;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Runs a call on Redis.
   * @returns undefined if this stage has no Redis
   * @throws DependencyUnavailable if it does not answer
   */
  async ask<Value>(question: (redis: Redis) => Promise<Value>): Promise<{ answer: Value } | undefined> {
    const at = await this.#at();
    if (!at) return undefined;
    if (this.#clock.now() < this.#pausedUntil) throw new DependencyUnavailable("The store of rate limits");
    try {
      return { answer: await question(this.#redisAt(at)) };
    } catch (error) {
      // One record is enough for many calls that fail together.
      if (this.#clock.now() >= this.#pausedUntil) this.#log.warn("redis_failed", { error: errorName(error) });
      this.#pausedUntil = this.#clock.now() + PAUSE_MS;
      throw new DependencyUnavailable("The store of rate limits", error);
    }
  }

  #redisAt(at: RedisAt): Redis {
    const known = this.#client;
    if (known?.at.url === at.url && known.at.token === at.token) return known.redis;
    const redis = new Redis({ request: (request) => this.#send(at, request) });
    this.#client = { at, redis };
    return redis;
  }

  /** The library's own client would use `fetch`, whose connections are no others' and whose first call loads undici. */
  async #send<Result>({ url, token }: RedisAt, request: UpstashRequest): Promise<UpstashResponse<Result>> {
    const { status, text } = await call({
      method: "POST",
      url: [url.replace(/\/+$/, ""), ...(request.path ?? [])].join("/"),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(request.body),
      timeoutMs: this.#budgetMs,
      of: "stores",
      // At worst a call is counted twice.
      isHarmlessTwice: true,
    });
    const { result, error } = answerOf<Result>().parse(parseJson(text));
    if (error !== undefined || status !== 200) throw new RedisRefused(error ?? `status ${status}`);
    return result === undefined ? {} : { result };
  }
}

// What a command returns is the library's to read.
function answerOf<Result>() {
  return z.object({ result: z.custom<Result>().optional(), error: z.string().optional() });
}

/** Redis did not perform the command. The message is Redis's own, by which the library knows a script that is not loaded. */
class RedisRefused extends Error {
  override readonly name = "RedisRefused";
}
