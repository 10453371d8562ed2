import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { takesMoneyIn } from "./looks.ts";
import { isDue, isRecorded, left } from "./rules.ts";
import { IDLE, isCaptured, process, put, type Rec, type Row, type S, txAt } from "./state.ts";

/**
 * Looks as they really run, each read, question and write a step of its own. A note is written if no move came in
 * between; it sets whole attributes as they follow from what was read, so it undoes what another note has set.
 */
export function splitLookSteps(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s[place.kind][place.index];
  const change = () => new Change(setting, s);
  switch (one?.pc) {
    case "idle":
      return s.row.recs.flatMap((_, at) => beginsLook(setting, s, place, at)).concat(hears(setting, s, place));
    case "account":
      return takesMoneyIn(setting, s, one.at, place);
    case "end link": {
      const link = txAt(s, one.at).link === "open" ? "closed" : txAt(s, one.at).link;
      const becomes = process("note", one.at, one.fresh, { writes: one.writes });
      return [
        change()
          .tx(one.at, { link })
          .becomes(place, becomes)
          .build(`look: Chapa cancels ${one.at} beside the paid one`),
        change().tx(one.at, { link }).becomes(place, IDLE).build(`look: the same, the answer is lost`),
      ];
    }
    case "note":
      if (!one.fresh) return [];
      return [
        change()
          .row({ ...s.row, ...one.writes })
          .becomes(place, IDLE)
          .build(`look: notes what follows for ${one.at}`),
      ];
    default:
      return [];
  }
}

function beginsLook(setting: Setting, s: S, place: Place, at: number): Step<S>[] {
  const { row } = s;
  const rec = row.recs[at];
  const becomes = (next: ReturnType<typeof process>, label: string) =>
    new Change(setting, s).becomes(place, next).build(`look: ${label}`);
  if (isCaptured(txAt(s, at))) {
    return at > row.attempt || isRecorded(row, at) ? [] : [becomes(process("account", at, false), `finds ${at} paid`)];
  }
  if (rec !== "open" && rec !== "closed" && rec !== "looked") return [];
  const note = process("note", at, true, {
    writes: noteOf(setting, row, { recs: put<Rec>(row.recs, at, afterLook(s, at)) }),
  });
  const steps = [becomes(note, `finds ${at} unpaid`)];
  if (row.state === "SUCCESS" && rec === "open") {
    const writes = noteOf(setting, row, { recs: left(setting.rules, row, at) });
    steps.push(becomes(process("end link", at, true, { writes }), `will end ${at} beside the paid one`));
  }
  return steps;
}

/** The last look comes when whatever was under way has landed. */
function afterLook({ row, chapa }: S, at: number): Rec {
  const rec = row.recs[at] ?? "";
  if (rec === "closed") return "looked";
  return rec === "looked" && chapa[at]?.money === "" ? "done" : rec;
}

function hears(setting: Setting, s: S, place: Place): Step<S>[] {
  const { row, world } = s;
  if (row.state !== "SUCCESS" || row.listing !== "" || world.told !== "SUCCESS") return [];
  const note = process("note", row.attempt, true, { writes: noteOf(setting, row, { listing: "acknowledged" }) });
  return [new Change(setting, s).becomes(place, note).build("listing: answers that it has SUCCESS")];
}

function noteOf({ rules }: Setting, row: Row, changes: Partial<Row>): Partial<Row> {
  const due = isDue(rules, { ...row, ...changes });
  return row.due || due ? { ...changes, due } : changes;
}
