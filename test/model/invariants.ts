import type { Invariant } from "./checker.ts";
import type { Setting } from "./effects.ts";
import { unaccounted } from "./outside.ts";
import { pressed, swept } from "./recovery.ts";
import { isBooked, isCaptured, isPayable, isSettled, type Row, type S, txAt } from "./state.ts";

export const INVARIANT_NAMES = [
  "one live checkout",
  "record before effect",
  "success has its money",
  "success never goes back",
  "nothing is left over a capture",
  "what was left cannot be paid",
  "told FAILED, nothing can be paid",
  "finalised over no money that had landed",
  "finalised stays finalised",
  "a replay never reopens",
  "a URL that is given is stored",
  "a stored link is ended by a closing only",
  "where Chapa cancels, nothing payable lapses",
  "nothing lapses in its window",
  "an outage costs no attempt",
  "every capture is accounted for",
  "the listing hears of a success",
  "beside a paid link nothing stays payable",
  "nobody is stuck",
] as const;
export type InvariantName = (typeof INVARIANT_NAMES)[number];

type Named = Invariant<S> & { name: InvariantName };

/**
 * The invariants of the protocol over this model. The last four are about the end: from every reachable state, all
 * running invocations die and everything works from then on. What follows is determined, so the check of each state is
 * exact. It depends only on the row, Chapa and the world.
 */
export function invariantsOf(setting: Setting): Named[] {
  return [...stateInvariants(setting), ...stepInvariants(), ...endInvariants(setting)];
}

const PARTS = ["row", "chapa", "world"] as const;

function stateInvariants({ bounds }: Setting): Named[] {
  return [
    {
      name: "one live checkout",
      of: PARTS,
      state: ({ row, chapa }) => {
        const live = chapa.flatMap((tx, at) => (isPayable(tx) && row.recs[at] !== "lapsed" ? [at] : []));
        return live.length > 1 && !chapa.some(isCaptured) ? `${live.join(" and ")} can both be paid` : undefined;
      },
    },
    {
      name: "record before effect",
      of: PARTS,
      state: ({ row, chapa }) => {
        const stray = chapa.findIndex((tx, at) => isBooked(tx) && (row.state === "none" || at > row.attempt));
        return stray >= 0 ? `Chapa has ${stray}, and no row says so` : undefined;
      },
    },
    {
      name: "success has its money",
      of: PARTS,
      state: ({ row, chapa }) => {
        if (row.state !== "SUCCESS") return undefined;
        return chapa.some(({ money }) => money === "paid") ? undefined : "SUCCESS, and nothing was paid as agreed";
      },
    },
    {
      name: "what was left cannot be paid",
      of: PARTS,
      state: ({ row, chapa }) => {
        if (!isSettled(row) && row.state !== "CREATED") return undefined;
        const live = chapa.findIndex((tx, at) => isPayable(tx) && row.recs[at] !== "lapsed");
        return live >= 0 ? `${row.state}, and ${live} can be paid` : undefined;
      },
    },
    {
      name: "told FAILED, nothing can be paid",
      of: PARTS,
      state: ({ row, chapa, world }) => {
        const live = chapa.findIndex(isPayable);
        return world.delivered === "FAILED" && row.state !== "SUCCESS" && live >= 0 ? `${live} can be paid` : undefined;
      },
    },
    {
      name: "a URL that is given is stored",
      of: PARTS,
      state: ({ row, chapa }) => {
        const stray = chapa.findIndex((tx, at) => tx.given && row.recs[at] === "");
        return stray >= 0 ? `somebody holds the link of ${stray}, and no row says so` : undefined;
      },
    },
    {
      name: "where Chapa cancels, nothing payable lapses",
      of: PARTS,
      state: ({ row, chapa }) => {
        if (bounds.chapa.cancels !== "always" || bounds.persons) return undefined;
        const lapsed = chapa.findIndex((tx, at) => isPayable(tx) && row.recs[at] === "lapsed");
        return lapsed >= 0 ? `${lapsed} lapsed and can be paid` : undefined;
      },
    },
  ];
}

function stepInvariants(): Named[] {
  return [
    {
      name: "success never goes back",
      step: ({ row }, { to }) =>
        row.state === "SUCCESS" && to.row.state !== "SUCCESS" ? `SUCCESS became ${to.row.state}` : undefined,
    },
    {
      name: "nothing is left over a capture",
      step: (from, { to }) => {
        if (!isLeaving(from.row, to.row)) return undefined;
        const before = [...from.initiators, ...from.closers];
        const after = [...to.initiators, ...to.closers];
        const blind = (list: typeof before) => list.filter((one) => one.pc === "leave" && one.blind).length;
        return blind(before) > blind(after) ? "left, though it was paid before that was concluded" : undefined;
      },
    },
    {
      name: "finalised over no money that had landed",
      step: (from, { to }) => {
        if (from.row.finalised || !to.row.finalised) return undefined;
        // Only money that arrives before the first verification after the closing can be known in time.
        const found = unaccounted(to).find((at) => to.row.recs[at] === "closed" || to.row.recs[at] === "open");
        return found === undefined ? undefined : `${found} was paid, and nobody looked after it was left`;
      },
    },
    {
      name: "finalised stays finalised",
      step: ({ row }, { to }) => {
        if (!row.finalised) return undefined;
        if (!to.row.finalised) return "it is not finalised any more";
        return to.row.attempt > row.attempt ? "a new attempt after it" : undefined;
      },
    },
    {
      name: "a replay never reopens",
      step: ({ row, world }, { to }) =>
        isSettled(row) && to.row.state === "CREATED" && !world.requests.includes("new")
          ? "every request was recorded before the settling"
          : undefined,
    },
    {
      name: "a stored link is ended by a closing only",
      step: ({ row, chapa }, { label, to }) => {
        if (row.state !== "PENDING" || !label.includes("which nobody was given")) return undefined;
        const isEnded = isPayable(chapa[row.attempt]) && !isPayable(txAt(to, row.attempt));
        return isEnded ? `the payer holds the link of ${row.attempt}` : undefined;
      },
    },
    {
      name: "nothing lapses in its window",
      step: ({ row, chapa }, { to }) => {
        const early = to.row.recs.findIndex((rec, at) => rec === "lapsed" && row.recs[at] !== rec && !chapa[at]?.late);
        return early >= 0 ? `the window of ${early} is not over` : undefined;
      },
    },
    {
      name: "an outage costs no attempt",
      step: ({ row, chapa }, { name, to }) =>
        name === "takeOver" && !row.released && to.row.attempt > row.attempt && chapa[row.attempt]?.link === "absent"
          ? `Chapa has booked nothing under ${row.attempt}`
          : undefined,
    },
  ];
}

function isLeaving(from: Row, to: Row): boolean {
  return from !== to && (isSettled(to) || to.state === "CREATED");
}

function endInvariants(setting: Setting): Named[] {
  const { bounds } = setting;
  return [
    {
      name: "every capture is accounted for",
      of: PARTS,
      state: (state) => {
        const end = swept(setting, state);
        // A person was called about words that may mean money.
        const lost = unaccounted(end).filter((at) => end.row.unclear[at] !== "open");
        return lost.length > 0 ? `the sweep ends in ${end.row.state} and never finds ${lost.join(", ")}` : undefined;
      },
    },
    {
      name: "the listing hears of a success",
      of: PARTS,
      state: (state) => {
        const { row, world } = swept(setting, state);
        if (row.state !== "SUCCESS" || row.listing === "flagged") return undefined;
        return world.delivered === "SUCCESS" && row.listing === "acknowledged"
          ? undefined
          : `it was told ${world.delivered || "nothing"}`;
      },
    },
    {
      name: "beside a paid link nothing stays payable",
      of: PARTS,
      state: (state) => {
        const { row, chapa } = swept(setting, state);
        const isRefused = bounds.chapa.cancels === "never";
        const live = chapa.findIndex((tx, at) => isPayable(tx) && !(isRefused && row.recs[at] === "lapsed"));
        return row.state === "SUCCESS" && live >= 0 ? `${live} stays payable` : undefined;
      },
    },
    {
      name: "nobody is stuck",
      of: PARTS,
      state: (state) => (pressed(setting, state) === "stuck" ? "a client asks for ever" : undefined),
    },
  ];
}
