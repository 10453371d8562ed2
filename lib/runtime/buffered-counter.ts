import type { Clock } from "./clock.ts";

const BETWEEN_FLUSHES_MS = 60_000;

/** Counts in this process and flushes the sum about once a minute. If the process ends, the rest is lost. */
export class BufferedCounter {
  readonly #flush: (count: number) => Promise<void>;
  readonly #clock: Pick<Clock, "now">;
  #count = 0;
  #flushedAt = Number.NEGATIVE_INFINITY;

  /** @param flush may fail without harm; it is not repeated */
  constructor(flush: (count: number) => Promise<void>, clock: Pick<Clock, "now">) {
    this.#flush = flush;
    this.#clock = clock;
  }

  async add(): Promise<void> {
    this.#count++;
    if (this.#clock.now() - this.#flushedAt < BETWEEN_FLUSHES_MS) return;
    this.#flushedAt = this.#clock.now();
    const count = this.#count;
    this.#count = 0;
    await this.#flush(count);
  }
}
