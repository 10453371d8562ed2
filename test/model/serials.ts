import { type GuardName, TRANSITIONS } from "../../lib/domain/transitions.ts";
import type { State, TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Invariant, Model, Step } from "./checker.ts";

/**
 * One attempt as its row has it. `open`: it can be left only with evidence. `paid`: its money is recorded; `back`: all of
 * that money went back.
 */
type Rec = "" | "open" | "closed" | "lapsed" | "paid" | "back";

/** One payment of the fee. `hasMessage`: a message that nobody paid waits to be sent. */
type Row = {
  state: State | "none";
  attempt: number;
  recs: readonly Rec[];
  isLeft: boolean;
  isLeftAsSpent: boolean;
  duplicate: "" | "open" | "answered";
  hasMessage: boolean;
};

/** A checkout at Chapa. `flying`: a payment that was begun and arrives, whatever happens to the link meanwhile. */
type Tx = { link: "" | "open" | "closed"; given: boolean; money: "" | "flying" | "paid" | "back" };

/**
 * A press between two of its effects, at the payment `serial`. `isFresh`: the row is as it last read or wrote it.
 * `isLate`: it began beside an unanswered duplicate. `closes`: the attempts for which it has evidence.
 */
type Press = {
  pc: "idle" | "walk" | "follow" | "initialize" | "save" | "answer";
  serial: number;
  at: number;
  isFresh: boolean;
  isLate: boolean;
  closes: readonly number[];
};

/**
 * When a request was recorded, seen from `spent_at` of the first payment. `isOld`: it was recorded before that payment was
 * last spent, whatever is stored. `wentOn`: it has led to a later payment.
 */
type Request = { recorded: "" | "before" | "after"; isOld: boolean; wentOn: boolean };
const UNKNOWN: Request = { recorded: "", isOld: false, wentOn: false };

/** `recorder`: a worker that has recorded a duplicate and has not cancelled the last checkout yet. */
type World = { requests: readonly Request[]; recorder: boolean; undone: number };

export type Line = { rows: readonly Row[]; chapa: readonly (readonly Tx[])[]; presses: readonly Press[]; world: World };

/** Rules that can be removed, one at a time. */
export type LineRules = {
  unguarded: Partial<Record<TransitionName, readonly GuardName[]>>;
  refusesBesideDuplicate: boolean;
  asksForRest: boolean;
  followAsksForVersion: boolean;
  verifiesLeft: boolean;
  captureEndsAttempt: boolean;
  recorderCancels: boolean;
  verificationsCancel: boolean;
  spentIsWrittenAnew: boolean;
  spentStaysAfterNext: boolean;
  duplicateIsRaisedAnew: boolean;
  expiresInSilence: boolean;
  silentBesideDuplicate: boolean;
};

export const LINE_RULES: LineRules = {
  unguarded: {},
  refusesBesideDuplicate: true,
  asksForRest: true,
  followAsksForVersion: true,
  verifiesLeft: true,
  captureEndsAttempt: true,
  recorderCancels: true,
  verificationsCancel: true,
  spentIsWrittenAnew: true,
  spentStaysAfterNext: true,
  duplicateIsRaisedAnew: true,
  expiresInSilence: true,
  silentBesideDuplicate: true,
};

/** `attempts`: how many each payment of the fee may have. `undone`: how often money may come back. */
export type LineBounds = { attempts: readonly number[]; presses: number; undone: number; lapses: boolean };

type Setting = { bounds: LineBounds; rules: LineRules };
type Claim = {
  isFresh: boolean;
  attempt: number;
  next?: number;
  isNew?: boolean;
  closes?: readonly number[];
  beside?: boolean;
};

const always = () => true;

/** The guards of lib/domain/transitions.ts for a payment of a line. What this model does not have always holds. */
const GUARDS: Record<GuardName, (row: Row, claim: Claim, rules: LineRules) => boolean> = {
  withoutNext: (row) => !row.isLeft,
  attemptsLeft: (row, { next = 0 }) => next < row.recs.length,
  attemptsLeftOrUnsent: (row, { next = 0 }) => next < row.recs.length,
  leaseIsMine: (_row, { isFresh }) => isFresh,
  noCheckoutUrl: (row, { attempt }) => row.recs[attempt] === "",
  closesLatestAttempt: (row, { attempt }) => row.attempt === attempt,
  spentOrUsedUp: (row, { isNew }) => (isSpent(row) && isNew === true) || isUsedUp(row),
  everyAttemptEnds: (row, { closes = [] }, rules) => unended(row, rules).every((at) => closes.includes(at)),
  attemptIsOurs: (row, { attempt }) => attempt <= row.attempt,
  attemptIsUnknown: (row, { attempt }) => attempt > row.attempt,
  paidOrFollowed: (row) => row.state === "SUCCESS" || row.isLeft,
  captureNotRecorded: (row, { attempt }) => row.recs[attempt] !== "paid" && row.recs[attempt] !== "back",
  isToEnd: (row, { attempt, beside }) => beside === true || row.state === "SUCCESS" || attempt < row.attempt,
  moreWentBack: (row, { attempt }) => row.recs[attempt] === "paid",
  onlyCapturedAgain: (row, { attempt }) => row.recs[attempt] === "back",
  entryIsOpen: (row) => row.duplicate === "open",
  notLeftAsTest: always,
  onlyTestMoney: () => false,
  testOnLiveStage: () => false,
  leaseOverOrMine: always,
  windowOver: always,
  windowOverOrTryFailed: always,
  tryFailed: always,
  noWordOfMoney: always,
  timeoutOver: always,
  requestIsNewer: always,
  notFinalised: always,
  evidenceHolds: always,
  noLapsedLink: always,
  stuckLasts: () => false,
  someAttemptHeld: () => false,
  asAgreed: always,
  notDecidedOn: always,
  notAsAgreed: () => false,
  notRecordedAlike: always,
  notFlaggedYet: () => false,
  finaliseTimeReached: () => false,
  // Nobody decides about reviewed money in this model.
  feeIsKnown: () => false,
  moneyConfirmed: () => false,
  // Refunds have a model of their own.
  refundIdUnused: () => false,
  leftCovers: () => false,
  roomForRefund: () => false,
  refundIsRequested: () => false,
  refundIsSent: () => false,
  refundIsSettled: () => false,
  noOpenWordOfMoney: () => false,
  everyCaptureDecided: () => false,
  refundsFit: () => false,
  noOtherVerificationOverdue: always,
};

/** The transitions that a line of payments makes. */
export const LINE_MOVES = [
  "claim",
  "takeOver",
  "open",
  "renew",
  "reopen",
  "expire",
  "follow",
  "confirm",
  "duplicate",
  "end",
  "answer",
  "wentBack",
  "capturedAgain",
] as const satisfies readonly TransitionName[];
type Move = (typeof LINE_MOVES)[number];

function isPaid(row: Row): boolean {
  return row.recs.includes("paid");
}

function isSpent(row: Row): boolean {
  return row.state === "SUCCESS" && row.recs.includes("back") && !isPaid(row);
}

function isUsedUp(row: Row): boolean {
  return row.state !== "SUCCESS" && row.state !== "none" && row.attempt + 1 >= row.recs.length;
}

function unended(row: Row, { captureEndsAttempt }: LineRules): number[] {
  return row.recs.flatMap((rec, at) =>
    rec === "open" || (!captureEndsAttempt && (rec === "paid" || rec === "back")) ? [at] : [],
  );
}

/** Whether a duplicate on a payment that was left is not answered, and no later payment of the fee is paid. */
function isUnclear({ rows }: Line, { asksForRest }: Pick<LineRules, "asksForRest">, upTo = rows.length): boolean {
  return rows.slice(0, upTo).some((row, serial) => {
    const isOpen = row.isLeft && row.duplicate === "open";
    const settles = (later: Row) => later.state === "SUCCESS" && (isPaid(later) || !asksForRest);
    return isOpen && !rows.slice(serial + 1).some(settles);
  });
}

function lastSerial({ rows }: Line): number {
  const unclaimed = rows.findIndex(({ state }) => state === "none");
  return (unclaimed < 0 ? rows.length : unclaimed) - 1;
}

const put = <T>(list: readonly T[], at: number, value: T): readonly T[] =>
  list.map((other, index) => (index === at ? value : other));

const IDLE: Press = { pc: "idle", serial: 0, at: 0, isFresh: false, isLate: false, closes: [] };

/** The next state under construction. */
class Next {
  readonly #setting: Setting;
  #line: Line;
  #name: Move | undefined;

  constructor(setting: Setting, line: Line) {
    this.#setting = setting;
    this.#line = line;
  }

  row(serial: number): Row {
    const row = this.#line.rows[serial];
    if (!row) throw new Error(`there is no payment ${serial}`);
    return row;
  }

  /** @returns whether the table has the transition and its guards hold */
  move(serial: number, name: Move, claim: Claim, changes: Partial<Row>): boolean {
    const { from, to, guards } = TRANSITIONS[name];
    const before = this.row(serial);
    const origins: readonly string[] = from;
    if (!origins.includes(before.state)) return false;
    const { rules } = this.#setting;
    const ignored = rules.unguarded[name] ?? [];
    const names = Object.keys(guards).filter((guard): guard is GuardName => Object.hasOwn(GUARDS, guard));
    if (!names.every((guard) => ignored.includes(guard) || GUARDS[guard](before, claim, rules))) return false;
    const after: Row = { ...before, ...changes, state: to === "same" ? before.state : to };
    this.#name = name;
    this.#line = { ...this.#line, rows: put(this.#line.rows, serial, after) };
    this.#stale(serial);
    if (serial === 0 && isSpent(after) && !isSpent(before)) this.#spent(after);
    return true;
  }

  /** A payment is spent: every request that is recorded was recorded before that. */
  #spent(row: Row): void {
    const { rules } = this.#setting;
    const { world } = this.#line;
    const isWritten = row.isLeft ? !rules.spentStaysAfterNext : world.undone === 0 || rules.spentIsWrittenAnew;
    const requests = world.requests.map((one): Request => {
      if (one.recorded === "") return one;
      return { ...one, isOld: one.isOld || !row.isLeft, recorded: isWritten ? "before" : one.recorded };
    });
    this.#line = { ...this.#line, world: { ...world, requests } };
  }

  /** Every press at this payment has read an older version. */
  #stale(serial: number): void {
    const presses = this.#line.presses.map((one) => (one.serial === serial ? { ...one, isFresh: false } : one));
    this.#line = { ...this.#line, presses };
  }

  /** The same without the condition on the version: what has happened meanwhile is not looked at. */
  overwrite(serial: number, name: Move, changes: Partial<Row>): true {
    this.#name = name;
    this.#line = { ...this.#line, rows: put(this.#line.rows, serial, { ...this.row(serial), ...changes }) };
    this.#stale(serial);
    return true;
  }

  tx(serial: number, at: number, change: Partial<Tx>): this {
    const of = this.#line.chapa[serial] ?? [];
    const tx = of[at];
    if (!tx) throw new Error(`there is no checkout ${at} of payment ${serial}`);
    this.#line = { ...this.#line, chapa: put(this.#line.chapa, serial, put(of, at, { ...tx, ...change })) };
    return this;
  }

  press(index: number, change: Partial<Press>): this {
    const press = { ...(this.#line.presses[index] ?? IDLE), ...change };
    this.#line = { ...this.#line, presses: put(this.#line.presses, index, press) };
    return this;
  }

  ends(index: number): this {
    return this.press(index, IDLE);
  }

  world(change: Partial<World>): this {
    this.#line = { ...this.#line, world: { ...this.#line.world, ...change } };
    return this;
  }

  request(index: number, change: Partial<Request>): this {
    const known = this.#line.world.requests[index] ?? UNKNOWN;
    return this.world({ requests: put(this.#line.world.requests, index, { ...known, ...change }) });
  }

  build(label: string): Step<Line> {
    return { label, name: this.#name, to: this.#line };
  }
}

/** A press comes with a new request, or with the one that it has sent before. */
function begins(setting: Setting, line: Line, index: number): Step<Line>[] {
  const known = line.world.requests[index];
  const first = line.rows[0];
  if (!first || !known) return [];
  const isAfter = first.isLeft || isSpent(first) || (line.world.undone > 0 && !setting.rules.spentIsWrittenAnew);
  const anew: Request = { ...UNKNOWN, recorded: isAfter ? "after" : "before" };
  const again = known.recorded === "" ? [] : beginsWith(setting, line, index, known);
  return [...again, ...beginsWith(setting, line, index, anew)];
}

/** A press reads the first payment, and begins what follows from it. */
function beginsWith(setting: Setting, line: Line, index: number, request: Request): Step<Line>[] {
  const { rules } = setting;
  const { recorded } = request;
  const first = line.rows[0];
  if (!first) return [];
  const isLate = isUnclear(line, { asksForRest: true });
  const next = () => new Next(setting, line).request(index, request).press(index, { isLate });
  const steps: Step<Line>[] = [];
  if (!first.isLeft) steps.push(...acts(setting, next, line, { index, serial: 0, isNew: recorded === "after" }));
  if (first.isLeft) {
    if (isUnclear(line, rules) && rules.refusesBesideDuplicate)
      return [next().ends(index).build(`press ${index}: is refused`)];
    if (first.isLeftAsSpent && recorded === "before") {
      return [next().ends(index).build(`press ${index}: stays at the payment that was spent later`)];
    }
    const walks = next().request(index, { wentOn: true });
    steps.push(walks.press(index, { pc: "walk", serial: 1 }).build(`press ${index}: goes on to payment 1`));
    // Only without the guards of a payment that was left.
    steps.push(...goesOn(setting, next, line, { index, serial: 0 }));
  }
  return steps;
}

type Acting = { index: number; serial: number; isNew: boolean };

/** What a press does with the payment that it has just read. */
function acts(setting: Setting, next: () => Next, line: Line, { index, serial, isNew }: Acting): Step<Line>[] {
  const row = line.rows[serial];
  if (!row) return [];
  const steps: Step<Line>[] = [];
  const claims = next();
  if (claims.move(serial, "claim", { isFresh: true, attempt: 0 }, {})) {
    steps.push(
      claims
        .press(index, { pc: "initialize", serial, at: 0, isFresh: true })
        .build(`press ${index}: claims payment ${serial}`),
    );
  }
  if (row.state === "PENDING" && row.recs[row.attempt] === "open") {
    steps.push(
      next()
        .press(index, { pc: "answer", serial, at: row.attempt })
        .build(`press ${index}: reads the link of payment ${serial}`),
    );
  }
  steps.push(...goesOn(setting, next, line, { index, serial }));
  const isAnyRequest = setting.rules.unguarded.follow?.includes("spentOrUsedUp") === true;
  const isLost = row.state === "CREATED" && line.chapa[serial]?.[row.attempt]?.link === "";
  if ((isSpent(row) && (isNew || isAnyRequest)) || (isUsedUp(row) && !isLost)) {
    const isUnproved = setting.rules.unguarded.follow?.includes("everyAttemptEnds") === true;
    const open = isUnproved ? [] : unended(row, setting.rules);
    const isHeld = open.some((at) => line.chapa[serial]?.[at]?.money === "paid" || row.recs[at] !== "open");
    if (!isHeld && serial + 1 < line.rows.length) {
      const gathers = next().press(index, { pc: "follow", serial, isFresh: true, closes: open });
      for (const at of open) gathers.tx(serial, at, { link: "closed" });
      steps.push(gathers.build(`press ${index}: has evidence for every checkout of payment ${serial}`));
    }
  }
  return steps;
}

/** Takes over, renews or reopens. */
function goesOn(
  setting: Setting,
  next: () => Next,
  line: Line,
  { index, serial }: Omit<Acting, "isNew">,
): Step<Line>[] {
  const row = line.rows[serial];
  if (!row) return [];
  const steps: Step<Line>[] = [];
  const at = row.attempt;
  const begun = (made: Next, attempt: number, label: string) => {
    const press = { pc: "initialize", serial, at: attempt, isFresh: true } as const;
    steps.push(made.press(index, press).build(`press ${index}: ${label} payment ${serial}`));
  };
  const takes = next();
  const lost = line.chapa[serial]?.[at];
  // A reference that Chapa knows is not tried again. Nobody was given its link.
  const tried = lost?.link === "" ? at : at + 1;
  if (takes.move(serial, "takeOver", { isFresh: true, attempt: at, next: tried }, { attempt: tried })) {
    if (lost?.link === "open") takes.tx(serial, at, { link: "closed" });
    begun(takes, tried, "takes over");
  }
  const isPaidNow = line.chapa[serial]?.[at]?.money === "paid";
  const lefts = setting.bounds.lapses ? (["closed", "lapsed"] as const) : (["closed"] as const);
  for (const left of isPaidNow ? [] : lefts) {
    const renews = next();
    const recs = row.recs[at] === "open" ? put<Rec>(row.recs, at, left) : row.recs;
    if (!renews.move(serial, "renew", { isFresh: true, attempt: at, next: at + 1 }, { recs, attempt: at + 1 }))
      continue;
    if (left === "closed") renews.tx(serial, at, { link: "closed" });
    begun(renews, at + 1, `finds ${at} ${left}, and renews`);
  }
  const reopens = next();
  if (
    reopens.move(serial, "reopen", { isFresh: true, attempt: at, next: at + 1 }, { attempt: at + 1, hasMessage: false })
  )
    begun(reopens, at + 1, "reopens");
  return steps;
}

function pressSteps(setting: Setting, line: Line, index: number): Step<Line>[] {
  const press = line.presses[index];
  if (!press) return [];
  const { pc, serial, at, isFresh, closes } = press;
  const next = () => new Next(setting, line);
  const vanishes = next().ends(index).build(`press ${index}: vanishes before "${pc}"`);
  switch (pc) {
    case "idle":
      return begins(setting, line, index);
    case "walk":
      return [vanishes, ...walks(setting, line, index)];
    case "follow": {
      const row = line.rows[serial];
      if (!row || (!isFresh && setting.rules.followAsksForVersion)) return [vanishes];
      const recs = row.recs.map((rec, one): Rec => (closes.includes(one) && rec === "open" ? "closed" : rec));
      const follows = next();
      const isNew = line.world.requests[index]?.recorded === "after";
      const changes = { isLeft: true, isLeftAsSpent: isSpent(row), recs };
      const isMade = isFresh
        ? follows.move(serial, "follow", { isFresh, attempt: row.attempt, isNew, closes }, changes)
        : follows.overwrite(serial, "follow", changes);
      if (!isMade) return [vanishes];
      follows.request(index, { wentOn: true });
      return [
        vanishes,
        follows
          .press(index, { pc: "walk", serial: serial + 1, closes: [] })
          .build(`press ${index}: leaves payment ${serial}`),
      ];
    }
    case "initialize": {
      const known = line.chapa[serial]?.[at];
      if (known?.link !== "") return [vanishes];
      return [
        vanishes,
        next()
          .tx(serial, at, { link: "open" })
          .press(index, { pc: "save" })
          .build(`press ${index}: Chapa opens ${serial}.${at}`),
      ];
    }
    case "save": {
      const saves = next();
      const recs = put<Rec>(line.rows[serial]?.recs ?? [], at, "open");
      if (!isFresh || !saves.move(serial, "open", { isFresh, attempt: at }, { recs })) {
        return [
          vanishes,
          next()
            .tx(serial, at, { link: "closed" })
            .ends(index)
            .build(`press ${index}: was overtaken, and cancels ${serial}.${at}`),
        ];
      }
      return [
        vanishes,
        saves.press(index, { pc: "answer" }).build(`press ${index}: stores the link of ${serial}.${at}`),
      ];
    }
    case "answer":
      return [
        vanishes,
        next().tx(serial, at, { given: true }).ends(index).build(`press ${index}: gives out ${serial}.${at}`),
      ];
  }
}

/** A press acts on a later payment. It has read the earlier ones before. */
function walks(setting: Setting, line: Line, index: number): Step<Line>[] {
  const { serial = 0 } = line.presses[index] ?? {};
  const row = line.rows[serial];
  if (!row) return [new Next(setting, line).ends(index).build(`press ${index}: there are no more payments here`)];
  const next = () => new Next(setting, line);
  if (row.isLeft)
    return [
      next()
        .press(index, { serial: serial + 1 })
        .build(`press ${index}: goes on to payment ${serial + 1}`),
    ];
  // Later payments are left for any request: the model dates requests by the first payment only.
  return acts(setting, next, line, { index, serial, isNew: true });
}

/** Payers, verifications, expiry and persons act at any time. */
function outsideSteps(setting: Setting, line: Line): Step<Line>[] {
  return line.rows.flatMap((row, serial) => [
    ...row.recs.flatMap((_, at) => [...payerSteps(setting, line, serial, at), ...verified(setting, line, serial, at)]),
    ...expires(setting, line, serial),
    ...tells(setting, line, serial),
    ...persons(setting, line, serial),
  ]);
}

function payerSteps(setting: Setting, line: Line, serial: number, at: number): Step<Line>[] {
  const tx = line.chapa[serial]?.[at];
  if (!tx) return [];
  const steps: Step<Line>[] = [];
  if (tx.given && tx.link === "open" && tx.money === "") {
    steps.push(
      new Next(setting, line).tx(serial, at, { money: "flying" }).build(`payer: begins to pay ${serial}.${at}`),
    );
  }
  if (tx.money === "flying") {
    steps.push(
      new Next(setting, line).tx(serial, at, { money: "paid" }).build(`payer: the money of ${serial}.${at} arrives`),
    );
  }
  return steps;
}

/** The answer and the write that follows are one step, because captured money and an ended link stay so. */
function verified(setting: Setting, line: Line, serial: number, at: number): Step<Line>[] {
  const { rules } = setting;
  const row = line.rows[serial];
  const tx = line.chapa[serial]?.[at];
  if (!row || !tx || at > row.attempt || row.state === "none") return [];
  if (row.isLeft && !rules.verifiesLeft) return [];
  if (tx.money === "paid" && row.recs[at] !== "paid" && row.recs[at] !== "back") {
    const recs = put<Rec>(row.recs, at, "paid");
    for (const name of ["confirm", "duplicate"] as const) {
      const next = new Next(setting, line);
      const changes = name === "confirm" ? { recs, hasMessage: false } : { recs, duplicate: "open" as const };
      if (!next.move(serial, name, { isFresh: true, attempt: at }, changes)) continue;
      if (name === "duplicate" && row.isLeft) next.world({ recorder: true });
      return [next.build(`verify: finds the money of ${serial}.${at}: ${name}`)];
    }
    return [];
  }
  const beside = serial === lastSerial(line) && isUnclear(line, { asksForRest: true }) && rules.verificationsCancel;
  const isOther = row.state === "SUCCESS" || at < row.attempt;
  if (row.recs[at] !== "open" || tx.money === "paid" || !(beside || isOther)) return [];
  return cancelled(setting, line, { serial, at, beside }, "verify");
}

function cancelled(
  setting: Setting,
  line: Line,
  { serial, at, beside }: { serial: number; at: number; beside: boolean },
  who: string,
): Step<Line>[] {
  const row = line.rows[serial];
  if (!row) return [];
  const next = new Next(setting, line).tx(serial, at, { link: "closed" });
  const recs = put<Rec>(row.recs, at, "closed");
  if (!next.move(serial, "end", { isFresh: true, attempt: at, beside }, { recs })) return [];
  return [next.build(`${who}: cancels ${serial}.${at}`)];
}

/** The worker that has recorded a duplicate cancels the last live checkout, or dies before. */
function recorderSteps(setting: Setting, line: Line): Step<Line>[] {
  if (!line.world.recorder) return [];
  const done = new Next(setting, line).world({ recorder: false });
  const steps = [done.build("recorder: ends")];
  const serial = lastSerial(line);
  const row = line.rows[serial];
  if (!setting.rules.recorderCancels || !row || !isUnclear(line, { asksForRest: true })) return steps;
  if (row.recs[row.attempt] !== "open" || line.chapa[serial]?.[row.attempt]?.money === "paid") return steps;
  const idle = { ...line, world: { ...line.world, recorder: false } };
  return [...steps, ...cancelled(setting, idle, { serial, at: row.attempt, beside: true }, "recorder")];
}

function expires(setting: Setting, line: Line, serial: number): Step<Line>[] {
  const row = line.rows[serial];
  const tx = line.chapa[serial]?.[row?.attempt ?? 0];
  if (!row || !tx || tx.money === "paid") return [];
  const next = new Next(setting, line);
  const recs = row.recs[row.attempt] === "open" ? put<Rec>(row.recs, row.attempt, "closed") : row.recs;
  if (tx.link === "open") next.tx(serial, row.attempt, { link: "closed" });
  if (!next.move(serial, "expire", { isFresh: true, attempt: row.attempt }, { recs, hasMessage: true })) return [];
  return [next.build(`sweep: payment ${serial} expires`)];
}

/** A message that nobody paid is sent, unless what is stored forbids it. */
function tells(setting: Setting, line: Line, serial: number): Step<Line>[] {
  const { rules } = setting;
  const row = line.rows[serial];
  if (!row?.hasMessage) return [];
  const isSilent =
    (row.isLeft && rules.expiresInSilence) ||
    (line.rows.slice(0, serial).some((earlier) => earlier.duplicate === "open") && rules.silentBesideDuplicate);
  const rows = put(line.rows, serial, { ...row, hasMessage: false });
  return [
    {
      label: isSilent ? `payer: hears nothing of ${serial}` : `payer: hears that ${serial} has expired`,
      to: { ...line, rows },
    },
  ];
}

/** A person sends money back, or answers a duplicate by sending it back; a refund comes to nothing. */
function persons(setting: Setting, line: Line, serial: number): Step<Line>[] {
  const row = line.rows[serial];
  if (!row) return [];
  const steps: Step<Line>[] = [];
  const answers = new Next(setting, line);
  if (answers.move(serial, "answer", { isFresh: true, attempt: 0 }, { duplicate: "answered" }))
    steps.push(answers.build(`person: answers the duplicate of ${serial}`));
  for (const [at, rec] of row.recs.entries()) {
    const refunds = new Next(setting, line).tx(serial, at, { money: "back" });
    const recs = put<Rec>(row.recs, at, "back");
    if (rec === "paid" && refunds.move(serial, "wentBack", { isFresh: true, attempt: at }, { recs }))
      steps.push(refunds.build(`person: sends the money of ${serial}.${at} back`));
    const undone = line.world.undone;
    if (rec !== "back" || undone >= setting.bounds.undone) continue;
    const again = new Next(setting, line).tx(serial, at, { money: "paid" }).world({ undone: undone + 1 });
    const raised = row.isLeft && setting.rules.duplicateIsRaisedAnew ? { duplicate: "open" as const } : {};
    const claim = { isFresh: true, attempt: at };
    if (again.move(serial, "capturedAgain", claim, { recs: put<Rec>(row.recs, at, "paid"), ...raised }))
      steps.push(again.build(`bank: returns the money of ${serial}.${at}`));
  }
  return steps;
}

function nextOf(setting: Setting, line: Line): Step<Line>[] {
  return [
    ...line.presses.flatMap((_, index) => pressSteps(setting, line, index)),
    ...outsideSteps(setting, line),
    ...recorderSteps(setting, line),
  ];
}

const ROUNDS = 60;

/** The end of the line if every press dies now, money in flight arrives, and only verifications go on. */
function swept(setting: Setting, from: Line): Line {
  const landed = from.chapa.map((of) => of.map((tx): Tx => (tx.money === "flying" ? { ...tx, money: "paid" } : tx)));
  let line: Line = {
    ...from,
    chapa: landed,
    presses: from.presses.map(() => IDLE),
    world: { ...from.world, recorder: false },
  };
  for (let round = 0; round < ROUNDS; round++) {
    const [step] = line.rows.flatMap((row, serial) => row.recs.flatMap((_, at) => verified(setting, line, serial, at)));
    if (!step) return line;
    line = { ...step.to, world: { ...step.to.world, recorder: false } };
  }
  throw new Error("verifications never come to an end");
}

/** What one owner gets who asks anew, alone, until they have an answer. */
function pressed(setting: Setting, from: Line): "link" | "final" | "stuck" {
  let line = swept(setting, from);
  if (isUnclear(line, { asksForRest: true })) return "final";
  const requests = line.world.requests.map(() => UNKNOWN);
  line = { ...line, world: { ...line.world, requests } };
  for (let round = 0; round < ROUNDS; round++) {
    const last = line.rows[lastSerial(line)];
    if (last && isPaid(last) && last.state === "SUCCESS" && !last.isLeft) return "final";
    // The next payment would be beyond the bounds.
    if (last && lastSerial(line) + 1 === line.rows.length && (isSpent(last) || isUsedUp(last))) return "final";
    const step = pressSteps(setting, line, 0)
      .filter(({ label }) => !label.includes("vanishes"))
      .at(-1);
    if (!step) return "stuck";
    if (step.label.includes("gives out")) return "link";
    line = step.to;
  }
  return "stuck";
}

export const LINE_INVARIANTS = [
  "one live checkout of a fee",
  "no link is given out to a press that began beside an unanswered duplicate",
  "no link stays payable beside an unanswered duplicate",
  "money is recorded in the end",
  "money on a payment that was left calls a person",
  "an owner of a spent fee can pay",
  "a request recorded before the fee was spent opens nothing",
  "a request never goes back to an earlier payment",
  "nobody hears that nobody paid while the fee goes on or may be paid",
] as const;
export type LineInvariant = (typeof LINE_INVARIANTS)[number];

function invariantsOf(setting: Setting): (Invariant<Line> & { name: LineInvariant })[] {
  const payable = (line: Line, serial: number) =>
    (line.chapa[serial] ?? []).flatMap((tx, at) =>
      tx.link === "open" && tx.given && tx.money === "" && line.rows[serial]?.recs[at] !== "lapsed"
        ? [`${serial}.${at}`]
        : [],
    );
  return [
    {
      name: "one live checkout of a fee",
      of: ["rows", "chapa"],
      state: (line) => {
        const links = line.rows.flatMap((_, serial) => payable(line, serial));
        return links.length > 1 ? `${links.join(" and ")} can be paid` : undefined;
      },
    },
    {
      name: "no link is given out to a press that began beside an unanswered duplicate",
      step: (from, { label, to }) => {
        const index = from.presses.findIndex((press, at) => press.pc === "answer" && to.presses[at]?.pc === "idle");
        const press = from.presses[index];
        const isGiven = press?.isLate && label.includes("gives out") && isUnclear(from, { asksForRest: true });
        return isGiven && payable(to, press.serial).length > 0 ? label : undefined;
      },
    },
    {
      name: "no link stays payable beside an unanswered duplicate",
      of: ["rows", "chapa"],
      state: (line) => {
        const end = swept(setting, line);
        const links = end.rows.flatMap((_, serial) => payable(end, serial));
        return isUnclear(end, { asksForRest: true }) && links.length > 0 ? `${links.join()} can be paid` : undefined;
      },
    },
    {
      name: "money is recorded in the end",
      of: ["rows", "chapa"],
      state: (line) => {
        const end = swept(setting, line);
        const lost = end.chapa.flatMap((of, serial) =>
          of.flatMap((tx, at) =>
            tx.money === "paid" && end.rows[serial]?.recs[at] !== "paid" ? [`${serial}.${at}`] : [],
          ),
        );
        return lost.length > 0 ? `nobody knows of the money of ${lost.join()}` : undefined;
      },
    },
    {
      name: "money on a payment that was left calls a person",
      of: ["rows"],
      state: ({ rows }) => {
        const serial = rows.findIndex((row) => row.isLeft && isPaid(row) && row.duplicate === "");
        return serial < 0 ? undefined : `payment ${serial} has money, and nobody is called`;
      },
    },
    {
      name: "an owner of a spent fee can pay",
      of: ["rows", "chapa"],
      state: (line) => (pressed(setting, line) === "stuck" ? "an owner who asks gets nothing" : undefined),
    },
    {
      name: "a request recorded before the fee was spent opens nothing",
      step: (from, { name, label, to }) => {
        if (name !== "follow" || !to.rows[0]?.isLeftAsSpent || from.rows[0]?.isLeft) return undefined;
        const index = from.presses.findIndex(({ pc }, at) => pc === "follow" && to.presses[at]?.pc === "walk");
        return from.world.requests[index]?.isOld ? label : undefined;
      },
    },
    {
      name: "a request never goes back to an earlier payment",
      step: (from, { label, to }) => {
        const isBack = to.world.requests.some(
          (_, at) => label.startsWith(`press ${at}: stays`) && from.world.requests[at]?.wentOn,
        );
        return isBack ? label : undefined;
      },
    },
    {
      name: "nobody hears that nobody paid while the fee goes on or may be paid",
      step: (from, { label, to }) => {
        if (!label.includes("hears that")) return undefined;
        const serial = from.rows.findIndex((row, at) => row.hasMessage && !to.rows[at]?.hasMessage);
        const isOpen = from.rows.slice(0, serial).some(({ duplicate }) => duplicate === "open");
        return from.rows[serial]?.isLeft || isOpen ? label : undefined;
      },
    },
  ];
}

/** The payments of one fee, one after the other, with the presses, payers, verifications and persons around them. */
export function lineModel(
  bounds: LineBounds,
  rules: LineRules = LINE_RULES,
): Model<Line> & { invariants: Invariant<Line>[] } {
  const setting = { bounds, rules };
  const row = (attempts: number): Row => ({
    state: "none",
    attempt: 0,
    recs: Array.from({ length: attempts }, (): Rec => ""),
    isLeft: false,
    isLeftAsSpent: false,
    duplicate: "",
    hasMessage: false,
  });
  const initial: Line = {
    rows: bounds.attempts.map(row),
    chapa: bounds.attempts.map((attempts) =>
      Array.from({ length: attempts }, (): Tx => ({ link: "", given: false, money: "" })),
    ),
    presses: Array.from({ length: bounds.presses }, () => IDLE),
    world: {
      requests: Array.from({ length: bounds.presses }, () => UNKNOWN),
      recorder: false,
      undone: 0,
    },
  };
  return { initial: [initial], next: (line) => nextOf(setting, line), invariants: invariantsOf(setting) };
}
