import { type ChildProcess, spawn } from "node:child_process";
import { globSync, readdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import * as z from "zod";
import { parseJson } from "../../lib/runtime/json.ts";

/** The process of the invocation has ended. */
export class WorkerDied extends Error {}

const WorkerMessage = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ heap: z.number() }),
  z.object({ id: z.number(), result: z.unknown().optional(), error: z.string().optional() }),
]);
const Logged = z.looseObject({ level: z.string(), message: z.string(), error: z.string().optional() });

const [FAKETIME] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
const SHARED_MEMORY = "/dev/shm";

/** Whether the clock of a process can be shifted on this machine (Debian's `faketime`). */
export function canShiftClocks(): boolean {
  return FAKETIME !== undefined;
}

export type WorkerOptions = {
  program: string;
  env: Record<string, string | undefined>;
  /** The shift of its clock in hours. */
  skewHours: number;
  onRecord: (record: { level: string; message: string; error?: string | undefined }) => void;
  /** Is called once when it has ended. `last` is how it ended, and its output without records. */
  onEnd: (how: { killed: boolean; last: string }) => void;
};

type Running = { resolve: (value: unknown) => void; reject: (error: Error) => void; name: string };

/** One operating-system process that runs functions. */
export class WorkerProcess {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #running = new Map<number, Running>();
  readonly #options: WorkerOptions;
  readonly #heapAsked: ((bytes: number) => void)[] = [];
  #nextId = 0;
  #promised = 0;
  #killed = false;
  #ended = false;
  #frozen: Promise<void> | undefined;
  #errors = "";

  constructor(options: WorkerOptions) {
    this.#options = options;
    const shift =
      FAKETIME === undefined || options.skewHours === 0
        ? {}
        : {
            LD_PRELOAD: FAKETIME,
            FAKETIME: `${options.skewHours > 0 ? "+" : ""}${options.skewHours}h`,
            DONT_FAKE_MONOTONIC: "1",
          };
    this.#child = spawn(process.execPath, ["--expose-gc", options.program], {
      env: { ...options.env, ...shift },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.ready = new Promise((resolve) => {
      this.#child.on("message", (message) => this.#receive(WorkerMessage.parse(message), resolve));
      this.#child.on("exit", (code, signal) => {
        resolve();
        this.#end(`${signal ?? `exit ${code}`}: ${this.#errors || "without a word"}`);
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface(stream).on("line", (line) => this.#read(line));
    }
  }

  get isAlive(): boolean {
    return !this.#killed && !this.#ended;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** Number of running and reserved invocations. */
  get load(): number {
    return this.#promised;
  }

  /** Reserves a lane at once, so that other calls do not take it while this one waits for the process. */
  reserve(): void {
    this.#promised++;
  }

  release(): void {
    this.#promised--;
  }

  /** @throws WorkerDied, or the error of the function */
  run(name: string, event: unknown, limitMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return reject(new WorkerDied(name));
      const id = this.#nextId++;
      this.#running.set(id, { resolve, reject, name });
      this.#child.send({ id, name, limitMs, event }, (error) => {
        if (error) this.#running.get(id)?.reject(new WorkerDied(name));
      });
    });
  }

  /** The heap in bytes after a garbage collection. */
  heap(): Promise<number> {
    return new Promise((resolve) => {
      this.#heapAsked.push(resolve);
      this.#child.send({ heap: true });
    });
  }

  /** Kills it with SIGKILL. */
  kill(): void {
    this.#killed = true;
    this.#child.kill("SIGKILL");
  }

  /** Stops it with SIGSTOP for this time. A second call meanwhile waits for the same end. */
  freeze(ms: number): Promise<void> {
    this.#frozen ??= new Promise((resolve) => {
      this.#child.kill("SIGSTOP");
      setTimeout(() => {
        this.#frozen = undefined;
        this.#child.kill("SIGCONT");
        resolve();
      }, ms);
    });
    return this.#frozen;
  }

  #receive(message: z.output<typeof WorkerMessage>, isReady: () => void): void {
    if ("ready" in message) {
      isReady();
      return;
    }
    if ("heap" in message) {
      for (const resolve of this.#heapAsked.splice(0)) resolve(message.heap);
      return;
    }
    const running = this.#running.get(message.id);
    this.#running.delete(message.id);
    if (message.error === undefined) running?.resolve(message.result ?? undefined);
    else running?.reject(new Error(message.error));
  }

  #read(line: string): void {
    const record = Logged.safeParse(parseJson(line));
    if (record.success) this.#options.onRecord(record.data);
    // Metrics are records, too. All other output is kept to explain a crash.
    else if (!line.startsWith('{"_aws"')) this.#errors = `${this.#errors}${line}\n`.slice(-2_000);
  }

  #end(last: string): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { reject, name } of this.#running.values()) reject(new WorkerDied(name));
    this.#running.clear();
    if (this.#options.skewHours !== 0) forgetSharedMemory(this.#child.pid);
    this.#options.onEnd({ killed: this.#killed, last });
  }
}

/** The files that libfaketime leaves after a process was killed. */
function forgetSharedMemory(pid: number | undefined): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    if (/faketime/.test(name) && name.endsWith(`_${pid}`)) rmSync(`${SHARED_MEMORY}/${name}`, { force: true });
  }
}
