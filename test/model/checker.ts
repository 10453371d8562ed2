import { Pool, StateStore } from "./store.ts";

/** One atomic transition: what happened, in words and, where there is one, by its name; what is so afterwards. */
export type Step<S> = { label: string; name?: string | undefined; to: S };

/**
 * What must hold, of each reachable state or of each transition. Both give the fault in words, or undefined.
 * `of` names the parts of the state that a state's invariant reads, when they are few: it is then asked once for each
 * combination of them.
 */
export type Invariant<S> =
  | { name: string; of?: readonly (keyof S)[]; state: (state: S) => string | undefined }
  | { name: string; step: (from: S, step: Step<S>) => string | undefined };

/**
 * A system as states and transitions. A state is a flat record; each part of it is a plain value that is never
 * changed, only replaced, and whose JSON text says all of it.
 */
export type Model<S extends object> = {
  initial: readonly S[];
  next: (state: S) => readonly Step<S>[];
  invariants: readonly Invariant<S>[];
};

export type Counterexample<S> = { invariant: string; fault: string; path: readonly string[]; state: S };

/**
 * `complete`: every reachable state was visited. A search that ended at a counterexample or at its limit is not, and
 * has proved nothing about what it did not see.
 */
export type Report<S> = {
  states: number;
  transitions: number;
  depth: number;
  complete: boolean;
  counterexample: Counterexample<S> | undefined;
};

/**
 * Visits every reachable state, breadth first, so that the first counterexample is a shortest one.
 * @param limit how many states may be visited before the search gives up, incomplete
 * @param seen is called once for each transition
 */
export function check<S extends object>(model: Model<S>, limit: number, seen?: (from: S, step: Step<S>) => void) {
  return new Search(model, limit, seen).run();
}

/** Invariants that read the same parts (`at`: their places), and the combinations for which they are known to hold. */
type StateInvariants<S> = {
  at: readonly number[];
  invariants: Extract<Invariant<S>, { state: unknown }>[];
  held: Set<string>;
};

class Search<S extends object> {
  readonly #model: Model<S>;
  readonly #limit: number;
  readonly #seen: ((from: S, step: Step<S>) => void) | undefined;
  readonly #names: readonly (keyof S)[];
  readonly #pools: readonly Pool<S[keyof S]>[];
  readonly #store: StateStore;
  readonly #stepInvariants: readonly Extract<Invariant<S>, { step: unknown }>[];
  readonly #stateInvariants: readonly StateInvariants<S>[];
  #transitions = 0;
  #depth = 0;

  constructor(model: Model<S>, limit: number, seen: ((from: S, step: Step<S>) => void) | undefined) {
    const [first] = model.initial;
    if (!first) throw new Error("a model begins somewhere");
    this.#model = model;
    this.#limit = limit;
    this.#seen = seen;
    this.#names = Object.keys(first) as (keyof S)[];
    this.#pools = this.#names.map(() => new Pool<S[keyof S]>());
    this.#store = new StateStore(this.#names.length);
    this.#stepInvariants = model.invariants.filter((invariant) => "step" in invariant);
    this.#stateInvariants = this.#grouped();
  }

  run(): Report<S> {
    for (const state of this.#model.initial) {
      const index = this.#store.add(this.#encode(state), -1);
      const broken = index >= 0 ? this.#judge(state, index) : undefined;
      if (broken) return this.#report(false, broken);
    }
    let levelEnds = this.#store.size;
    for (let index = 0; index < this.#store.size; index++) {
      if (index === levelEnds) {
        levelEnds = this.#store.size;
        this.#depth++;
      }
      if (this.#store.size > this.#limit) return this.#report(false, undefined);
      const broken = this.#expand(index);
      if (broken) return this.#report(false, broken);
    }
    return this.#report(true, undefined);
  }

  #expand(index: number): Counterexample<S> | undefined {
    const from = this.#decode(index);
    for (const step of this.#model.next(from)) {
      this.#transitions++;
      this.#seen?.(from, step);
      for (const invariant of this.#stepInvariants) {
        const fault = invariant.step(from, step);
        if (fault !== undefined) {
          const path = [...this.#pathTo(index), step.label];
          return { invariant: invariant.name, fault, path, state: step.to };
        }
      }
      const found = this.#store.add(this.#encode(step.to), index);
      const broken = found >= 0 ? this.#judge(step.to, found) : undefined;
      if (broken) return broken;
    }
    return undefined;
  }

  #judge(state: S, index: number): Counterexample<S> | undefined {
    const row = this.#store.row(index);
    for (const { at, invariants, held } of this.#stateInvariants) {
      let key = "";
      for (const part of at) key += `${row[part]},`;
      if (held.has(key)) continue;
      for (const invariant of invariants) {
        const fault = invariant.state(state);
        if (fault !== undefined) return { invariant: invariant.name, fault, path: this.#pathTo(index), state };
      }
      held.add(key);
    }
    return undefined;
  }

  #grouped(): StateInvariants<S>[] {
    const groups = new Map<string, StateInvariants<S>>();
    for (const invariant of this.#model.invariants) {
      if (!("state" in invariant)) continue;
      const at = this.#names.flatMap((name, index) => (!invariant.of || invariant.of.includes(name) ? [index] : []));
      const group = groups.get(at.join()) ?? { at, invariants: [], held: new Set() };
      group.invariants.push(invariant);
      groups.set(at.join(), group);
    }
    return [...groups.values()];
  }

  /** Only who led where is kept; which transition it was is found by taking the way again. */
  #pathTo(index: number): string[] {
    const parent = this.#store.parent(index);
    if (parent < 0) return [];
    const wanted = this.#store.row(index).join();
    const step = this.#model.next(this.#decode(parent)).find(({ to }) => this.#encode(to).join() === wanted);
    return [...this.#pathTo(parent), step?.label ?? "?"];
  }

  #encode(state: S): number[] {
    return this.#names.map((name, at) => this.#poolOf(at).numberOf(state[name]));
  }

  #decode(index: number): S {
    const row = this.#store.row(index);
    const parts = this.#names.map((name, at) => [name, this.#poolOf(at).valueOf(row[at] ?? -1)]);
    return Object.fromEntries(parts);
  }

  #poolOf(at: number): Pool<S[keyof S]> {
    const pool = this.#pools[at];
    if (!pool) throw new Error(`a state has no part ${at}`);
    return pool;
  }

  #report(complete: boolean, counterexample: Counterexample<S> | undefined): Report<S> {
    return { states: this.#store.size, transitions: this.#transitions, depth: this.#depth, complete, counterexample };
  }
}
