import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { startChild } from "../commands/children.ts";
import { CHAPA_DEFAULTS } from "../local/chapa/simulator.ts";
import type { Cloud } from "../local/cloud.ts";
import { TABLE_NAME } from "../local/environment.ts";
import { readSettings } from "../local/settings.ts";
import { startCloud } from "../local/start-cloud.ts";
import { type FirstRequest, measureFirstRequest } from "./first-request.ts";
import { Answered, type Call, type Job } from "./job.ts";
import { quantile, type Sample, sampleOf } from "./sample.ts";

/** The most that a call may take with a table that answers in 50 ms and a Chapa that answers in 200 ms: ms, median. */
export const PATH_GOALS = { initiate: 330, replay: 75, status: 75 } as const;
/** The most CPU of this process for one call with 16 in flight, in units of one GetItem. */
export const CPU_GOALS = { status: 3, initiate: 12, webhook: 20 } as const;

const TABLE_MS = 50;
const CHAPA_MS = 200;
const IN_FLIGHT = [1, 16, 64] as const;
const COMPARED = 16;
const ROUNDS = 3;
const DUE = [10, 100, 1000] as const;
// A status call may ask for a verification of an older payment, so those that were begun last are read.
const READ = 100;
const DUE_AFTER_MS = 3 * 60_000;
const SETTLED_WITHIN_MS = 10 * 60_000;

/** One load at one number of calls in flight. `cpu`: of this process for each call, in units of one GetItem. */
export type Load = { path: string; inFlight: number; perSecond: Sample; p50: Sample; p99: Sample; cpu: Sample };

export type Stack = {
  path: { name: keyof typeof PATH_GOALS; ms: Sample }[];
  /** CPU milliseconds of one GetItem through the SDK, 16 in flight. */
  getItemMs: Sample;
  loads: Load[];
  /** Webhooks of paid checkouts until the listing has been informed. */
  drain: { webhooks: number; perSecond: Sample; cpu: Sample };
  sweep: { due: number; seconds: number }[];
  /** A status call beside a few payments and beside all that this run has stored, 16 in flight: CPU in GetItems. */
  growth: { stored: number; cpu: number }[];
  memory: { calls: number; beforeMb: number; afterMb: number };
  logBytes: { path: string; bytes: number }[];
};

const Begun = z.looseObject({ id: z.string(), checkout_url: z.string(), chapa_tx_ref: z.string() });
type Begun = z.infer<typeof Begun>;

/**
 * Measures one local cloud: its functions run in this process, the calls come from another one.
 * @param folder the bundles, of which the first request is measured
 */
export async function measureStack(
  folder: string,
  onProgress: (what: string) => void,
): Promise<{ stack: Stack; first: () => FirstRequest }> {
  process.env["POWERTOOLS_LOG_LEVEL"] ??= "INFO";
  // A machine that does much else is slow, and that is not what this measures.
  process.env["DEADLINE_FACTOR"] ??= "20";
  const records = keepRecords();
  const settings = readSettings({ RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TRIGGERS: "1000000" });
  const cloud = await startCloud({ settings });
  const bench = new Bench(cloud);
  try {
    cloud.chapa?.plan("*", { dropAll: true, callback: { send: "off" } });
    onProgress("warming up");
    await bench.initiate(100, COMPARED);
    const getItemMs = await bench.getItem();
    const few = await bench.statusCpu(getItemMs.median);
    const loads: Load[] = [];
    for (const inFlight of IN_FLIGHT) {
      onProgress(`calls with ${inFlight} in flight`);
      loads.push(await bench.load("initiate", inFlight, getItemMs.median));
      loads.push(await bench.load("status", inFlight, getItemMs.median));
    }
    onProgress("webhooks until the listing is informed");
    const drain = await bench.drain(getItemMs.median);
    onProgress("bytes of the records");
    const logBytes = await bench.logBytes(records);
    onProgress("the sweep");
    const sweep = [];
    for (const due of DUE) sweep.push(await bench.sweep(due));
    onProgress("growth and memory");
    const many = await bench.statusCpu(getItemMs.median);
    const memory = await bench.memory(10_000);
    onProgress("calls with slow neighbours");
    const path = await bench.path();
    onProgress("the first request");
    const first = await orThrown(bench.firstRequest(folder));
    return { stack: { path, getItemMs, loads, drain, sweep, growth: [few, many], memory, logBytes }, first };
  } finally {
    bench.close();
    await cloud.close();
    records.giveBack();
  }
}

class Bench {
  readonly #cloud: Cloud;
  readonly #caller = startChild(process.execPath, [join(import.meta.dirname, "caller.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly #lines: Interface;
  readonly #begun: Begun[] = [];

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.#lines = createInterface({ input: this.#caller.stdout ?? process.stdin });
  }

  close(): void {
    this.#caller.kill("SIGTERM");
  }

  /** CPU of one GetItem of a payment, through the SDK's client. */
  async getItem(): Promise<Sample> {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    const [payment] = await this.#cloud.rows.payments();
    const command = () => new GetCommand({ TableName: TABLE_NAME, Key: { pk: `P#${payment?.ref}` } });
    const get = async (times: number) => {
      let left = times;
      const lane = async () => {
        while (left-- > 0) await client.send(command());
      };
      await Promise.all(Array.from({ length: COMPARED }, lane));
    };
    await get(500);
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await cpuMsOf(() => get(1000), 1000));
    client.destroy();
    return sampleOf(rounds);
  }

  async load(path: "initiate" | "status", inFlight: number, getItemMs: number): Promise<Load> {
    const many = inFlight === 1 ? 60 : 240;
    const rounds: { perSecond: number; p50: number; p99: number; cpu: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let answered: Answered = { seconds: 1, answers: [] };
      const play = async () => {
        answered = await (path === "initiate"
          ? this.initiate(many, inFlight)
          : this.#play(this.#statusCalls(many), inFlight));
        await this.#cloud.settle(SETTLED_WITHIN_MS);
      };
      const cpuMs = await cpuMsOf(play, many);
      const sorted = answered.answers.map(({ ms }) => ms).sort((one, other) => one - other);
      rounds.push({
        perSecond: many / answered.seconds,
        p50: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
        cpu: cpuMs / getItemMs,
      });
    }
    const of = (name: "perSecond" | "p50" | "p99" | "cpu") => sampleOf(rounds.map((round) => round[name]));
    return { path, inFlight, perSecond: of("perSecond"), p50: of("p50"), p99: of("p99"), cpu: of("cpu") };
  }

  /** Begins payments of new properties. */
  async initiate(many: number, inFlight: number): Promise<Answered> {
    const calls = Array.from({ length: many }, () => this.#initiateCall({ property_id: randomUUID() }));
    const answered = await this.#play(calls, inFlight);
    for (const { status, body } of answered.answers) {
      if (status !== 202) throw new Error(`initiate answered ${status}: ${body}`);
      this.#begun.push(Begun.parse(JSON.parse(body)));
    }
    return answered;
  }

  async statusCpu(getItemMs: number): Promise<{ stored: number; cpu: number }> {
    await this.initiate(READ, COMPARED);
    await this.#play(this.#statusCalls(READ), COMPARED);
    await this.#cloud.settle(SETTLED_WITHIN_MS);
    const cpuMs = await cpuMsOf(() => this.#play(this.#statusCalls(400), COMPARED), 400);
    return { stored: this.#begun.length, cpu: cpuMs / getItemMs };
  }

  /** Webhooks of paid checkouts, until the listing and the payer have been informed. */
  async drain(getItemMs: number): Promise<Stack["drain"]> {
    const webhooks = 100;
    const rounds: { perSecond: number; cpu: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const paid = await this.#paid(webhooks);
      const startedAt = performance.now();
      const play = async () => {
        await this.#play(
          paid.map((one) => this.#webhookCall(one)),
          COMPARED,
        );
        await this.#cloud.settle(SETTLED_WITHIN_MS);
      };
      const cpuMs = await cpuMsOf(play, webhooks);
      rounds.push({ perSecond: (webhooks * 1000) / (performance.now() - startedAt), cpu: cpuMs / getItemMs });
    }
    const payments = await this.#cloud.rows.payments();
    const success = payments.filter(({ state }) => state === "SUCCESS").length;
    if (success !== ROUNDS * webhooks) throw new Error(`${success} of ${ROUNDS * webhooks} payments are paid`);
    const of = (name: "perSecond" | "cpu") => sampleOf(rounds.map((round) => round[name]));
    return { webhooks, perSecond: of("perSecond"), cpu: of("cpu") };
  }

  /** How long the sweep takes until `due` payments that became due at once have been verified. */
  async sweep(due: number): Promise<{ due: number; seconds: number }> {
    // What the other measurements have begun is verified before.
    await this.#cloud.clock.advance(DUE_AFTER_MS);
    await this.#cloud.functions.invoke("timeout-payments", {});
    await this.#cloud.settle(SETTLED_WITHIN_MS);
    await this.initiate(due, COMPARED);
    await this.#cloud.settle(SETTLED_WITHIN_MS);
    await this.#cloud.clock.advance(DUE_AFTER_MS);
    const startedAt = performance.now();
    await this.#cloud.functions.invoke("timeout-payments", {});
    await this.#cloud.settle(SETTLED_WITHIN_MS);
    return { due, seconds: (performance.now() - startedAt) / 1000 };
  }

  async memory(calls: number): Promise<Stack["memory"]> {
    await this.initiate(READ, COMPARED);
    const before = heapMb();
    for (let done = 0; done < calls; done += 1000) await this.#play(this.#statusCalls(1000), COMPARED);
    return { calls, beforeMb: before, afterMb: heapMb() };
  }

  /** Bytes that functions write for one payment, from the press until the listing is informed, and for one status. */
  async logBytes(records: Records): Promise<Stack["logBytes"]> {
    const bytes = async (path: string, work: () => Promise<unknown>) => {
      const before = records.bytes();
      await work();
      await this.#cloud.settle(SETTLED_WITHIN_MS);
      return { path, bytes: records.bytes() - before };
    };
    return [
      await bytes("initiate", () => this.initiate(1, 1)),
      await bytes("status", () => this.#play(this.#statusCalls(1), 1)),
      await bytes("webhook, until all are informed", async () => {
        const last = this.#begun.at(-1);
        if (!last) return;
        await this.#play([actCall(last)], 1);
        await this.#play([this.#webhookCall(last)], 1);
      }),
    ];
  }

  /** Single calls while the table answers after 50 ms and Chapa after 200 ms. */
  async path(): Promise<Stack["path"]> {
    await this.#cloud.fault("table", { fault: "latency", ms: TABLE_MS });
    await this.#cloud.fault("chapa", { fault: "latency", ms: CHAPA_MS });
    const ms: Record<keyof typeof PATH_GOALS, number[]> = { initiate: [], replay: [], status: [] };
    for (let round = 0; round < 15; round++) {
      const call = this.#initiateCall({ property_id: randomUUID(), request_id: randomUUID() });
      const [first] = (await this.#play([call], 1)).answers;
      if (first?.status !== 202) throw new Error(`initiate answered ${first?.status}: ${first?.body}`);
      this.#begun.push(Begun.parse(JSON.parse(first.body)));
      const [again] = (await this.#play([call], 1)).answers;
      const [status] = (await this.#play(this.#statusCalls(1), 1)).answers;
      ms.initiate.push(first.ms);
      ms.replay.push(again?.ms ?? Number.NaN);
      ms.status.push(status?.ms ?? Number.NaN);
    }
    await this.#cloud.fault("table", null);
    await this.#cloud.fault("chapa", null);
    return (["initiate", "replay", "status"] as const).map((name) => ({ name, ms: sampleOf(ms[name]) }));
  }

  firstRequest(folder: string): Promise<FirstRequest> {
    return measureFirstRequest(folder, this.#cloud, this.#begun.at(-1)?.id ?? "");
  }

  async #paid(many: number): Promise<Begun[]> {
    await this.initiate(many, COMPARED);
    const begun = this.#begun.slice(-many);
    await this.#play(begun.map(actCall), COMPARED);
    await this.#cloud.settle(SETTLED_WITHIN_MS);
    return begun;
  }

  #initiateCall(body: Record<string, string>): Call {
    const { user_id, token } = this.#cloud.address.users.owner;
    return {
      method: "POST",
      url: `${this.#cloud.address.api}/api/v1/payments/initiate`,
      headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
      body: JSON.stringify({ user_id, ...body }),
    };
  }

  #statusCalls(many: number): Call[] {
    const headers = { authorization: `Bearer ${this.#cloud.address.users.owner.token}` };
    return Array.from({ length: many }, (_, index) => {
      const { id } = this.#begun.at(-1 - (index % READ)) ?? { id: "" };
      return { method: "GET", url: `${this.#cloud.address.api}/api/v1/payments/${id}/status`, headers };
    });
  }

  #webhookCall({ chapa_tx_ref: tx_ref }: Begun): Call {
    const body = JSON.stringify({ event: "charge.success", tx_ref, status: "success", amount: "500.00" });
    const signature = createHmac("sha256", CHAPA_DEFAULTS.webhookSecret).update(body).digest("hex");
    return {
      method: "POST",
      url: this.#cloud.address.webhook,
      headers: { ...JSON_TYPE, "x-chapa-signature": signature },
      body,
    };
  }

  async #play(calls: Call[], lanes: number): Promise<Answered> {
    const job: Job = { calls, lanes };
    const line = once(this.#lines, "line");
    this.#caller.stdin?.write(`${JSON.stringify(job)}\n`);
    const [answered] = await line;
    return Answered.parse(JSON.parse(z.string().parse(answered)));
  }
}

const JSON_TYPE = { "content-type": "application/json" };

function actCall({ checkout_url }: Begun): Call {
  return { method: "POST", url: `${checkout_url}/act`, headers: JSON_TYPE, body: '{"action":"close-tab"}' };
}

/** Returns a function that returns what the measurement did, or throws what it threw. */
async function orThrown<Result>(measured: Promise<Result>): Promise<() => Result> {
  try {
    const result = await measured;
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The CPU milliseconds of this process for each of `many`. */
async function cpuMsOf(work: () => Promise<unknown>, many: number): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / many;
}

// Node has no other way to collect what is not used before it is measured.
setFlagsFromString("--expose-gc");
const collect = z.custom<() => void>((value) => typeof value === "function").parse(runInNewContext("gc"));

function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

type Records = { bytes: () => number; giveBack: () => void };

/** Keeps what functions write from the screen, and counts it. */
function keepRecords(): Records {
  const write = process.stdout.write.bind(process.stdout);
  let bytes = 0;
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    if (!/^\{"(?:level|_aws)":/.test(text)) return write(chunk, ...rest);
    bytes += Buffer.byteLength(text);
    return true;
  }) as typeof process.stdout.write;
  return {
    bytes: () => bytes,
    giveBack: () => {
      process.stdout.write = write;
    },
  };
}
