// First of all, so that no module keeps a Date that cannot be moved.
import "../../local/process-clock.ts";
import { rmSync } from "node:fs";
import { QUEUES, type QueueName } from "../../lib/contract/queues.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { type Cloud, startCloud } from "../../local/cloud.ts";
import { readSettings } from "../../local/settings.ts";
import { seeded } from "../support/seeded-random.ts";
import { bundleWorker } from "./bundle.ts";
import type { DeliberateFault } from "./deliberate.ts";
import { Laws, type Violation } from "./laws.ts";
import { Lives } from "./lives.ts";
import { type HostOptions, type HostReport, WorkerHost } from "./worker-host.ts";

export type StandOptions = Omit<HostOptions, "program" | "random" | "onInitialize"> & {
  seed: number;
  fault?: DeliberateFault | undefined;
};

/** What it came to: everything that must be empty or zero, and what there was. */
export type Ending = {
  violations: (Violation & { story: string })[];
  /** Who asked when everything worked, and got neither a checkout nor a final answer. */
  stuck: number;
  host: HostReport;
  stats: Lives["stats"];
  states: Record<string, number>;
  captures: number;
  transactions: number;
  dead: Record<string, number>;
};

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

/** A cloud whose functions run in processes of their own that can be harmed, with people and with laws. */
export class Stand {
  readonly host: WorkerHost;
  readonly lives: Lives;
  readonly #cloud: Cloud;
  readonly #laws: Laws;
  readonly #program: string;

  private constructor(parts: { host: WorkerHost; cloud: Cloud; laws: Laws; program: string; random: () => number }) {
    this.host = parts.host;
    this.#cloud = parts.cloud;
    this.#laws = parts.laws;
    this.#program = parts.program;
    this.lives = new Lives(parts.cloud, parts.laws, parts.random);
  }

  static async open(options: StandOptions): Promise<Stand> {
    // What the functions of the healing record is of no use here.
    process.env["POWERTOOLS_LOG_LEVEL"] = "SILENT";
    process.env["POWERTOOLS_METRICS_DISABLED"] = "true";
    const random = seeded(options.seed);
    const laws = new Laws();
    const program = await bundleWorker(options.fault);
    const host = new WorkerHost({ ...options, program, random, onInitialize: (body) => laws.initialized(body) });
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
    // Limits are counted elsewhere; here the emulator of Redis would only take the processor.
    cloud.rotate("auth", { upstash_url: undefined, upstash_token: undefined });
    laws.watch(cloud, process.env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "");
    return new Stand({ host, cloud, laws, program, random });
  }

  /** Everything works again, time passes until nothing is owed any more, and the laws are checked. */
  async end(): Promise<Ending> {
    await this.host.heal();
    let stuck = 0;
    for (const [index, ms] of [0, ...HEALING_MS].entries()) {
      await this.#pass(ms);
      if (index === HEALED_OF_SKEW) stuck = await this.#pressAgain();
    }
    await this.#laws.atTheEnd();
    const { rows, chapa, queues } = this.#cloud;
    const names = Object.keys(QUEUES) as QueueName[];
    return {
      violations: await Promise.all(
        this.#laws.violations.map(async (violation) => ({ ...violation, story: await this.#laws.story(violation.of) })),
      ),
      stuck,
      host: this.host.report,
      stats: this.lives.stats,
      states: counted((await rows.payments()).map(({ state }) => state)),
      captures: chapa?.captures().length ?? 0,
      transactions: chapa?.transactions().length ?? 0,
      dead: Object.fromEntries(names.map((name) => [name, queues.state(name).dead.length])),
    };
  }

  /** @throws Error naming what does not come to an end */
  async #pass(ms: number): Promise<void> {
    try {
      await this.#cloud.advance(ms);
    } catch (error) {
      throw new Error(`under way: ${this.host.underWay.join(", ") || "no function"}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.host.heal();
    await this.#cloud.close();
    rmSync(this.#program, { force: true });
  }

  /** Whoever asks when everything works gets a checkout or a final answer. @returns how many did not */
  async #pressAgain(): Promise<number> {
    let stuck = 0;
    const fees = [...this.lives.fees];
    const lane = async () => {
      for (let fee = fees.pop(); fee; fee = fees.pop()) {
        if ((await this.lives.press(fee)).status !== 202) stuck++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    return stuck;
  }
}

function counted(names: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const name of names) sums[name] = (sums[name] ?? 0) + 1;
  return sums;
}
