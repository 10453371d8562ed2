import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import * as z from "zod";
import { aContext } from "../support/events.ts";

/** One invocation for this process. `limitMs` is the remaining time in the function's context. */
const Job = z.union([
  z.object({ heap: z.literal(true) }),
  z.object({ id: z.number(), name: z.string(), limitMs: z.number(), event: z.unknown() }),
]);

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** Runs functions like Lambda for the parent process, until it is killed or disconnected. */
export async function work(load: Record<string, () => Promise<{ handler: unknown }>>): Promise<void> {
  const names = Object.keys(load);
  const loaded = await Promise.all(names.map(async (name) => [name, (await load[name]?.())?.handler] as const));
  const handlers = new Map(loaded.map(([name, handler]) => [name, handler as Handler]));
  process.on("message", (message) => {
    const job = Job.parse(message);
    if ("heap" in job) {
      globalThis.gc?.();
      process.send?.({ heap: process.memoryUsage().heapUsed });
      return;
    }
    const { id, name, limitMs, event } = job;
    const handler = handlers.get(name);
    if (!handler) throw new Error(`this process has no function ${name}`);
    handler(event, contextOf(name, limitMs)).then(
      (result) => process.send?.({ id, result: result ?? null }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ ready: true });
}

function contextOf(name: string, limitMs: number): Context {
  const endsAt = performance.now() + limitMs;
  return aContext(randomUUID(), () => Math.max(0, Math.floor(endsAt - performance.now())), name);
}
