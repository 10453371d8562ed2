import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import { answersWithoutMoney, mayBeMoney } from "./answers.ts";
import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { attemptsToEnd, isRecorded, left, noted, type Rules } from "./rules.ts";
import { IDLE, isCaptured, isSettled, put, type Reading, type Rec, type S, txAt } from "./state.ts";

/**
 * Verifications by any trigger, at any time. Their result is permanent (captured money, an ended link), so the question
 * and the write are one step: no other step between them makes a difference.
 */
export function verificationSteps(setting: Setting, s: S): Step<S>[] {
  return s.row.recs.flatMap((_, at) => [
    ...takesMoneyIn(setting, s, at),
    ...forgedWebhook(setting, s, at),
    ...endsVerification(setting, s, at),
    ...endsOtherLink(setting, s, at),
    ...reads(setting, s, at),
    ...holds(setting, s, at),
    ...oldNote(setting, s, at),
  ]);
}

/** The transition for captured money, as transitionForMoney in lib/domain/transitions.ts decides it. */
function transitionForMoney(rules: Rules, s: S, at: number): TransitionName | undefined {
  const { row } = s;
  if (at > row.attempt || row.state === "none") return undefined;
  if (!rules.accountsOldAttempts && at !== row.attempt) return undefined;
  if (!rules.lateTruthWins && isSettled(row)) return undefined;
  if (row.state === "SUCCESS") {
    const known = row.recs.filter((rec) => rec === "paid").length;
    return rules.secondCapturesCount && (rules.countsEachCapture || known < 2) ? "duplicate" : undefined;
  }
  return txAt(s, at).money === "paid" || !rules.comparesAmounts ? "confirm" : "review";
}

/** @param place the invocation that does it, if it is a separate one */
export function takesMoneyIn(setting: Setting, s: S, at: number, place?: Place): Step<S>[] {
  if (!isCaptured(txAt(s, at))) return [];
  const move = transitionForMoney(setting.rules, s, at);
  if (!move || (isRecorded(s.row, at) && !setting.rules.unguarded[move])) return [];
  const agreed = txAt(s, at).money === "paid";
  const recs = put<Rec>(s.row.recs, at, move === "review" ? "review" : "paid");
  const change = new Change(setting, s);
  if (place) change.becomes(place, IDLE);
  const isMade = change.move(
    move,
    { proof: "verified_money", fresh: true, attempt: at, agreed },
    { recs, unsent: false },
  );
  return isMade ? [change.build(`verify: finds the money of ${at}: ${move}`)] : [];
}

/** Only without "a webhook proves nothing": any webhook marks the payment as paid. */
function forgedWebhook(setting: Setting, s: S, at: number): Step<S>[] {
  if (setting.rules.verifiesWebhooks || at > s.row.attempt) return [];
  const change = new Change(setting, s);
  const recs = put<Rec>(s.row.recs, at, "paid");
  const isMade = change.move("confirm", { proof: "verified_money", fresh: true, attempt: at, agreed: true }, { recs });
  return isMade ? [change.build(`webhook: says that ${at} was paid`)] : [];
}

/** The first verification after a checkout was left, and the last one, after all payments under way have arrived. */
export function endsVerification(setting: Setting, s: S, at: number): Step<S>[] {
  const rec = s.row.recs[at];
  if (rec !== "closed" && rec !== "verified") return [];
  const { money } = txAt(s, at);
  const isDeaf = !setting.rules.silenceIsNothing;
  // Words that may mean money end a verification, too, once a person was called.
  const isCalled =
    s.row.unclear[at] === "open" || (s.row.unclear[at] === "ended" && !setting.rules.unclearIsRaisedAgain);
  const isUnclear = mayBeMoney(setting, s, at) && isCalled;
  if (isCaptured(txAt(s, at)) ? !isDeaf && !isUnclear : money === "flying" && rec === "verified") return [];
  const recs = put<Rec>(s.row.recs, at, rec === "closed" ? "verified" : "done");
  const change = new Change(setting, s).row(noted(setting.rules, s.row, { recs }));
  return [change.build(`verify: ${rec === "closed" ? "finds" : "finds for the last time"} ${at} unpaid`)];
}

/**
 * Ends a link beside the live one, or one of a payment that is paid: Chapa cancels it, or it lapses. Each verification of
 * such an attempt tries it.
 */
export function endsOtherLink(setting: Setting, s: S, at: number): Step<S>[] {
  const { rules, bounds } = setting;
  const { row } = s;
  if (!attemptsToEnd(row).includes(at)) return [];
  const rec = row.recs[at];
  if (rec === "open" ? !rules.endsOtherLinks : !rules.verifiesLapsed || !rules.cancelsLapsed) return [];
  const tx = txAt(s, at);
  const steps: Step<S>[] = [];
  const isUnpaid = answersWithoutMoney(setting, s, at).length > 0 && !isCaptured(tx);
  if (bounds.chapa.cancels !== "never") {
    if (tx.link === "open") {
      steps.push(new Change(setting, s).tx(at, { link: "closed" }).build(`verify: Chapa cancels ${at} beside others`));
    } else if (isUnpaid || row.state === "SUCCESS") steps.push(...ends(setting, s, at, { by: "closed" }));
  }
  // A cancel that is tried closes the link, unless Chapa refuses it; its answer may be lost all the same.
  const isTried = bounds.chapa.cancels !== "always" || tx.link !== "open" || !rules.cancelsBeforeLapse;
  if (rec === "open" && isUnpaid && isTried && rules.lapses) steps.push(...ends(setting, s, at, { by: "lapse" }));
  return steps;
}

/** @param how `place`: the invocation that does it, if it is a separate one */
export function ends(
  setting: Setting,
  s: S,
  at: number,
  { by, place }: { by: "closed" | "lapse"; place?: Place },
): Step<S>[] {
  const change = new Change(setting, s);
  if (place) change.becomes(place, IDLE);
  const claim = { proof: "ending_evidence", fresh: true, attempt: at, by, late: txAt(s, at).late } as const;
  if (!change.move("end", claim, { recs: left(setting.rules, s.row, at, by) })) return [];
  return [change.build(`verify: end ${at}${by === "lapse" ? ", which lapses" : ""}`)];
}

/** The first reading without money after the window of an attempt. Two of them, ten minutes apart, stand before a lapse. */
export function reads(setting: Setting, s: S, at: number): Step<S>[] {
  const { row } = s;
  const tx = txAt(s, at);
  const rec = row.recs[at];
  if ((rec !== "open" && rec !== "lapsed") || row.readings[at] !== "") return [];
  if (!tx.late && setting.rules.lapseWaitsForWindow) return [];
  if (answersWithoutMoney(setting, s, at).length === 0) return [];
  const readings = put<Reading>(row.readings, at, "recent");
  const change = new Change(setting, s).row(noted(setting.rules, row, { readings }));
  return [change.tx(at, { misread: isCaptured(tx) }).build(`verify: reads ${at} for the first time after its window`)];
}

/** Words that may mean money: a person is called, and an earlier reading counts no more. */
function holds(setting: Setting, s: S, at: number): Step<S>[] {
  const { row } = s;
  if (!mayBeMoney(setting, s, at) || isRecorded(row, at) || at > row.attempt) return [];
  if (row.readings[at] !== "" && setting.rules.maybeMoneyForgetsReading) {
    const readings = put<Reading>(row.readings, at, "");
    const change = new Change(setting, s).row(noted(setting.rules, row, { readings })).tx(at, { misread: false });
    return [change.build(`verify: maybe money, forgets the reading of ${at}`)];
  }
  const change = new Change(setting, s);
  const claim = { proof: "fact_or_condition", fresh: true, attempt: at, about: "unclear" } as const;
  const isMade = change.move("flag", claim, { unclear: put(row.unclear, at, "open") });
  return isMade ? [change.build(`verify: maybe money: flag ${at}`)] : [];
}

/**
 * Only without "a note asks for the version": what a verification read before an attempt was opened is written after
 * it.
 */
function oldNote(setting: Setting, s: S, at: number): Step<S>[] {
  if (setting.rules.notesAskForVersion || at === 0 || s.row.recs[at] === "") return [];
  const row = noted(setting.rules, s.row, { recs: put<Rec>(s.row.recs, at, "") });
  return [new Change(setting, s).row(row).build(`verify: notes what it read before ${at} was opened`)];
}
