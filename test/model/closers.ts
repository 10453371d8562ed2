import type { Step } from "./checker.ts";
import { Change, mayGoOn, type Place, type Setting } from "./effects.ts";
import { renewed } from "./initiators.ts";
import { left } from "./rules.ts";
import { IDLE, isCaptured, isSettled, type Process, type Purpose, process, type S, txAt } from "./state.ts";

/** Why initiators close an attempt, and why verifications and callers do. */
const PURPOSES: Record<Place["kind"], readonly Purpose[]> = {
  initiators: ["renew"],
  closers: ["fail", "expire", "cancel"],
};

/**
 * The steps of closing an attempt: verify (unpaid), cancel (definitive), verify again (unpaid), leave. The first verify is
 * one step with the read before it, because an attempt that is unpaid later was also unpaid at the read.
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
    if (isCaptured(tx) && rules.firstVerify) return [];
    const becomes = process(bounds.joined ? "cancel" : "verify first", row.attempt, true, { why });
    const does = bounds.joined ? "finds" : "reads";
    return [
      new Change(setting, s)
        .becomes(place, becomes)
        .build(`${nameOf(place)}: ${does} ${row.attempt} unpaid, to ${why}`),
    ];
  });
}

function cancels(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { rules } = setting;
  const { at, fresh, why } = one;
  const link = txAt(s, at).link === "open" ? "closed" : txAt(s, at).link;
  const blind = isCaptured(txAt(s, at));
  const then = rules.secondVerify
    ? process("verify again", at, fresh, { why })
    : process("leave", at, fresh, { why, blind });
  const steps: Step<S>[] = [];
  if (rules.cancels) {
    const done = new Change(setting, s).tx(at, { link }).becomes(place, mayGoOn(rules, one) ? then : IDLE);
    steps.push(done.build(`${nameOf(place)}: Chapa cancels ${at}`));
    const lost = new Change(setting, s).tx(at, { link }).becomes(place, IDLE);
    steps.push(lost.build(`${nameOf(place)}: Chapa cancels ${at}, the answer is lost`));
  }
  if (!rules.cancels || !rules.unclearIsNothing) {
    const undone = new Change(setting, s).becomes(place, then);
    steps.push(undone.build(`${nameOf(place)}: takes ${at} for cancelled`));
  }
  return steps;
}

function verifies(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { at, fresh, why } = one;
  // A verification records money that this step finds. It may happen at any time.
  const isPaid = isCaptured(txAt(s, at));
  const steps: Step<S>[] = [];
  if (!isPaid) {
    const sure = new Change(setting, s).becomes(place, process("leave", at, fresh, { why }));
    steps.push(sure.build(`${nameOf(place)}: finds ${at} unpaid again`));
  }
  if (isPaid && !setting.rules.silenceIsNothing) {
    const deaf = new Change(setting, s).becomes(place, process("leave", at, fresh, { why, blind: true }));
    steps.push(deaf.build(`${nameOf(place)}: gets no answer about ${at}, takes it for unpaid`));
  }
  return steps;
}

function leaves(setting: Setting, s: S, place: Place, one: Process): Step<S>[] {
  const { at, fresh, why } = one;
  if (why === "renew") return renewed(setting, s, place, one);
  if (why !== "fail" && why !== "expire" && why !== "cancel") return [];
  const change = new Change(setting, s).becomes(place, IDLE);
  const claim = { proof: "closing_evidence", fresh, attempt: at } as const;
  const recs = left(setting.rules, s.row, at);
  return change.move(why, claim, { recs, unsent: false }) ? [change.build(`${nameOf(place)}: ${why} ${at}`)] : [];
}

/** A verification that finds one checkout of a settled payment unpaid, and finalises. */
export function finalisingSteps(setting: Setting, s: S, index: number): Step<S>[] {
  const one = s.closers[index];
  const place: Place = { kind: "closers", index };
  const { row } = s;
  if (one?.pc === "idle" && isSettled(row) && !row.finalised) {
    return row.recs.flatMap((rec, at) => {
      const isVerified = rec === "closed" || rec === "verified" || rec === "done" || at === row.attempt;
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
