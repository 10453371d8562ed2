import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { MINUTE_MS } from "../lib/domain/time.ts";
import type { Invoke } from "./lambda.ts";

const POLL_MS = 500;

/** What each function did, by its name. */
export type Ran = Record<string, unknown>;

/** Runs each scheduled function when it is due by the process's clock. A jump of the clock causes one run, not many. */
export class Schedule {
  readonly #invoke: Invoke;
  #lastMinute = minuteNow();
  #timer: NodeJS.Timeout | undefined;
  #byTimer: Promise<unknown> = Promise.resolve();
  #held = 0;
  readonly #ranAt = new Map<FunctionName, number>();

  constructor(invoke: Invoke) {
    this.#invoke = invoke;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#held === 0 && minuteNow() !== this.#lastMinute) this.#byTimer = this.run();
    }, POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Waits for the run that the timer has begun, and does `work` while the timer begins none. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      await this.#byTimer;
      return await work();
    } finally {
      this.#held--;
    }
  }

  /** Forgets what ran when: every function is due at the next run, as after a start. */
  forget(): void {
    this.#lastMinute = minuteNow();
    this.#ranAt.clear();
  }

  /**
   * Runs all functions of each minute now, and the others if they are due. Ignores failures, like EventBridge.
   * @returns what each function returned, or why it failed
   */
  async run(): Promise<Ran> {
    this.#lastMinute = minuteNow();
    const due = SCHEDULED.filter(
      ([name, minutes]) => minuteNow() - (this.#ranAt.get(name) ?? 0) >= minutes || minutes === 1,
    );
    for (const [name] of due) this.#ranAt.set(name, minuteNow());
    const ran = due.map(async ([name]) => {
      try {
        return [name, await this.#invoke(name, {})];
      } catch (error) {
        return [name, { failed: error instanceof Error ? error.message : String(error) }];
      }
    });
    return Object.fromEntries(await Promise.all(ran));
  }
}

const SCHEDULED = (Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][]).flatMap(([name, { trigger }]) =>
  trigger.kind === "schedule" ? [[name, trigger.everyMinutes] as const] : [],
);

function minuteNow(): number {
  return Math.floor(Date.now() / MINUTE_MS);
}
