import { createHash } from "node:crypto";
import { T0 } from "../support/payments.ts";
import { retold } from "./diagram.ts";
import { deliver, drain, recover } from "./recovery.ts";
import { type Choice, faultsOf, Guided, type Happened, type Parked, Scheduler } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";

/**
 * A few pieces of work that run into each other. `begin` happens in order and without faults; then every order of the
 * calls of what `start` begins is tried, with at most `faults` calls going wrong in every way that makes a difference.
 */
export type Scenario = {
  name: string;
  faults: number;
  begin?: (simulation: Simulation) => Promise<void>;
  start: (simulation: Simulation) => void;
  /** Messages are handled as they come, and their handling is part of the race; otherwise they come afterwards. */
  delivers?: boolean;
};

/**
 * What a search came to. `schedules` is how many complete orders there are, `states` how many different situations
 * they pass, `ends` how many different ways it can come out, `runs` how often it was played.
 */
export type Searched = { schedules: bigint; states: number; ends: number; runs: number; isComplete: boolean };

type Frame = { options: Choice[]; chosen: number; state: string; schedules: bigint };

/** Ends a run that has come to a situation which another run has gone on from. */
class Merged extends Error {}

/**
 * Every order, depth first. A situation is everything stored, everything under way and everything that each piece of
 * work has been answered so far; what follows depends on nothing else, so one that was seen before is not played again.
 * @param merging false for the plain search, against which the merging one is tested
 * @param limit runs after which it gives up, incomplete
 * @throws Error with the invariant that broke, the command that plays it again, and a sequence diagram
 */
export async function search(scenario: Scenario, { merging = true, limit = 2_000_000 } = {}): Promise<Searched> {
  const frames: Frame[] = [];
  const seen = new Map<string, bigint>();
  const ends = new Set<string>();
  let runs = 0;
  let total = 0n;
  for (;;) {
    if (runs === limit) return { schedules: total, states: seen.size, ends: ends.size, runs, isComplete: false };
    runs++;
    const schedules = await play(scenario, frames, { seen, ends, merging });
    total += schedules;
    const last = frames.at(-1);
    if (last) last.schedules += schedules;
    if (!backtrack(frames, seen)) break;
  }
  return { schedules: total, states: seen.size, ends: ends.size, runs, isComplete: true };
}

/** Goes to the next choice that was not tried. @returns false when there is none */
function backtrack(frames: Frame[], seen: Map<string, bigint>): boolean {
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    if (frame.chosen + 1 < frame.options.length) {
      frame.chosen++;
      return true;
    }
    frames.pop();
    seen.set(frame.state, frame.schedules);
    const above = frames.at(-1);
    if (above) above.schedules += frame.schedules;
  }
  return false;
}

type Known = { seen: Map<string, bigint>; ends: Set<string>; merging: boolean };

/** One run along `frames`, then on with first choices. @returns how many complete orders it stands for */
async function play(scenario: Scenario, frames: Frame[], known: Known): Promise<bigint> {
  let depth = 0;
  let faults = scenario.faults;
  let merged: bigint | undefined;
  const choices = new Guided((parked) => {
    const frame = frames[depth] ?? next(parked);
    depth++;
    const option = frame.options[frame.chosen];
    if (!option) throw new Error("there is nothing to choose from");
    if (option.fault !== "ok") faults--;
    return option;
  });
  const simulation = await begun(scenario, choices);

  function next(parked: readonly Parked[]): Frame {
    const state = createHash("sha1").update(`${faults}${simulation.print()}`).digest("base64");
    merged = known.merging ? known.seen.get(state) : undefined;
    if (merged !== undefined) throw new Merged();
    const frame = { options: optionsOf(parked, faults), chosen: 0, state, schedules: 0n };
    frames.push(frame);
    return frame;
  }

  try {
    await race(scenario, simulation);
  } catch (error) {
    if (error instanceof Merged && merged !== undefined) return merged;
    throw await explained(error, scenario, frames);
  }
  const end = createHash("sha1").update(simulation.print()).digest("base64");
  if (known.ends.has(end)) return 1n;
  known.ends.add(end);
  choices.isOver = true;
  await recover(simulation, false).catch(async (error: unknown) => {
    throw await explained(error, scenario, frames);
  });
  return 1n;
}

async function explained(error: unknown, scenario: Scenario, frames: readonly Frame[]): Promise<Error> {
  const path = frames.map(({ chosen }) => chosen);
  const again = `npm run sim -- --scenario "${scenario.name}" --path ${path.join(".")}`;
  const { diagram } = await retold((trace) => replay(scenario, path, trace));
  return new Error(`${error instanceof Error ? error.message : error}\n    ${again}\n${diagram}`, { cause: error });
}

/** One way through a scenario again. @param path the choices, as a violation named them */
export async function replay(
  scenario: Scenario,
  path: readonly number[],
  trace: (calls: Happened[]) => void,
): Promise<void> {
  let depth = 0;
  let faults = scenario.faults;
  const choices = new Guided((parked) => {
    const option = optionsOf(parked, faults)[path[depth++] ?? 0] ?? { index: 0, fault: "ok" };
    if (option.fault !== "ok") faults--;
    return option;
  });
  const simulation = await begun(scenario, choices, true);
  if (simulation.scheduler.trace) trace(simulation.scheduler.trace);
  await race(scenario, simulation);
  choices.isOver = true;
  await recover(simulation, false);
}

async function begun(scenario: Scenario, choices: Guided, telling = false): Promise<Simulation> {
  const scheduler = new Scheduler(choices, T0, { remembering: true, telling });
  const simulation = new Simulation(scheduler, 1, "observed");
  simulation.isWorking = true;
  choices.isOver = true;
  await scenario.begin?.(simulation);
  await drain(simulation);
  choices.isOver = false;
  scenario.start(simulation);
  return simulation;
}

async function race(scenario: Scenario, simulation: Simulation): Promise<void> {
  for (;;) {
    const isAnything = await simulation.scheduler.step();
    simulation.invariants.between(simulation.payments());
    const isMore = scenario.delivers ? deliver(simulation) : false;
    if (!isAnything && !isMore) return;
  }
}

function optionsOf(parked: readonly Parked[], faults: number): Choice[] {
  return parked.flatMap(({ site }, index) =>
    (faults === 0 ? (["ok"] as const) : faultsOf(site)).map((fault) => ({ index, fault })),
  );
}
