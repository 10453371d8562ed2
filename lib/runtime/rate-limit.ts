import type { Quota } from "../domain/errors.ts";
import type { Clock } from "./clock.ts";

export type Refusal = { allowed: false; retryAfterSeconds: number; quota: Quota };
export type Verdict = { allowed: true; quota: Quota } | Refusal;

// Above this number of callers in one window, the oldest are forgotten, so that memory stays bounded.
const KEYS_LIMIT = 10_000;

/** A limit of calls in a window for each key, counted in this process only. `name` is the limit's name for callers. */
export class RateLimiter {
  readonly #name: string;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #windows = new Map<string, { startedAt: number; calls: number }>();

  constructor(name: string, limit: number, clock: Pick<Clock, "now">, windowMs = 60_000) {
    this.#name = name;
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#clock = clock;
  }

  /** Counts one call of `key`, whose limit may be its own. */
  async take(key: string, limit = this.#limit): Promise<Verdict> {
    const now = this.#clock.now();
    const window = this.#current(key, now) ?? { startedAt: now, calls: 0 };
    window.calls++;
    this.#windows.delete(key);
    this.#windows.set(key, window);
    const oldest = this.#windows.keys().next().value;
    if (this.#windows.size > KEYS_LIMIT && oldest !== undefined) this.#windows.delete(oldest);
    return window.calls <= limit
      ? { allowed: true, quota: this.#quota(limit, limit - window.calls, window.startedAt + this.#windowMs - now) }
      : this.#refusal(limit, window.startedAt + this.#windowMs - now);
  }

  /** Returns the refusal of `key` in the current window, without counting a call; undefined if there is none. */
  refused(key: string, limit = this.#limit): Refusal | undefined {
    const now = this.#clock.now();
    const window = this.#current(key, now);
    return window && window.calls > limit ? this.#refusal(limit, window.startedAt + this.#windowMs - now) : undefined;
  }

  #current(key: string, now: number) {
    const window = this.#windows.get(key);
    return window && now - window.startedAt < this.#windowMs ? window : undefined;
  }

  #refusal(limit: number, leftMs: number): Refusal {
    const quota = this.#quota(limit, 0, leftMs);
    return { allowed: false, retryAfterSeconds: quota.resetSeconds, quota };
  }

  #quota(limit: number, remaining: number, leftMs: number): Quota {
    const resetSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    return { name: this.#name, limit, windowSeconds: this.#windowMs / 1000, remaining, resetSeconds };
  }
}
