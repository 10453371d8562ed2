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

/** The payer acts on their n-th link at any moment of the race. */
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

/** A verification of the n-th link that was given out. */
function verify(simulation: Simulation, trigger: "webhook" | "schedule" | "manual", number = 0): void {
  const link = simulation.ledger.links()[number];
  if (!link) throw new Error(`there is no link ${number}`);
  simulation.ask(link.order.txRef, trigger);
  const entry = simulation.resolveMessages.at(-1);
  if (entry) simulation.resolve(entry);
}

async function opened(simulation: Simulation, requestId = "first"): Promise<void> {
  simulation.press(requestId, requestId);
  await drain(simulation);
  later(simulation, 10 * SECOND_MS);
}

/** Opened; then perhaps the payer acts on the link, and perhaps time passes. */
const openedAnd =
  (action: Action | undefined, passes = 0) =>
  async (simulation: Simulation): Promise<void> => {
    await opened(simulation);
    const [link] = simulation.ledger.links();
    if (link && action) simulation.pay(link, action);
    later(simulation, passes);
  };

/** Each of these clients wants a link, with a request of its own unless it is named. */
const presses =
  (clients: string, request?: string) =>
  (simulation: Simulation): void => {
    for (const client of clients) simulation.press(client, request ?? client, IMPATIENT_MS);
  };

async function twoOpened(simulation: Simulation, action?: Action): Promise<void> {
  await openedAnd(action, WINDOW_MS)(simulation);
  await opened(simulation, "second");
}

async function expired(simulation: Simulation): Promise<void> {
  await openedAnd(undefined, TIMEOUT_MS)(simulation);
  simulation.sweep();
  await drain(simulation);
  later(simulation, 10 * SECOND_MS);
}

/** Every order of these, complete; with one fault where the search still ends. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "the same request twice",
    faults: 1,
    start: presses("ab", "same"),
  },
  {
    name: "two requests for one fee",
    faults: 1,
    start: presses("ab"),
  },
  {
    name: "three requests for one fee",
    faults: 0,
    start: presses("abc"),
  },
  {
    name: "one request, patient, and everything that can go wrong twice",
    faults: 2,
    start: (simulation) => void simulation.press("a", "a"),
  },
  {
    name: "paid while two verifications are under way",
    faults: 1,
    begin: opened,
    start: (simulation) => {
      verify(simulation, "webhook");
      verify(simulation, "manual");
      payer(simulation, "pay");
    },
  },
  {
    name: "paid while it is given up for its age",
    faults: 1,
    begin: openedAnd(undefined, TIMEOUT_MS),
    start: (simulation) => {
      verify(simulation, "schedule");
      payer(simulation, "pay");
    },
  },
  {
    name: "money in flight lands while it is given up for its age",
    faults: 1,
    begin: openedAnd("prompt", TIMEOUT_MS),
    start: (simulation) => {
      verify(simulation, "schedule");
      lands(simulation);
    },
  },
  {
    name: "paid while the owner presses past the window",
    faults: 1,
    begin: openedAnd(undefined, WINDOW_MS),
    start: (simulation) => {
      simulation.press("b", "b", IMPATIENT_MS);
      payer(simulation, "pay");
    },
  },
  {
    name: "two owners press past the window",
    faults: 0,
    begin: openedAnd(undefined, WINDOW_MS),
    start: presses("ab"),
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
      verify(simulation, "schedule");
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
      verify(simulation, "manual", 0);
      verify(simulation, "manual", 1);
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
      verify(simulation, "manual", 0);
      verify(simulation, "manual", 1);
    },
  },
  {
    name: "the money goes back while it is being confirmed",
    faults: 1,
    begin: openedAnd("pay"),
    start: (simulation) => {
      payer(simulation, "refund", 0, false);
      verify(simulation, "webhook");
      verify(simulation, "manual");
    },
  },
  {
    name: "a success is told to the listing and to the payer",
    faults: 0,
    delivers: true,
    begin: openedAnd("pay"),
    start: (simulation) => verify(simulation, "webhook"),
  },
  {
    name: "money lands late while the listing hears that nobody paid",
    faults: 0,
    delivers: true,
    begin: async (simulation) => {
      await openedAnd("prompt", TIMEOUT_MS)(simulation);
      simulation.sweep();
      await drain(simulation);
      later(simulation, 2 * HOUR_MS);
    },
    start: (simulation) => {
      verify(simulation, "schedule");
      lands(simulation);
    },
  },
  {
    name: "the books are compared while a verification is under way",
    faults: 1,
    begin: openedAnd("pay", 3 * HOUR_MS),
    start: (simulation) => {
      simulation.reconcile();
      verify(simulation, "schedule");
    },
  },
];
