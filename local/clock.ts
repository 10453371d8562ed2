/** A clock that can be moved forward. Everything in `local/` that waits for a time uses one. */
export type Clock = {
  /** Milliseconds since the epoch, by this clock. */
  now(): number;
  /**
   * Runs `task` when the clock reaches `at` (epoch ms), or at once if it is already later.
   * @returns a function that cancels the task
   */
  schedule(at: number, task: () => void | Promise<void>): () => void;
  /**
   * Moves the clock forward by whole milliseconds, and runs and awaits every task that is due, earliest first.
   * @throws RangeError for a negative or infinite time
   */
  advance(ms: number): Promise<void>;
  /** Cancels all tasks, so that the process can end. */
  stop(): void;
};

type Entry = { at: number; task: () => void | Promise<void> };

// setTimeout runs at once if the delay is longer.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A separate clock. It starts at the real time or at `startAt` (epoch ms), and does not change the process's `Date`. */
export function createClock(startAt?: number): Clock {
  let offset = startAt === undefined ? 0 : startAt - RealDate.now();
  return schedulingClock(
    () => RealDate.now() + offset,
    (ms) => {
      offset += ms;
    },
  );
}

let processOffset = 0;

/**
 * The clock of the whole process. Moving it moves `Date` for every module, including the emulators. It must be created
 * before any module keeps a reference to `Date`. Timers (`setTimeout`) use real time.
 */
export function processClock(): Clock {
  globalThis.Date = ShiftedDate;
  return schedulingClock(
    () => RealDate.now() + processOffset,
    (ms) => {
      processOffset += ms;
    },
  );
}

/** The time of the machine in epoch milliseconds, which nobody has moved. */
export function realTime(): number {
  return RealDate.now();
}

const RealDate = Date;
const ShiftedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + processOffset] : args, newTarget),
  apply: () => new RealDate(RealDate.now() + processOffset).toString(),
  get: (target, key) => (key === "now" ? () => RealDate.now() + processOffset : Reflect.get(target, key)),
});

function schedulingClock(now: () => number, move: (ms: number) => void): Clock {
  // The earliest first; of the same time, in the order in which they were scheduled.
  const entries: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;

  const next = () => entries[0];

  /** Where an entry with this time belongs: after the others of the same time. */
  function placeOf(at: number): number {
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.at ?? at) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function arm(): void {
    clearTimeout(timer);
    const first = next();
    if (!first) return;
    timer = setTimeout(() => void runDue(), Math.min(Math.max(first.at - now(), 0), LONGEST_TIMER_MS));
    timer.unref();
  }

  async function runDue(): Promise<void> {
    for (let first = next(); first && first.at <= now(); first = next()) {
      entries.shift();
      await first.task();
    }
    arm();
  }

  return {
    now,
    schedule(at, task) {
      const entry = { at, task };
      entries.splice(placeOf(at), 0, entry);
      arm();
      return () => {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
        arm();
      };
    },
    async advance(ms) {
      if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`a clock only moves forward, not by ${ms} ms`);
      move(Math.round(ms));
      await runDue();
    },
    stop() {
      entries.length = 0;
      clearTimeout(timer);
    },
  };
}
