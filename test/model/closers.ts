import { type Answer, answersWithoutMoney } from "./answers.ts";
import type { Step } from "./checker.ts";
import { Change, mayGoOn, type Place, type Setting } from "./effects.ts";
import { renewed } from "./initiators.ts";
import { hasEnded, hasLapsed, left } from "./rules.ts";
import {
  IDLE,
  isCaptured,
  isSettled,
  type LeftBy,
  type Process,
  type Purpose,
  process,
  type S,
  txAt,
} from "./state.ts";

/** Why initiators close an attempt, and why verifications and callers do. */
const PURPOSES: Record<Place["kind"], readonly Purpose[]> = {
  initiators: ["renew"],
  closers: ["fail", "expire", "cancel"],
};

/**
 * The steps of closing an attempt: verify (unpaid), cancel (definitive), verify again (unpaid), leave. Where one of the
 * answers is not of that kind, only a lapse can leave it. The first verify is one step with the read before it, because
 * an attempt that is unpaid later was also unpaid at the read.
 */
export function closingSteps(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s[place.kind][place.index];
  switch (one?.pc) {
    case "idle":
      return beginsClosing(setting, s, place);
    case "verify first": {
      if (isCaptured(txAt(s, one.at))) return [];
      const becomes = process("cancel", one.at, one.fresh, { why: one.why });
      return [new Change(setting, s).becomes(place, becomes).build(`${nameOf(place)}: finds ${one.at} unpaid`)];
    }
    case "cancel":
      return cancels(setting, s, place, one);
    case "verify again":
      return verifies(setting, s, place, one);
    case "leave":
      return leaves(setting, s, place, one);
    default:
      return [];
  }
}

function beginsClosing(setting: Setting, s: S, place: Place): Step<S>[] {
  const { rules, bounds } = setting;
  const { row } = s;
  const tx = txAt(s, row.attempt);
  return PURPOSES[place.kind].flatMap((why) => {
    if (!rules.table[why].from.includes(row.state)) return [];
    if (why === "renew" && row.attempt + 1 >= bounds.attempts) return [];
    if (rules.withoutEvidence.includes(why)) {
      const blind = isCaptured(tx);
      const becomes = process("leave", row.attempt, true, { why, blind });
      return [
        new Change(setting, s).becomes(place, becomes).build(`${nameOf(place)}: decides to ${why} ${row.attempt}`),
      ];
    }
    if (why === "renew" && hasEnded(row, row.attempt)) {
      const becomes = process("leave", row.attempt, true, { why, by: "ended" });
      return [
        new Change(setting, s).becomes(place, becomes).build(`${nameOf(place)}: reads that ${row.attempt} has ended`),
      ];
    }
    const found = rules.firstVerify ? answersWithoutMoney(setting, s, row.attempt) : (["unpaid"] as const);
    return found.map((answer) => {
      const by = leavesBy(setting, answer, "closed");
      const becomes = process(bounds.joined ? "cancel" : "verify first", row.attempt, true, { why, by });
      const does = bounds.joined ? "finds" : "reads";
      return new Change(setting, s)
        .becomes(place, becomes)
        .build(`${nameOf(place)}: ${does} ${row.attempt} ${answer}, to ${why}`);
    });
  });
}

/** Only words that we know are closing evidence. */
function leavesBy({ rules }: Setting, answer: Answer, by: LeftBy): LeftBy {
  return answer === "unpaid" || !rules.wordsProveNothing ? by : "lapse";
}

function cancels(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { rules, bounds } = setting;
  const { at, fresh, why, by } = one;
  const link = txAt(s, at).link === "open" ? "closed" : txAt(s, at).link;
  const blind = isCaptured(txAt(s, at));
  const then = (leftBy: LeftBy) =>
    rules.secondVerify
      ? process("verify again", at, fresh, { why, by: leftBy })
      : process("leave", at, fresh, { why, by: leftBy, blind: blind && !isExcused(setting, s, at) });
  const goesOn = (leftBy: LeftBy) =>
    mayGoOn(rules, one) && (leftBy !== "lapse" || isLapsed(setting, s, at)) ? then(leftBy) : IDLE;
  const steps: Step<S>[] = [];
  if (rules.cancels && bounds.chapa.cancels !== "never") {
    const done = new Change(setting, s).tx(at, { link }).becomes(place, goesOn(by));
    steps.push(done.build(`${nameOf(place)}: Chapa cancels ${at}`));
    const lost = new Change(setting, s).tx(at, { link }).becomes(place, goesOn("lapse"));
    steps.push(lost.build(`${nameOf(place)}: Chapa cancels ${at}, the answer is lost`));
  }
  if (rules.cancels && (bounds.chapa.cancels !== "always" || !rules.cancelsBeforeLapse)) {
    const refused = new Change(setting, s).becomes(place, goesOn("lapse"));
    const what = rules.cancelsBeforeLapse ? "Chapa does not cancel" : "does not try to cancel";
    steps.push(refused.build(`${nameOf(place)}: ${what} ${at}`));
  }
  if (!rules.cancels || !rules.unclearIsNothing) {
    const undone = new Change(setting, s).becomes(place, then(by));
    steps.push(undone.build(`${nameOf(place)}: takes ${at} for cancelled`));
  }
  return steps;
}

/** The times that the lapse waits for are over when the last answer comes. Otherwise the attempt is held. */
function isLapsed({ rules }: Setting, s: S, at: number): boolean {
  return rules.lapses && hasLapsed(s.row, at, txAt(s, at).late, rules);
}

function verifies(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { at, fresh, why } = one;
  // A verification records money that this step finds. It may happen at any time.
  const isPaid = isCaptured(txAt(s, at));
  const steps = answersWithoutMoney(setting, s, at).flatMap((answer) => {
    const by = leavesBy(setting, answer, one.by);
    if (by === "lapse" && !isLapsed(setting, s, at)) return [];
    const becomes = process("leave", at, fresh, { why, by, blind: isPaid && !isExcused(setting, s, at) });
    return [new Change(setting, s).becomes(place, becomes).build(`${nameOf(place)}: finds ${at} ${answer} again`)];
  });
  if (isPaid && !setting.rules.silenceIsNothing) {
    const deaf = new Change(setting, s).becomes(place, process("leave", at, fresh, { why, blind: true }));
    steps.push(deaf.build(`${nameOf(place)}: gets no answer about ${at}, takes it for unpaid`));
  }
  return steps;
}

/** Money that came after a true first reading, of which no word was said since: two readings cannot know it. */
function isExcused({ rules }: Setting, { row, chapa, world }: S, at: number): boolean {
  const isTrulyRead = row.readings[at] === "old" && chapa[at]?.misread === false && row.unclear[at] !== "open";
  return rules.maybeMoneyHolds && world.odd === "now" && isTrulyRead;
}

function leaves(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { at, fresh, why, by } = one;
  if (why === "renew") return renewed(setting, s, place, one);
  if (why !== "fail" && why !== "expire" && why !== "cancel") return [];
  const change = new Change(setting, s).becomes(place, IDLE);
  const claim = { proof: "closing_evidence", fresh, attempt: at, by, late: txAt(s, at).late } as const;
  const recs = left(setting.rules, s.row, at, by);
  const isMade = change.move(why, claim, { recs, unsent: false });
  return isMade ? [change.build(`${nameOf(place)}: ${why} ${at}${by === "lapse" ? ", which lapses" : ""}`)] : [];
}

/** A verification that finds one checkout of a settled payment unpaid, and finalises. */
export function finalisingSteps(setting: Setting, s: S, index: number): Step<S>[] {
  const one = s.closers[index];
  const place: Place = { kind: "closers", index };
  const { row } = s;
  if (one?.pc === "idle" && isSettled(row) && !row.finalised) {
    return row.recs.flatMap((rec, at) => {
      const isVerified =
        rec === "closed" || rec === "verified" || rec === "done" || rec === "lapsed" || at === row.attempt;
      const isPaid = isCaptured(txAt(s, at));
      if (!isVerified || (isPaid && setting.rules.finalisesAfterVerification)) return [];
      return [
        new Change(setting, s)
          .becomes(place, process("finalise", at, true))
          .build(`verify: finds ${at} unpaid, to finalise`),
      ];
    });
  }
  if (one?.pc !== "finalise") return [];
  const { finalisesAfterVerification } = setting.rules;
  const recs = row.recs.map((rec, at) =>
    at === one.at && rec === "closed" && finalisesAfterVerification ? "verified" : rec,
  );
  const change = new Change(setting, s).becomes(place, IDLE);
  const claim = { proof: "verified_unpaid", fresh: one.fresh, attempt: one.at } as const;
  return change.move("finalise", claim, { finalised: true, recs }) ? [change.build(`verify: finalise`)] : [];
}

function nameOf({ kind }: Place): string {
  return kind === "initiators" ? "initiator" : "closer";
}
