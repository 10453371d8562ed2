import { parentPort, workerData } from "node:worker_threads";
import type { Searched } from "./exhaustive.ts";
import type { SweptStory } from "./fault-sweep.ts";
import { MUTANTS } from "./mutants.ts";
import { mutate } from "./mutate.ts";
import { FATES, type Fate, noHits } from "./scheduler.ts";

/** Lives from one seed to another, with a deliberate fault if it is named. */
export type LivesJob = { first: number; count: number; mutant?: string };
/** A story with every fault, and with every pair of faults if asked for. */
export type StoryJob = { story: string; pairs: boolean };
/** Every order of a race, as far as so many runs go. */
export type RaceJob = { race: string; limit: number };
export type Job = LivesJob | StoryJob | RaceJob;
export type Found = { seed: number; law: string; how: string };
export type Done = {
  lives: number;
  steps: number;
  crashes: number;
  captures: number;
  outraced: number;
  unfindable: number;
  found: Found[];
  hits: Map<string, Record<Fate, number>>;
};

// Beyond this many violations nothing more is learnt.
const FOUND_LIMIT = 20;

/** What a search came to, or how a law was broken. */
export type Outcome<Result> = { result: Result } | { violation: string };

async function lives({ first, count, mutant: name }: LivesJob): Promise<Done> {
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  const isChanged = mutant ? mutate(mutant) : () => true;
  const { live } = await import("./random-life.ts");
  const { Violation } = await import("./laws.ts");
  if (!isChanged()) throw new Error(`"${name}" changes nothing that is loaded`);
  const done = nothingDone();
  for (let seed = first; seed < first + count && done.found.length < (mutant ? 1 : FOUND_LIMIT); seed++) {
    done.lives++;
    try {
      const { scheduler, universe } = await live(seed);
      done.steps += scheduler.steps;
      done.crashes += scheduler.crashes;
      done.captures += universe.ledger.captures().length;
      done.outraced += universe.outraced;
      done.unfindable += universe.ledger.unfindable.size;
      addHits(done.hits, scheduler.hits);
    } catch (error) {
      // What fails otherwise than by a law is a fault, too, of the code or of the harness.
      const how = error instanceof Error ? error.message : String(error);
      done.found.push({ seed, law: error instanceof Violation ? error.law : "error", how });
    }
  }
  return done;
}

export function nothingDone(): Done {
  return {
    lives: 0,
    steps: 0,
    crashes: 0,
    captures: 0,
    outraced: 0,
    unfindable: 0,
    found: [],
    hits: new Map(),
  };
}

/** Sums up how often each call met each fate. */
export function addHits(sum: Done["hits"], more: Done["hits"]): void {
  for (const [site, hits] of more) {
    const known = sum.get(site) ?? noHits();
    for (const fate of FATES) known[fate] += hits[fate];
    sum.set(site, known);
  }
}

async function story({ story: name, pairs }: StoryJob): Promise<Outcome<SweptStory>> {
  const { sweepFaults } = await import("./fault-sweep.ts");
  const { STORIES } = await import("./stories.ts");
  return outcomeOf(sweepFaults(named(STORIES, name), { pairs }));
}

async function race({ race: name, limit }: RaceJob): Promise<Outcome<Searched>> {
  const { search } = await import("./exhaustive.ts");
  const { SCENARIOS } = await import("./scenarios.ts");
  return outcomeOf(search(named(SCENARIOS, name), { limit }));
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
  return lives(job);
}

if (parentPort) {
  const port = parentPort;
  if (typeof workerData === "object" && workerData !== null && "mutant" in workerData)
    port.postMessage(await lives(workerData as LivesJob));
  else port.on("message", async (job: Job) => port.postMessage(await work(job)));
}
