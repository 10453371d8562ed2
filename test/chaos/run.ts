import { setTimeout as pause } from "node:timers/promises";
import { MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { DeliberateFault } from "../invariants/deliberate-faults.ts";
import { type Ending, Testbed } from "./testbed.ts";
import type { Traffic } from "./traffic.ts";
import type { WorkerHost } from "./worker-host.ts";

export type ChaosOptions = {
  seed: number;
  kills: number;
  payments: number;
  workers: number;
  fault: DeliberateFault | undefined;
  /** Receives the progress. */
  say: (text: string) => void;
};

export type Chaos = Ending & { seconds: { chaos: number; recovery: number } };

const SIDE_BY_SIDE = 48;
// The probability that a call kills its caller, while there were fewer kills than payments.
const KILL_RATE = 0.02;
const FAULT_RATE = 0.03;
const FREEZE_RATE = 0.004;
const BETWEEN_RANDOM_KILLS_MS = 1_000;
const CHAOS_LIMIT_MS = 25 * MINUTE_MS;

/**
 * Runs the real functions in processes that it kills, freezes and cuts off, with shifted clocks, while owners and payers
 * continue. Then everything works again, time passes, and it checks the invariants.
 */
export async function chaos(options: ChaosOptions): Promise<Chaos> {
  const progress = { isKillDue: () => false };
  const testbed = await Testbed.open({
    seed: options.seed,
    fault: options.fault,
    workers: options.workers,
    killRate: () => (progress.isKillDue() ? KILL_RATE : 0),
    faultRate: FAULT_RATE,
    freezeRate: FREEZE_RATE,
    isSkewed: true,
  });
  const { host, traffic } = testbed;
  progress.isKillDue = () => isKillDue(options, host.report.kills, traffic.fees.length);
  try {
    const startedAt = performance.now();
    await disturb(options, host, traffic);
    const disturbedAt = performance.now();
    options.say(`${host.report.kills} kills, ${traffic.stats.payments} payments; recovering`);
    const ending = await testbed.end();
    const seconds = {
      chaos: Math.round((disturbedAt - startedAt) / SECOND_MS),
      recovery: Math.round((performance.now() - disturbedAt) / SECOND_MS),
    };
    return { ...ending, seconds };
  } finally {
    await testbed.close();
  }
}

/** Plays payments in parallel until there were enough payments and kills. */
async function disturb(options: ChaosOptions, host: WorkerHost, traffic: Traffic): Promise<void> {
  const { kills, payments, say } = options;
  const endsAt = performance.now() + CHAOS_LIMIT_MS;
  let isOver = false;
  const isEnough = () =>
    (traffic.fees.length >= payments && host.report.kills >= kills) || host.report.deaths.length > 0;
  const lane = async () => {
    while (!isEnough() && performance.now() < endsAt) await traffic.playPayment();
  };
  const killer = async () => {
    while (!isOver) {
      await pause(BETWEEN_RANDOM_KILLS_MS);
      if (!isOver && isKillDue(options, host.report.kills, traffic.fees.length)) host.killOne();
    }
  };
  const reporter = setInterval(
    () => say(`${host.report.kills} kills, ${traffic.stats.payments} payments`),
    15 * SECOND_MS,
  );
  host.arm();
  const killing = killer();
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
    if (!isEnough()) throw new Error(`not enough happened within ${CHAOS_LIMIT_MS / MINUTE_MS} minutes`);
  } finally {
    isOver = true;
    clearInterval(reporter);
    await killing;
  }
}

/** Keeps the number of kills close to the number of payments. */
function isKillDue({ kills, payments }: ChaosOptions, killed: number, begun: number): boolean {
  return killed * payments < kills * begun;
}
