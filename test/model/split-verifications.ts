import type { Step } from "./checker.ts";
import { Change, type Place, type Setting } from "./effects.ts";
import { isDue, isRecorded } from "./rules.ts";
import { IDLE, isCaptured, process, put, type Rec, type Row, type S, txAt } from "./state.ts";
import { ends, takesMoneyIn } from "./verifications.ts";

/**
 * Verifications as they really run: each read, question and write is a step of its own. A note is written if no
 * transition happened in between. It sets whole attributes from what was read, so it may undo another note.
 */
export function splitVerificationSteps(setting: Setting, s: S, place: Place): Step<S>[] {
  const one = s[place.kind][place.index];
  const change = () => new Change(setting, s);
  switch (one?.pc) {
    case "idle":
      return s.row.recs
        .flatMap((_, at) => beginsVerification(setting, s, place, at))
        .concat(acknowledges(setting, s, place));
    case "account":
      return takesMoneyIn(setting, s, one.at, place);
    case "end link": {
      const link = txAt(s, one.at).link === "open" ? "closed" : txAt(s, one.at).link;
      const becomes = process("end", one.at, false);
      return [
        change()
          .tx(one.at, { link })
          .becomes(place, becomes)
          .build(`verify: Chapa cancels ${one.at} beside the paid one`),
        change().tx(one.at, { link }).becomes(place, IDLE).build(`verify: the same, the answer is lost`),
      ];
    }
    case "end":
      // The row is read again for this write, and as often as it has changed.
      return ends(setting, s, one.at, { by: "closed", place });
    case "note":
      if (!one.fresh) return [];
      return [
        change()
          .row({ ...s.row, ...one.writes })
          .becomes(place, IDLE)
          .build(`verify: notes what follows for ${one.at}`),
      ];
    default:
      return [];
  }
}

function beginsVerification(setting: Setting, s: S, place: Place, at: number): Step<S>[] {
  const { row } = s;
  const rec = row.recs[at];
  const becomes = (next: ReturnType<typeof process>, label: string) =>
    new Change(setting, s).becomes(place, next).build(`verify: ${label}`);
  if (isCaptured(txAt(s, at))) {
    return at > row.attempt || isRecorded(row, at) ? [] : [becomes(process("account", at, false), `finds ${at} paid`)];
  }
  if (rec !== "open" && rec !== "closed" && rec !== "verified") return [];
  const note = process("note", at, true, {
    writes: noteOf(setting, row, { recs: put<Rec>(row.recs, at, afterVerification(s, at)) }),
  });
  const steps = [becomes(note, `finds ${at} unpaid`)];
  if (row.state === "SUCCESS" && rec === "open") {
    steps.push(becomes(process("end link", at, false), `will end ${at} beside the paid one`));
  }
  return steps;
}

/** The last verification happens after all payments under way have arrived. */
function afterVerification({ row, chapa }: S, at: number): Rec {
  const rec = row.recs[at] ?? "";
  if (rec === "closed") return "verified";
  return rec === "verified" && chapa[at]?.money === "" ? "done" : rec;
}

function acknowledges(setting: Setting, s: S, place: Place): Step<S>[] {
  const { row, world } = s;
  if (row.state !== "SUCCESS" || row.listing !== "" || world.delivered !== "SUCCESS") return [];
  const note = process("note", row.attempt, true, { writes: noteOf(setting, row, { listing: "acknowledged" }) });
  return [new Change(setting, s).becomes(place, note).build("listing: answers that it has SUCCESS")];
}

function noteOf({ rules }: Setting, row: Row, changes: Partial<Row>): Partial<Row> {
  const due = isDue(rules, { ...row, ...changes });
  return row.due || due ? { ...changes, due } : changes;
}
