import { Change, type Setting } from "./effects.ts";
import { successSteps, unaccounted } from "./outside.ts";
import { hasEnded, left, liveAttempt } from "./rules.ts";
import {
  IDLE,
  isBooked,
  isCaptured,
  isPayable,
  isSettled,
  type LeftBy,
  put,
  type Reading,
  type Rec,
  type Row,
  type S,
  type Tx,
  txAt,
} from "./state.ts";
import { endsOtherLink, endsVerification, reads, takesMoneyIn } from "./verifications.ts";

// More steps than a payment of three attempts needs. Reaching the limit means that the recovery does not end.
const ROUNDS = 40;

/**
 * The end of the fee if all invocations die in this state, all payments under way arrive, and from then on only the sweep
 * runs and everything works. Only the row's date decides what the sweep verifies: there are no webhooks, messages or
 * requests.
 */
export function swept(setting: Setting, from: S): S {
  let s = quiet(from);
  for (let round = 0; round < ROUNDS; round++) {
    if (!s.row.due) return s;
    const next = sweptOnce(setting, s);
    if (JSON.stringify(next) === JSON.stringify(s)) return s;
    s = next;
  }
  throw new Error("the sweep never comes to an end");
}

/** Everybody has gone, what was under way has arrived, and every window, lapse and odd moment is over. */
function quiet(s: S): S {
  const { row, world } = s;
  const landed = s.chapa.map((tx): Tx => {
    const arrived = tx.coming && tx.link === "absent" ? { ...tx, link: "open" as const } : tx;
    return { ...arrived, coming: false, late: true, money: tx.money === "flying" ? "paid" : tx.money };
  });
  const idle = (list: S["closers"]) => list.map(() => IDLE);
  const readings = row.readings.map((reading): Reading => (reading === "recent" ? "old" : reading));
  return {
    row: { ...row, readings },
    chapa: landed,
    initiators: idle(s.initiators),
    closers: idle(s.closers),
    world: { ...world, odd: world.odd === "now" ? "over" : world.odd },
  };
}

function sweptOnce(setting: Setting, from: S): S {
  const { rules } = setting;
  let s = from;
  if (s.row.state !== "SUCCESS" || rules.verifiesBesideSuccess) {
    for (const at of toVerify(setting, s)) s = verifiedOnce(setting, s, at);
  }
  if (s.row.state === "SUCCESS" && s.row.listing === "") s = successSteps(setting, s)[0]?.to ?? s;
  return s;
}

/** As attemptsToVerify of lib/domain/verification-schedule.ts. */
function toVerify({ rules }: Setting, { row }: S): number[] {
  const due = row.recs.flatMap((rec, at) => {
    const isLapsed = rec === "lapsed" && rules.verifiesLapsed;
    return isLapsed || rec === "open" || rec === "closed" || rec === "verified" || rec === "review" ? [at] : [];
  });
  if (!rules.verifiesEveryAttempt) return due.filter((at) => at === row.attempt);
  if (due.length > 0) return due;
  return row.state === "SUCCESS" ? [] : [row.attempt];
}

function verifiedOnce(setting: Setting, s: S, at: number): S {
  const money = takesMoneyIn(setting, s, at)[0];
  if (money) return money.to;
  if (isCaptured(txAt(s, at)) && setting.rules.silenceIsNothing) return s;
  const verified = endsVerification(setting, s, at)[0]?.to ?? s;
  const read = aged(reads(setting, verified, at)[0]?.to ?? verified);
  const ended = endsOtherLink(setting, read, at)[0]?.to ?? read;
  return dueMove(setting, ended);
}

/** Between two verifications of the sweep there are more than ten minutes. */
function aged(s: S): S {
  if (!s.row.readings.includes("recent")) return s;
  return {
    ...s,
    row: { ...s.row, readings: s.row.readings.map((reading) => (reading === "recent" ? "old" : reading)) },
  };
}

/** What lets the latest attempt be left while everything works. */
function leftBy({ bounds, rules }: Setting, { row }: S): LeftBy | undefined {
  if (hasEnded(row, row.attempt)) return "ended";
  if (bounds.chapa.cancels !== "never") return "closed";
  return rules.lapses ? "lapse" : undefined;
}

/** The timeout has passed: an open payment expires, a settled one is finalised. */
function dueMove(setting: Setting, s: S): S {
  const { row } = s;
  const change = new Change(setting, s);
  if (row.state === "CREATED" || row.state === "PENDING") {
    const by = leftBy(setting, s);
    if (unaccounted(s).includes(row.attempt) || !by) return s;
    if (by === "closed" && txAt(s, row.attempt).link === "open") change.tx(row.attempt, { link: "closed" });
    const claim = { proof: "closing_evidence", fresh: true, attempt: row.attempt, by, late: true } as const;
    const recs = left(setting.rules, row, row.attempt, by);
    return change.move("expire", claim, { recs, unsent: false }) ? change.build("").to : s;
  }
  if (isSettled(row) && !row.finalised) {
    const claim = { proof: "verified_unpaid", fresh: true, attempt: row.attempt } as const;
    return change.move("finalise", claim, { finalised: true }) ? change.build("").to : s;
  }
  return s;
}

/**
 * What a single client finally gets that repeats its request from this state on, while everything works and every window,
 * lease and back-off ends in time.
 * @returns `url` that can be paid, a `final` answer, or `stuck`
 */
export function pressed(setting: Setting, from: S): "url" | "final" | "stuck" {
  const unpaid = from.chapa.map((tx): Tx => (tx.money === "flying" ? { ...tx, money: "" } : tx));
  let s = quiet({ ...from, chapa: unpaid });
  for (let round = 0; round < ROUNDS; round++) {
    const { row } = s;
    if (row.state === "SUCCESS" || row.state === "REVIEW" || (isSettled(row) && row.finalised)) return "final";
    if (liveAttempt(row) !== undefined && isPayable(txAt(s, row.attempt))) return "url";
    const money =
      row.state === "PENDING" || row.state === "CREATED" ? takesMoneyIn(setting, s, row.attempt)[0] : undefined;
    const next = row.state === "none" ? 0 : isTriedAgain(setting, s) ? row.attempt : row.attempt + 1;
    if (!money && next >= row.recs.length) return "final";
    const begun = money?.to ?? began(setting, s, next);
    if (!begun) return "stuck";
    s = money ? begun : opened(setting, begun);
  }
  return "stuck";
}

/** Whether a press tries the latest reference again. */
function isTriedAgain({ rules }: Setting, s: S): boolean {
  const { row } = s;
  if (row.state !== "CREATED") return false;
  if (row.unsent) return true;
  if (!rules.verifiesLost || row.released) return false;
  const { link } = txAt(s, row.attempt);
  if (link === "absent") return rules.unknownIsTriedAgain;
  // A try of a burnt reference is refused as used before, and the same press moves on.
  return link === "burnt" ? !rules.burntMovesOn : !rules.knownMovesOn;
}

function beginning({ state }: Row): "claim" | "takeOver" | "renew" | "reopen" {
  switch (state) {
    case "none":
      return "claim";
    case "CREATED":
      return "takeOver";
    case "PENDING":
      return "renew";
    default:
      return "reopen";
  }
}

function began(setting: Setting, s: S, next: number): S | undefined {
  const { row } = s;
  const { rules, bounds } = setting;
  const move = beginning(row);
  const change = new Change(setting, s);
  const latest = { fresh: true, attempt: row.attempt, next, late: true } as const;
  const isCancelAnswered = bounds.chapa.cancels !== "never" || rules.lostCancelNeedsNoAnswer;
  if (move === "takeOver" && next > row.attempt && isBooked(txAt(s, row.attempt)) && !isCancelAnswered)
    return undefined;
  if (move !== "renew") {
    const claim = { ...latest, proof: "request", request: "new" } as const;
    return change.move(move, claim, { attempt: next, unsent: false }) ? change.build("").to : undefined;
  }
  const by = leftBy(setting, s);
  if (!by) return undefined;
  // A press that cannot leave the checkout yet records its reading. A later one can.
  const readings = put<Reading>(row.readings, row.attempt, "old");
  change.row({ ...row, readings });
  const recs = left(rules, row, row.attempt, by);
  const claim = { ...latest, proof: "closing_evidence", by } as const;
  return change.move(move, claim, { attempt: next, recs, unsent: false }) ? change.build("").to : undefined;
}

/** A reference can be used for one try, because Chapa refuses a known one. */
function opened(setting: Setting, s: S): S {
  const { attempt, recs } = s.row;
  if (txAt(s, attempt).link !== "absent") return s;
  const change = new Change(setting, s).tx(attempt, { link: "open", given: true });
  const claim = { proof: "checkout_opened", fresh: true, attempt } as const;
  return change.move("open", claim, { recs: put<Rec>(recs, attempt, "open") }) ? change.build("").to : s;
}
