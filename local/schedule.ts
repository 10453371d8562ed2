import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import { MINUTE_MS } from "../lib/domain/time.ts";
import type { Invoke } from "./lambda.ts";

const LOOK_MS = 500;

/** Runs the scheduled functions each minute of the process's clock; a clock that jumps causes one run, not many. */
export class Schedule {
  readonly #invoke: Invoke;
  #lastMinute = minuteNow();
  #timer: NodeJS.Timeout | undefined;

  constructor(invoke: Invoke) {
    this.#invoke = invoke;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (minuteNow() !== this.#lastMinute) void this.run();
    }, LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Runs every scheduled function now, whatever the minute; a failing one is left to its next minute. */
  async run(): Promise<void> {
    this.#lastMinute = minuteNow();
    const names = (Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][])
      .filter(([, { trigger }]) => trigger.kind === "schedule")
      .map(([name]) => name);
    await Promise.allSettled(names.map((name) => this.#invoke(name, {})));
  }
}

function minuteNow(): number {
  return Math.floor(Date.now() / MINUTE_MS);
}
