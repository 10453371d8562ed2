import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";

export type Invoke = (name: FunctionName, event: unknown) => Promise<unknown>;

/** Where functions run. Both `load` and `forget` make them new; `forget` lets the first call of each start it. */
export type FunctionHost = {
  readonly running: number;
  readonly invoke: Invoke;
  load(): Promise<void>;
  forget(): Promise<void>;
};

/** The function did not answer within its time. */
export class TimedOut extends Error {}

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The functions of one cloud, loaded from source into this process. */
export class Functions implements FunctionHost {
  #handlers = new Map<FunctionName, Promise<Handler>>();
  #generation = "";
  #running = 0;

  /** Invocations that have not answered. */
  get running(): number {
    return this.#running;
  }

  /**
   * Starts every function anew, as cold starts do: each reads the process's environment once, here.
   * @throws EnvironmentInvalid
   */
  async load(): Promise<void> {
    await this.forget();
    await Promise.all((Object.keys(FUNCTIONS) as FunctionName[]).map((name) => this.#handlerOf(name)));
  }

  /** Every function starts anew when it is called next, and reads the process's environment then. */
  async forget(): Promise<void> {
    this.#generation = randomUUID();
    this.#handlers = new Map();
  }

  /**
   * Calls a function as Lambda does.
   * @throws TimedOut, EnvironmentInvalid, or whatever the function throws
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

async function start(name: FunctionName, generation: string): Promise<Handler> {
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
