import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Scenario } from "./exhaustive.ts";
import { drain } from "./heal.ts";
import type { Universe } from "./universe.ts";

const away = () => new Error("never");
// Long enough to wait once for another caller, too short to try Chapa twice.
const IMPATIENT_MS = 240;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = 61 * MINUTE_MS;

/** Something that the world does, at any moment of the race. */
function meanwhile(universe: Universe, name: string, act: () => void): void {
  universe.scheduler.start(
    name,
    () => universe.scheduler.call(`payer.${name}`, "", act, away),
    () => undefined,
  );
}

/** The payer acts on his n-th link at any moment of the race. */
function payer(universe: Universe, action: Action, number = 0, webhook = true): void {
  meanwhile(universe, action, () => {
    const link = universe.ledger.links()[number];
    if (link) universe.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
    if (link && webhook) universe.ask(link.order.txRef, "webhook");
  });
}

function lands(universe: Universe): void {
  meanwhile(universe, "land", () => {
    const link = universe.land();
    if (link) universe.ask(link.order.txRef, "webhook");
  });
}

function later(universe: Universe, ms: number): void {
  universe.scheduler.now += ms;
}

/** A look at the n-th link that was given out. */
function look(universe: Universe, trigger: "webhook" | "schedule" | "manual", number = 0): void {
  const link = universe.ledger.links()[number];
  if (!link) throw new Error(`there is no link ${number}`);
  universe.ask(link.order.txRef, trigger);
  const entry = universe.looks.at(-1);
  if (entry) universe.look(entry);
}

async function opened(universe: Universe, requestId = "first"): Promise<void> {
  universe.press(requestId, requestId);
  await drain(universe);
  later(universe, 10 * SECOND_MS);
}

async function twoOpened(universe: Universe, action?: Action): Promise<void> {
  await opened(universe);
  const [first] = universe.ledger.links();
  if (first && action) universe.pay(first, action);
  later(universe, WINDOW_MS);
  await opened(universe, "second");
}

async function expired(universe: Universe): Promise<void> {
  await opened(universe);
  later(universe, TIMEOUT_MS);
  universe.sweep();
  await drain(universe);
  later(universe, 10 * SECOND_MS);
}

/** Every order of these, complete; with one fault where the search still ends. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "the same request twice",
    faults: 1,
    start: (universe) => {
      universe.press("a", "same", IMPATIENT_MS);
      universe.press("b", "same", IMPATIENT_MS);
    },
  },
  {
    name: "two requests for one fee",
    faults: 1,
    start: (universe) => {
      universe.press("a", "a", IMPATIENT_MS);
      universe.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "three requests for one fee",
    faults: 0,
    start: (universe) => {
      for (const client of ["a", "b", "c"]) universe.press(client, client, IMPATIENT_MS);
    },
  },
  {
    name: "one request, patient, and everything that can go wrong twice",
    faults: 2,
    start: (universe) => void universe.press("a", "a"),
  },
  {
    name: "paid while two looks are under way",
    faults: 1,
    begin: opened,
    start: (universe) => {
      look(universe, "webhook");
      look(universe, "manual");
      payer(universe, "pay");
    },
  },
  {
    name: "paid while it is given up for its age",
    faults: 1,
    begin: async (universe) => {
      await opened(universe);
      later(universe, TIMEOUT_MS);
    },
    start: (universe) => {
      look(universe, "schedule");
      payer(universe, "pay");
    },
  },
  {
    name: "money in flight lands while it is given up for its age",
    faults: 1,
    begin: async (universe) => {
      await opened(universe);
      const [link] = universe.ledger.links();
      if (link) universe.pay(link, "prompt");
      later(universe, TIMEOUT_MS);
    },
    start: (universe) => {
      look(universe, "schedule");
      lands(universe);
    },
  },
  {
    name: "paid while the owner presses past the window",
    faults: 1,
    begin: async (universe) => {
      await opened(universe);
      later(universe, WINDOW_MS);
    },
    start: (universe) => {
      universe.press("b", "b", IMPATIENT_MS);
      payer(universe, "pay");
    },
  },
  {
    name: "two owners press past the window",
    faults: 0,
    begin: async (universe) => {
      await opened(universe);
      later(universe, WINDOW_MS);
    },
    start: (universe) => {
      universe.press("a", "a", IMPATIENT_MS);
      universe.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "paid while it is cancelled",
    faults: 1,
    begin: opened,
    start: (universe) => {
      for (const payment of universe.payments()) universe.giveUp(payment);
      payer(universe, "pay");
    },
  },
  {
    name: "cancelled while somebody else presses",
    faults: 1,
    begin: opened,
    start: (universe) => {
      for (const payment of universe.payments()) universe.giveUp(payment);
      universe.press("b", "b", IMPATIENT_MS);
    },
  },
  {
    name: "an old request and a new one after it was given up",
    faults: 1,
    begin: expired,
    start: (universe) => {
      universe.press("old", "first", IMPATIENT_MS);
      universe.press("new", "new", IMPATIENT_MS);
    },
  },
  {
    name: "a new request while it is sealed",
    faults: 1,
    begin: async (universe) => {
      await expired(universe);
      later(universe, 2 * HOUR_MS);
    },
    start: (universe) => {
      look(universe, "schedule");
      universe.press("new", "new", IMPATIENT_MS);
    },
  },
  {
    name: "both links are paid, one of them by money in flight",
    faults: 1,
    begin: (universe) => twoOpened(universe, "prompt"),
    start: (universe) => {
      payer(universe, "pay", 1, false);
      lands(universe);
      look(universe, "manual", 0);
      look(universe, "manual", 1);
    },
  },
  {
    name: "another amount on one link, the right one on the other",
    faults: 1,
    begin: async (universe) => {
      await twoOpened(universe, "prompt");
      const second = universe.ledger.links()[1];
      if (second) universe.pay(second, "wrong-amount", { amount: "5.00" });
    },
    start: (universe) => {
      lands(universe);
      look(universe, "manual", 0);
      look(universe, "manual", 1);
    },
  },
  {
    name: "the money goes back while it is being confirmed",
    faults: 1,
    begin: async (universe) => {
      await opened(universe);
      const [link] = universe.ledger.links();
      if (link) universe.pay(link, "pay");
    },
    start: (universe) => {
      payer(universe, "refund", 0, false);
      look(universe, "webhook");
      look(universe, "manual");
    },
  },
  {
    name: "a success is told to the listing and to the payer",
    faults: 0,
    delivers: true,
    begin: async (universe) => {
      await opened(universe);
      const [link] = universe.ledger.links();
      if (link) universe.pay(link, "pay");
    },
    start: (universe) => look(universe, "webhook"),
  },
  {
    name: "money lands late while the listing hears that nobody paid",
    faults: 0,
    delivers: true,
    begin: async (universe) => {
      await opened(universe);
      const [link] = universe.ledger.links();
      if (link) universe.pay(link, "prompt");
      later(universe, TIMEOUT_MS);
      universe.sweep();
      await drain(universe);
      later(universe, 2 * HOUR_MS);
    },
    start: (universe) => {
      look(universe, "schedule");
      lands(universe);
    },
  },
  {
    name: "the books are compared while a look is under way",
    faults: 1,
    begin: async (universe) => {
      await opened(universe);
      const [link] = universe.ledger.links();
      if (link) universe.pay(link, "pay");
      later(universe, 3 * HOUR_MS);
    },
    start: (universe) => {
      universe.reconcile();
      look(universe, "schedule");
    },
  },
];
