import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { DependencyUnavailable } from "../domain/errors.ts";
import { Uuid } from "../domain/ids.ts";
import type { Clock } from "../runtime/clock.ts";
import type { SharedRedis } from "./shared-redis.ts";

/** What is cached of a user: no personal data. */
export type VerifiedUser = { userId: Uuid; role: string };

const Cached = z.object({ userId: Uuid, role: z.string(), until: z.number(), mac: z.string() });
type Cached = z.output<typeof Cached>;
const LONGEST_MS = 60_000;
const USERS_LIMIT = 10_000;

/**
 * Tokens that User Management has confirmed within the last minute, in this process and in Redis, under an HMAC of the
 * token. It only saves calls: a token that is not found here is verified again. An entry carries a code made with a key
 * that Redis does not know, because a person who can write to Redis must not become an administrator.
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
    const found = Cached.safeParse(await this.#optional((redis) => redis.get(key))).data;
    if (!found || found.until <= this.#clock.now() || !(await this.#isOurs(key, found))) return undefined;
    const { userId, role, until } = found;
    this.#remember(key, { userId, role, until });
    return { userId, role };
  }

  /**
   * Stores a confirmed user for up to a minute.
   * @param expiresAt when the token expires, epoch ms
   */
  async keep(token: string, { userId, role }: VerifiedUser, expiresAt: number): Promise<void> {
    const ttlMs = Math.min(LONGEST_MS, Math.floor(expiresAt - this.#clock.now()));
    if (ttlMs <= 0) return;
    const key = await this.#keyOf(token);
    const entry = { userId, role, until: this.#clock.now() + ttlMs };
    this.#remember(key, entry);
    const mac = (await this.#macOf(key, entry)).toString("base64url");
    await this.#optional((redis) => redis.set(key, { ...entry, mac }, { px: ttlMs }));
  }

  /** A user from Redis is kept no longer than the process that confirmed them keeps them. */
  #remember(key: string, entry: VerifiedUser & { until: number }): void {
    this.#here.delete(key);
    this.#here.set(key, entry);
    const oldest = this.#here.keys().next().value;
    if (this.#here.size > USERS_LIMIT && oldest !== undefined) this.#here.delete(oldest);
  }

  async #isOurs(key: string, { mac, ...entry }: Cached): Promise<boolean> {
    const given = Buffer.from(mac, "base64url");
    const wanted = await this.#macOf(key, entry);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** Returns the code of an entry. It holds the entry's key and end, so that no entry is used for another token or later. */
  async #macOf(key: string, { userId, role, until }: Omit<Cached, "mac">): Promise<Buffer> {
    const text = JSON.stringify(["user/1", key, userId, role, until]);
    return createHmac("sha256", await this.#hashKey())
      .update(text)
      .digest();
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
