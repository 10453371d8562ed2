import type { State } from "../../lib/domain/vocabulary.ts";

/**
 * The row's record of one attempt. `""`: never opened. `open`: can be paid. `closed`, `verified`, `done`: left, and
 * waiting for its first verification after that, its last one, or none. `lapsed`: left, though Chapa has not closed it.
 * `paid`, `review`: its money is recorded.
 */
export type Rec = "" | "open" | "closed" | "verified" | "done" | "lapsed" | "paid" | "review";

/** The first reading of an attempt, after its window, that no money came: `recent` is less than ten minutes ago. */
export type Reading = "" | "recent" | "old";

/** An entry of `attention` about an attempt: open, or ended by itself. */
export type Entry = "" | "open" | "ended";

/**
 * The payment's row. `unsent`: the last holder knows that nothing left for Chapa. `released`: a
 * person says that the next attempt may begin. `listing`: the listing's answer to a
 * success, as recorded. `unclear`, `stuck`: the entries `unknown_status` and `stuck` about each attempt. `due`: whether
 * the sweep finds the row. The version is not a number here: each copy of the row has a flag that says whether it is
 * still the newest (`fresh`).
 */
export type Row = {
  state: State | "none";
  attempt: number;
  recs: readonly Rec[];
  readings: readonly Reading[];
  unclear: readonly Entry[];
  stuck: readonly Entry[];
  unsent: boolean;
  released: boolean;
  finalised: boolean;
  listing: "" | "acknowledged" | "flagged";
  due: boolean;
};

/**
 * A checkout as it is at Chapa. `burnt`: Chapa does not know the reference, and refuses it as used. `coming`: a call that
 * opens it is still under way, though nobody waits for its answer. `given`: some payer may hold its link. `flying`: a
 * payment that was begun and will be captured or refused, whatever happens to the link meanwhile. `wrong`: captured, but
 * not as agreed. `late`: its window and its lapse are over. `misread`: it was paid when the first reading found no money.
 */
export type Tx = {
  link: "absent" | "burnt" | "open" | "closed";
  coming: boolean;
  given: boolean;
  money: "" | "flying" | "paid" | "wrong";
  late: boolean;
  misread: boolean;
};

/** What a closing is for. */
export type Purpose = "renew" | "fail" | "expire" | "cancel";

/** What lets an attempt be left: closing evidence, its lapse, or an end that the row has already. */
export type LeftBy = "closed" | "lapse" | "ended";

/**
 * One invocation between two of its effects: what it is about to do, for which attempt, and whether the row is still
 * as it last read or wrote it. `by`: what it can leave the attempt by. `blind`: money had been captured already when it
 * took its evidence for complete.
 */
export type Process = {
  pc:
    | "idle"
    | "claimed"
    | "initialize"
    | "verify lost"
    | "cancel lost"
    | "take over"
    | "cancel left"
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
    | "end"
    | "note";
  at: number;
  fresh: boolean;
  why: Purpose | "takeOver" | "reopen" | "again" | "next" | "";
  by: LeftBy;
  blind: boolean;
  /** The attributes of the row that a note is about to set, as they follow from what was read. */
  writes: Partial<Row> | undefined;
};

/** When a request was recorded, seen from the last settling: not yet, after it, or before it. */
export type Request = "none" | "new" | "old";

/**
 * `delivered`: the final status that the listing has accepted. `sending`: a FAILED is under way to it. `odd`: for a moment
 * of less than ten minutes Chapa answers about every checkout readably, in words that do not speak of money.
 */
export type World = {
  requests: readonly Request[];
  delivered: "" | "SUCCESS" | "FAILED";
  sending: boolean;
  odd: "" | "now" | "over";
};

/** The whole system: one fee. */
export type S = {
  row: Row;
  chapa: readonly Tx[];
  initiators: readonly Process[];
  closers: readonly Process[];
  world: World;
};

/**
 * What Chapa does. `cancels`: whether it answers a cancel definitively. `words`: whether it may answer verify in words
 * that we do not know. `late`: how many calls that open a checkout may arrive after their caller is gone. `burnt`: how
 * many references it may refuse as used although it does not know them.
 */
export type Chapa = { cancels: "always" | "sometimes" | "never"; words: boolean; late: number; burnt: number };

export const GOOD_CHAPA: Chapa = { cancels: "always", words: false, late: 0, burnt: 0 };

export type Bounds = {
  attempts: number;
  initiators: number;
  closers: number;
  requests: number;
  /** How many captures may differ from what was agreed. */
  wrong: number;
  chapa: Chapa;
  /** Whether windows, lapses and the ten minutes between readings are a part of the state. */
  timed: boolean;
  /** Whether people are called about attempts that cannot be left, and let the payment go on. */
  persons: boolean;
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
  { why = "", by = "closed", blind = false, writes }: Partial<Pick<Process, "why" | "by" | "blind" | "writes">> = {},
): Process {
  const key = `${pc}|${at}|${fresh}|${why}|${by}|${blind}|${writes ? JSON.stringify(writes) : ""}`;
  const known = processes.get(key);
  if (known) return known;
  const made: Process = { pc, at, fresh, why, by, blind, writes };
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
      readings: each<Reading>(bounds.attempts, ""),
      unclear: each<Entry>(bounds.attempts, ""),
      stuck: each<Entry>(bounds.attempts, ""),
      unsent: false,
      released: false,
      finalised: false,
      listing: "",
      due: false,
    },
    chapa: each<Tx>(bounds.attempts, {
      link: "absent",
      coming: false,
      given: false,
      money: "",
      late: false,
      misread: false,
    }),
    initiators: each(bounds.initiators, IDLE),
    closers: each(bounds.closers, IDLE),
    world: { requests: each<Request>(bounds.requests, "none"), delivered: "", sending: false, odd: "" },
  };
}

export function isCaptured(tx: Tx | undefined): boolean {
  return tx?.money === "paid" || tx?.money === "wrong";
}

/** A link that a payer may hold and begin to pay. */
export function isPayable(tx: Tx | undefined): boolean {
  return tx?.link === "open" && tx.given && !isCaptured(tx);
}

/** Whether Chapa has booked the reference. */
export function isBooked(tx: Tx | undefined): boolean {
  return tx?.link === "open" || tx?.link === "closed";
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
