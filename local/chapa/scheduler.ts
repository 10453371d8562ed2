import type { Clock } from "../clock.ts";

/** All that the simulator has in hand: what waits for the clock, and what is under way. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  /** Aborts when {@link stop} is called. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Runs `task` at `when` (epoch ms). It is told that moment, because a clock that was moved by an hour shows the end
   * of the hour to everything that fell due inside it.
   */
  at(when: number, task: (at: number) => void | Promise<void>): void {
    const takeBack = this.#clock.schedule(when, () => {
      this.#waiting.delete(takeBack);
      return this.run(() => task(when));
    });
    this.#waiting.add(takeBack);
  }

  /** Runs `task` now; {@link settled} waits for it. */
  run(task: () => void | Promise<void>): Promise<void> {
    const running = (async () => task())().finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
    return running;
  }

  /** Resolves when nothing is under way. What waits for the clock goes on waiting. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Takes back what waits and aborts what is under way, for good. */
  stop(): void {
    for (const takeBack of this.#waiting) takeBack();
    this.#waiting.clear();
    this.#over.abort();
  }
}
