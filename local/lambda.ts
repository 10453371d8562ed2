import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";

export type Invoke = (name: FunctionName, event: unknown) => Promise<unknown>;

/** Runs functions. Both `load` and `forget` make them new; after `forget`, the first call of each one starts it. */
export type FunctionHost = {
  readonly running: number;
  readonly invoke: Invoke;
  load(): Promise<void>;
  forget(): Promise<void>;
};

/** The function did not answer within its timeout. */
export class TimedOut extends Error {}

type Handler = (event: unknown, context: Context) => Promise<unknown>;

// A count, so that what Node keeps of compiled code serves the next process, too.
let generations = 0;

/** The functions of one cloud, loaded from source into this process. */
export class Functions implements FunctionHost {
  #handlers = new Map<FunctionName, Promise<Handler>>();
  #generation = 0;
  #running = 0;

  /** Number of invocations that have not ended. */
  get running(): number {
    return this.#running;
  }

  /**
   * Loads every function anew, like a cold start. Each function reads the process's environment once, while it loads.
   * @throws EnvironmentInvalid
   */
  async load(): Promise<void> {
    await this.forget();
    await Promise.all((Object.keys(FUNCTIONS) as FunctionName[]).map((name) => this.#handlerOf(name)));
  }

  /** Makes every function start anew with its next call, and read the process's environment then. */
  async forget(): Promise<void> {
    this.#generation = ++generations;
    this.#handlers = new Map();
  }

  /**
   * Invokes a function like Lambda.
   * @throws TimedOut, EnvironmentInvalid, or the error of the function
   */
  invoke: Invoke = async (name, event) => {
    const limitMs = FUNCTIONS[name].timeoutSeconds * 1000;
    this.#running++;
    let timer: NodeJS.Timeout | undefined;
    try {
      const handler = await this.#handlerOf(name);
      const startedAt = performance.now();
      return await Promise.race([
        handler(
          event,
          contextOf(name, () => limitMs - (performance.now() - startedAt)),
        ),
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(new TimedOut(`${name} timed out after ${limitMs} ms`)), limitMs);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      this.#running--;
    }
  };

  #handlerOf(name: FunctionName): Promise<Handler> {
    const known = this.#handlers.get(name);
    if (known !== undefined) return known;
    const loading = start(name, this.#generation);
    this.#handlers.set(name, loading);
    return loading;
  }
}

async function start(name: FunctionName, generation: number): Promise<Handler> {
  // The address is part of a module's identity: another one makes another instance of the same file.
  const address = new URL(`../functions/${name}.ts?cold=${generation}`, import.meta.url).href;
  const module: { handler: Handler } = await import(address);
  return module.handler;
}

function contextOf(name: FunctionName, remaining: () => number): Context {
  return {
    awsRequestId: randomUUID(),
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
    memoryLimitInMB: String(FUNCTIONS[name].memoryMb),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(remaining())),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
