import { parseArgs } from "node:util";
import { ABLATION_BOUNDS, ABLATIONS, type Ablation, rulesWithout } from "./ablations.ts";
import { check, type Report } from "./checker.ts";
import { CONFIGURATIONS, type Configuration, STATE_LIMIT } from "./configurations.ts";
import { LEFT_OUT, MODELLED, protocol } from "./protocol.ts";
import { BASE } from "./rules.ts";
import type { S } from "./state.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, trace: { type: "string" } },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const fail = () => {
  process.exitCode = 1;
};

/** Searches the protocol as it is. @returns the moves that were made */
function searchAll(): Set<string> {
  const made = new Set<string>();
  say(
    `${"configuration".padEnd(36)}${["who", "states", "transitions", "depth"].map(right).join("")}  complete  errors`,
  );
  for (const configuration of CONFIGURATIONS.filter(({ isQuick }) => isQuick || !values.quick)) {
    const { name, bounds, policy } = configuration;
    const report = check(protocol(bounds, { ...BASE, ...policy }), STATE_LIMIT, (_from, { name: move }) => {
      if (move) made.add(move);
    });
    const who = `${bounds.initiators}+${bounds.closers}+${bounds.requests}`;
    const figures = [who, report.states, report.transitions, report.depth].map((figure) => right(number(figure)));
    const errors = report.counterexample ? 1 : 0;
    say(`${name.padEnd(36)}${figures.join("")}  ${(report.complete ? "yes" : "NO").padEnd(8)}  ${errors}`);
    if (!report.complete) fail();
    explain(report, configuration);
  }
  return made;
}

function explain({ counterexample }: Report<S>, { name }: Configuration): void {
  if (!counterexample) return;
  say(`\n${name}: "${counterexample.invariant}" is broken: ${counterexample.fault}`);
  for (const [at, label] of counterexample.path.entries()) say(`  ${String(at + 1).padStart(2)}. ${label}`);
}

function ablate(ablation: Ablation): Report<S> {
  const model = protocol({ ...ABLATION_BOUNDS, ...ablation.bounds }, rulesWithout(ablation));
  const invariants =
    "breaks" in ablation ? model.invariants.filter(({ name }) => name === ablation.breaks) : model.invariants;
  return check({ ...model, invariants }, STATE_LIMIT);
}

function ablateAll(): void {
  say(`\n${"rule taken away".padEnd(76)}${"invariant that breaks".padEnd(46)}steps`);
  for (const ablation of ABLATIONS) {
    if (!("breaks" in ablation)) continue;
    const { counterexample } = ablate(ablation);
    const steps = counterexample ? String(counterexample.path.length).padStart(5) : "NOT BROKEN";
    say(`${ablation.name.padEnd(76)}${ablation.breaks.padEnd(46)}${steps}`);
    if (!counterexample) fail();
  }
  say("\nNot needed for any of these invariants, each searched completely without it:");
  for (const ablation of ABLATIONS) {
    if (!("harmless" in ablation)) continue;
    const { states, complete, counterexample } = ablate(ablation);
    say(`  ${ablation.name} (${number(states)} states): ${ablation.harmless}`);
    if (complete && !counterexample) continue;
    say(`  BUT: ${counterexample?.invariant ?? "the search did not end"}`);
    fail();
  }
}

function trace(name: string): void {
  for (const ablation of ABLATIONS.filter((known) => known.name.includes(name))) {
    const { counterexample } = ablate(ablation);
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

if (values.trace !== undefined) trace(values.trace);
else {
  const made = searchAll();
  const missing = MODELLED.filter((move) => !made.has(move));
  say(`\n${MODELLED.length} moves of the table are made; left out:`);
  for (const [move, why] of Object.entries(LEFT_OUT)) say(`  ${move}: ${why}`);
  if (missing.length > 0) {
    say(`  NOT MADE, and not left out: ${missing.join(", ")}`);
    fail();
  }
  say(
    "\nwho: invocations of initiate + of closings and finalises + request ids. Looks, payers, webhooks, the sweep and",
  );
  say("the listing come at any time; where no steps are joined, looks are among the second. Clocks are free: each");
  say("comparison with one comes out either way, so no invariant rests on a lease, a window, or clocks that agree.");
  ablateAll();
}
