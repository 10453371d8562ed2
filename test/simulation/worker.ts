import { parentPort, workerData } from "node:worker_threads";
import { DELIBERATE_FAULTS } from "../invariants/deliberate-faults.ts";
import type { Searched } from "./exhaustive.ts";
import type { SweptStory } from "./fault-sweep.ts";
import type { FocusName } from "./focus.ts";
import { loadWithFault } from "./load-fault.ts";
import { CALL_FAULTS, type CallFault, noHits } from "./scheduler.ts";

/** Runs from one seed to another, with a deliberate fault if it is named. */
export type RunsJob = { first: number; count: number; mutant?: string; focus?: FocusName | undefined };
/** A story with every fault, and with every pair of faults if asked for. */
export type StoryJob = { story: string; pairs: boolean };
/** Every order of a race, as far as so many runs go, with a deliberate fault if it is named. */
export type RaceJob = { race: string; limit: number; reducing?: boolean; mutant?: string };
export type Job = RunsJob | StoryJob | RaceJob;
export type Found = { seed: number; invariant: string; how: string };
export type Done = {
  runs: number;
  steps: number;
  crashes: number;
  captures: number;
  outraced: number;
  /** Captures that nothing would find any more, by reason. */
  unfindable: Map<string, number>;
  /** The same in the runs that concentrate on nothing and in which Chapa behaves as its documents say. */
  plain: { captures: number; unfindable: number };
  excused: Map<string, number>;
  found: Found[];
  hits: Map<string, Record<CallFault, number>>;
};

// A run stops after this many violations.
const FOUND_LIMIT = 20;

/** The result of a search, or the violation of an invariant. */
export type Outcome<Result> = { result: Result } | { violation: string };

/** Nothing of `lib` may be loaded before. @returns whether the fault, if one is named, is in what was loaded since */
function changed(name: string | undefined): () => boolean {
  return name === undefined ? () => true : loadWithFault(named(DELIBERATE_FAULTS, name));
}

async function runs({ first, count, mutant, focus }: RunsJob): Promise<Done> {
  const isChanged = changed(mutant);
  const { runSeed } = await import("./random-run.ts");
  const { Violation } = await import("../invariants/catalogue.ts");
  if (!isChanged()) throw new Error(`"${mutant}" changes nothing that is loaded`);
  const done = nothingDone();
  for (let seed = first; seed < first + count && done.found.length < (mutant ? 1 : FOUND_LIMIT); seed++) {
    done.runs++;
    try {
      const { scheduler, simulation, isPlain } = await runSeed(seed, undefined, focus);
      const { ledger } = simulation;
      done.steps += scheduler.steps;
      done.crashes += scheduler.crashes;
      done.captures += ledger.captures().length;
      done.outraced += simulation.outraced;
      for (const reason of ledger.unfindable.values()) addExcused(done.unfindable, new Map([[reason, 1]]));
      if (isPlain) {
        done.plain.captures += ledger.captures().length;
        for (const why of ledger.unfindable.values())
          if (why !== "its checkout is older than the list that is compared") done.plain.unfindable++;
      }
      addExcused(done.excused, ledger.excused);
      addHits(done.hits, scheduler.hits);
    } catch (error) {
      // Any other error is a fault of the code or of the harness.
      const how = error instanceof Error ? error.message : String(error);
      done.found.push({ seed, invariant: error instanceof Violation ? error.invariant : "error", how });
    }
  }
  return done;
}

export function nothingDone(): Done {
  return {
    runs: 0,
    steps: 0,
    crashes: 0,
    captures: 0,
    outraced: 0,
    unfindable: new Map(),
    plain: { captures: 0, unfindable: 0 },
    excused: new Map(),
    found: [],
    hits: new Map(),
  };
}

/** Sums up what was excused, by reason. */
export function addExcused(sum: Done["excused"], more: Done["excused"]): void {
  for (const [reason, times] of more) sum.set(reason, (sum.get(reason) ?? 0) + times);
}

/** Sums up how often each call met each fault. */
export function addHits(sum: Done["hits"], more: Done["hits"]): void {
  for (const [site, hits] of more) {
    const known = sum.get(site) ?? noHits();
    for (const fault of CALL_FAULTS) known[fault] += hits[fault];
    sum.set(site, known);
  }
}

async function story({ story: name, pairs }: StoryJob): Promise<Outcome<SweptStory>> {
  const { sweepFaults } = await import("./fault-sweep.ts");
  const { STORIES } = await import("./stories.ts");
  return outcomeOf(sweepFaults(named(STORIES, name), { pairs }));
}

async function race({ race: name, mutant, ...options }: RaceJob): Promise<Outcome<Searched>> {
  const isChanged = changed(mutant);
  const { search } = await import("./exhaustive.ts");
  const { SCENARIOS } = await import("./scenarios.ts");
  if (!isChanged()) throw new Error(`"${mutant}" changes nothing that is loaded`);
  return outcomeOf(search(named(SCENARIOS, name), options));
}

async function outcomeOf<Result>(running: Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await running };
  } catch (error) {
    return { violation: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws RangeError when none of them is called so */
export function named<Named extends { name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((candidate) => candidate.name === name);
  if (!found) throw new RangeError(`there is no "${name}"; there are: ${all.map((each) => each.name).join("; ")}`);
  return found;
}

function work(job: Job): Promise<Done | Outcome<SweptStory> | Outcome<Searched>> {
  if ("story" in job) return story(job);
  if ("race" in job) return race(job);
  return runs(job);
}

if (parentPort) {
  const port = parentPort;
  if (typeof workerData === "object" && workerData !== null && "mutant" in workerData)
    port.postMessage(await work(workerData as RunsJob | RaceJob));
  else port.on("message", async (job: Job) => port.postMessage(await work(job)));
}
