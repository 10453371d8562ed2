// First of all, so that no module keeps a Date that cannot be moved.
import "../../local/process-clock.ts";
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { QUEUES, type QueueName } from "../../lib/contract/queues.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { startCloud } from "../../local/cloud.ts";
import { readSettings } from "../../local/settings.ts";
import { bundleWorker } from "./bundle.ts";
import type { DeliberateFault } from "./deliberate.ts";
import { Laws, type Violation } from "./laws.ts";
import { Lives } from "./lives.ts";
import { seeded } from "./random.ts";
import { type HostReport, WorkerHost } from "./worker-host.ts";

export type ChaosOptions = {
  seed: number;
  kills: number;
  payments: number;
  workers: number;
  fault: DeliberateFault | undefined;
  /** Hears how far it is. */
  say: (text: string) => void;
};

export type Chaos = {
  violations: (Violation & { story: string })[];
  host: HostReport;
  stats: Lives["stats"];
  states: Record<string, number>;
  captures: number;
  transactions: number;
  dead: Record<string, number>;
  stuck: number;
  seconds: { chaos: number; heal: number };
};

const SIDE_BY_SIDE = 28;
// How likely a call is to be its caller's last while fewer have been killed than lives have begun.
const KILL_RATE = 0.02;
const FAULT_RATE = 0.03;
const BETWEEN_RANDOM_KILLS_MS = 1_000;
const CHAOS_LIMIT_MS = 20 * MINUTE_MS;
// Past the two hours by which some clocks were wrong, then past the timeout and the last look at what was left.
const HEALING_MS = [
  6 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  20 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  ...Array.from({ length: 12 }, () => 6 * HOUR_MS),
  ...Array.from({ length: 8 }, () => 24 * HOUR_MS),
];
const HEALED_OF_SKEW = 6;

/**
 * The real functions in processes that are killed, frozen, cut off and wrong about the time, while owners and payers
 * go on; then everything works again, time passes, and the laws are checked.
 */
export async function chaos(options: ChaosOptions): Promise<Chaos> {
  const random = seeded(options.seed);
  const laws = new Laws();
  // What the functions of the healing record is of no use here.
  process.env["POWERTOOLS_LOG_LEVEL"] = "SILENT";
  process.env["POWERTOOLS_METRICS_DISABLED"] = "true";
  const program = await bundleWorker(options.fault);
  let lives: Lives | undefined;
  const host = new WorkerHost({
    program,
    random,
    workers: options.workers,
    killRate: () => (isKillDue(options, host.report.kills, lives?.fees.length ?? 0) ? KILL_RATE : 0),
    faultRate: FAULT_RATE,
    onInitialize: (body) => laws.initialized(body),
  });
  const cloud = await startCloud({
    settings: readSettings({
      RATE_LIMIT_INITIATE: "1000000",
      RATE_LIMIT_TRIGGERS: "1000000",
      TOKEN_VERIFY: "local",
      PAYMENT_TIMEOUT_DAYS: "2",
    }),
    seed: options.seed,
    functions: host,
    observeStream: (record) => laws.changed(record),
  });
  try {
    // Limits are counted elsewhere; here the emulator of Redis would only take the processor.
    cloud.rotate("auth", { upstash_url: undefined, upstash_token: undefined });
    laws.watch(cloud, process.env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "");
    lives = new Lives(cloud, laws, random);
    const startedAt = performance.now();
    await disturb(options, host, lives);
    const disturbedAt = performance.now();
    options.say(`${host.report.kills} kills, ${lives.stats.payments} payments; healing`);
    await host.heal();
    await cloud.settle();
    let stuck = 0;
    for (const [index, ms] of HEALING_MS.entries()) {
      await cloud.advance(ms);
      if (index + 1 === HEALED_OF_SKEW) stuck = await pressAgain(lives);
    }
    await laws.atTheEnd();
    const payments = await cloud.rows.payments();
    const names = Object.keys(QUEUES) as QueueName[];
    return {
      violations: await Promise.all(
        laws.violations.map(async (violation) => ({ ...violation, story: await laws.story(violation.of) })),
      ),
      host: host.report,
      stats: lives.stats,
      states: counted(payments.map(({ state }) => state)),
      captures: cloud.chapa?.captures().length ?? 0,
      transactions: cloud.chapa?.transactions().length ?? 0,
      dead: Object.fromEntries(names.map((name) => [name, cloud.queues.state(name).dead.length])),
      stuck,
      seconds: {
        chaos: Math.round((disturbedAt - startedAt) / 1000),
        heal: Math.round((performance.now() - disturbedAt) / 1000),
      },
    };
  } finally {
    await host.close();
    await cloud.close();
    rmSync(program, { force: true });
  }
}

/** Lives side by side until there were enough of them and enough kills. */
async function disturb(options: ChaosOptions, host: WorkerHost, lives: Lives): Promise<void> {
  const { kills, payments, say } = options;
  const endsAt = performance.now() + CHAOS_LIMIT_MS;
  let isOver = false;
  const isEnough = () =>
    (lives.stats.payments >= payments && host.report.kills >= kills) || host.report.deaths.length > 0;
  const lane = async () => {
    while (!isEnough() && performance.now() < endsAt) await lives.one();
  };
  const killer = async () => {
    while (!isOver) {
      await pause(BETWEEN_RANDOM_KILLS_MS);
      if (!isOver && isKillDue(options, host.report.kills, lives.fees.length)) host.killOne();
    }
  };
  const reporter = setInterval(
    () => say(`${host.report.kills} kills, ${lives.stats.payments} payments`),
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

/** Kills and payments are to come out even, whichever is ahead. */
function isKillDue({ kills, payments }: ChaosOptions, killed: number, begun: number): boolean {
  return killed * payments < kills * begun;
}

/** Whoever asks when everything works gets a checkout or a final answer. @returns how many did not */
async function pressAgain(lives: Lives): Promise<number> {
  let stuck = 0;
  const fees = [...lives.fees];
  const lane = async () => {
    for (let fee = fees.pop(); fee; fee = fees.pop()) {
      if ((await lives.press(fee)).status !== 202) stuck++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return stuck;
}

function counted(names: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const name of names) sums[name] = (sums[name] ?? 0) + 1;
  return sums;
}
