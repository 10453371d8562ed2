import type { Choice, Manner, Parked, Scheduler, Touched } from "./scheduler.ts";

/**
 * A choice, with its call and its number among all choices of its situation. `beside` is how many other calls its task
 * waits for.
 */
export type Option = Choice & { number: number; call: Parked; beside: number };

// A task may touch something a little later than in any order that was seen, so that fewer searches begin again.
const SLACK = 2;

/** Which choices are left: all, those of one task, or those of one call. */
export type Left = "all" | "task" | "call";
export type Enough = { options: readonly Option[]; left: Left };

/** A step that has happened, and the choices that were left then. */
type Step = { option: Option; touched: Touched; left: Left; scheduler: Scheduler };

/** A call of this task touches this. `at` is how many steps the task had made before. */
type Use = { what: string; manner: Manner; task: string; call: string; at: number };
/** Nobody but this call of the task may touch it in a manner that minds this one, after so many steps. */
type Limit = { what: string; manner: Manner; task: string; except: string | undefined; after: number };

/**
 * Which orders can be left out. Two steps that touch nothing in common, or only in a manner in which they may change
 * places, lead to the same situation in both orders, and the invariants see the same between. So while a task waits for
 * calls that touch nothing that any other task may still touch, its calls happen first, and nothing is lost by it (a
 * persistent set). If its other calls do not mind one of them either, that one happens first: what runs on once all of
 * them are answered touches nothing, because a caller's answer is a step of its own. What a call touches, and
 * what each task may still touch, is learned from the orders that are played. A choice that was made without something
 * that is learned later makes the search begin again.
 */
export class Independence {
  /** What each call has touched, by its name. */
  readonly #calls = new Map<string, Map<string, Manner>>();
  readonly #tasks = new Set<string>();
  /** The last of each use, by what is touched. */
  readonly #uses = new Map<string, Map<string, Use>>();
  /** What the choices of this search rely on, by what is touched. */
  #limits = new Map<string, Map<string, Limit>>();
  #isRight = true;

  /** False once a choice of this search was made without something that has been learned since. */
  get isRight(): boolean {
    return this.#isRight;
  }

  /** A new search begins. */
  trust(): void {
    this.#isRight = true;
    this.#limits = new Map();
  }

  /** Returns those choices that are enough in this situation. */
  enough(all: readonly Option[], scheduler: Scheduler): Enough {
    const others = all.filter(({ fault }) => fault !== "never");
    let best: Enough = { options: others, left: "all" };
    for (const task of new Set(all.map(({ call }) => call.task))) {
      const mine = others.filter(({ call }) => call.task === task);
      for (const { call } of mine.filter(({ beside, fault }) => beside > 0 && fault === "ok")) {
        const these = all.filter((option) => option.call === call);
        if (these.every((option) => this.#isAlone(option, "call", scheduler))) return { options: these, left: "call" };
      }
      if (mine.length < best.options.length && mine.every((option) => this.#isAlone(option, "task", scheduler)))
        best = { options: mine, left: "task" };
    }
    return best;
  }

  /** A step has happened. */
  learn({ option, touched, left, scheduler }: Step): void {
    const { task } = option.call;
    if (!this.#tasks.has(task.name)) this.#isRight = false;
    this.#tasks.add(task.name);
    const name = nameOf(option);
    const known = this.#calls.get(name) ?? new Map<string, Manner>();
    this.#calls.set(name, known);
    for (const [what, manner] of touched) {
      const before = known.get(what) ?? manner;
      known.set(what, before === manner ? manner : "change");
      this.#used({ what, manner, task: task.name, call: callOf(option), at: task.steps + SLACK });
    }
    if (left === "all") return;
    for (const limit of this.#limitsOf({ option, left, scheduler }, touched, task.steps - 1)) this.#rely(limit);
  }

  #used(use: Use): void {
    const uses = this.#uses.get(use.what) ?? new Map<string, Use>();
    this.#uses.set(use.what, uses);
    const key = `${use.task}>${use.call}>${use.manner}`;
    const last = uses.get(key);
    if (last && last.at >= use.at) return;
    uses.set(key, use);
    for (const limit of this.#limits.get(use.what)?.values() ?? []) if (isBeyond(use, limit)) this.#isRight = false;
  }

  #rely(limit: Limit): void {
    const limits = this.#limits.get(limit.what) ?? new Map<string, Limit>();
    this.#limits.set(limit.what, limits);
    const key = `${limit.task}>${limit.manner}>${limit.except}`;
    const known = limits.get(key);
    if (known && known.after <= limit.after) return;
    limits.set(key, limit);
    if (!this.#isKept(limit)) this.#isRight = false;
  }

  #isAlone(option: Option, left: Left, scheduler: Scheduler): boolean {
    const touched = option.fault === "never" ? new Map() : this.#calls.get(nameOf(option));
    if (!touched) return false;
    for (const limit of this.#limitsOf({ option, left, scheduler }, touched, option.call.task.steps))
      if (!this.#isKept(limit)) return false;
    return true;
  }

  #isKept(limit: Limit): boolean {
    for (const use of this.#uses.get(limit.what)?.values() ?? []) if (isBeyond(use, limit)) return false;
    return true;
  }

  /** What must not happen any more, if the call is to happen first. @param steps what its task had made before */
  *#limitsOf({ option, left, scheduler }: Omit<Step, "touched">, touched: Touched, steps: number): Generator<Limit> {
    const { task } = option.call;
    for (const [what, manner] of touched) {
      for (const other of this.#tasks)
        if (other !== task.name)
          yield { what, manner, task: other, except: undefined, after: scheduler.progress(other) };
      if (left === "call") yield { what, manner, task: task.name, except: callOf(option), after: steps };
    }
  }
}

function isBeyond(use: Use, limit: Limit): boolean {
  return (
    use.task === limit.task &&
    use.call !== limit.except &&
    use.at > limit.after &&
    (use.manner !== limit.manner || use.manner === "change")
  );
}

function callOf({ call: { site, about } }: Option): string {
  return `${site} ${about}`;
}

// After its last answer a task goes on as after no other.
function nameOf(option: Option): string {
  return `${option.call.task.name}>${callOf(option)}>${option.beside}>${option.fault}`;
}
