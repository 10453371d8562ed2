import type { FunctionName } from "../../lib/contract/functions.ts";
import { FUNCTIONS } from "../../lib/contract/functions.ts";
import { type FunctionHost, Functions, type Invoke, TimedOut } from "../../local/lambda.ts";
import {
  type CallFault,
  type CuttingProxy,
  type Seen,
  type Sentence,
  startCuttingProxy,
} from "../support/cutting-proxy.ts";
import { canShiftClocks, WorkerDied, WorkerProcess } from "./worker-process.ts";

export type HostOptions = {
  program: string;
  random: () => number;
  workers: number;
  /** How likely a call of a worker is to be the end of it, and to go wrong. */
  killRate: () => number;
  faultRate: number;
  /** How likely a write is to find its caller frozen for longer than a lease. */
  freezeRate: number;
  /** Whether some of them are wrong about the time, where that can be done. */
  isSkewed: boolean;
  /** Sees every checkout that is about to be opened, before Chapa does. */
  onInitialize: (body: Buffer) => Promise<void>;
};

export type HostReport = {
  kills: number;
  freezes: number;
  canShiftClocks: boolean;
  /** Workers that ended by themselves, and what they said. */
  deaths: string[];
  records: Map<string, number>;
  callFaults: Map<string, Record<CallFault, number>>;
};

type Target = "table" | "queues" | "chapa" | "listing";
type Place = { proxies: Record<Target, CuttingProxy>; worker: WorkerProcess; skewHours: number };

// Invocations that one process runs side by side, so that its death takes several with it.
const LANES = 4;
// So that leases end within a run: Lambda would give it 15 s.
const INITIATE_MS = 4_500;
// Longer than a lease, which outlives its invocation by 2 s.
const FREEZE_MS = INITIATE_MS + 2_500;
const FROZEN_AT_ONCE = 2;
const BACK_AFTER_SECONDS = 1;
// Of the places, one runs two hours ahead and one two hours behind.
const SKEWS = [0, 2, -2, 0, 0, 0, 0, 0];

/**
 * Runs functions in processes of their own, each behind proxies of its own, and lets them be killed, frozen and cut off;
 * their messages come back as they do from a dead Lambda. After {@link recover} functions run in this process.
 */
export class WorkerHost implements FunctionHost {
  readonly report: HostReport = {
    kills: 0,
    freezes: 0,
    canShiftClocks: canShiftClocks(),
    deaths: [],
    records: new Map(),
    callFaults: new Map(),
  };
  readonly #options: HostOptions;
  readonly #places: Place[] = [];
  readonly #inThisProcess = new Functions();
  readonly #underWay = new Set<{ name: string; isOutside: boolean; since: number }>();
  #isRecovering = false;
  #isArmed = false;
  #running = 0;
  #waiting: (() => void)[] = [];
  #frozen = 0;
  #recovering: Promise<void> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  /** Starts the workers for the environment that this process has now. */
  async load(): Promise<void> {
    const env = { ...process.env };
    for (let index = 0; index < this.#options.workers; index++) {
      const proxies = {
        table: await startCuttingProxy(env["AWS_ENDPOINT_URL_DYNAMODB"] ?? ""),
        queues: await startCuttingProxy(env["AWS_ENDPOINT_URL_SQS"] ?? ""),
        chapa: await startCuttingProxy(new URL(env["CHAPA_BASE_URL"] ?? "").origin),
        listing: await startCuttingProxy(new URL(env["PROPERTY_LISTING_SERVICE_URL"] ?? "").origin),
      };
      const skewHours = this.#options.isSkewed && this.report.canShiftClocks ? (SKEWS[index % SKEWS.length] ?? 0) : 0;
      this.#places.push({ proxies, skewHours, worker: this.#start(proxies, skewHours, index) });
      for (const [target, proxy] of Object.entries(proxies) as [Target, CuttingProxy][]) {
        proxy.judge = (seen) => this.#judge(index, target, seen);
      }
    }
    await Promise.all(this.#places.map(({ worker }) => worker.ready));
    if (this.report.deaths[0] !== undefined) throw new Error(`a worker does not start: ${this.report.deaths[0]}`);
  }

  /** Its workers live for one cloud, which is never reset. */
  forget(): Promise<void> {
    throw new Error("a cloud with workers is not reset");
  }

  invoke: Invoke = async (name, event) => {
    this.#running++;
    const entry = { name, isOutside: !this.#isRecovering, since: performance.now() };
    this.#underWay.add(entry);
    try {
      if (this.#isRecovering) return await this.#inside(name, event);
      return await this.#outside(name, event);
    } finally {
      this.#running--;
      this.#underWay.delete(entry);
    }
  };

  /** From now on things go wrong; what a cloud needs to start is over. */
  arm(): void {
    this.#isArmed = true;
  }

  /** SIGKILL for a worker that has something to do, if there is one. */
  killOne(): void {
    const busy = this.#places.filter(({ worker }) => worker.load > 0 && worker.isAlive && !worker.isFrozen);
    const place = busy[Math.floor(this.#options.random() * busy.length)];
    if (place) this.#kill(place.worker);
  }

  /** No more faults; whatever still runs is killed once more, and everything goes on in this process. */
  async recover(): Promise<void> {
    this.#recovering ??= this.#recover();
    await this.#recovering;
  }

  /** What runs, where, and for how many seconds: for a reader who waits for it. */
  get underWay(): string[] {
    return [...this.#underWay].map(
      ({ name, isOutside, since }) =>
        `${name} ${isOutside ? "in a worker" : "here"} ${Math.round((performance.now() - since) / 1000)} s`,
    );
  }

  /** Bytes of each worker's heap after everything that can be collected was. */
  async heaps(): Promise<number[]> {
    return Promise.all(this.#places.map(({ worker }) => worker.heap()));
  }

  async #recover(): Promise<void> {
    this.#isRecovering = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await this.#inThisProcess.load();
    for (const { proxies, worker } of this.#places) {
      for (const [target, { hits }] of Object.entries(proxies)) this.#sum(target, hits);
      worker.kill();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
    }
  }

  async #inside(name: FunctionName, event: unknown): Promise<unknown> {
    await this.#recovering;
    return this.#inThisProcess.invoke(name, event);
  }

  async #outside(name: FunctionName, event: unknown): Promise<unknown> {
    const worker = await this.#free();
    if (!worker) return this.#inside(name, event);
    const limitMs = name === "initiate-payment" ? INITIATE_MS : FUNCTIONS[name].timeoutSeconds * 1000;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        worker.run(name, event, limitMs),
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(new TimedOut(`${name} timed out after ${limitMs} ms`)), limitMs);
        }),
      ]);
    } catch (error) {
      if (error instanceof WorkerDied) await giveBack(event);
      throw error;
    } finally {
      clearTimeout(timer);
      worker.release();
      this.#waiting.shift()?.();
    }
  }

  /** A worker with a free lane; undefined when there are to be none any more. */
  async #free(): Promise<WorkerProcess | undefined> {
    while (!this.#isRecovering) {
      // Nobody takes its place, and the run is over; a waiting call must not wait for ever.
      if (this.report.deaths.length > 0) throw new WorkerDied("a worker ended by itself");
      const open = this.#places
        .map(({ worker }) => worker)
        .filter((worker) => worker.isAlive && !worker.isFrozen && worker.load < LANES);
      const worker = open[Math.floor(this.#options.random() * open.length)];
      if (worker) {
        worker.reserve();
        await worker.ready;
        if (worker.isAlive) return worker;
        worker.release();
        continue;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return undefined;
  }

  #start(proxies: Place["proxies"], skewHours: number, index: number): WorkerProcess {
    const worker = new WorkerProcess({
      program: this.#options.program,
      env: environmentBehind(proxies),
      skewHours,
      onRecord: ({ message, error }) => {
        const text = `${message}${error ? ` ${error}` : ""}`;
        this.report.records.set(text, (this.report.records.get(text) ?? 0) + 1);
      },
      onEnd: ({ killed, last }) => {
        if (!killed) this.report.deaths.push(last);
        const place = this.#places[index];
        if (place && killed && !this.#isRecovering) place.worker = this.#start(proxies, skewHours, index);
        for (const wake of this.#waiting.splice(0, killed ? LANES : this.#waiting.length)) wake();
      },
    });
    return worker;
  }

  async #judge(index: number, target: Target, seen: Seen): Promise<Sentence> {
    const worker = this.#places[index]?.worker;
    if (!worker || !this.#isArmed || this.#isRecovering) return "pass";
    if (target === "chapa" && seen.path.endsWith("/initialize")) await this.#options.onInitialize(seen.body);
    const { random, killRate, faultRate } = this.#options;
    if (random() < killRate()) {
      if (random() < 0.5) return { callFault: "refuse", struck: () => this.#kill(worker) };
      return { callFault: "cut", struck: () => this.#kill(worker) };
    }
    if (target === "table" && /^(Put|Update)Item$/.test(seen.action) && random() < this.#options.freezeRate) {
      await this.#freeze(worker);
      return "refuse";
    }
    if (random() >= faultRate) return "pass";
    return (["refuse", "cut", "cut", "half"] as const)[Math.floor(random() * 4)] ?? "cut";
  }

  #kill(worker: WorkerProcess): void {
    if (!worker.isAlive) return;
    this.report.kills++;
    worker.kill();
  }

  async #freeze(worker: WorkerProcess): Promise<void> {
    if (this.#frozen >= FROZEN_AT_ONCE || worker.isFrozen || !worker.isAlive) return;
    this.#frozen++;
    this.report.freezes++;
    await worker.freeze(FREEZE_MS);
    this.#frozen--;
    this.#waiting.shift()?.();
  }

  #sum(target: string, hits: Map<string, Record<CallFault, number>>): void {
    for (const [action, counts] of hits) {
      const name = `${target} ${action.replace(/[0-9A-Z]{20}$/, "…").replace(/public\/.*$/, "public/…")}`;
      const known = this.report.callFaults.get(name) ?? { pass: 0, refuse: 0, cut: 0, half: 0, hang: 0 };
      for (const callFault of Object.keys(counts) as CallFault[]) known[callFault] += counts[callFault];
      this.report.callFaults.set(name, known);
    }
  }
}

/** This process's environment with a worker's proxies in the places of what stands behind them. */
function environmentBehind(proxies: Place["proxies"]): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env, POWERTOOLS_LOG_LEVEL: "WARN" };
  const replace = (name: string, proxy: CuttingProxy) => {
    const url = new URL(env[name] ?? "");
    env[name] = `${proxy.origin}${url.pathname === "/" ? "" : url.pathname}`;
  };
  replace("AWS_ENDPOINT_URL_DYNAMODB", proxies.table);
  for (const name of Object.keys(env))
    if (/_QUEUE_URL$|_DLQ_URL$|^AWS_ENDPOINT_URL_SQS$/.test(name)) replace(name, proxies.queues);
  replace("CHAPA_BASE_URL", proxies.chapa);
  replace("PROPERTY_LISTING_SERVICE_URL", proxies.listing);
  return env;
}

type Records = { Records?: { receiptHandle?: string; eventSourceARN: string }[] };

/** Messages of a dead worker become visible again, sooner than their queue would let them. */
async function giveBack(event: unknown): Promise<void> {
  const endpoint = process.env["AWS_ENDPOINT_URL_SQS"] ?? "";
  for (const { receiptHandle, eventSourceARN } of (event as Records).Records ?? []) {
    if (!receiptHandle) continue;
    const [account, queue] = eventSourceARN.split(":").slice(-2);
    await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ChangeMessageVisibility" },
      body: JSON.stringify({
        QueueUrl: `${endpoint}/${account}/${queue}`,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: BACK_AFTER_SECONDS,
      }),
    });
  }
}
