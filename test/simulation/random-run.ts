import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { PROFILE_NAMES } from "../../local/chapa/profiles.ts";
import { T0 } from "../support/payments.ts";
import { recover } from "./recovery.ts";
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
// A reconciliation makes half the calls of a run, so only one run in this many ends with one.
const COMPARING_RUNS = 4;
const JUMPS = [SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, 65 * MINUTE_MS, 3 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS];
// Clocks of different machines differ by this much, and are corrected later.
const SKEW_MS = 30 * SECOND_MS;

/** The result of one run. */
export type SeededRun = { scheduler: Scheduler; simulation: Simulation };

/**
 * Runs one fee under one seed: owners press, pay, give up and press again, while every call may fail. Then everything
 * works again, and the invariants must hold.
 * @param telling receives every call, for a diagram
 * @throws Violation
 */
export async function runSeed(seed: number, telling?: (trace: Happened[]) => void): Promise<SeededRun> {
  const chance = new Chance(seed, FAULT_RATES[seed % FAULT_RATES.length] ?? 0);
  const scheduler = new Scheduler(chance, T0, { telling: telling !== undefined });
  if (telling && scheduler.trace) telling(scheduler.trace);
  const profile = PROFILE_NAMES[seed % PROFILE_NAMES.length] ?? "observed";
  const window = WINDOWS[chance.below(WINDOWS.length)];
  const verifyShows = chance.below(2) === 0 ? "first" : "last";
  const simulation = new Simulation(scheduler, seed, profile, { windowMinutes: window, verifyShows });
  simulation.behaviour.choose();
  const events = FEWEST_EVENTS + chance.below(MOST_EVENTS - FEWEST_EVENTS);
  for (let event = 0; event < events; event++) {
    await happen(simulation, chance);
    simulation.invariants.between(simulation.payments());
  }
  chance.faultRate = 0;
  chance.burst = "";
  simulation.isWorking = true;
  await recover(simulation, seed % COMPARING_RUNS === 0);
  return { scheduler, simulation };
}

async function happen(simulation: Simulation, chance: Chance): Promise<void> {
  const { scheduler } = simulation;
  const draw = chance.below(100);
  if (draw < 60) {
    if (!(await scheduler.step())) deliver(simulation, chance);
  } else if (draw < 67) press(simulation, chance);
  else if (draw < 68) read(simulation, chance);
  else if (draw < 77) pay(simulation, chance);
  else if (draw < 87) deliver(simulation, chance);
  else if (draw < 93) rare(simulation, chance);
  else if (draw < 96) chance.burst = FAULT_BURSTS[chance.below(FAULT_BURSTS.length)] ?? "";
  else if (draw < 97) simulation.turn();
  else if (draw < 98) scheduler.now -= chance.below(SKEW_MS);
  else scheduler.now += JUMPS[chance.below(JUMPS.length)] ?? 0;
}

/** Handles a waiting message or stream record, or loses it if it may be lost. */
function deliver(simulation: Simulation, chance: Chance): void {
  const draw = chance.below(100);
  if (draw < 45) verify(simulation, chance);
  else if (draw < 65) simulation.notifyListing();
  else if (draw < 80) simulation.publish(1 + chance.below(5), chance.whim(0.15));
  else simulation.notifyUsers();
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

function pay(simulation: Simulation, chance: Chance): void {
  const land = chance.below(4) === 0 ? simulation.land() : undefined;
  const links = simulation.ledger.links();
  const link = land ?? links[chance.below(links.length)];
  if (!link) return;
  const how = chance.below(100);
  if (!land) {
    if (how < 38) simulation.pay(link, "pay");
    else if (how < 40) simulation.pay(link, "pay-twice");
    else if (how < 56) simulation.pay(link, "prompt");
    else if (how < 72) simulation.pay(link, "pay-late");
    else if (how < 78) simulation.pay(link, "fail");
    else if (how < 81) simulation.pay(link, "cancel");
    else if (how < 88) simulation.pay(link, "wrong-amount", { amount: "5.00" });
    else if (how < 91) simulation.pay(link, "wrong-currency");
    else if (how < 93) simulation.pay(link, "live-test-mix");
    else if (how < 96) simulation.pay(link, "refund");
    else simulation.pay(link, "reverse");
  }
  // Chapa's webhook, callback or the returning browser: lost, once, or twice.
  for (let times = chance.below(3); times > 0; times--) {
    simulation.ask(link.order.txRef, chance.whim(0.7) ? "webhook" : chance.whim(0.5) ? "callback" : "return");
  }
}

function verify(simulation: Simulation, chance: Chance): void {
  const ready = simulation.resolveMessages.filter(({ notBefore }) => notBefore <= simulation.scheduler.now);
  const entry = ready[chance.below(ready.length)];
  // A standard queue may deliver in any order, and twice.
  if (entry) simulation.resolve(entry, chance.whim(0.1));
}

function rare(simulation: Simulation, chance: Chance): void {
  const draw = chance.below(12);
  if (draw < 7) simulation.sweep();
  else if (draw < 8) simulation.reconcile();
  else if (draw < 10) giveUp(simulation, chance);
  // The owner deletes the property, or a person approves it by hand.
  else if (simulation.listing === "PENDING" && chance.whim(0.6)) approveByHand(simulation, chance);
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
