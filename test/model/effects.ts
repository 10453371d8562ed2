import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Step } from "./checker.ts";
import { type Claim, isProven, moved, type Rules } from "./rules.ts";
import {
  type Bounds,
  IDLE,
  isCaptured,
  isSettled,
  type Process,
  process,
  processList,
  put,
  type Row,
  type S,
  type Tx,
  txAt,
} from "./state.ts";

export type Setting = { rules: Rules; bounds: Bounds };

/** The place of an invocation. Invocations of one kind are interchangeable, so they are sorted after each step. */
export type Place = { kind: "initiators" | "closers"; index: number };

/** Collects the changes of one transition. `build` then marks the copies of the row that have become old. */
export class Change {
  readonly #setting: Setting;
  readonly #from: S;
  #row: Row;
  #chapa: readonly Tx[];
  #world: S["world"];
  #isMove = false;
  #made: TransitionName | undefined;
  #mover: { place: Place; becomes: Process } | undefined;

  constructor(setting: Setting, from: S) {
    this.#setting = setting;
    this.#from = from;
    this.#row = from.row;
    this.#chapa = from.chapa;
    this.#world = from.world;
  }

  /** @returns false if the table, a guard or the version forbids the transition */
  move(move: TransitionName, claim: Claim, changes: Partial<Row>): boolean {
    const row = moved(this.#setting.rules, this.#row, move, { claim, changes });
    if (!row) return false;
    if (isSettled(row) && !isSettled(this.#row)) {
      this.world({ requests: this.#world.requests.map((request) => (request === "new" ? "old" : request)) });
    }
    this.#row = row;
    this.#isMove = true;
    this.#made = move;
    return true;
  }

  /** Replaces the row without a transition: a note, or a deletion. `isTransition`: every copy of the row becomes old. */
  row(row: Row, isTransition = false): this {
    this.#row = row;
    this.#isMove ||= isTransition;
    return this;
  }

  tx(at: number, changes: Partial<Tx>): this {
    this.#chapa = put(this.#chapa, at, { ...txAt(this.#from, at), ...this.#chapa[at], ...changes });
    return this;
  }

  world(changes: Partial<S["world"]>): this {
    this.#world = { ...this.#world, ...changes };
    return this;
  }

  becomes(place: Place, becomes: Process): this {
    this.#mover = { place, becomes };
    return this;
  }

  build(label: string): Step<S> {
    const after = (kind: Place["kind"]) => {
      const before = this.#from[kind];
      const list = before.map((known, index) => {
        const isMover = this.#mover?.place.kind === kind && this.#mover.place.index === index;
        const one = isMover && this.#mover ? this.#mover.becomes : known;
        const isOld = this.#isMove && !isMover && one.fresh;
        return this.#settle(isOld ? process(one.pc, one.at, false, one) : one);
      });
      return list.every((one, index) => one === before[index]) ? before : processList(list);
    };
    const requests = this.#world.requests.toSorted();
    return {
      label,
      name: this.#made,
      to: {
        row: this.#row,
        chapa: this.#timed(),
        initiators: after("initiators"),
        closers: after("closers"),
        world: this.#world === this.#from.world ? this.#world : { ...this.#world, requests },
      },
    };
  }

  /** Of an attempt that is proved to be over, no time and no reading matters any more. */
  #timed(): readonly Tx[] {
    const isOver = (tx: Tx, at: number) => (tx.late || tx.misread) && isProven(this.#row, at);
    if (!this.#chapa.some(isOver)) return this.#chapa;
    return this.#chapa.map((tx, at) => (isOver(tx, at) ? { ...tx, late: false, misread: false } : tx));
  }

  /** Ends an invocation that can only make a write that will be refused. */
  #settle(one: Process): Process {
    const { rules, bounds } = this.#setting;
    if (one.fresh || !bounds.joined) return one;
    const tx = this.#chapa[one.at];
    switch (one.pc) {
      case "idle":
      case "claimed":
        return one;
      case "initialize":
      case "cancel left":
        return tx?.link === "absent" ? one : IDLE;
      case "take over":
        return rules.unversioned.includes("takeOver") ? one : IDLE;
      case "cancel lost":
        return one;
      case "save":
        return rules.answersStoredUrl && !rules.unversioned.includes("open") ? IDLE : one;
      case "reject":
        return rules.unversioned.includes("reject") ? one : IDLE;
      case "finalise":
        return rules.unversioned.includes("finalise") ? one : IDLE;
      case "write":
      case "verify again":
      case "leave":
        return mayGoOn(rules, one) ? one : IDLE;
      // Occurs only if steps are not joined. Then no invocation ends by itself.
      case "verify first":
      case "verify lost":
      case "account":
      case "end link":
      case "end":
      case "note":
        return one;
      case "saved, no answer":
      case "hygiene":
      case "cancel":
        return tx?.link === "closed" || isCaptured(tx) ? IDLE : one;
    }
  }
}

/** Whether the next write of the invocation will be accepted. */
export function mayGoOn(rules: Rules, { fresh, why }: Process): boolean {
  return fresh || rules.unversioned.some((move) => move === why);
}
