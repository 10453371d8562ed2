import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { IDLE, isBooked, isCaptured, type Process, process, type S, txAt } from "./state.ts";

/**
 * The steps of lib/flows/steps/recover-attempt.ts: an attempt whose answer was lost, or whose opener died, is verified
 * before a further try. Not found: the same attempt again. Known, or burnt: the next attempt is written first, and only its
 * writer cancels the old one. No answer: nothing.
 */
export function startsRecovery(setting: Setting, s: S, place: Place): Step<S>[] {
  if (s.row.state !== "CREATED" || s.row.unsent) return [];
  const at = s.row.attempt;
  const isKnowable = setting.rules.verifiesLost && !s.row.released;
  if (!isKnowable) return takesOver(setting, s, place, process("take over", at, true, { why: "next" }));
  if (setting.bounds.joined) return verifiesLost(setting, s, place, { at, fresh: true });
  const reads = new Change(setting, s).becomes(place, process("verify lost", at, true));
  return [reads.build(`initiator: reads that ${at} was not opened`)];
}

export function recoverySteps(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { at, fresh, why } = one;
  const goesTo = (pc: Process["pc"]) => process(pc, at, fresh, { why });
  switch (one.pc) {
    case "verify lost":
      return verifiesLost(setting, s, place, one);
    case "cancel lost":
      // Only without "the next attempt is written before the old one is cancelled".
      return cancels(setting, s, place, { at, next: goesTo("take over") });
    case "take over":
      return takesOver(setting, s, place, one);
    case "cancel left":
      return cancels(setting, s, place, { at: at - 1, next: goesTo("initialize") });
    default:
      return [];
  }
}

/** A verification that finds money records it. It may happen at any time. */
function verifiesLost(setting: Setting, s: S, place: Place, { at, fresh }: Pick<Process, "at" | "fresh">): Step<S>[] {
  const { rules } = setting;
  const tx = txAt(s, at);
  const steps: Step<S>[] = [];
  const goesOn = (label: string, why: "again" | "next") => {
    steps.push(...goesOnWith(setting, s, place, { label, one: process("take over", at, fresh, { why }) }));
  };
  if (!isBooked(tx)) goesOn(`Chapa does not know ${at}`, rules.unknownIsTriedAgain ? "again" : "next");
  else if (!isCaptured(tx)) goesOn(`Chapa knows ${at}`, rules.knownMovesOn ? "next" : "again");
  if (!rules.silenceSpendsNothing) goesOn(`gets no answer about ${at}`, "next");
  return steps;
}

/** Chapa refuses the reference as used. Whether it knows it or not, it is not tried again. */
export function refusedAsUsed(setting: Setting, s: S, place: Place, { at, fresh }: Process): Step<S>[] {
  const { rules } = setting;
  const tx = txAt(s, at);
  const movesOn = tx.link === "burnt" ? rules.burntMovesOn : rules.knownMovesOn;
  if (!fresh || isCaptured(tx) || !movesOn) return [];
  const one = process("take over", at, fresh, { why: "next" });
  return goesOnWith(setting, s, place, { label: `Chapa refuses ${at} as used before`, one });
}

type Found = { label: string; one: Process };

/**
 * The answer and the write that follows are one step where steps are joined: what Chapa does in between, it may as well do
 * after the write, and a row that changes in between refuses it.
 */
function goesOnWith(setting: Setting, s: S, place: Place, { label, one }: Found): Step<S>[] {
  const { rules } = setting;
  const cancelsFirst = one.why === "next" && !rules.writesBeforeCancel && isBooked(txAt(s, one.at));
  if (isJoined(setting) && !cancelsFirst) return takesOver(setting, s, place, one);
  const becomes = cancelsFirst ? process("cancel lost", one.at, one.fresh, { why: one.why }) : one;
  return [new Change(setting, s).becomes(place, becomes).build(`initiator: ${label}`)];
}

/** Without every condition on the version, an old copy of the row is written, so each step counts. */
function isJoined({ bounds, rules }: Setting): boolean {
  return bounds.joined && rules.unversioned.length === 0 && rules.answersStoredUrl;
}

function takesOver(setting: Setting, s: S, place: Place, { at, fresh, why }: Process): Step<S>[] {
  const next = why === "again" ? at : at + 1;
  if (next >= s.row.recs.length) return [];
  const cancelsOld = next > at && setting.rules.writesBeforeCancel && txAt(s, at).link === "open";
  const claim = { proof: "request", fresh, attempt: at, next } as const;
  const written = (pc: Process["pc"], isCancelled: boolean) => {
    const change = new Change(setting, s).becomes(place, process(pc, next, true));
    if (isCancelled) change.tx(at, { link: "closed" });
    if (!change.move("takeOver", claim, { attempt: next, unsent: false })) return [];
    const cancelled = isCancelled ? `, cancels ${at}` : "";
    return [
      change.build(`initiator: takeOver ${at}, ${next === at ? "tries it again" : `begins ${next}`}${cancelled}`),
    ];
  };
  if (!cancelsOld) return written("initialize", false);
  // Nobody was given that link, so where steps are joined its cancel is one with the write.
  if (!isJoined(setting)) return written("cancel left", false);
  const mayCancel = setting.bounds.chapa.cancels !== "never";
  return [...written("initialize", false), ...(mayCancel ? written("initialize", true) : [])];
}

/** One cancel of a checkout whose URL nobody can store any more, whatever Chapa answers. */
function cancels(
  { rules, bounds }: Setting,
  s: S,
  place: Place,
  { at, next }: { at: number; next: Process },
): Step<S>[] {
  const setting = { rules, bounds };
  const link = txAt(s, at).link === "open" ? "closed" : txAt(s, at).link;
  const steps: Step<S>[] = [];
  if (bounds.chapa.cancels !== "never") {
    const done = new Change(setting, s).tx(at, { link }).becomes(place, next);
    steps.push(done.build(`initiator: cancels ${at}, which nobody was given`));
  }
  const undone = new Change(setting, s).becomes(place, rules.lostCancelNeedsNoAnswer ? next : IDLE);
  steps.push(undone.build(`initiator: tries to cancel ${at}, which nobody was given`));
  return steps;
}
