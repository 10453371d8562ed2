import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { PROFILE_NAMES } from "../../local/chapa/profiles.ts";
import { T0 } from "../support/payments.ts";
import { heal } from "./heal.ts";
import { Chance, type Happened, Scheduler } from "./scheduler.ts";
import { Universe } from "./universe.ts";

// How long a checkout can be paid is a setting of the merchant's at Chapa; ours must not rest on it.
const WINDOWS = [60, 60, 24 * 60, 30 * 24 * 60] as const;
// Now and then one of these is bad for a while: most of its calls go wrong.
const WEATHER = [
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
// The comparison of books takes half the calls of a life; one life in so many ends with it.
const COMPARING_LIVES = 4;
const JUMPS = [SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, 65 * MINUTE_MS, 3 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS];
// Clocks of different machines differ by so much, and are set back when they are found out.
const SKEW_MS = 30 * SECOND_MS;

/** What one life came to. */
export type Lived = { scheduler: Scheduler; universe: Universe };

/**
 * One fee's life under one seed: owners press, pay, give up and press again; everything between them and the table
 * goes wrong; then everything works again, and what is owed must be there.
 * @param telling remembers every call, for a diagram
 * @throws Violation
 */
export async function live(seed: number, telling?: (told: Happened[]) => void): Promise<Lived> {
  const chance = new Chance(seed, FAULT_RATES[seed % FAULT_RATES.length] ?? 0);
  const scheduler = new Scheduler(chance, T0, { telling: telling !== undefined });
  if (telling && scheduler.told) telling(scheduler.told);
  const profile = PROFILE_NAMES[seed % PROFILE_NAMES.length] ?? "observed";
  const window = WINDOWS[chance.below(WINDOWS.length)];
  const verifyShows = chance.below(2) === 0 ? "first" : "last";
  const universe = new Universe(scheduler, seed, profile, { windowMinutes: window, verifyShows });
  const events = FEWEST_EVENTS + chance.below(MOST_EVENTS - FEWEST_EVENTS);
  for (let event = 0; event < events; event++) {
    await happen(universe, chance);
    universe.laws.between(universe.payments());
  }
  chance.faultRate = 0;
  chance.weather = "";
  universe.isWorking = true;
  await heal(universe, seed % COMPARING_LIVES === 0);
  return { scheduler, universe };
}

async function happen(universe: Universe, chance: Chance): Promise<void> {
  const { scheduler } = universe;
  const dice = chance.below(100);
  if (dice < 60) {
    if (!(await scheduler.step())) deliver(universe, chance);
  } else if (dice < 67) press(universe, chance);
  else if (dice < 68) read(universe, chance);
  else if (dice < 77) pay(universe, chance);
  else if (dice < 87) deliver(universe, chance);
  else if (dice < 93) rare(universe, chance);
  else if (dice < 95) chance.weather = WEATHER[chance.below(WEATHER.length)] ?? "";
  else if (dice < 96) scheduler.now -= chance.below(SKEW_MS);
  else scheduler.now += JUMPS[chance.below(JUMPS.length)] ?? 0;
}

/** Something that waits somewhere is handled, or lost where it may be. */
function deliver(universe: Universe, chance: Chance): void {
  const dice = chance.below(100);
  if (dice < 45) look(universe, chance);
  else if (dice < 65) universe.tell();
  else if (dice < 80) universe.publish(1 + chance.below(5), chance.whim(0.15));
  else universe.notifyUsers();
}

/** One of the owners, with the request id he has always used, or another one now and then. */
function press(universe: Universe, chance: Chance): void {
  const client = `c${chance.below(CLIENTS)}`;
  universe.press(client, chance.whim(0.3) ? `${client}-${chance.below(3)}` : client);
}

function read(universe: Universe, chance: Chance): void {
  const payments = universe.payments();
  const payment = payments[chance.below(payments.length)];
  if (payment) universe.read(payment);
}

function pay(universe: Universe, chance: Chance): void {
  const land = chance.below(4) === 0 ? universe.land() : undefined;
  const links = universe.ledger.links();
  const link = land ?? links[chance.below(links.length)];
  if (!link) return;
  const how = chance.below(100);
  if (!land) {
    if (how < 38) universe.pay(link, "pay");
    else if (how < 40) universe.pay(link, "pay-twice");
    else if (how < 56) universe.pay(link, "prompt");
    else if (how < 72) universe.pay(link, "pay-late");
    else if (how < 78) universe.pay(link, "fail");
    else if (how < 81) universe.pay(link, "cancel");
    else if (how < 88) universe.pay(link, "wrong-amount", { amount: "5.00" });
    else if (how < 91) universe.pay(link, "wrong-currency");
    else if (how < 96) universe.pay(link, "refund");
    else universe.pay(link, "reverse");
  }
  // Chapa's webhook, callback or the returning browser: lost, once, or twice.
  for (let times = chance.below(3); times > 0; times--) {
    universe.ask(link.order.txRef, chance.whim(0.7) ? "webhook" : chance.whim(0.5) ? "callback" : "return");
  }
}

function look(universe: Universe, chance: Chance): void {
  const ready = universe.looks.filter(({ notBefore }) => notBefore <= universe.scheduler.now);
  const entry = ready[chance.below(ready.length)];
  // A standard queue may deliver in any order, and twice.
  if (entry) universe.look(entry, chance.whim(0.1));
}

function rare(universe: Universe, chance: Chance): void {
  const dice = chance.below(12);
  if (dice < 7) universe.sweep();
  else if (dice < 8) universe.reconcile();
  else if (dice < 10) giveUp(universe, chance);
  // The owner deletes the property, or somebody approves it by hand.
  else if (universe.listing === "PENDING" && chance.whim(0.6))
    universe.listing = chance.whim(0.2) ? "DELETED" : "APPROVED";
}

function giveUp(universe: Universe, chance: Chance): void {
  const payments = universe.payments();
  const payment = payments[chance.below(payments.length)];
  if (payment) universe.giveUp(payment);
}
