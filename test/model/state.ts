import type { State } from "../../lib/domain/vocabulary.ts";

/**
 * The row's record of one attempt. `""`: never opened. `open`: can be paid. `closed`, `verified`, `done`: left, and
 * waiting for its first verification after that, its last one, or none. `paid`, `review`: its money is recorded.
 */
export type Rec = "" | "open" | "closed" | "verified" | "done" | "paid" | "review";

/**
 * The payment's row. `unsent`: the last holder knows that nothing left for Chapa. `listing`: the listing's answer to a
 * success, as recorded. `due`: whether the sweep finds the row. The version is not a number here: each copy of the row
 * has a flag that says whether it is still the newest (`fresh`).
 */
export type Row = {
  state: State | "none";
  attempt: number;
  recs: readonly Rec[];
  unsent: boolean;
  finalised: boolean;
  listing: "" | "acknowledged" | "flagged";
  due: boolean;
};

/**
 * A checkout as it is at Chapa. `given`: some payer may hold its link. `flying`: a payment that was begun and will be
 * captured or refused, whatever happens to the link meanwhile. `wrong`: captured, but not as agreed.
 */
export type Tx = { link: "absent" | "open" | "closed"; given: boolean; money: "" | "flying" | "paid" | "wrong" };

/** What a closing is for. */
export type Purpose = "renew" | "fail" | "expire" | "cancel";

/**
 * One invocation between two of its effects: what it is about to do, for which attempt, and whether the row is still
 * as it last read or wrote it. `blind`: money had been captured already when it took its closing evidence for complete.
 */
export type Process = {
  pc:
    | "idle"
    | "claimed"
    | "initialize"
    | "save"
    | "saved, no answer"
    | "hygiene"
    | "reject"
    | "write"
    | "cancel"
    | "verify again"
    | "leave"
    | "finalise"
    | "verify first"
    | "account"
    | "end link"
    | "note";
  at: number;
  fresh: boolean;
  why: Purpose | "takeOver" | "reopen" | "";
  blind: boolean;
  /** The attributes of the row that a note is about to set, as they follow from what was read. */
  writes: Partial<Row> | undefined;
};

/** When a request was recorded, seen from the last settling: not yet, after it, or before it. */
export type Request = "none" | "new" | "old";

/** `delivered`: the final status that the listing has accepted. `sending`: a FAILED is under way to it. */
export type World = { requests: readonly Request[]; delivered: "" | "SUCCESS" | "FAILED"; sending: boolean };

/** The whole system: one fee. */
export type S = {
  row: Row;
  chapa: readonly Tx[];
  initiators: readonly Process[];
  closers: readonly Process[];
  world: World;
};

export type Bounds = {
  attempts: number;
  initiators: number;
  closers: number;
  requests: number;
  /** How many captures may differ from what was agreed. */
  wrong: number;
  /** Whether steps are one if no other step between them can make a difference. */
  joined: boolean;
};

const processes = new Map<string, Process>();
const keys = new Map<Process, string>();
const lists = new Map<string, readonly Process[]>();

/** Equal processes are one object. */
export function process(
  pc: Process["pc"],
  at: number,
  fresh: boolean,
  { why = "", blind = false, writes }: Partial<Pick<Process, "why" | "blind" | "writes">> = {},
): Process {
  const key = `${pc}|${at}|${fresh}|${why}|${blind}|${writes ? JSON.stringify(writes) : ""}`;
  const known = processes.get(key);
  if (known) return known;
  const made: Process = { pc, at, fresh, why, blind, writes };
  processes.set(key, made);
  keys.set(made, key);
  return made;
}

/** Invocations of one kind are alike: their list is sorted, and equal lists are one object. */
export function processList(list: readonly Process[]): readonly Process[] {
  const sorted = list.map((one) => keys.get(one) ?? "").sort();
  const key = sorted.join("/");
  const known = lists.get(key);
  if (known) return known;
  const made = sorted.flatMap((text) => processes.get(text) ?? []);
  lists.set(key, made);
  return made;
}

export const IDLE = process("idle", 0, false);

export function initialState(bounds: Bounds): S {
  const each = <T>(count: number, value: T) => Array.from({ length: count }, () => value);
  return {
    row: {
      state: "none",
      attempt: 0,
      recs: each<Rec>(bounds.attempts, ""),
      unsent: false,
      finalised: false,
      listing: "",
      due: false,
    },
    chapa: each<Tx>(bounds.attempts, { link: "absent", given: false, money: "" }),
    initiators: each(bounds.initiators, IDLE),
    closers: each(bounds.closers, IDLE),
    world: { requests: each<Request>(bounds.requests, "none"), delivered: "", sending: false },
  };
}

export function isCaptured(tx: Tx | undefined): boolean {
  return tx?.money === "paid" || tx?.money === "wrong";
}

/** A link that a payer may hold and begin to pay. */
export function isPayable(tx: Tx | undefined): boolean {
  return tx?.link === "open" && tx.given && !isCaptured(tx);
}

export function isSettled(row: Row): boolean {
  return row.state === "FAILED" || row.state === "EXPIRED" || row.state === "CANCELLED";
}

/** The list with one element replaced. */
export function put<T>(list: readonly T[], at: number, value: T): readonly T[] {
  return list.map((other, index) => (index === at ? value : other));
}

export function txAt(s: S, at: number): Tx {
  const tx = s.chapa[at];
  if (!tx) throw new Error(`there is no attempt ${at}`);
  return tx;
}
