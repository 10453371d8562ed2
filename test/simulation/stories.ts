import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { State } from "../../lib/domain/vocabulary.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Transaction } from "../../local/chapa/transactions.ts";
import { drain } from "./heal.ts";
import type { Universe } from "./universe.ts";

/** What one fee comes to, told from its first press; `ends` is how, when nothing goes wrong. */
export type Story = {
  name: string;
  ends: { states: readonly State[]; listing: Universe["listing"]; told: number };
  live: (universe: Universe) => Promise<void>;
};

const PRESSES = 4;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = HOUR_MS + MINUTE_MS;
const SEALED_MS = HOUR_MS + MINUTE_MS;

/** An owner wants a link; a browser that gets no answer, or is told to come back, sends the same request again. */
async function press(universe: Universe, requestId: string): Promise<void> {
  for (let presses = 0; presses < PRESSES; presses++) {
    const pressed = universe.press(requestId, requestId);
    await drain(universe);
    if (pressed.payment || (pressed.error && pressed.error.retryAfterSeconds === undefined)) return;
    await pass(universe, MINUTE_MS);
  }
}

/** Time passes, and the schedule runs. */
async function pass(universe: Universe, ms: number): Promise<void> {
  universe.scheduler.now += ms;
  universe.sweep();
  await drain(universe);
}

type Told = { hears?: boolean };
const UNHEARD: Told = { hears: false };

/** The payer does something with the newest link that he has, or the oldest; Chapa's webhook may get lost. */
async function act(
  universe: Universe,
  action: Action,
  { hears = true, oldest = false }: Told & { oldest?: boolean } = {},
): Promise<void> {
  const links = universe.ledger.links();
  const link = oldest ? links[0] : links.at(-1);
  if (link) universe.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
  await hear(universe, hears ? link : undefined);
}

async function land(universe: Universe, { hears = true }: Told = {}): Promise<void> {
  const link = universe.land();
  await hear(universe, hears ? link : undefined);
}

async function hear(universe: Universe, link: Transaction | undefined): Promise<void> {
  if (link) universe.ask(link.order.txRef, "webhook");
  await drain(universe);
}

/** Each is played with every fault and every pair of faults. */
export const STORIES: readonly Story[] = [
  {
    name: "paid",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "pay");
      await pass(universe, MINUTE_MS);
    },
  },
  {
    name: "paid, and every webhook is lost",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "pay", UNHEARD);
      await pass(universe, 3 * MINUTE_MS);
      await pass(universe, MINUTE_MS);
    },
  },
  {
    name: "nobody pays",
    ends: { states: ["EXPIRED"], listing: "FAILED", told: 0 },
    live: async (universe) => {
      await press(universe, "a");
      await pass(universe, TIMEOUT_MS);
      await pass(universe, SEALED_MS);
    },
  },
  {
    name: "money in flight lands after it was given up",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "prompt");
      await pass(universe, TIMEOUT_MS);
      await land(universe, UNHEARD);
      await pass(universe, SEALED_MS);
    },
  },
  {
    name: "pressed again past the window",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      universe.scheduler.now += WINDOW_MS;
      await press(universe, "b");
      await act(universe, "pay");
    },
  },
  {
    name: "the old link is paid, too",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "prompt", { ...UNHEARD, oldest: true });
      universe.scheduler.now += WINDOW_MS;
      await press(universe, "b");
      await act(universe, "pay");
      await land(universe);
    },
  },
  {
    name: "another amount",
    ends: { states: ["REVIEW"], listing: "PENDING", told: 0 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "wrong-amount");
      await pass(universe, 3 * MINUTE_MS);
    },
  },
  {
    name: "given up, pressed again, paid",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      for (const payment of universe.payments()) universe.giveUp(payment);
      await drain(universe);
      universe.scheduler.now += MINUTE_MS;
      await press(universe, "b");
      await act(universe, "pay");
    },
  },
  {
    name: "the money goes back, and it is paid again",
    ends: { states: ["SUCCESS", "SUCCESS"], listing: "APPROVED", told: 2 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "pay");
      universe.scheduler.now += HOUR_MS;
      await act(universe, "reverse");
      universe.scheduler.now += MINUTE_MS;
      await press(universe, "b");
      await act(universe, "pay");
    },
  },
  {
    name: "only the comparison of books finds it",
    ends: { states: ["SUCCESS"], listing: "APPROVED", told: 1 },
    live: async (universe) => {
      await press(universe, "a");
      await act(universe, "pay", UNHEARD);
      universe.scheduler.now += DAY_MS;
      universe.reconcile();
      await drain(universe);
    },
  },
];
