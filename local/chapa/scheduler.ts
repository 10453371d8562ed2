import type { Clock } from "../clock.ts";

/** The simulator's tasks: those that wait for the clock, and those that are running. */
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
   * Runs `task` at `when` (epoch ms) and passes `when` to it. After a jump of the clock, `now()` is the end of the jump,
   * which is later than the moment when the task was due.
   */
  at(when: number, task: (at: number) => void | Promise<void>): void {
    const cancel = this.#clock.schedule(when, () => {
      this.#waiting.delete(cancel);
      return this.run(() => task(when));
    });
    this.#waiting.add(cancel);
  }

  /** Runs `task` now; {@link settled} waits for it. */
  run(task: () => void | Promise<void>): Promise<void> {
    const running = (async () => task())().finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
    return running;
  }

  /** Resolves when no task is running. It does not wait for tasks that wait for the clock. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Cancels the waiting tasks and aborts the running ones. */
  stop(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
    this.#over.abort();
  }
}
