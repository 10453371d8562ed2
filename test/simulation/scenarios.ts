import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Scenario } from "./exhaustive.ts";
import { drain } from "./recovery.ts";
import type { Simulation } from "./simulation.ts";

const away = () => new Error("never");
// Long enough to wait once for another caller, too short to try Chapa twice.
const IMPATIENT_MS = 240;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = 61 * MINUTE_MS;

/** Something that the world does, at any moment of the race. */
function meanwhile(simulation: Simulation, name: string, act: () => void): void {
  simulation.scheduler.start(
    name,
    () => simulation.scheduler.call(`payer.${name}`, "", act, away),
    () => undefined,
  );
}

/** The payer acts on his n-th link at any moment of the race. */
function payer(simulation: Simulation, action: Action, number = 0, webhook = true): void {
  meanwhile(simulation, action, () => {
    const link = simulation.ledger.links()[number];
    if (link) simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
    if (link && webhook) simulation.ask(link.order.txRef, "webhook");
  });
}

function lands(simulation: Simulation): void {
  meanwhile(simulation, "land", () => {
    const link = simulation.land();
    if (link) simulation.ask(link.order.txRef, "webhook");
  });
}

function later(simulation: Simulation, ms: number): void {
  simulation.scheduler.now += ms;
}

/** A look at the n-th link that was given out. */
function look(simulation: Simulation, trigger: "webhook" | "due" | "asked", number = 0): void {
  const link = simulation.ledger.links()[number];
  if (!link) throw new Error(`there is no link ${number}`);
  simulation.ask(link.order.txRef, trigger);
  const entry = simulation.looks.at(-1);
  if (entry) simulation.look(entry);
}

async function opened(simulation: Simulation, requestId = "first"): Promise<void> {
  simulation.press(requestId, requestId);
  await drain(simulation);
  later(simulation, 10 * SECOND_MS);
}

async function twoOpened(simulation: Simulation, action?: Action): Promise<void> {
  await opened(simulation);
  const [first] = simulation.ledger.links();
  if (first && action) simulation.pay(first, action);
  later(simulation, WINDOW_MS);
  await opened(simulation, "second");
}

async function expired(simulation: Simulation): Promise<void> {
  await opened(simulation);
  later(simulation, TIMEOUT_MS);
  simulation.sweep();
  await drain(simulation);
  later(simulation, 10 * SECOND_MS);
}

/** Every order of these, complete; with one fault where the search still ends. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "the same request twice",
    faults: 1,
    start: (simulation) => {
      simulation.press("a", "same", IMPATIENT_MS);
      simulation.press("b", "same", IMPATIENT_MS);
    },
  },
  {
    name: "two requests for one fee",
    faults: 1,
    start: (simulation) => {
      simulation.press("a", "a", IMPATIENT_MS);
      simulation.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "three requests for one fee",
    faults: 0,
    start: (simulation) => {
      for (const client of ["a", "b", "c"]) simulation.press(client, client, IMPATIENT_MS);
    },
  },
  {
    name: "one request, patient, and everything that can go wrong twice",
    faults: 2,
    start: (simulation) => void simulation.press("a", "a"),
  },
  {
    name: "paid while two looks are under way",
    faults: 1,
    begin: opened,
    start: (simulation) => {
      look(simulation, "webhook");
      look(simulation, "asked");
      payer(simulation, "pay");
    },
  },
  {
    name: "paid while it is given up for its age",
    faults: 1,
    begin: async (simulation) => {
      await opened(simulation);
      later(simulation, TIMEOUT_MS);
    },
    start: (simulation) => {
      look(simulation, "due");
      payer(simulation, "pay");
    },
  },
  {
    name: "money in flight lands while it is given up for its age",
    faults: 1,
    begin: async (simulation) => {
      await opened(simulation);
      const [link] = simulation.ledger.links();
      if (link) simulation.pay(link, "prompt");
      later(simulation, TIMEOUT_MS);
    },
    start: (simulation) => {
      look(simulation, "due");
      lands(simulation);
    },
  },
  {
    name: "paid while the owner presses past the window",
    faults: 1,
    begin: async (simulation) => {
      await opened(simulation);
      later(simulation, WINDOW_MS);
    },
    start: (simulation) => {
      simulation.press("b", "b", IMPATIENT_MS);
      payer(simulation, "pay");
    },
  },
  {
    name: "two owners press past the window",
    faults: 0,
    begin: async (simulation) => {
      await opened(simulation);
      later(simulation, WINDOW_MS);
    },
    start: (simulation) => {
      simulation.press("a", "a", IMPATIENT_MS);
      simulation.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "paid while it is cancelled",
    faults: 1,
    begin: opened,
    start: (simulation) => {
      for (const payment of simulation.payments()) simulation.giveUp(payment);
      payer(simulation, "pay");
    },
  },
  {
    name: "cancelled while somebody else presses",
    faults: 1,
    begin: opened,
    start: (simulation) => {
      for (const payment of simulation.payments()) simulation.giveUp(payment);
      simulation.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "an old request and a new one after it was given up",
    faults: 1,
    begin: expired,
    start: (simulation) => {
      simulation.press("old", "first", IMPATIENT_MS);
      simulation.press("new", "new", IMPATIENT_MS);
    },
  },
  {
    name: "a new request while it is sealed",
    faults: 1,
    begin: async (simulation) => {
      await expired(simulation);
      later(simulation, 2 * HOUR_MS);
    },
    start: (simulation) => {
      look(simulation, "due");
      simulation.press("new", "new", IMPATIENT_MS);
    },
  },
  {
    name: "both links are paid, one of them by money in flight",
    faults: 1,
    begin: (simulation) => twoOpened(simulation, "prompt"),
    start: (simulation) => {
      payer(simulation, "pay", 1, false);
      lands(simulation);
      look(simulation, "asked", 0);
      look(simulation, "asked", 1);
    },
  },
  {
    name: "another amount on one link, the right one on the other",
    faults: 1,
    begin: async (simulation) => {
      await twoOpened(simulation, "prompt");
      const second = simulation.ledger.links()[1];
      if (second) simulation.pay(second, "wrong-amount", { amount: "5.00" });
    },
    start: (simulation) => {
      lands(simulation);
      look(simulation, "asked", 0);
      look(simulation, "asked", 1);
    },
  },
  {
    name: "the money goes back while it is being confirmed",
    faults: 1,
    begin: async (simulation) => {
      await opened(simulation);
      const [link] = simulation.ledger.links();
      if (link) simulation.pay(link, "pay");
    },
    start: (simulation) => {
      payer(simulation, "refund", 0, false);
      look(simulation, "webhook");
      look(simulation, "asked");
    },
  },
  {
    name: "a success is told to the listing and to the payer",
    faults: 0,
    delivers: true,
    begin: async (simulation) => {
      await opened(simulation);
      const [link] = simulation.ledger.links();
      if (link) simulation.pay(link, "pay");
    },
    start: (simulation) => look(simulation, "webhook"),
  },
  {
    name: "money lands late while the listing hears that nobody paid",
    faults: 0,
    delivers: true,
    begin: async (simulation) => {
      await opened(simulation);
      const [link] = simulation.ledger.links();
      if (link) simulation.pay(link, "prompt");
      later(simulation, TIMEOUT_MS);
      simulation.sweep();
      await drain(simulation);
      later(simulation, 2 * HOUR_MS);
    },
    start: (simulation) => {
      look(simulation, "due");
      lands(simulation);
    },
  },
  {
    name: "the books are compared while a look is under way",
    faults: 1,
    begin: async (simulation) => {
      await opened(simulation);
      const [link] = simulation.ledger.links();
      if (link) simulation.pay(link, "pay");
      later(simulation, 3 * HOUR_MS);
    },
    start: (simulation) => {
      simulation.reconcile();
      look(simulation, "due");
    },
  },
];
