import type { Clock } from "../../local/clock.ts";

// What is shorter belongs to the machine: polls, pauses between tries. It passes by itself.
const SHORTEST_MS = 45;
// So often in a row the event loop must have come round with nothing under way.
const QUIET_TURNS = 25;

type Waiting = { at: number; run: () => void };

/**
 * Time that passes only while everybody waits for a deadline: then the earliest one is over at once. How long
 * something takes is so many deadlines, however fast the machine is, and waiting for them takes no time.
 */
export class DeadlineTime {
  readonly #clock: Clock;
  readonly #underWay: () => number;
  readonly #real = { setTimeout, clearTimeout, now: performance.now, timeout: AbortSignal.timeout };
  readonly #waiting = new Set<Waiting>();
  #passedMs = 0;

  /** @param underWay a number that changes whenever something happens, and is below 0 while something is under way */
  constructor(clock: Clock, underWay: () => number) {
    this.#clock = clock;
    this.#underWay = underWay;
  }

  /** Milliseconds of deadlines that are over. */
  get now(): number {
    return this.#passedMs;
  }

  /** Does `work` in this time. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#install();
    let isOver = false;
    try {
      const result = work().finally(() => {
        isOver = true;
      });
      while (!isOver) await this.#pass();
      return await result;
    } finally {
      this.#restore();
    }
  }

  async #pass(): Promise<void> {
    let before = this.#underWay();
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await new Promise((resolve) => this.#real.setTimeout(resolve, 1));
      const after = this.#underWay();
      quiet = after === before && after >= 0 ? quiet + 1 : 0;
      before = after;
    }
    const [first] = [...this.#waiting].sort((one, other) => one.at - other.at);
    if (!first) return;
    this.#waiting.delete(first);
    const ms = Math.max(0, first.at - this.#passedMs);
    this.#passedMs += ms;
    // What falls due on the clock may wait for a deadline itself.
    void this.#clock.advance(ms);
    first.run();
  }

  #install(): void {
    const { real, waiting } = { real: this.#real, waiting: this.#waiting };
    const later = (run: () => void, ms: number) => {
      const entry = { at: this.#passedMs + ms, run };
      waiting.add(entry);
      return entry;
    };
    globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      if (ms < SHORTEST_MS) return real.setTimeout(run, ms, ...args);
      const entry = later(() => run(...args), ms);
      return Object.assign(entry, { ref: () => entry, unref: () => entry, hasRef: () => true });
    }) as typeof setTimeout;
    globalThis.clearTimeout = ((timer: Waiting | NodeJS.Timeout | undefined) => {
      if (timer && "run" in timer) waiting.delete(timer);
      else real.clearTimeout(timer);
    }) as typeof clearTimeout;
    AbortSignal.timeout = (ms) => {
      const abort = new AbortController();
      later(() => abort.abort(new DOMException("the deadline is over", "TimeoutError")), ms);
      return abort.signal;
    };
    performance.now = () => real.now.call(performance) + this.#passedMs;
  }

  #restore(): void {
    globalThis.setTimeout = this.#real.setTimeout;
    globalThis.clearTimeout = this.#real.clearTimeout;
    AbortSignal.timeout = this.#real.timeout;
    performance.now = this.#real.now;
    for (const { run } of this.#waiting) run();
    this.#waiting.clear();
  }
}
