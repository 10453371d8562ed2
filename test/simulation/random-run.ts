import { MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Action } from "../../local/chapa/actions.ts";
import { PROFILE_NAMES } from "../../local/chapa/profiles.ts";
import { T0 } from "../support/payments.ts";
import {
  DELIVERIES,
  EVENTS,
  FOCUSES,
  type Focus,
  type FocusName,
  focusOf,
  JUMPS,
  PAYMENTS,
  RARE_EVENTS,
} from "./focus.ts";
import { People } from "./people.ts";
import { drain, recover } from "./recovery.ts";
import { Chance, type Happened, Scheduler } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";

// Chapa's window for payments is a setting of the merchant. Our code must not depend on it.
const WINDOWS = [60, 60, 24 * 60, 30 * 24 * 60] as const;
// Sometimes most calls of one of these fail for a while.
const FAULT_BURSTS = [
  "chapa.",
  "chapa.verify",
  "chapa.cancel",
  "listing.",
  "notification.",
  "queue.",
  "table.",
  "",
] as const;
const FAULT_RATES = [0.02, 0.08, 0.15] as const;
const FEWEST_EVENTS = 20;
const MOST_EVENTS = 160;
const CLIENTS = 3;
const BETWEEN_CHECKOUTS_MS = 65 * MINUTE_MS;
// A reconciliation makes half the calls of a run, so only one run in this many ends with one.
const COMPARING_RUNS = 4;
// Clocks of different machines differ by this much, and are corrected later.
const SKEW_MS = 30 * SECOND_MS;

/** The result of one run. `isPlain`: it concentrated on nothing, and Chapa behaved as its documents say. */
export type SeededRun = { scheduler: Scheduler; simulation: Simulation; isPlain: boolean };

type Run = { simulation: Simulation; chance: Chance; focus: Focus; people: People };

/**
 * Runs one fee under one seed: owners press, pay, give up and press again, while every call may fail. Then everything
 * works again, and the invariants must hold.
 * @param telling receives every call, for a diagram
 * @param focused what the run concentrates on, instead of what its seed says
 * @throws Violation
 */
export async function runSeed(
  seed: number,
  telling?: (trace: Happened[]) => void,
  focused: FocusName | undefined = focusOf(seed),
): Promise<SeededRun> {
  const focus: Focus = focused ? FOCUSES[focused] : {};
  const chance = new Chance(seed, focus.faultRate ?? FAULT_RATES[seed % FAULT_RATES.length] ?? 0);
  chance.burst = focus.burst ?? "";
  const scheduler = new Scheduler(chance, T0, { telling: telling !== undefined });
  if (telling && scheduler.trace) telling(scheduler.trace);
  const profile = PROFILE_NAMES[seed % PROFILE_NAMES.length] ?? "observed";
  const window = WINDOWS[chance.below(WINDOWS.length)];
  const verifyShows = chance.below(2) === 0 ? "first" : "last";
  const windowMinutes = focus.windowMinutes ?? window;
  const simulation = new Simulation(scheduler, seed, profile, { windowMinutes, verifyShows });
  simulation.behaviour.choose(focus.chapa);
  simulation.deploy();
  const people = new People(simulation, chance);
  const isPlain = (!focused || focused === "Chapa as documented") && simulation.behaviour.isAsDocumented;
  if (focus.hasLostRow) simulation.loseRow();
  if (focus.isSpent) await spend(simulation, chance);
  if (focus.begins) await begin(simulation, chance, focus.begins);
  const events = FEWEST_EVENTS + chance.below(MOST_EVENTS - FEWEST_EVENTS);
  for (let event = 0; event < events; event++) {
    await happen({ simulation, chance, focus, people });
    simulation.invariants.between(simulation.payments());
  }
  chance.faultRate = 0;
  chance.burst = "";
  simulation.isWorking = true;
  const decide = focus.events?.person === undefined ? {} : { people };
  await recover(simulation, seed % COMPARING_RUNS === 0, { ...focus, ...decide });
  return { scheduler, simulation, isPlain };
}

/** The fee is paid, and everything works. */
async function begin(simulation: Simulation, chance: Chance, actions: readonly Action[]): Promise<void> {
  const { faultRate } = chance;
  chance.faultRate = 0;
  simulation.press("c0", "c0");
  await drain(simulation);
  const [link] = simulation.ledger.links();
  const action = actions[chance.below(actions.length)] ?? "pay";
  if (link) {
    simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
    simulation.announce(link);
  }
  await drain(simulation);
  chance.faultRate = faultRate;
}

/** The fee is paid on its second checkout and refunded, while money is on its way to the first. */
async function spend(simulation: Simulation, chance: Chance): Promise<void> {
  const { scheduler, ledger } = simulation;
  const { faultRate } = chance;
  chance.faultRate = 0;
  simulation.press("c0", "c0");
  await drain(simulation);
  for (const link of ledger.links()) simulation.pay(link, "prompt");
  scheduler.now += BETWEEN_CHECKOUTS_MS;
  simulation.press("c1", "c1");
  await drain(simulation);
  const link = ledger.links().at(-1);
  const paid = chance.whim(1 / 3) ? "wrong-amount" : "pay";
  for (const action of [paid, "refund"] as const) {
    if (!link) break;
    simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
    simulation.announce(link);
    scheduler.now += BETWEEN_CHECKOUTS_MS;
    await drain(simulation);
  }
  chance.faultRate = faultRate;
}

async function happen(run: Run): Promise<void> {
  const { simulation, chance, focus, people } = run;
  const { scheduler } = simulation;
  const jumps = focus.jumps ?? JUMPS;
  const happens: Record<keyof typeof EVENTS, () => void | Promise<void>> = {
    step: async () => {
      if (!(await scheduler.step())) deliver(run);
    },
    press: () => press(simulation, chance),
    read: () => read(simulation, chance),
    pay: () => pay(run),
    deliver: () => deliver(run),
    rare: () => rare(run),
    burst: () => {
      chance.burst = FAULT_BURSTS[chance.below(FAULT_BURSTS.length)] ?? "";
    },
    turn: () => simulation.turn(),
    setBack: () => {
      scheduler.now -= chance.below(SKEW_MS);
    },
    jump: () => {
      scheduler.now += jumps[chance.below(jumps.length)] ?? 0;
    },
    sale: () => simulation.sellElsewhere(),
    person: () => people.act(),
    bank: () => people.bank(),
  };
  await happens[drawn(chance, { ...EVENTS, ...focus.events })]();
}

/** One of the names, each as often as its weight says. */
function drawn<Name extends string>(chance: Chance, weights: Record<Name, number>): Name {
  const names = Object.keys(weights) as Name[];
  let left = chance.below(names.reduce((all, name) => all + weights[name], 0));
  const found = names.find((name) => {
    left -= weights[name];
    return left < 0;
  });
  if (found === undefined) throw new RangeError("nothing can be drawn");
  return found;
}

/** Handles a waiting message or stream record, or loses it if it may be lost. */
function deliver({ simulation, chance, focus }: Run): void {
  const delivers: Record<keyof typeof DELIVERIES, () => void> = {
    verify: () => verify(simulation, chance),
    listing: () => void simulation.notifyListing(),
    publish: () => simulation.publish(1 + chance.below(5), chance.whim(0.15)),
    notify: () => simulation.notifyUsers(),
  };
  delivers[drawn(chance, { ...DELIVERIES, ...focus.deliveries })]();
}

/** One of the owners, with their usual request id or sometimes another one. */
function press(simulation: Simulation, chance: Chance): void {
  const client = `c${chance.below(CLIENTS)}`;
  simulation.press(client, chance.whim(0.3) ? `${client}-${chance.below(3)}` : client);
}

function read(simulation: Simulation, chance: Chance): void {
  const payments = simulation.payments();
  const payment = payments[chance.below(payments.length)];
  if (payment) simulation.read(payment);
}

function pay({ simulation, chance, focus }: Run): void {
  const land = chance.below(4) === 0 ? simulation.land() : undefined;
  const links = simulation.ledger.links();
  const link = land ?? links[chance.below(links.length)];
  if (!link) return;
  const how = drawn(chance, { ...PAYMENTS, ...focus.payments });
  if (!land) simulation.pay(link, how, how === "wrong-amount" ? { amount: "5.00" } : {});
  if (focus.notices === "always") simulation.announce(link);
  if (focus.notices) return;
  // Chapa's webhook, callback or the returning browser: lost, once, or twice.
  for (let times = chance.below(3); times > 0; times--) {
    if (chance.whim(0.7)) simulation.announce(link);
    else simulation.ask(link.order.txRef, chance.whim(0.5) ? "callback" : "return");
  }
}

function verify(simulation: Simulation, chance: Chance): void {
  const ready = simulation.resolveMessages.filter(({ notBefore }) => notBefore <= simulation.scheduler.now);
  const entry = ready[chance.below(ready.length)];
  // A standard queue may deliver in any order, and twice.
  if (entry) simulation.resolve(entry, chance.whim(0.1));
}

function rare({ simulation, chance, focus }: Run): void {
  const happens: Record<keyof typeof RARE_EVENTS, () => void> = {
    sweep: () => simulation.sweep(),
    reconcile: () => simulation.reconcile(),
    giveUp: () => giveUp(simulation, chance),
    // The owner deletes the property, or a person approves it by hand.
    approve: () => {
      if (simulation.listing === "PENDING" && chance.whim(0.6)) approveByHand(simulation, chance);
    },
  };
  happens[drawn(chance, { ...RARE_EVENTS, ...focus.rare })]();
}

function approveByHand(simulation: Simulation, chance: Chance): void {
  simulation.listing = chance.whim(0.2) ? "DELETED" : "APPROVED";
  simulation.isApprovedByHand = simulation.listing === "APPROVED";
}

function giveUp(simulation: Simulation, chance: Chance): void {
  const payments = simulation.payments();
  const payment = payments[chance.below(payments.length)];
  if (payment) simulation.giveUp(payment);
}
