import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { isRecorded, left, noted, type Rules } from "./rules.ts";
import { IDLE, isCaptured, isSettled, put, type Rec, type S, txAt } from "./state.ts";

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
  if (isCaptured(txAt(s, at)) ? !isDeaf : money === "flying" && rec === "verified") return [];
  const recs = put<Rec>(s.row.recs, at, rec === "closed" ? "verified" : "done");
  const change = new Change(setting, s).row(noted(setting.rules, s.row, { recs }));
  return [change.build(`verify: ${rec === "closed" ? "finds" : "finds for the last time"} ${at} unpaid`)];
}

/** Ends every other link of a paid payment, and closes its record when it has ended. */
export function endsOtherLink(setting: Setting, s: S, at: number): Step<S>[] {
  if (s.row.state !== "SUCCESS" || s.row.recs[at] !== "open") return [];
  if (!setting.rules.endsOtherLinks) return [];
  if (txAt(s, at).link === "open") {
    return [new Change(setting, s).tx(at, { link: "closed" }).build(`verify: Chapa cancels ${at} beside the paid one`)];
  }
  const recs = left(setting.rules, s.row, at);
  return [
    new Change(setting, s).row(noted(setting.rules, s.row, { recs })).build(`verify: notes that ${at} has ended`),
  ];
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
