import type { Clock } from "../../local/clock.ts";

// Shorter timers are polls and pauses between tries. They run in real time.
const SHORTEST_MS = 45;
// The number of consecutive turns of the event loop with nothing under way.
const QUIET_TURNS = 25;

type Waiting = { at: number; run: () => void };

/**
 * Virtual time for deadlines. If everything waits for deadlines, the earliest one ends at once. So a duration is a sum of
 * deadlines, does not depend on the machine's speed, and takes no real time.
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

  /** The sum of the ended deadlines in milliseconds. */
  get now(): number {
    return this.#passedMs;
  }

  /** Runs `work` in this time. */
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
    // A task that is due on the clock may itself wait for a deadline.
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
