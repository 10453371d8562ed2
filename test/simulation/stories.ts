import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { State } from "../../lib/domain/vocabulary.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { Transaction } from "../../local/chapa/transactions.ts";
import { drain } from "./recovery.ts";
import type { Simulation } from "./simulation.ts";

/** The story of one fee from its first press. `ends` is its end without faults. */
export type Story = {
  name: string;
  ends: { states: readonly State[]; listing: Simulation["listing"]; notified: number };
  play: Step;
};

type Step = (simulation: Simulation) => Promise<void>;

const PRESSES = 4;
const TIMEOUT_MS = 7 * DAY_MS + MINUTE_MS;
const WINDOW_MS = HOUR_MS + MINUTE_MS;
const FINALISED_MS = HOUR_MS + MINUTE_MS;
const PAID: Story["ends"] = { states: ["SUCCESS"], listing: "APPROVED", notified: 1 };

/** An owner wants a link. Without an answer, or if it must wait, the browser repeats the same request. */
const press =
  (requestId: string): Step =>
  async (simulation) => {
    for (let presses = 0; presses < PRESSES; presses++) {
      const pressed = simulation.press(requestId, requestId);
      await drain(simulation);
      if (pressed.payment || (pressed.error && pressed.error.retryAfterSeconds === undefined)) return;
      await pass(MINUTE_MS)(simulation);
    }
  };

/** Time passes, and the schedule runs. */
const pass =
  (ms: number): Step =>
  async (simulation) => {
    simulation.scheduler.now += ms;
    simulation.sweep();
    await drain(simulation);
  };

/** Time passes, and nothing runs. */
const wait =
  (ms: number): Step =>
  async (simulation) => {
    simulation.scheduler.now += ms;
  };

type Webhook = { arrives?: boolean };
const LOST: Webhook = { arrives: false };

/** The payer acts on their newest or oldest link. Chapa's webhook may be lost. */
const act =
  (action: Action, { arrives = true, oldest = false }: Webhook & { oldest?: boolean } = {}): Step =>
  async (simulation) => {
    const links = simulation.ledger.links();
    const link = oldest ? links[0] : links.at(-1);
    if (link) simulation.pay(link, action, action === "wrong-amount" ? { amount: "5.00" } : {});
    await deliver(simulation, arrives ? link : undefined);
  };

const land =
  ({ arrives = true }: Webhook = {}): Step =>
  async (simulation) => {
    const link = simulation.land();
    await deliver(simulation, arrives ? link : undefined);
  };

async function deliver(simulation: Simulation, link: Transaction | undefined): Promise<void> {
  if (link) simulation.ask(link.order.txRef, "webhook");
  await drain(simulation);
}

async function giveUp(simulation: Simulation): Promise<void> {
  for (const payment of simulation.payments()) simulation.giveUp(payment);
  await drain(simulation);
}

async function compareBooks(simulation: Simulation): Promise<void> {
  simulation.reconcile();
  await drain(simulation);
}

function story(name: string, ends: Story["ends"], steps: readonly Step[]): Story {
  const play: Step = async (simulation) => {
    for (const step of steps) await step(simulation);
  };
  return { name, ends, play };
}

/** Each is played with every fault and every pair of faults. */
export const STORIES: readonly Story[] = [
  story("paid", PAID, [press("a"), act("pay"), pass(MINUTE_MS)]),
  story("paid, and every webhook is lost", PAID, [press("a"), act("pay", LOST), pass(3 * MINUTE_MS), pass(MINUTE_MS)]),
  story("nobody pays", { states: ["EXPIRED"], listing: "FAILED", notified: 0 }, [
    press("a"),
    pass(TIMEOUT_MS),
    pass(FINALISED_MS),
  ]),
  story("money in flight lands after it was given up", PAID, [
    press("a"),
    act("prompt"),
    pass(TIMEOUT_MS),
    land(LOST),
    pass(FINALISED_MS),
  ]),
  story("pressed again past the window", PAID, [press("a"), wait(WINDOW_MS), press("b"), act("pay")]),
  story("the old link is paid, too", PAID, [
    press("a"),
    act("prompt", { ...LOST, oldest: true }),
    wait(WINDOW_MS),
    press("b"),
    act("pay"),
    land(),
  ]),
  story("another amount", { states: ["REVIEW"], listing: "PENDING", notified: 0 }, [
    press("a"),
    act("wrong-amount"),
    pass(3 * MINUTE_MS),
  ]),
  story("money of the other mode", { states: ["REVIEW"], listing: "PENDING", notified: 0 }, [
    press("a"),
    act("live-test-mix"),
    pass(3 * MINUTE_MS),
  ]),
  story("given up, pressed again, paid", PAID, [press("a"), giveUp, wait(MINUTE_MS), press("b"), act("pay")]),
  story(
    "the money goes back, and it is paid again",
    { states: ["SUCCESS", "SUCCESS"], listing: "APPROVED", notified: 2 },
    [press("a"), act("pay"), wait(HOUR_MS), act("reverse"), wait(MINUTE_MS), press("b"), act("pay")],
  ),
  story("only the comparison of books finds it", PAID, [press("a"), act("pay", LOST), wait(DAY_MS), compareBooks]),
];
