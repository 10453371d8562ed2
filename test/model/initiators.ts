import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { recoverySteps, refusedAsUsed, startsRecovery } from "./lost-attempts.ts";
import { isRecorded, left, noted } from "./rules.ts";
import { IDLE, isBooked, type Process, process, type Request, type S, txAt } from "./state.ts";

/**
 * All next steps of an invocation of initiate. A conditional write is one step with the read of its version: in between,
 * the invocation has no effect, and if another one changes the row, the write has none.
 */
export function initiatorSteps(setting: Setting, s: S, index: number): Step<S>[] {
  const one = s.initiators[index];
  const place: Place = { kind: "initiators", index };
  switch (one?.pc) {
    case "idle":
      return [...begins(setting, s, place), ...beginsUnrecorded(setting, s, place)];
    case "claimed":
      return [...discards(setting, s, place), ...initializes(setting, s, place)];
    case "initialize":
      return initializes(setting, s, place);
    case "save":
      return saves(setting, s, place);
    case "saved, no answer": {
      // The table compares what is there, and the flow asks whether the opening is stored.
      const becomes = setting.rules.comparesOldItem ? IDLE : process("hygiene", one.at, one.fresh);
      return [new Change(setting, s).becomes(place, becomes).build(`initiator: compares what is there (${one.at})`)];
    }
    case "hygiene": {
      const change = new Change(setting, s).becomes(place, IDLE);
      // A checkout whose opening is stored has been given to callers.
      const isStored = setting.rules.comparesOldItem && s.row.recs[one.at] !== "";
      if (!isStored && !isRecorded(s.row, one.at))
        change.tx(one.at, { link: txAt(s, one.at).link === "open" ? "closed" : txAt(s, one.at).link });
      return [change.build(`initiator: cancels ${one.at}, which nobody was given`)];
    }
    case "reject": {
      const change = new Change(setting, s).becomes(place, IDLE);
      const claim = { proof: "data_refused", fresh: one.fresh, attempt: one.at } as const;
      return change.move("reject", claim, {}) ? [change.build(`initiator: reject ${one.at}`)] : [];
    }
    case "write":
      return begin(setting, s, place, { ...one, why: one.why === "reopen" ? "reopen" : "takeOver" });
    default:
      return one ? recoverySteps(setting, s, place, one) : [];
  }
}

function begins(setting: Setting, s: S, place: Place): Step<S>[] {
  const { rules } = setting;
  const claim = new Change(setting, s).becomes(place, process("claimed", 0, true));
  if (rules.recordsFirst && claim.move("claim", { proof: "request", fresh: true, attempt: 0 }, { attempt: 0 })) {
    return [claim.build("initiator: claim")];
  }
  const steps = startsRecovery(setting, s, place);
  for (const move of ["takeOver", "reopen"] as const) {
    if (move === "takeOver" && !s.row.unsent) continue;
    const begun = begin(setting, s, place, { why: move, at: s.row.attempt, fresh: true });
    const isJoined = setting.bounds.joined && !rules.unversioned.includes(move);
    if (begun.length === 0 || isJoined) steps.push(...begun);
    else {
      const reads = new Change(setting, s).becomes(place, process("write", s.row.attempt, true, { why: move }));
      steps.push(reads.build(`initiator: reads, to ${move}`));
    }
  }
  return steps;
}

type Begun = { why: "takeOver" | "reopen"; at: number; fresh: boolean };

/** Reopens, or takes over an attempt of which nothing was sent. `at` is the attempt that was read. */
function begin(setting: Setting, s: S, place: Place, { why: move, at, fresh }: Begun) {
  const next = move === "takeOver" ? at : at + 1;
  // A replay counts as a new request, except for reopening.
  const request: Request = s.world.requests.includes("new") ? "new" : "old";
  const change = new Change(setting, s).becomes(place, process("initialize", next, true));
  const claim = { proof: "request", fresh, attempt: at, next, request } as const;
  if (next >= s.row.recs.length || !change.move(move, claim, { attempt: next, unsent: false })) return [];
  return [change.build(`initiator: ${move} ${at}, with a ${request} request`)];
}

/** Only without "record before effect": initializes a checkout that has no row. */
function beginsUnrecorded(setting: Setting, s: S, place: Place): Step<S>[] {
  if (setting.rules.recordsFirst || s.row.state !== "none") return [];
  const change = new Change(setting, s).becomes(place, process("claimed", 0, true));
  return [change.build("initiator: begins without a row")];
}

/** The rate limiter has refused a new request. Its claim is deleted if it is unchanged. */
function discards(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s.initiators[place.index];
  if (!one?.fresh && setting.rules.discardsOnlyItsOwn) return [];
  const recs = s.row.recs.map(() => "" as const);
  const row = {
    ...s.row,
    state: "none",
    attempt: 0,
    recs,
    unsent: false,
    released: false,
    finalised: false,
    due: false,
  } as const;
  const known = s.world.requests.indexOf("new");
  const requests = s.world.requests.map((request, at) => (at === known ? "none" : request));
  return [
    new Change(setting, s)
      .row({ ...row, listing: "" }, true)
      .world({ requests })
      .becomes(place, IDLE)
      .build("initiator: refused by the limiter, discards its claim"),
  ];
}

function initializes(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s.initiators[place.index];
  if (!one) return [];
  const { at, fresh } = one;
  const change = () => new Change(setting, s);
  const steps: Step<S>[] = [];
  const { chapa } = setting.bounds;
  const tx = txAt(s, at);
  if (tx.link === "absent") {
    const open = change().tx(at, { link: "open", coming: false });
    steps.push(open.becomes(place, process("save", at, fresh)).build(`initiator: Chapa opens ${at}`));
    const lost = change().tx(at, { link: "open", coming: false });
    steps.push(lost.becomes(place, IDLE).build(`initiator: Chapa opens ${at}, the answer is lost`));
    if (fresh) {
      const refused = change().becomes(place, process("reject", at, fresh));
      steps.push(refused.build(`initiator: Chapa refuses the data of ${at}`));
    }
    if (!tx.coming && s.chapa.filter(({ coming }) => coming).length < chapa.late) {
      const late = change().tx(at, { coming: true }).becomes(place, IDLE);
      steps.push(late.build(`initiator: the call that opens ${at} is under way when its caller gives up`));
    }
    if (s.chapa.filter(({ link }) => link === "burnt").length < chapa.burnt) {
      const burnt = change().tx(at, { link: "burnt", coming: false }).becomes(place, IDLE);
      steps.push(burnt.build(`initiator: Chapa burns ${at}, the answer is lost`));
    }
  } else steps.push(...refusedAsUsed(setting, s, place, one));
  if (fresh && s.row.state === "CREATED" && !isBooked(tx)) {
    const unsent = change().row(noted(setting.rules, s.row, { unsent: true, released: false }));
    steps.push(unsent.becomes(place, IDLE).build(`initiator: nothing was sent for ${at}`));
  }
  return steps;
}

function saves(setting: Setting, s: S, place: Place): Step<S>[] {
  const { rules } = setting;
  const one = s.initiators[place.index];
  if (!one) return [];
  const { at, fresh } = one;
  const steps: Step<S>[] = [];
  const claim = { proof: "checkout_opened", fresh, attempt: at } as const;
  const recs = s.row.recs.map((rec, index) => (index === at ? "open" : rec));
  for (const becomes of [IDLE, process("saved, no answer", at, true)]) {
    const change = new Change(setting, s).tx(at, { given: true }).becomes(place, becomes);
    const said = becomes === IDLE ? "" : ", the answer is lost";
    if (change.move("open", claim, { recs, unsent: false })) steps.push(change.build(`initiator: open ${at}${said}`));
  }
  if (!fresh && !setting.bounds.joined) {
    const overtaken = new Change(setting, s).becomes(place, process("hygiene", at, fresh));
    steps.push(overtaken.build(`initiator: has been overtaken, keeps nothing of ${at}`));
  }
  if (!fresh && !rules.answersStoredUrl) {
    const own = new Change(setting, s).tx(at, { given: true }).becomes(place, IDLE);
    steps.push(own.build(`initiator: answers with its own URL of ${at}`));
  }
  return steps;
}

/** A renewal begins its next attempt at once. It needs evidence unless a rule was removed. */
export function renewed(setting: Setting, s: S, place: Place, { at, fresh, by }: Process): Step<S>[] {
  const next = at + 1;
  if (next >= s.row.recs.length) return [];
  const change = new Change(setting, s).becomes(place, process("initialize", next, true));
  const claim = { proof: "closing_evidence", fresh, attempt: at, next, by, late: txAt(s, at).late } as const;
  const changes = { attempt: next, recs: left(setting.rules, s.row, at, by), unsent: false };
  const isMade = change.move("renew", claim, changes);
  return isMade ? [change.build(`initiator: renew ${at}${by === "lapse" ? ", which lapses" : ""}`)] : [];
}
