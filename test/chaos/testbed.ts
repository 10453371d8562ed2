// Must be the first import, so that no module keeps the original Date.
import "../../local/process-clock.ts";
import { rmSync } from "node:fs";
import * as z from "zod";
import { QUEUES, type QueueName } from "../../lib/contract/queues.ts";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import { parseTxRef } from "../../lib/domain/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Cloud } from "../../local/cloud.ts";
import { dynamo } from "../../local/dynamo/requests.ts";
import { TABLE_NAME, TX_STAGE } from "../../local/environment.ts";
import { readSettings } from "../../local/settings.ts";
import { startCloud } from "../../local/start-cloud.ts";
import type { Violation } from "../invariants/catalogue.ts";
import { CloudWorld, paymentIn } from "../invariants/cloud-world.ts";
import type { DeliberateFault } from "../invariants/deliberate-faults.ts";
import { seeded } from "../support/seeded-random.ts";
import { bundleWorker } from "./bundle.ts";
import { Traffic } from "./traffic.ts";
import { type HostOptions, type HostReport, WorkerHost } from "./worker-host.ts";

export type TestbedOptions = Omit<HostOptions, "program" | "random" | "onInitialize"> & {
  seed: number;
  fault?: DeliberateFault | undefined;
};

/** The result of a run: everything that must be empty or zero, and statistics. */
export type Ending = {
  violations: (Pick<Violation, "invariant" | "of" | "how"> & { story: string })[];
  host: HostReport;
  stats: Traffic["stats"];
  states: Record<string, number>;
  captures: number;
  transactions: number;
  dead: Record<string, number>;
};

// Past the two hours by which some clocks were wrong, then past the timeout and the last verification of what was left.
const RECOVERY_MS = [
  6 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  20 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  ...Array.from({ length: 12 }, () => 6 * HOUR_MS),
  ...Array.from({ length: 8 }, () => 24 * HOUR_MS),
];
const Initialize = z.looseObject({ tx_ref: z.string() });
const RIGHT_AGAIN = 6;

/** A cloud whose functions run in processes that can be killed, with its traffic and the data for the invariants. */
export class Testbed {
  readonly host: WorkerHost;
  readonly traffic: Traffic;
  readonly #cloud: Cloud;
  readonly #world: CloudWorld;
  readonly #program: string;

  private constructor(parts: {
    host: WorkerHost;
    cloud: Cloud;
    world: CloudWorld;
    program: string;
    random: () => number;
  }) {
    this.host = parts.host;
    this.#cloud = parts.cloud;
    this.#world = parts.world;
    this.#program = parts.program;
    this.traffic = new Traffic(parts.cloud, parts.world, parts.random);
  }

  static async open(options: TestbedOptions): Promise<Testbed> {
    // What the functions of the recovery record is of no use here.
    process.env["POWERTOOLS_LOG_LEVEL"] = "SILENT";
    process.env["POWERTOOLS_METRICS_DISABLED"] = "true";
    const random = seeded(options.seed);
    const world = new CloudWorld();
    const program = await bundleWorker(options.fault);
    const host = new WorkerHost({ ...options, program, random, onInitialize: (body) => initialized(world, body) });
    const cloud = await startCloud({
      settings: readSettings({
        RATE_LIMIT_INITIATE: "1000000",
        RATE_LIMIT_TRIGGERS: "1000000",
        TOKEN_VERIFY: "local",
        PAYMENT_TIMEOUT_DAYS: "2",
      }),
      seed: options.seed,
      functions: host,
      observeStream: (record) => world.changed(record),
    });
    // Limits are counted elsewhere; here the emulator of Redis would only take the processor.
    cloud.rotate("auth", { upstash_url: undefined, upstash_token: undefined });
    world.watch(cloud);
    return new Testbed({ host, cloud, world, program, random });
  }

  /** Stops all faults, moves the clock until nothing is due, and checks the invariants. */
  async end(): Promise<Ending> {
    await this.host.recover();
    for (const [index, ms] of [0, ...RECOVERY_MS].entries()) {
      await this.#pass(ms);
      if (index === RIGHT_AGAIN) await this.#pressAgain();
    }
    await this.#world.atRest(false);
    const { rows, chapa, queues } = this.#cloud;
    const names = Object.keys(QUEUES) as QueueName[];
    return {
      violations: await Promise.all(
        this.#world.violations.map(async ({ invariant, of, how }) => ({
          invariant,
          of,
          how,
          story: await this.#world.story(of),
        })),
      ),
      host: this.host.report,
      stats: this.traffic.stats,
      states: counted((await rows.payments()).map(({ state }) => state)),
      captures: chapa?.captures().length ?? 0,
      transactions: chapa?.transactions().length ?? 0,
      dead: Object.fromEntries(names.map((name) => [name, queues.state(name).dead.length])),
    };
  }

  /** @throws Error naming what does not end */
  async #pass(ms: number): Promise<void> {
    try {
      await this.#cloud.advance(ms);
    } catch (error) {
      throw new Error(`under way: ${this.host.underWay.join(", ") || "no function"}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.host.recover();
    await this.#cloud.close();
    rmSync(this.#program, { force: true });
  }

  /** Checks that an owner gets a checkout or a final answer while everything works. */
  async #pressAgain(): Promise<void> {
    const fees = [...this.traffic.fees];
    const lane = async () => {
      for (let fee = fees.pop(); fee; fee = fees.pop()) {
        const { status, body } = await this.traffic.press(fee);
        this.#world.invariants.askedAgain(fee, status === 202, `${status} ${body["code"]}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  }
}

/** Record before effect: the engine has the row of a checkout before Chapa gets the request. */
async function initialized(world: CloudWorld, body: Buffer): Promise<void> {
  const { tx_ref } = Initialize.parse(JSON.parse(body.toString("utf8")));
  const { Item } = await dynamo<{ Item?: unknown }>(process.env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "", "GetItem", {
    TableName: TABLE_NAME,
    Key: { pk: { S: `${PAYMENT_PREFIX}${parseTxRef(tx_ref, TX_STAGE)?.ref}` } },
    ConsistentRead: true,
  });
  world.invariants.opened(tx_ref, paymentIn(Item));
}

function counted(names: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const name of names) sums[name] = (sums[name] ?? 0) + 1;
  return sums;
}
