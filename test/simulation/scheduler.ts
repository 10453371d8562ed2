import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";

/** What becomes of a call: an error comes before or after its effect, or the caller dies before or after it. */
export const FATES = ["ok", "errorBefore", "errorAfter", "crashBefore", "crashAfter"] as const;
export type Fate = (typeof FATES)[number];

/** A piece of work that may die; whoever started it hears of its end, or of its death. */
export type Task = { name: string; isDead: boolean; onDeath: () => void };

type Call = { site: string; task: Task; settle: (fate: Fate) => void };

/**
 * Runs real asynchronous code one call at a time, in an order that a seed decides: every outside call is parked until
 * it is chosen, and comes out as the seed says. The same seed gives the same run.
 */
export class Scheduler {
  /** Virtual time, epoch ms. */
  now: number;
  /** How likely a call is to go wrong. */
  faultRate = 0;
  /** How often each site has met each fate. */
  readonly hits = new Map<string, Record<Fate, number>>();
  steps = 0;
  crashes = 0;
  readonly #random: () => number;
  readonly #running = new AsyncLocalStorage<Task>();
  #parked: Call[] = [];

  constructor(seed: number, startAt: number) {
    this.now = startAt;
    this.#random = seeded(seed);
  }

  /** A number in [0, 1). */
  random(): number {
    return this.#random();
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  pass(ms: number): void {
    this.now += Math.ceil(ms);
  }

  get isQuiet(): boolean {
    return this.#parked.length === 0;
  }

  /** Starts work that may die; nothing of it happens before the next step. */
  start(name: string, work: () => Promise<void>, onDeath: () => void): void {
    const task: Task = { name, isDead: false, onDeath };
    // What fails by itself has been dealt with by the work; a fault of ours must end the run.
    this.#running.run(task, () => work().catch((error: unknown) => this.#failures.push(error)));
  }

  readonly #failures: unknown[] = [];

  /**
   * One outside call.
   * @param wrong makes the error that its caller sees when its answer is lost (`hadEffect`) or it was never sent
   */
  call<Result>(
    site: string,
    effect: () => Result | Promise<Result>,
    wrong: (hadEffect: boolean) => Error,
  ): Promise<Result> {
    const task = this.#running.getStore() ?? { name: "world", isDead: false, onDeath: () => undefined };
    return new Promise((resolve, reject) => {
      const settle = async (fate: Fate) => {
        this.#count(site, fate);
        if (fate === "crashBefore") return this.#kill(task);
        if (fate === "errorBefore") return reject(wrong(false));
        const result = Promise.resolve().then(effect);
        await result.catch(() => undefined);
        if (fate === "crashAfter") return this.#kill(task);
        if (fate === "errorAfter") return reject(wrong(true));
        result.then(resolve, reject);
      };
      this.#parked.push({ site, task, settle: (fate) => void settle(fate) });
    });
  }

  /** Lets one parked call happen. @returns false when none waits */
  async step(): Promise<boolean> {
    await nextTurn();
    this.#parked = this.#parked.filter(({ task }) => !task.isDead);
    if (this.#failures.length > 0) throw this.#failures[0];
    const [call] = this.#parked.splice(this.below(this.#parked.length), 1);
    if (!call) return false;
    this.steps++;
    const isWrong = this.#random() < this.faultRate;
    call.settle(isWrong ? (FATES[1 + this.below(FATES.length - 1)] ?? "ok") : "ok");
    await nextTurn();
    return true;
  }

  #kill(task: Task): void {
    if (task.isDead) return;
    task.isDead = true;
    this.crashes++;
    task.onDeath();
  }

  #count(site: string, fate: Fate): void {
    const known = this.hits.get(site) ?? { ok: 0, errorBefore: 0, errorAfter: 0, crashBefore: 0, crashAfter: 0 };
    known[fate]++;
    this.hits.set(site, known);
  }
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
