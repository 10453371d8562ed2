import { createHash } from "node:crypto";
import * as z from "zod";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import { CommandRefused, embeddedRedis, type RedisEngine, redisServer } from "./engines.ts";

const Word = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Command = z.array(Word).min(1);
const Commands = z.array(Command);

// Upstash's own flag at the start of a script. Other Redis servers refuse it.
const FLAGS = /^#!lua[^\n]*\n/;
const OUR_KEYS = "payments:*";

/** Upstash's REST protocol in front of a Redis. Made by {@link startRedis}. */
export class RedisBridge {
  readonly faults = new FaultPlan(() => 0);
  readonly token = "local-upstash-token";
  readonly #engine: RedisEngine;
  /** Scripts by the client's hash, which is the hash of the text with its flags. */
  readonly #scripts = new Map<string, string>();
  #listening: Listening | undefined;

  constructor(engine: RedisEngine) {
    this.#engine = engine;
  }

  get origin(): string {
    return this.#listening?.origin ?? "";
  }

  get engineName(): RedisEngine["name"] {
    return this.#engine.name;
  }

  async listen(): Promise<this> {
    this.#listening = await serve("Redis", 0, (request) => this.#answer(request), this.faults);
    return this;
  }

  /** The values of our keys that are texts, for tests and `GET /state`. Other values are undefined. */
  async stored(): Promise<Record<string, unknown>> {
    const keys = await this.#keys();
    const values = await Promise.all(
      keys.map(async (key) => {
        const isText = (await this.#engine.run(["TYPE", key])) === "string";
        return [key, isText ? await this.#engine.run(["GET", key]) : undefined] as const;
      }),
    );
    return Object.fromEntries(values);
  }

  /** Deletes our keys. A real server may have other keys. */
  async reset(): Promise<void> {
    await this.faults.clear();
    const keys = await this.#keys();
    if (keys.length > 0) await this.#engine.run(["DEL", ...keys]);
  }

  async close(): Promise<void> {
    await this.#listening?.close();
    await this.#engine.close();
  }

  async #keys(): Promise<string[]> {
    return z.array(z.string()).parse(await this.#engine.run(["KEYS", OUR_KEYS]));
  }

  async #answer({ method, path, headers, body }: Request): Promise<Answer> {
    if (headers.authorization !== `Bearer ${this.token}`)
      return refused(401, "WRONGPASS invalid or missing auth token");
    if (method !== "POST") return refused(405, "ERR only POST is served here");
    const inBase64 = headers["upstash-encoding"] === "base64";
    const asked = parsed(body);
    if (path === "/") {
      const command = Command.safeParse(asked).data;
      if (!command) return refused(400, "ERR a command is a list of words");
      const result = await this.#run(command, inBase64);
      return { status: "error" in result ? 400 : 200, body: result };
    }
    const commands = Commands.safeParse(asked).data;
    if (!commands) return refused(400, "ERR a pipeline is a list of commands");
    if (path !== "/pipeline" && path !== "/multi-exec") return refused(404, `ERR nothing is served at ${path}`);
    const results: object[] = [];
    for (const command of commands) results.push(await this.#run(command, inBase64));
    return { status: 200, body: results };
  }

  async #run(command: readonly string[], inBase64: boolean): Promise<{ result: unknown } | { error: string }> {
    try {
      const result = await this.#engine.run(this.#translated(command));
      return { result: encoded(flat(result), inBase64) };
    } catch (error) {
      if (error instanceof Error) return { error: error.message };
      throw error;
    }
  }

  /** Removes the flags of scripts, and replaces EVALSHA with EVAL of the known script. */
  #translated([name = "", script = "", ...rest]: readonly string[]): string[] {
    const verb = name.toUpperCase();
    if (verb === "EVAL") {
      const runnable = script.replace(FLAGS, "");
      this.#scripts.set(createHash("sha1").update(script).digest("hex"), runnable);
      return [name, runnable, ...rest];
    }
    if (verb === "EVALSHA") {
      const known = this.#scripts.get(script);
      if (known === undefined) throw new CommandRefused("NOSCRIPT No matching script. Please use EVAL.");
      return ["EVAL", known, ...rest];
    }
    return script === "" && rest.length === 0 ? [name] : [name, script, ...rest];
  }
}

/**
 * Starts a bridge without any of our keys.
 * @param url the URL of a Redis server; undefined for one in this process
 * @throws RedisUnreachable if no server answers
 */
export async function startRedis(url: string | undefined): Promise<RedisBridge> {
  const bridge = await new RedisBridge(url ? redisServer(url) : embeddedRedis()).listen();
  try {
    await bridge.reset();
    return bridge;
  } catch (error) {
    await bridge.close();
    throw new RedisUnreachable(`REDIS_URL: no Redis server answers at ${new URL(url ?? "").host}`, { cause: error });
  }
}

export class RedisUnreachable extends Error {}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function refused(status: number, error: string): Answer {
  return { status, body: { error } };
}

// The Node clients convert some lists of names and values to objects.
function flat(result: unknown): unknown {
  return typeof result === "object" && result !== null && !Array.isArray(result)
    ? Object.entries(result).flat()
    : result;
}

function encoded(result: unknown, inBase64: boolean): unknown {
  if (Array.isArray(result)) return result.map((part) => encoded(part, inBase64));
  if (typeof result !== "string" || result === "OK" || !inBase64) return result ?? null;
  return Buffer.from(result, "utf8").toString("base64");
}
