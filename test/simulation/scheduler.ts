import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { seeded } from "../support/seeded-random.ts";

/** The fault of a call: an error before or after its effect, or the caller dies before or after it. */
export const CALL_FAULTS = ["ok", "errorBefore", "errorAfter", "crashBefore", "crashAfter"] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** `never`: the caller dies before it, but not yet. What else it waits for may happen before. */
export type Outcome = CallFault | "never";

export function noHits(): Record<CallFault, number> {
  return { ok: 0, errorBefore: 0, errorAfter: 0, crashBefore: 0, crashAfter: 0 };
}

/** Every outside call that the flows make. */
export const SITES = [
  "chapa.cancel",
  "chapa.initialize",
  "chapa.refund",
  "chapa.refundStatus",
  "chapa.transactions",
  "chapa.verify",
  "clock.sleep",
  "listing.confirm",
  "listing.public",
  "notification.send",
  "queue.dropped",
  "queue.listing",
  "queue.notification",
  "queue.notification.delete",
  "queue.notification.later",
  "queue.resolve",
  "table.BatchGet",
  "table.Delete",
  "table.Get",
  "table.Put",
  "table.Query",
  "table.Update",
] as const;

const READS = [
  "table.Get",
  "table.Query",
  "table.BatchGet",
  "chapa.refundStatus",
  "chapa.verify",
  "chapa.transactions",
  "listing.public",
];
const NEVER_FAILS = ["payer.", "clock."];

/** The faults that make a difference. For a call that only reads, before and after are the same. */
export function faultsOf(site: string): readonly CallFault[] {
  if (NEVER_FAILS.some((start) => site.startsWith(start))) return ["ok"];
  return READS.includes(site) ? ["ok", "errorBefore", "crashBefore"] : CALL_FAULTS;
}

/**
 * A task that may die. `onDeath` informs the code that started it; `answers` are those that it got so far, `steps` how
 * many of its calls have happened, `last` the site of the latest one.
 */
export type Task = {
  readonly name: string;
  isDead: boolean;
  isOver: boolean;
  onDeath: () => void;
  answers: string[];
  steps: number;
  last: string | undefined;
  waited: number;
  isDoomed: boolean;
  calls: Map<string, number>;
};

/** An outside call that waits to happen. `about` is what it touches. */
export type Parked = { readonly site: string; readonly about: string; readonly task: Task };

/**
 * How a step touches something. Two steps of which each only reads it may change places, and so may two that add to it in
 * any order, or two that write the same. A change goes with nothing else.
 */
export type Manner = "read" | "add" | "change" | `write ${string}`;
export type Touched = ReadonlyMap<string, Manner>;

/** The clock, as something that a step touches. */
const CLOCK = "clock";

/** How often the SDK calls the table before it gives up. */
export const TABLE_TRIES = 3;

/**
 * The faults of a waiting call without which a situation would be lost, while fewer than {@link TABLE_TRIES} happen. The
 * SDK repeats a call of the table that had no effect, which then goes on as if nothing had been. A task that dies before
 * a call could as well have died after the one before; before its first call, at the very beginning.
 */
export function faultsThatMatter(call: Parked, waiting: readonly Parked[], isBeginning: boolean): Outcome[] {
  const { site, task } = call;
  const isFirst = waiting.find((other) => other.task === task) === call;
  const mayDieBefore = isFirst && (task.last === undefined ? isBeginning : faultsOf(task.last).length === 1);
  const matter = faultsOf(site).filter(
    (fault) => !(fault === "errorBefore" && site.startsWith("table.")) && (fault !== "crashBefore" || mayDieBefore),
  );
  return [...matter, "never"];
}

/** The waiting call that happens next, and its fault. */
export type Choice = { index: number; fault: Outcome };

/** Makes all choices of a run: the order of calls, their faults, and the actions of payers and Chapa. */
export type Choices = {
  next(parked: readonly Parked[]): Choice;
  /** True once in `1 / odds` cases. */
  whim(odds: number): boolean;
  /** One of `0..count - 1`. */
  below(count: number): number;
};

/** One call as it happened. */
export type Happened = Parked & { number: number; at: number; fault: Outcome };

type Call = Parked & { settle: (fault: Outcome) => Promise<void> };

// One for all runs: Node keeps a slot for each storage that was ever used, and copies all of them at each call.
const running = new AsyncLocalStorage<Task>();

/**
 * Runs real asynchronous code one outside call at a time. Every outside call waits until it is chosen, and ends as chosen.
 * The same choices give the same run.
 */
export class Scheduler {
  readonly choices: Choices;
  /** How often each site has met each fault. */
  readonly hits = new Map<string, Record<CallFault, number>>();
  steps = 0;
  crashes = 0;
  /** Every call of the run, if `telling` is set. */
  readonly trace: Happened[] | undefined;
  /** Whether each task keeps its answers, so that its state can be compared. */
  readonly #isRemembering: boolean;
  readonly #failures: unknown[] = [];
  readonly #tasks = new Set<Task>();
  readonly #started = new Map<string, Task>();
  #parked: Call[] = [];
  #isFresh = false;
  #touched = new Map<string, Manner>();
  #now = 0;
  #latest = 0;

  constructor(choices: Choices, startAt: number, options: { telling?: boolean; remembering?: boolean } = {}) {
    this.choices = choices;
    this.now = startAt;
    this.trace = options.telling ? [] : undefined;
    this.#isRemembering = options.remembering ?? false;
  }

  /** The virtual time of our clocks, epoch ms. */
  get now(): number {
    this.touch(CLOCK);
    return this.#now + (this.current?.waited ?? 0);
  }

  /** The time for those who look on: that they know it makes no difference to the run. */
  get time(): number {
    return this.#now;
  }

  set now(at: number) {
    this.touch(CLOCK, "change");
    this.#now = at;
    this.#latest = Math.max(this.#latest, at);
  }

  /** The latest time so far, epoch ms. When our clocks are set back, the clocks of other services continue. */
  get latest(): number {
    this.touch(CLOCK);
    return this.#latest + (this.current?.waited ?? 0);
  }

  pass(ms: number): void {
    if (this.#isRemembering && this.current) this.current.waited += Math.ceil(ms);
    else this.now += Math.ceil(ms);
  }

  /** The step that happens now touches this. Steps that touch nothing in common may change places. */
  touch(what: string, manner: Manner = "read"): void {
    if (!this.#isRemembering) return;
    const before = this.#touched.get(what) ?? manner;
    this.#touched.set(what, before === manner ? manner : "change");
  }

  /** What the last step has touched: the call itself, and the code that ran on after it. */
  get touched(): Touched {
    return this.#touched;
  }

  get isQuiet(): boolean {
    return this.#parked.length === 0;
  }

  /** The task that is acting now. */
  get current(): Task | undefined {
    return running.getStore();
  }

  /** Starts a task that may die. The task handles its own failures; an error of the harness ends the run. */
  start(name: string, work: () => Promise<void>, onDeath: () => void): void {
    const answers = [`${this.#now}`];
    const task: Task = {
      name,
      isDead: false,
      isOver: false,
      onDeath,
      answers,
      steps: 0,
      last: undefined,
      waited: 0,
      isDoomed: false,
      calls: new Map(),
    };
    this.#tasks.add(task);
    this.#started.set(name, task);
    this.#isFresh = true;
    running.run(task, () =>
      work()
        .catch((error: unknown) => this.#failures.push(error))
        .finally(() => {
          task.isOver = true;
          this.#tasks.delete(task);
        }),
    );
  }

  /** Ends the run at its next step. */
  fail(error: unknown): void {
    this.#failures.push(error);
  }

  /**
   * One outside call.
   * @param wrong makes the error that its caller sees when its answer is lost (`hadEffect`) or it was never sent
   */
  call<Result>(
    site: string,
    about: string,
    effect: () => Result | Promise<Result>,
    wrong: (hadEffect: boolean) => Error,
  ): Promise<Result> {
    const task = this.current;
    if (!task) throw new Error(`${site} is called by nobody`);
    return new Promise((resolve, reject) => {
      const settle = async (fault: Outcome) => {
        if (fault === "never") {
          task.isDoomed = true;
          return;
        }
        this.#count(site, fault);
        if (fault === "crashBefore") return this.#kill(task);
        if (fault === "errorBefore") {
          this.#remember(parked, fault);
          return reject(wrong(false));
        }
        // The effect belongs to the task, so that invariants know which task caused it.
        const result = running.run(task, async () => effect());
        const known = await result.then(
          (value) => value,
          (error: unknown) => ({ ...(error instanceof Error ? error : {}), thrown: String(error) }),
        );
        if (fault === "crashAfter") return this.#kill(task);
        this.#remember(parked, fault === "errorAfter" ? fault : known);
        if (fault === "errorAfter") return reject(wrong(true));
        result.then(resolve, reject);
      };
      const parked = { site, about, task, settle };
      this.#parked.push(parked);
    });
  }

  /** A caller gets their answer: where orders are compared, at any moment after it was made. */
  async tells(effect: () => void): Promise<void> {
    if (this.#isRemembering) await this.call("payer.answer", "", effect, (hadEffect) => new Error(String(hadEffect)));
    else effect();
  }

  /** Lets one parked call happen. @returns false when none waits */
  async step(): Promise<boolean> {
    if (this.#isFresh) await this.#settled();
    if (this.#parked.length === 0) return false;
    const { index, fault } = this.choices.next(this.#parked);
    const [call] = this.#parked.splice(index, 1);
    if (!call) throw new Error(`there is no call ${index}`);
    this.steps++;
    const { task } = call;
    task.steps++;
    task.last = call.site;
    this.trace?.push({ ...call, number: this.steps, at: this.#now, fault });
    this.#touched = new Map();
    const known = task.answers.length;
    await call.settle(fault);
    if (task.isDead) this.#parked = this.#parked.filter((other) => !other.task.isDead);
    await this.#settled();
    if (task.isDoomed && this.#parked.every((other) => other.task !== task)) this.#kill(task);
    // Only code that has read the clock knows when it ran.
    if (this.#touched.has(CLOCK) && task.answers.length > known)
      task.answers.push(`${task.answers.pop()}@${this.#now}`);
    return true;
  }

  /** Lets all code run up to its next outside call. */
  async #settled(): Promise<void> {
    this.#isFresh = false;
    await nextTurn();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** How many calls of a task have happened; infinitely many if no other will. */
  progress(name: string): number {
    const task = this.#started.get(name);
    if (!task) return 0;
    const isDone = !this.#tasks.has(task) && this.#parked.every((call) => call.task !== task);
    return isDone ? Number.POSITIVE_INFINITY : task.steps;
  }

  /**
   * The state of all tasks: the answers that each got so far, and its waiting calls. What a task does after two answers
   * for which it waits at once depends on both, not on which came first; only an error ends the wait for the other.
   */
  minds(): string {
    const asking = this.#parked.map(({ site, about, task }) => `${task.name}>${site}>${about}`);
    const minds = [...this.#tasks].map((task) => `${task.name}=${task.isDoomed}${mindOf(task)}`);
    return [...minds.sort(), ...asking.sort()].join("\n");
  }

  #remember({ task, site, about }: Parked, answer: unknown): void {
    if (!this.#isRemembering) return;
    const isError =
      typeof answer === "string" || (answer instanceof Object && "thrown" in answer && !("Item" in answer));
    const call = `${site}|${about}|`;
    const times = task.calls.get(call) ?? 0;
    task.calls.set(call, times + 1);
    const text = `${call}${times}|${isError ? mindOf(task) : ""}|${JSON.stringify(answer)}`;
    task.answers.push(createHash("sha1").update(text).digest("base64"));
  }

  #kill(task: Task): void {
    if (task.isDead) return;
    task.isDead = true;
    this.#tasks.delete(task);
    this.crashes++;
    task.onDeath();
  }

  #count(site: string, fault: CallFault): void {
    let known = this.hits.get(site);
    if (!known) {
      known = noHits();
      this.hits.set(site, known);
    }
    known[fault]++;
  }
}

function mindOf({ answers }: Task): string {
  return [...answers].sort().join();
}

/** A harness makes the choices until the faults end. From then on, calls happen in the order in which they were made. */
export class Guided implements Choices {
  isOver = false;
  /** Runs before each call. */
  before: () => void = () => undefined;
  readonly #choose: (parked: readonly Parked[]) => Choice;

  constructor(choose: (parked: readonly Parked[]) => Choice) {
    this.#choose = choose;
  }

  next(parked: readonly Parked[]): Choice {
    this.before();
    return this.isOver ? { index: 0, fault: "ok" } : this.#choose(parked);
  }

  whim(): boolean {
    return false;
  }

  below(): number {
    return 0;
  }
}

// Rare calls fail more often, so that each of their faults happens.
const RARE = [
  "chapa.refundStatus",
  "listing.public",
  "notification.send",
  "queue.notification.delete",
  "queue.notification.later",
  "table.Delete",
  "queue.dropped",
];
const OFTEN = 0.6;

/**
 * Everything by chance, from a seed. `faultRate` is how likely a call is to go wrong; `burst` is how the sites begin
 * whose calls mostly do.
 */
export class Chance implements Choices {
  faultRate: number;
  burst = "";
  readonly #random: () => number;

  constructor(seed: number, faultRate: number) {
    // Spreads neighbouring seeds, which would begin alike.
    this.#random = seeded(Math.imul(seed, 0x9e3779b1));
    this.faultRate = faultRate;
  }

  next(parked: readonly Parked[]): Choice {
    const index = this.below(parked.length);
    const site = parked[index]?.site ?? "";
    const isBad = RARE.includes(site) || (this.burst !== "" && site.startsWith(this.burst));
    if (!this.whim(this.faultRate > 0 && isBad ? OFTEN : this.faultRate)) return { index, fault: "ok" };
    return { index, fault: CALL_FAULTS[1 + this.below(CALL_FAULTS.length - 1)] ?? "ok" };
  }

  whim(odds: number): boolean {
    return this.#random() < odds;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}
