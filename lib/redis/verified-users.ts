import { createHmac } from "node:crypto";
import * as z from "zod";
import { DependencyUnavailable } from "../domain/errors.ts";
import { Uuid } from "../domain/ids.ts";
import type { Clock } from "../runtime/clock.ts";
import type { SharedRedis } from "./shared-redis.ts";

/** What is cached of a user: no personal data. */
export type VerifiedUser = { userId: Uuid; role: string };

const Cached = z.object({ userId: Uuid, role: z.string() });
const LONGEST_MS = 60_000;
const USERS_LIMIT = 10_000;

/**
 * Tokens that User Management has confirmed within the last minute, in this process and in Redis, under an HMAC of the
 * token. It only saves calls: a token that is not found here is verified again.
 */
export class VerifiedUsers {
  readonly #redis: Pick<SharedRedis, "ask">;
  readonly #hashKey: () => Promise<string>;
  readonly #clock: Pick<Clock, "now">;
  readonly #here = new Map<string, VerifiedUser & { until: number }>();

  constructor(redis: Pick<SharedRedis, "ask">, hashKey: () => Promise<string>, clock: Pick<Clock, "now">) {
    this.#redis = redis;
    this.#hashKey = hashKey;
    this.#clock = clock;
  }

  async find(token: string): Promise<VerifiedUser | undefined> {
    const key = await this.#keyOf(token);
    const here = this.#here.get(key);
    if (here && here.until > this.#clock.now()) return here;
    const found = await this.#optional((redis) => redis.get(key));
    return Cached.safeParse(found).data;
  }

  /**
   * Stores a confirmed user for up to a minute.
   * @param expiresAt when the token expires, epoch ms
   */
  async keep(token: string, { userId, role }: VerifiedUser, expiresAt: number): Promise<void> {
    const ttlMs = Math.min(LONGEST_MS, Math.floor(expiresAt - this.#clock.now()));
    if (ttlMs <= 0) return;
    const key = await this.#keyOf(token);
    this.#here.delete(key);
    this.#here.set(key, { userId, role, until: this.#clock.now() + ttlMs });
    const oldest = this.#here.keys().next().value;
    if (this.#here.size > USERS_LIMIT && oldest !== undefined) this.#here.delete(oldest);
    await this.#optional((redis) => redis.set(key, { userId, role }, { px: ttlMs }));
  }

  async #optional(question: Parameters<SharedRedis["ask"]>[0]): Promise<unknown> {
    try {
      return (await this.#redis.ask(question))?.answer;
    } catch (error) {
      if (error instanceof DependencyUnavailable) return undefined;
      throw error;
    }
  }

  async #keyOf(token: string): Promise<string> {
    return `payments:user:${createHmac("sha256", await this.#hashKey())
      .update(token)
      .digest("base64url")}`;
  }
}
