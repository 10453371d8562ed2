import type { Step } from "./checker.ts";
import { Change, type Setting } from "./effects.ts";
import { isLost, noted } from "./rules.ts";
import { isPayable, isSettled, put, type Reading, type Rec, type S, type Tx, txAt } from "./state.ts";

/** The steps of payers, Chapa, requests and the listing service. They may happen at any time. */
export function outsideSteps(setting: Setting, s: S): Step<S>[] {
  return [
    ...requestSteps(setting, s),
    ...timeSteps(setting, s),
    ...s.chapa.flatMap((tx, at) => [
      ...moneySteps(setting, s, tx, at),
      ...bookingSteps(setting, s, tx, at),
      ...personSteps(setting, s, tx, at),
    ]),
  ];
}

/** Only where time is a part of the state: the times that its lapse waits for, and a moment of odd answers. */
function timeSteps(setting: Setting, s: S): Step<S>[] {
  if (!setting.bounds.timed) return [];
  const { row, world } = s;
  const change = () => new Change(setting, s);
  const steps = s.chapa.flatMap((tx, at) =>
    row.recs[at] === "open" && !tx.late
      ? [change().tx(at, { late: true }).build(`the window and the lapse of ${at} are over`)]
      : [],
  );
  if (setting.bounds.chapa.words && world.odd === "") {
    steps.push(change().world({ odd: "now" }).build("Chapa: gives odd answers for a moment"));
  }
  if (row.readings.includes("recent") || world.odd === "now") {
    const readings = row.readings.map((reading): Reading => (reading === "recent" ? "old" : reading));
    const odd = world.odd === "now" ? "over" : world.odd;
    steps.push(
      change()
        .row({ ...row, readings })
        .world({ odd })
        .build("ten minutes pass"),
    );
  }
  return steps;
}

function bookingSteps(setting: Setting, s: S, tx: Tx, at: number): Step<S>[] {
  if (!tx.coming || tx.link !== "absent") return [];
  return [new Change(setting, s).tx(at, { link: "open", coming: false }).build(`Chapa: opens ${at} late`)];
}

/** A person is called about an attempt that cannot be left, and lets the payment go on. */
function personSteps(setting: Setting, s: S, tx: Tx, at: number): Step<S>[] {
  if (!setting.bounds.persons) return [];
  const { row } = s;
  const steps: Step<S>[] = [];
  if ((row.recs[at] === "open" && tx.late) || isLost(row, at)) {
    const change = new Change(setting, s);
    const claim = { proof: "fact_or_condition", fresh: true, attempt: at, about: "stuck" } as const;
    if (change.move("flag", claim, { stuck: put(row.stuck, at, "open") }))
      steps.push(change.build(`stuck: flag ${at}`));
  }
  if (at === 0) {
    const change = new Change(setting, s);
    const recs = row.recs.map((rec): Rec => (rec === "open" ? "lapsed" : rec));
    const claim = { proof: "persons_word", fresh: true, attempt: row.attempt } as const;
    if (change.move("release", claim, { recs, released: row.state === "CREATED" }))
      steps.push(change.build("person: release"));
  }
  return steps;
}

/** A request is recorded once. One that began before the payment was settled may be recorded after it, as old. */
function requestSteps(setting: Setting, s: S): Step<S>[] {
  const at = s.world.requests.indexOf("none");
  if (at < 0) return [];
  return (["new", "old"] as const).flatMap((request) => {
    if (request === "old" && !isSettled(s.row)) return [];
    const requests = s.world.requests.map((known, index) => (index === at ? request : known));
    return [new Change(setting, s).world({ requests }).build(`a ${request} request is recorded`)];
  });
}

function moneySteps(setting: Setting, s: S, tx: Tx, at: number): Step<S>[] {
  const step = (changes: Partial<Tx>, label: string) => new Change(setting, s).tx(at, changes).build(label);
  const steps: Step<S>[] = [];
  if (isPayable(tx) && tx.money === "") steps.push(step({ money: "flying" }, `payer: begins to pay ${at}`));
  if (tx.link === "open" && tx.given) steps.push(step({ link: "closed" }, `Chapa: ends ${at} by itself`));
  if (tx.money === "flying") {
    steps.push(
      step({ money: "paid" }, `Chapa: captures ${at}`),
      step({ money: "" }, `Chapa: the payment of ${at} fails`),
    );
    const known = s.chapa.filter(({ money }) => money === "wrong").length;
    if (known < setting.bounds.wrong) steps.push(step({ money: "wrong" }, `Chapa: captures ${at}, not as agreed`));
  }
  return steps;
}

/**
 * The listing service accepts the first final status. A success stays a success, so its delivery needs no state. A FAILED
 * may be overtaken while it is under way.
 */
export function listingSteps(setting: Setting, s: S): Step<S>[] {
  const { rules } = setting;
  const { row, world } = s;
  const steps: Step<S>[] = [];
  const change = () => new Change(setting, s);
  const mayDeliverFailed = isSettled(row) && (row.finalised || !rules.tellsFinalisedOnly);
  if (mayDeliverFailed && !world.sending && world.delivered === "") {
    steps.push(change().world({ sending: true }).build("listing: FAILED leaves"));
  }
  if (world.sending) {
    const delivered = world.delivered === "" ? "FAILED" : world.delivered;
    steps.push(change().world({ sending: false, delivered }).build("listing: FAILED arrives"));
    steps.push(change().world({ sending: false }).build("listing: FAILED is lost"));
  }
  if (row.state === "SUCCESS" && row.listing === "") {
    const isNote = (step: Step<S>) => step.name === undefined && step.to.row !== row;
    // If steps are not joined, a separate invocation writes the note.
    steps.push(...successSteps(setting, s).filter((step) => setting.bounds.joined || !isNote(step)));
  }
  return steps;
}

export function successSteps(setting: Setting, s: S): Step<S>[] {
  const { rules } = setting;
  const { row, world } = s;
  const acknowledged = () =>
    new Change(setting, s).row(noted(rules, row, { listing: "acknowledged" })).build("listing: has heard SUCCESS");
  switch (world.delivered) {
    case "": {
      const delivered = new Change(setting, s).world({ delivered: "SUCCESS" }).build("listing: SUCCESS arrives");
      // Without an answer, a sent message counts as acknowledged.
      return rules.listingIsAsked ? [delivered] : [delivered, acknowledged()];
    }
    case "SUCCESS":
      return [acknowledged()];
    case "FAILED": {
      const change = new Change(setting, s);
      const claim = { proof: "fact_or_condition", fresh: true, attempt: row.attempt, about: "listing" } as const;
      return change.move("flag", claim, { listing: "flagged" }) ? [change.build("listing: flag")] : [];
    }
  }
}

/** The attempts with a capture that the row does not have. */
export function unaccounted(s: S): number[] {
  return s.chapa.flatMap((_, at) => {
    const { money } = txAt(s, at);
    const rec = s.row.recs[at];
    const isThere = money === "paid" || money === "wrong";
    return isThere && rec !== "paid" && rec !== "review" ? [at] : [];
  });
}
