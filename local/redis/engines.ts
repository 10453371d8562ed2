import { Redis } from "ioredis";
import MockRedis from "ioredis-mock";

/** A Redis that takes commands as lists of words. */
export type RedisEngine = {
  name: "embedded" | "server";
  run(command: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
};

/** A command that the engine does not know, or refuses. */
export class CommandRefused extends Error {}

/** A Redis in this process: nothing of it outlives a stop. */
export function embeddedRedis(): RedisEngine {
  const redis = new MockRedis();
  return {
    name: "embedded",
    run: async ([name = "", ...args]) => {
      const method: unknown = Reflect.get(redis, name.toLowerCase());
      if (typeof method !== "function") throw new CommandRefused(`ERR unknown command '${name}'`);
      return method.apply(redis, name.toUpperCase() === "SET" ? upperCased(args) : args);
    },
    close: async () => redis.disconnect(),
  };
}

/** @param url such as redis://127.0.0.1:6379 */
export function redisServer(url: string): RedisEngine {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: true });
  // Whoever asks hears of it; without a listener it would end the process.
  redis.on("error", () => undefined);
  return {
    name: "server",
    run: ([name = "", ...args]) => redis.call(name, ...args),
    close: async () => redis.disconnect(),
  };
}

// The embedded one overlooks options that are not written in capitals.
function upperCased([key = "", value = "", ...options]: string[]): string[] {
  return [key, value, ...options.map((option) => option.toUpperCase())];
}
