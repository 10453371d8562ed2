import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import MockRedis from "ioredis-mock";

/** A Redis that accepts commands as lists of words. */
export type RedisEngine = {
  name: "embedded" | "server";
  run(command: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
};

/** The command is unknown or refused. */
export class CommandRefused extends Error {}

/** A Redis in this process, in memory. */
export function embeddedRedis(): RedisEngine {
  // Those of one process with the same host and port share their keys.
  const redis = new MockRedis({ host: randomUUID() });
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

/** A Redis server. @param url such as redis://127.0.0.1:6379 */
export function redisServer(url: string): RedisEngine {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: true });
  // Without a listener, an error would end the process. Each command also rejects with it.
  redis.on("error", () => undefined);
  return {
    name: "server",
    run: ([name = "", ...args]) => redis.call(name, ...args),
    close: async () => redis.disconnect(),
  };
}

// The embedded Redis ignores options in lower case.
function upperCased([key = "", value = "", ...options]: string[]): string[] {
  return [key, value, ...options.map((option) => option.toUpperCase())];
}
