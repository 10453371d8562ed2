import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";

export type Invoke = (name: FunctionName, event: unknown) => Promise<unknown>;

/** Runs functions. `load` loads them anew with the process's present environment. */
export type FunctionHost = { readonly running: number; readonly invoke: Invoke; load(): Promise<void> };

/** The function did not answer within its timeout. */
export class TimedOut extends Error {}

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The functions of one cloud, loaded from source into this process. */
export class Functions implements FunctionHost {
  #handlers = new Map<FunctionName, Handler>();
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
    const generation = randomUUID();
    const names = Object.keys(FUNCTIONS) as FunctionName[];
    const loaded = await Promise.all(
      names.map(async (name) => {
        // A module is cached by its URL, so another query gives another instance.
        const address = new URL(`../functions/${name}.ts?cold=${generation}`, import.meta.url).href;
        const module: { handler: Handler } = await import(address);
        return [name, module.handler] as const;
      }),
    );
    this.#handlers = new Map(loaded);
  }

  /**
   * Invokes a function like Lambda.
   * @throws TimedOut, or the error of the function
   */
  invoke: Invoke = async (name, event) => {
    const handler = this.#handlers.get(name);
    if (!handler) throw new Error(`there is no function ${name}`);
    const limitMs = FUNCTIONS[name].timeoutSeconds * 1000;
    const startedAt = performance.now();
    this.#running++;
    let timer: NodeJS.Timeout | undefined;
    try {
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
