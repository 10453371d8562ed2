import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Scenario } from "./exhaustive.ts";
import { NAMESPACE } from "./ports.ts";
import { drain } from "./recovery.ts";
import type { Simulation } from "./simulation.ts";

const away = () => new Error("never");
// Long enough to wait once for another caller, but too short for two calls to Chapa.
const IMPATIENT_MS = 240;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = 61 * MINUTE_MS;

type Begin = (simulation: Simulation) => Promise<void>;
type Start = (simulation: Simulation) => void;

/** What races: each of these is begun, in this order, before any call of theirs happens. */
const together =
  (...starts: Start[]): Start =>
  (simulation) => {
    for (const start of starts) start(simulation);
  };

/** The steps before the race, in order. */
const first =
  (...begins: Begin[]): Begin =>
  async (simulation) => {
    for (const begin of begins) await begin(simulation);
  };

/** An outside event at any moment of the race. */
function meanwhile(simulation: Simulation, name: string, act: () => void): void {
  simulation.scheduler.start(
    name,
    () => simulation.scheduler.call(`payer.${name}`, "", act, away),
    () => undefined,
  );
}

/** The payer acts on their n-th link at any moment of the race. */
const payer =
  (action: Action, number = 0, webhook = true): Start =>
  (simulation) =>
    meanwhile(simulation, action, () => {
      const link = simulation.ledger.links()[number];
      if (link) simulation.pay(link, action);
      if (link && webhook) simulation.ask(link.order.txRef, "webhook");
    });

const lands: Start = (simulation) =>
  meanwhile(simulation, "land", () => {
    const link = simulation.land();
    if (link) simulation.ask(link.order.txRef, "webhook");
  });

/** A verification of the n-th link that was given out. */
const verify =
  (trigger: "webhook" | "schedule" | "manual", number = 0): Start =>
  (simulation) => {
    const link = simulation.ledger.links()[number];
    if (!link) throw new Error(`there is no link ${number}`);
    simulation.ask(link.order.txRef, trigger);
    const entry = simulation.resolveMessages.at(-1);
    if (entry) simulation.resolve(entry);
  };

/** Each of these clients wants a link, with a request of its own unless it is named. */
const presses =
  (clients: Iterable<string>, request?: string): Start =>
  (simulation) => {
    for (const client of clients) simulation.press(client, request ?? client, IMPATIENT_MS);
  };

const givesUp: Start = (simulation) => {
  for (const payment of simulation.payments()) simulation.giveUp(payment);
};

const later =
  (ms: number): Begin =>
  async (simulation) => {
    simulation.scheduler.now += ms;
  };

const opened =
  (requestId = "first"): Begin =>
  async (simulation) => {
    simulation.press(requestId, requestId);
    await drain(simulation);
    simulation.scheduler.now += 10 * SECOND_MS;
  };

/** The payer acts on their n-th link. */
const acted =
  (action: Action, number = 0): Begin =>
  async (simulation) => {
    const link = simulation.ledger.links()[number];
    if (link) simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
  };

const swept: Begin = async (simulation) => {
  simulation.sweep();
  await drain(simulation);
};

const expired = first(opened(), later(TIMEOUT_MS), swept, later(10 * SECOND_MS));
const twoOpened = first(opened(), acted("prompt"), later(WINDOW_MS), opened("second"));

const asksTable = (simulation: Simulation, name: string): void =>
  simulation.scheduler.start(
    name,
    async () => {
      await simulation.ports.initiate.identity.closed(NAMESPACE).catch((error: unknown) => {
        if (!(error instanceof DependencyUnavailable)) throw error;
      });
    },
    () => undefined,
  );

/** A table that has had a payment. That row is touched by nothing else, so its first writing is a race of its own. */
const oldTable: Begin = async (simulation) => {
  asksTable(simulation, "old");
  await drain(simulation);
  simulation.scheduler.now += MINUTE_MS;
};

/** Every order of each race is played, with one fault if the search still ends. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "two requests for the first payment of a table",
    faults: 1,
    start: together(
      (simulation) => asksTable(simulation, "a"),
      (simulation) => asksTable(simulation, "b"),
    ),
  },
  { name: "the same request twice", faults: 1, begin: oldTable, start: presses("ab", "same") },
  { name: "two requests for one fee", faults: 1, begin: oldTable, start: presses("ab") },
  { name: "three requests for one fee", faults: 0, begin: oldTable, start: presses("abc") },
  {
    name: "one request, patient, and everything that can go wrong twice",
    faults: 2,
    start: (simulation) => void simulation.press("a", "a"),
  },
  {
    name: "paid while two verifications are under way",
    faults: 1,
    begin: opened(),
    start: together(verify("webhook"), verify("manual"), payer("pay")),
  },
  {
    name: "paid while it is given up for its age",
    faults: 1,
    begin: first(opened(), later(TIMEOUT_MS)),
    start: together(verify("schedule"), payer("pay")),
  },
  {
    name: "money in flight lands while it is given up for its age",
    faults: 1,
    begin: first(opened(), acted("prompt"), later(TIMEOUT_MS)),
    start: together(verify("schedule"), lands),
  },
  {
    name: "paid while the owner presses past the window",
    faults: 1,
    begin: first(opened(), later(WINDOW_MS)),
    start: together(presses("b"), payer("pay")),
  },
  {
    name: "two owners press past the window",
    faults: 0,
    begin: first(opened(), later(WINDOW_MS)),
    start: presses("ab"),
  },
  {
    name: "paid while it is cancelled",
    faults: 1,
    begin: opened(),
    start: together(givesUp, payer("pay")),
  },
  {
    name: "cancelled while somebody else presses",
    faults: 1,
    begin: opened(),
    start: together(givesUp, presses("b")),
  },
  {
    name: "an old request and a new one after it was given up",
    faults: 1,
    begin: expired,
    start: together((simulation) => void simulation.press("old", "first", IMPATIENT_MS), presses(["new"])),
  },
  {
    name: "a new request while it is finalised",
    faults: 1,
    begin: first(expired, later(2 * HOUR_MS)),
    start: together(verify("schedule"), presses(["new"])),
  },
  {
    name: "both links are paid, one of them by money in flight",
    faults: 1,
    begin: twoOpened,
    start: together(payer("pay", 1, false), lands, verify("manual", 0), verify("manual", 1)),
  },
  {
    name: "another amount on one link, the right one on the other",
    faults: 1,
    begin: first(twoOpened, acted("wrong-amount", 1)),
    start: together(lands, verify("manual", 0), verify("manual", 1)),
  },
  {
    name: "the money goes back while it is being confirmed",
    faults: 1,
    begin: first(opened(), acted("pay")),
    start: together(payer("refund", 0, false), verify("webhook"), verify("manual")),
  },
  {
    name: "a success is told to the listing and to the payer",
    faults: 0,
    delivers: true,
    begin: first(opened(), acted("pay")),
    start: verify("webhook"),
  },
  {
    name: "money lands late while the listing hears that nobody paid",
    faults: 0,
    delivers: true,
    begin: first(opened(), acted("prompt"), later(TIMEOUT_MS), swept, later(2 * HOUR_MS)),
    start: together(verify("schedule"), lands),
  },
  {
    name: "the books are compared while a verification is under way",
    faults: 1,
    begin: first(opened(), acted("pay"), later(3 * HOUR_MS)),
    start: together((simulation) => simulation.reconcile(), verify("schedule")),
  },
];
