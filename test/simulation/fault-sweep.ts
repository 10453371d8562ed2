import { T0 } from "../support/payments.ts";
import { retold } from "./diagram.ts";
import { recover } from "./recovery.ts";
import { type CallFault, faultsOf, Guided, type Happened, Scheduler } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";
import type { Story } from "./stories.ts";

/** The n-th call of a story, from 0, and what becomes of it. */
export type Fault = { call: number; fault: CallFault };

/** What a sweep came to. `calls` is how many a story makes when nothing goes wrong. */
export type SweptStory = { calls: number; singles: number; pairs: number; crashes: number };

/**
 * Plays a story without a fault, then once with every fault of every call, then with every pair: each fault of each
 * call that follows, in the run that the first fault has made. After each, everything works, and the invariants must hold.
 * @throws what broke, with the command that plays it again, and a sequence diagram
 */
export async function sweepFaults(story: Story, { pairs }: { pairs: boolean }): Promise<SweptStory> {
  const swept: SweptStory = { calls: 0, singles: 0, pairs: 0, crashes: 0 };
  const run = async (faults: readonly Fault[]): Promise<readonly string[]> => {
    const { sites, crashes } = await play(story, faults);
    swept.crashes += crashes;
    return sites;
  };
  const plain = await run([]);
  swept.calls = plain.length;
  for (const first of faultsFrom(plain, 0)) {
    const sites = await run([first]);
    swept.singles++;
    for (const second of pairs ? faultsFrom(sites, first.call + 1) : []) {
      await run([first, second]);
      swept.pairs++;
    }
  }
  return swept;
}

function faultsFrom(sites: readonly string[], call: number): Fault[] {
  return sites.slice(call).flatMap((site, after) =>
    faultsOf(site)
      .filter((fault) => fault !== "ok")
      .map((fault) => ({ call: call + after, fault })),
  );
}

/**
 * A story with some faults.
 * @returns the calls that it made, in order, and how often somebody died
 * @throws when an invariant is broken, or the code fails otherwise
 */
export async function play(
  story: Story,
  faults: readonly Fault[],
  telling?: (trace: Happened[]) => void,
): Promise<{ sites: readonly string[]; crashes: number }> {
  const sites: string[] = [];
  const choices = new Guided((parked) => {
    const call = sites.push(parked[0]?.site ?? "") - 1;
    return { index: 0, fault: faults.find((fault) => fault.call === call)?.fault ?? "ok" };
  });
  const scheduler = new Scheduler(choices, T0, { telling: telling !== undefined });
  if (telling && scheduler.trace) telling(scheduler.trace);
  const simulation = new Simulation(scheduler, 1, "observed");
  choices.before = () => simulation.invariants.between(simulation.payments());
  try {
    await story.play(simulation);
    if (faults.length === 0) holdEnd(story, simulation);
    choices.isOver = true;
    await recover(simulation, false);
    return { sites, crashes: scheduler.crashes };
  } catch (error) {
    if (telling) throw error;
    const { diagram } = await retold((trace) => play(story, faults, trace));
    const how = error instanceof Error ? error.message : String(error);
    throw new Error(`${how}\n    ${replayOf(story, faults)}\n${diagram}`, { cause: error });
  }
}

function holdEnd({ name, ends }: Story, simulation: Simulation): void {
  const states = simulation.payments().map(({ state }) => state);
  const actual = JSON.stringify({ states, listing: simulation.listing, notified: simulation.notified.size });
  if (actual !== JSON.stringify(ends)) throw new Error(`"${name}" ends otherwise: ${actual}`);
}

function replayOf({ name }: Story, faults: readonly Fault[]): string {
  const list = faults.map(({ call, fault }) => `${call}:${fault}`).join();
  return `npm run sim -- --story "${name}" --faults "${list}" --diagram`;
}

/** Reads what {@link replayOf} wrote: `12:crashAfter,31:errorAfter`. */
export function parseFaults(text: string): Fault[] {
  return text.split(",").flatMap((part) => {
    const [call = "", name] = part.split(":");
    const fault = faultsOf("").find((known) => known === name);
    return fault ? [{ call: Number(call), fault }] : [];
  });
}
