import { Command } from "../../commands/command.ts";
import { flag, text } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
import { ABLATION_BOUNDS, ABLATIONS, type Ablation, rulesWithout } from "./ablations.ts";
import { check, type Report } from "./checker.ts";
import { CONFIGURATIONS, type Configuration, STATE_LIMIT } from "./configurations.ts";
import { LEFT_OUT, MODELLED, protocol } from "./protocol.ts";
import { type Books, refundModel } from "./refunds.ts";
import {
  REFUND_ABLATIONS,
  REFUND_CONFIGURATIONS,
  type RefundAblation,
  type RefundConfiguration,
} from "./refunds-ablations.ts";
import { BASE } from "./rules.ts";
import { searchWithout } from "./search-refunds.ts";
import { type Line, lineModel } from "./serials.ts";
import {
  LINE_ABLATION_BOUNDS,
  LINE_ABLATIONS,
  LINES,
  type LineAblation,
  type LineConfiguration,
  lineRulesWithout,
} from "./serials-ablations.ts";
import type { S } from "./state.ts";

const command = new Command({
  name: "npm run model",
  summary: "Searches every state of the protocol, and shows which invariant breaks when a rule is removed.",
  duration: "5 minutes; a minute with --quick",
  options: {
    quick: flag("leaves out the large configurations"),
    trace: text("prints the shortest history without the rules whose name contains this", "NAME"),
  },
  examples: {
    "npm run model -- --quick": "before a change of the protocol is merged",
    "npm run model -- --trace finalised": "prints what happens without a rule",
  },
});
const values = command.read();
const progress = new Progress();
const say = (text: string) => progress.print(text);
const fail = () => {
  process.exitCode = 1;
};

/** Searches the whole protocol, with every rule. @returns the names of the transitions that were made */
function searchAll(): Set<string> {
  const made = new Set<string>();
  say(
    `${"configuration".padEnd(36)}${["actors", "states", "transitions", "depth"].map(right).join("")}  complete  errors`,
  );
  for (const configuration of CONFIGURATIONS.filter(({ isQuick }) => isQuick || !values.quick)) {
    const { name, bounds, policy } = configuration;
    progress.show(`searching: ${name}`);
    const report = check(protocol(bounds, { ...BASE, ...policy }), STATE_LIMIT, (_from, { name: transition }) => {
      if (transition) made.add(transition);
    });
    const actors = `${bounds.initiators}+${bounds.closers}+${bounds.requests}`;
    const figures = [actors, report.states, report.transitions, report.depth].map((figure) => right(number(figure)));
    const errors = report.counterexample ? 1 : 0;
    say(`${name.padEnd(36)}${figures.join("")}  ${(report.complete ? "yes" : "NO").padEnd(8)}  ${errors}`);
    if (!report.complete) fail();
    explain(report, configuration);
  }
  return made;
}

/** The payments of one fee, one after the other. */
function searchLines(): void {
  for (const configuration of LINES.filter(({ isQuick }) => isQuick || !values.quick)) {
    const { name, bounds } = configuration;
    progress.show(`searching: ${name}`);
    const report = check(lineModel(bounds), STATE_LIMIT);
    const actors = `${bounds.presses}+0+1`;
    const figures = [actors, report.states, report.transitions, report.depth].map((figure) => right(number(figure)));
    const errors = report.counterexample ? 1 : 0;
    say(`${name.padEnd(36)}${figures.join("")}  ${(report.complete ? "yes" : "NO").padEnd(8)}  ${errors}`);
    if (!report.complete) fail();
    explain(report, configuration);
  }
}

/** The refunds of one capture, and the people who decide about it. */
function searchRefunds(): void {
  for (const configuration of REFUND_CONFIGURATIONS.filter(({ isQuick }) => isQuick || !values.quick)) {
    const { name, bounds } = configuration;
    progress.show(`searching: ${name}`);
    const report = check(refundModel(bounds), STATE_LIMIT);
    const actors = `${bounds.people}+${bounds.verifiers}+${bounds.refunds}`;
    const figures = [actors, report.states, report.transitions, report.depth].map((figure) => right(number(figure)));
    const errors = report.counterexample ? 1 : 0;
    say(`${name.padEnd(46)}${figures.join("")}  ${(report.complete ? "yes" : "NO").padEnd(8)}  ${errors}`);
    if (!report.complete) fail();
    explain(report, configuration);
  }
}

function explain(
  { counterexample }: Report<S> | Report<Line> | Report<Books>,
  { name }: Configuration | LineConfiguration | RefundConfiguration,
): void {
  if (!counterexample) return;
  say(`\n${name}: "${counterexample.invariant}" is broken: ${counterexample.fault}`);
  for (const [at, label] of counterexample.path.entries()) say(`  ${String(at + 1).padStart(2)}. ${label}`);
}

function ablate(ablation: Ablation): Report<S> {
  progress.show(`without: ${ablation.name}`);
  const model = protocol({ ...ABLATION_BOUNDS, ...ablation.bounds }, rulesWithout(ablation));
  const invariants =
    "breaks" in ablation ? model.invariants.filter(({ name }) => name === ablation.breaks) : model.invariants;
  return check({ ...model, invariants }, STATE_LIMIT);
}

function ablateLine(ablation: LineAblation): Report<Line> {
  progress.show(`without: ${ablation.name}`);
  const model = lineModel(ablation.bounds ?? LINE_ABLATION_BOUNDS, lineRulesWithout(ablation));
  const invariants =
    "breaks" in ablation ? model.invariants.filter(({ name }) => name === ablation.breaks) : model.invariants;
  return check({ ...model, invariants }, STATE_LIMIT);
}

function ablateRefund(ablation: RefundAblation): Promise<Report<Books>> {
  progress.show(`without: ${ablation.name}`);
  return searchWithout(ablation, STATE_LIMIT);
}

type Found = Pick<Report<S>, "states" | "complete"> & {
  counterexample: Pick<NonNullable<Report<S>["counterexample"]>, "invariant" | "fault" | "path"> | undefined;
};
type Any = { ablation: Ablation | LineAblation | RefundAblation; search: () => Found | Promise<Found> };

const EVERY_ABLATION: readonly Any[] = [
  ...ABLATIONS.map((ablation) => ({ ablation, search: () => ablate(ablation) })),
  ...LINE_ABLATIONS.map((ablation) => ({ ablation, search: () => ablateLine(ablation) })),
  ...REFUND_ABLATIONS.map((ablation) => ({ ablation, search: () => ablateRefund(ablation) })),
];

async function ablateAll(): Promise<void> {
  say(`\n${"removed rule".padEnd(76)}${"invariant that breaks".padEnd(46)}steps`);
  for (const { ablation, search } of EVERY_ABLATION) {
    if (!("breaks" in ablation)) continue;
    const { counterexample } = await search();
    const steps = counterexample ? String(counterexample.path.length).padStart(5) : "NOT BROKEN";
    say(`${ablation.name.padEnd(76)}${ablation.breaks.padEnd(46)}${steps}`);
    if (!counterexample) fail();
  }
  say("\nNo invariant needs these rules (the search without each of them was complete):");
  for (const { ablation, search } of EVERY_ABLATION) {
    if (!("harmless" in ablation)) continue;
    const { states, complete, counterexample } = await search();
    say(`  ${ablation.name} (${number(states)} states): ${ablation.harmless}`);
    if (complete && !counterexample) continue;
    say(`  BUT: ${counterexample?.invariant ?? "the search did not end"}`);
    fail();
  }
}

async function trace(name: string): Promise<void> {
  for (const { ablation, search } of EVERY_ABLATION.filter((known) => known.ablation.name.includes(name))) {
    const { counterexample } = await search();
    say(`Without "${ablation.name}": ${counterexample ? `"${counterexample.invariant}" breaks` : "nothing breaks"}`);
    for (const [at, label] of (counterexample?.path ?? []).entries()) say(`  ${String(at + 1).padStart(2)}. ${label}`);
    if (counterexample) say(`  => ${counterexample.fault}\n`);
  }
}

function right(text: string): string {
  return text.padStart(13);
}

function number(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en") : value;
}

if (values.trace !== undefined) await trace(values.trace);
else {
  const made = searchAll();
  searchLines();
  searchRefunds();
  const missing = MODELLED.filter((transition) => !made.has(transition));
  say(`\n${MODELLED.length} transitions of the table are made; left out:`);
  for (const [transition, reason] of Object.entries(LEFT_OUT)) say(`  ${transition}: ${reason}`);
  if (missing.length > 0) {
    say(`  NOT MADE, and not left out: ${missing.join(", ")}`);
    fail();
  }
  say("\nactors: invocations of initiate + invocations that close or finalise + request ids. Verifications, payers,");
  say(
    "webhooks, the sweep and the listing act at any time. Where no steps are joined, verifications count as invocations",
  );
  say("that close. A comparison with a clock may have either result, so no invariant depends on a lease or on");
  say("synchronised clocks; only a lapse waits for its window and its ten minutes.");
  await ablateAll();
}
progress.end();
