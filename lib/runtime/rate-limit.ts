import type { Clock } from "./clock.ts";

export type Refusal = { allowed: false; retryAfterSeconds: number };
export type Verdict = { allowed: true } | Refusal;

// Beyond this many callers in one window the oldest are forgotten: memory stays bounded under a flood of names.
const KEYS_LIMIT = 10_000;

/** So many calls a window for each key, counted in this process only. */
export class RateLimiter {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #windows = new Map<string, { startedAt: number; calls: number }>();

  constructor(limit: number, clock: Pick<Clock, "now">, windowMs = 60_000) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#clock = clock;
  }

  /** Counts one call of `key`. */
  async take(key: string): Promise<Verdict> {
    const now = this.#clock.now();
    const window = this.#current(key, now) ?? { startedAt: now, calls: 0 };
    window.calls++;
    this.#windows.delete(key);
    this.#windows.set(key, window);
    const oldest = this.#windows.keys().next().value;
    if (this.#windows.size > KEYS_LIMIT && oldest !== undefined) this.#windows.delete(oldest);
    return window.calls <= this.#limit ? { allowed: true } : this.#refusal(window.startedAt, now);
  }

  /** The refusal that `key` already has in this window, without counting a call. */
  refused(key: string): Refusal | undefined {
    const now = this.#clock.now();
    const window = this.#current(key, now);
    return window && window.calls > this.#limit ? this.#refusal(window.startedAt, now) : undefined;
  }

  #current(key: string, now: number) {
    const window = this.#windows.get(key);
    return window && now - window.startedAt < this.#windowMs ? window : undefined;
  }

  #refusal(startedAt: number, now: number): Refusal {
    return { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil((startedAt + this.#windowMs - now) / 1000)) };
  }
}
