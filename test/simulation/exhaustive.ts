import { createHash } from "node:crypto";
import { T0 } from "../support/payments.ts";
import { seeded } from "../support/seeded-random.ts";
import { retold } from "./diagram.ts";
import { type Enough, Independence, type Option } from "./independence.ts";
import { deliver, drain, recover } from "./recovery.ts";
import {
  faultsOf,
  faultsThatMatter,
  Guided,
  type Happened,
  type Outcome,
  type Parked,
  Scheduler,
  type Touched,
} from "./scheduler.ts";
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
 * What a search came to. `orders` is how many orders it has played or seen to go on as another did, `states` how many
 * different situations they pass, `ends` the different ways in which it can come out, `runs` how often it was played.
 */
export type Searched = { orders: bigint; states: number; ends: ReadonlySet<string>; runs: number; isComplete: boolean };

/** `merging`: a situation is gone on from once. `reducing`: orders are left out that differ in nothing that matters. */
export type SearchOptions = { merging?: boolean; reducing?: boolean; limit?: number };

type Frame = Enough & { chosen: number; state: string; orders: bigint };

type Known = {
  seen: Map<string, bigint>;
  ends: Set<string>;
  merging: boolean;
  /** Absent in the plain search. */
  independence: Independence | undefined;
};

// A short wait leads to no other second, in which what is stored would look different.
const MIDDLE_OF_SECOND_MS = 500;
const LEARNING_RUNS = 200;
const FAULT_ODDS = 1 / 8;

/** Ends a run that has come to a situation which another run has gone on from. */
class Merged extends Error {}

/**
 * Every order, depth first. A situation is everything stored, everything under way and everything that each piece of
 * work has been answered so far; what follows depends on nothing else, so one that was seen before is not played again.
 * What {@link Independence} knows it has learned from the orders that were played. When one of them teaches it something
 * that an earlier choice has not known, the search begins again with what it knows now.
 * @param manner the plain search, against which the others are tested, merges nothing and leaves nothing out
 * @throws Error with the invariant that broke, the command that plays it again, and a sequence diagram
 */
export async function search(
  scenario: Scenario,
  { merging = true, reducing = true, limit = 2_000_000 }: SearchOptions = {},
): Promise<Searched> {
  const independence = reducing ? new Independence() : undefined;
  let runs = independence ? Math.min(limit, LEARNING_RUNS) : 0;
  if (independence) await learn(scenario, independence, runs);
  for (;;) {
    const known: Known = { seen: new Map(), ends: new Set(), merging, independence };
    independence?.trust();
    const frames: Frame[] = [];
    let orders = 0n;
    const searched = (isComplete: boolean) => ({ orders, states: known.seen.size, ends: known.ends, runs, isComplete });
    while (independence?.isRight ?? true) {
      if (runs >= limit) return searched(false);
      runs++;
      const more = await play(scenario, frames, known);
      orders += more;
      const last = frames.at(-1);
      if (last) last.orders += more;
      if (!backtrack(frames, known.seen)) {
        if (independence?.isRight ?? true) return searched(true);
        break;
      }
    }
  }
}

/** Plays some orders by chance, from which most of what a search needs to know is learned. */
async function learn(scenario: Scenario, independence: Independence, runs: number): Promise<void> {
  const random = seeded(1);
  for (let run = 0; run < runs; run++) {
    let faults = scenario.faults;
    let option: Option | undefined;
    const choices = new Guided((parked) => {
      const isWell = random() > FAULT_ODDS;
      const options = optionsOf(parked, faults).filter(({ fault }) => (isWell ? fault === "ok" : fault !== "never"));
      option = options[Math.floor(random() * options.length)];
      if (!option) throw new Error("there is nothing to choose from");
      faults -= costOf(option);
      return option;
    });
    const simulation = await begun(scenario, choices);
    const { scheduler } = simulation;
    const path: number[] = [];
    await race(scenario, simulation, (touched) => {
      if (!option) return;
      path.push(option.number);
      independence.learn({ option, touched, left: "all", scheduler });
    }).catch(async (error: unknown) => {
      throw await explained(error, scenario, option ? [...path, option.number] : path);
    });
  }
}

/** Goes to the next choice that was not tried. @returns false when there is none */
function backtrack(frames: Frame[], seen: Map<string, bigint>): boolean {
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    if (frame.chosen + 1 < frame.options.length) {
      frame.chosen++;
      return true;
    }
    frames.pop();
    seen.set(frame.state, frame.orders);
    const above = frames.at(-1);
    if (above) above.orders += frame.orders;
  }
  return false;
}

/** One run along `frames`, then on with first choices. @returns how many orders it stands for */
async function play(scenario: Scenario, frames: Frame[], known: Known): Promise<bigint> {
  let depth = 0;
  let faults = scenario.faults;
  let merged: bigint | undefined;
  const choices = new Guided((parked) => {
    const frame = frames[depth] ?? next(parked);
    depth++;
    const option = frame.options[frame.chosen];
    if (!option) throw new Error("there is nothing to choose from");
    faults -= costOf(option);
    return option;
  });
  const simulation = await begun(scenario, choices);

  function enoughOf(parked: readonly Parked[]): Enough {
    const all = optionsOf(parked, faults);
    const { independence } = known;
    if (!independence) return { options: all.filter(({ fault }) => fault !== "never"), left: "all" };
    const matters = ({ fault, call }: Option) => faultsThatMatter(call, parked, depth === 0).includes(fault);
    return independence.enough(all.filter(matters), simulation.scheduler);
  }

  function next(parked: readonly Parked[]): Frame {
    const state = createHash("sha1").update(`${faults}${simulation.print()}`).digest("base64");
    merged = known.merging ? known.seen.get(state) : undefined;
    if (merged !== undefined) throw new Merged();
    const enough = enoughOf(parked);
    const frame = { ...enough, chosen: 0, state, orders: 0n };
    frames.push(frame);
    return frame;
  }

  try {
    await race(scenario, simulation, (touched) => {
      const frame = frames[depth - 1];
      const option = frame?.options[frame.chosen];
      if (option) known.independence?.learn({ option, touched, left: frame.left, scheduler: simulation.scheduler });
    });
  } catch (error) {
    if (error instanceof Merged && merged !== undefined) return merged;
    throw await explained(error, scenario, pathOf(frames));
  }
  const end = createHash("sha1").update(simulation.print()).digest("base64");
  if (known.ends.has(end)) return 1n;
  known.ends.add(end);
  choices.isOver = true;
  await recover(simulation, false).catch(async (error: unknown) => {
    throw await explained(error, scenario, pathOf(frames));
  });
  return 1n;
}

function pathOf(frames: readonly Frame[]): number[] {
  return frames.map(({ options, chosen }) => options[chosen]?.number ?? 0);
}

async function explained(error: unknown, scenario: Scenario, path: readonly number[]): Promise<Error> {
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
    const option = optionsOf(parked, faults)[path[depth++] ?? 0];
    if (!option) return { index: 0, fault: "ok" };
    faults -= costOf(option);
    return option;
  });
  const simulation = await begun(scenario, choices, true);
  if (simulation.scheduler.trace) trace(simulation.scheduler.trace);
  await race(scenario, simulation);
  choices.isOver = true;
  await recover(simulation, false);
}

async function begun(scenario: Scenario, choices: Guided, telling = false): Promise<Simulation> {
  const scheduler = new Scheduler(choices, T0 + MIDDLE_OF_SECOND_MS, { remembering: true, telling });
  const simulation = new Simulation(scheduler, 1, "observed");
  simulation.isWorking = true;
  choices.isOver = true;
  await scenario.begin?.(simulation);
  await drain(simulation);
  choices.isOver = false;
  scenario.start(simulation);
  return simulation;
}

/** @param after hears what each step has touched */
async function race(
  scenario: Scenario,
  simulation: Simulation,
  after: (touched: Touched) => void = () => undefined,
): Promise<void> {
  const { scheduler } = simulation;
  for (;;) {
    const isAnything = await scheduler.step();
    const touched = new Map(scheduler.touched);
    simulation.invariants.between(simulation.payments());
    const isMore = scenario.delivers ? deliver(simulation) : false;
    // Messages begin to be handled in the order in which they come.
    if (isMore) touched.set("deliveries", "change");
    if (isAnything) after(touched);
    if (!isAnything && !isMore) return;
  }
}

function optionsOf(parked: readonly Parked[], faults: number): Option[] {
  const choices = parked.flatMap((call, index) => {
    const beside = parked.filter(({ task }) => task === call.task).length - 1;
    return outcomesOf(call, beside, faults).map((fault) => ({ index, fault, call, beside }));
  });
  return choices.map((choice, number) => ({ ...choice, number }));
}

function outcomesOf({ site, task }: Parked, beside: number, faults: number): readonly Outcome[] {
  const all = faultsOf(site);
  if (faults === 0) return task.isDoomed ? all.filter((fault) => fault === "ok" || fault === "crashAfter") : ["ok"];
  return beside > 0 && all.length > 1 ? [...all, "never"] : all;
}

/** A task that is going to die dies once. */
function costOf({ fault, call }: Option): number {
  return fault === "ok" || (fault === "crashAfter" && call.task.isDoomed) ? 0 : 1;
}
