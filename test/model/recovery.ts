import { Change, type Setting } from "./effects.ts";
import { successSteps, unaccounted } from "./outside.ts";
import { left } from "./rules.ts";
import { IDLE, isCaptured, isPayable, isSettled, put, type Rec, type Row, type S, type Tx, txAt } from "./state.ts";
import { endsOtherLink, endsVerification, takesMoneyIn } from "./verifications.ts";

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

function quiet(s: S): S {
  const landed = s.chapa.map((tx): Tx => (tx.money === "flying" ? { ...tx, money: "paid" } : tx));
  const idle = (list: S["closers"]) => list.map(() => IDLE);
  return { ...s, chapa: landed, initiators: idle(s.initiators), closers: idle(s.closers) };
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
  const due = row.recs.flatMap((rec, at) =>
    rec === "open" || rec === "closed" || rec === "verified" || rec === "review" ? [at] : [],
  );
  if (!rules.verifiesEveryAttempt) return due.filter((at) => at === row.attempt);
  if (due.length > 0) return due;
  return row.state === "SUCCESS" ? [] : [row.attempt];
}

function verifiedOnce(setting: Setting, s: S, at: number): S {
  const money = takesMoneyIn(setting, s, at)[0];
  if (money) return money.to;
  if (isCaptured(txAt(s, at)) && setting.rules.silenceIsNothing) return s;
  const verified = endsVerification(setting, s, at)[0]?.to ?? s;
  const ended = endsOtherLink(setting, verified, at)[0]?.to ?? verified;
  return dueMove(setting, ended);
}

/** The timeout has passed: an open payment expires, a settled one is finalised. */
function dueMove(setting: Setting, s: S): S {
  const { row } = s;
  const change = new Change(setting, s);
  if (row.state === "CREATED" || row.state === "PENDING") {
    if (unaccounted(s).includes(row.attempt)) return s;
    if (txAt(s, row.attempt).link === "open") change.tx(row.attempt, { link: "closed" });
    const claim = { proof: "closing_evidence", fresh: true, attempt: row.attempt } as const;
    const recs = left(setting.rules, row, row.attempt);
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
  let s = quiet({ ...from, chapa: from.chapa.map((tx): Tx => (tx.money === "flying" ? { ...tx, money: "" } : tx)) });
  for (let round = 0; round < ROUNDS; round++) {
    const { row } = s;
    if (row.state === "SUCCESS" || row.state === "REVIEW" || (isSettled(row) && row.finalised)) return "final";
    if (row.state === "PENDING" && isPayable(txAt(s, row.attempt))) return "url";
    const money = row.state === "PENDING" ? takesMoneyIn(setting, s, row.attempt)[0] : undefined;
    const keeps = row.state === "CREATED" && (row.unsent || !setting.rules.newReferenceOnTakeOver);
    const next = row.state === "none" ? 0 : keeps ? row.attempt : row.attempt + 1;
    if (!money && next >= row.recs.length) return "final";
    const begun = money?.to ?? began(setting, s, next);
    if (!begun) return "stuck";
    s = money ? begun : opened(setting, begun);
  }
  return "stuck";
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
  const move = beginning(row);
  const proof = move === "renew" ? "closing_evidence" : "request";
  const change = new Change(setting, s);
  const claim = { proof, fresh: true, attempt: row.attempt, next, request: "new" } as const;
  const recs = move === "renew" ? left(setting.rules, row, row.attempt) : row.recs;
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
