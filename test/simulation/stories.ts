import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { State } from "../../lib/domain/vocabulary.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Transaction } from "../../local/chapa/transactions.ts";
import { drain } from "./recovery.ts";
import type { Simulation } from "./simulation.ts";

/** What one fee comes to, told from its first press; `ends` is how, when nothing goes wrong. */
export type Story = {
  name: string;
  ends: { states: readonly State[]; listing: Simulation["listing"]; notified: number };
  play: (simulation: Simulation) => Promise<void>;
};

const PRESSES = 4;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = HOUR_MS + MINUTE_MS;
const SEALED_MS = HOUR_MS + MINUTE_MS;

/** An owner wants a link; a browser that gets no answer, or is told to come back, sends the same request again. */
async function press(simulation: Simulation, requestId: string): Promise<void> {
  for (let presses = 0; presses < PRESSES; presses++) {
    const pressed = simulation.press(requestId, requestId);
    await drain(simulation);
    if (pressed.payment || (pressed.error && pressed.error.retryAfterSeconds === undefined)) return;
    await pass(simulation, MINUTE_MS);
  }
}

/** Time passes, and the schedule runs. */
async function pass(simulation: Simulation, ms: number): Promise<void> {
  simulation.scheduler.now += ms;
  simulation.sweep();
  await drain(simulation);
}

type Webhook = { arrives?: boolean };
const LOST: Webhook = { arrives: false };

/** The payer does something with the newest link that they have, or the oldest; Chapa's webhook may get lost. */
async function act(
  simulation: Simulation,
  action: Action,
  { arrives = true, oldest = false }: Webhook & { oldest?: boolean } = {},
): Promise<void> {
  const links = simulation.ledger.links();
  const link = oldest ? links[0] : links.at(-1);
  if (link) simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
  await deliver(simulation, arrives ? link : undefined);
}

async function land(simulation: Simulation, { arrives = true }: Webhook = {}): Promise<void> {
  const link = simulation.land();
  await deliver(simulation, arrives ? link : undefined);
}

async function deliver(simulation: Simulation, link: Transaction | undefined): Promise<void> {
  if (link) simulation.ask(link.order.txRef, "webhook");
  await drain(simulation);
}

/** Each is played with every fault and every pair of faults. */
export const STORIES: readonly Story[] = [
  {
    name: "paid",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "pay");
      await pass(simulation, MINUTE_MS);
    },
  },
  {
    name: "paid, and every webhook is lost",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "pay", LOST);
      await pass(simulation, 3 * MINUTE_MS);
      await pass(simulation, MINUTE_MS);
    },
  },
  {
    name: "nobody pays",
    ends: { states: ["EXPIRED"], listing: "FAILED", notified: 0 },
    play: async (simulation) => {
      await press(simulation, "a");
      await pass(simulation, TIMEOUT_MS);
      await pass(simulation, SEALED_MS);
    },
  },
  {
    name: "money in flight lands after it was given up",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "prompt");
      await pass(simulation, TIMEOUT_MS);
      await land(simulation, LOST);
      await pass(simulation, SEALED_MS);
    },
  },
  {
    name: "pressed again past the window",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      simulation.scheduler.now += WINDOW_MS;
      await press(simulation, "b");
      await act(simulation, "pay");
    },
  },
  {
    name: "the old link is paid, too",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "prompt", { ...LOST, oldest: true });
      simulation.scheduler.now += WINDOW_MS;
      await press(simulation, "b");
      await act(simulation, "pay");
      await land(simulation);
    },
  },
  {
    name: "another amount",
    ends: { states: ["REVIEW"], listing: "PENDING", notified: 0 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "wrong-amount");
      await pass(simulation, 3 * MINUTE_MS);
    },
  },
  {
    name: "given up, pressed again, paid",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      for (const payment of simulation.payments()) simulation.giveUp(payment);
      await drain(simulation);
      simulation.scheduler.now += MINUTE_MS;
      await press(simulation, "b");
      await act(simulation, "pay");
    },
  },
  {
    name: "the money goes back, and it is paid again",
    ends: { states: ["SUCCESS", "SUCCESS"], listing: "APPROVED", notified: 2 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "pay");
      simulation.scheduler.now += HOUR_MS;
      await act(simulation, "reverse");
      simulation.scheduler.now += MINUTE_MS;
      await press(simulation, "b");
      await act(simulation, "pay");
    },
  },
  {
    name: "only the comparison of books finds it",
    ends: { states: ["SUCCESS"], listing: "APPROVED", notified: 1 },
    play: async (simulation) => {
      await press(simulation, "a");
      await act(simulation, "pay", LOST);
      simulation.scheduler.now += DAY_MS;
      simulation.reconcile();
      await drain(simulation);
    },
  },
];
