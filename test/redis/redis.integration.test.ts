import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { Redis } from "@upstash/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import { SharedLimiter } from "../../lib/redis/limiter.ts";
import { SharedRedis } from "../../lib/redis/shared-redis.ts";
import { VerifiedUsers } from "../../lib/redis/verified-users.ts";
import { log } from "../../lib/runtime/logger.ts";
import { type RedisBridge, RedisUnreachable, startRedis } from "../../local/redis/bridge.ts";

const USER = { userId: Uuid.parse("11111111-1111-4111-8111-111111111111"), role: "owner" };
const clock = { now: () => Date.now() };
const hashKey = async () => "a-key-for-hashing";

function limiterOn(
  bridge: RedisBridge,
  options: { limit?: number; whenUnknown?: "open" | "closed"; now?: () => number } = {},
) {
  const counted: string[] = [];
  const time = options.now ? { now: options.now } : clock;
  const redis = new SharedRedis(async () => ({ url: bridge.origin, token: bridge.token }), time, log);
  const limiter = new SharedLimiter({
    name: "tries",
    limit: options.limit ?? 3,
    whenUnknown: options.whenUnknown ?? "open",
    redis,
    hashKey,
    clock: time,
    count: (name) => counted.push(name),
  });
  return { limiter, redis, counted };
}

function contract(engine: string, start: () => Promise<RedisBridge>) {
  describe(`limits and cache on ${engine}`, () => {
    let bridge: RedisBridge;
    beforeAll(async () => {
      bridge = await start();
    });
    beforeEach(() => bridge.reset());
    afterAll(() => bridge.close());

    test("exactly the limit of parallel calls from several processes gets through", async () => {
      const processes = Array.from({ length: 4 }, () => limiterOn(bridge, { limit: 5 }).limiter);
      const verdicts = await Promise.all(
        processes.flatMap((limiter) => Array.from({ length: 5 }, () => limiter.take("a"))),
      );
      expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(5);
      expect((await processes[0]?.take("b"))?.allowed).toBe(true);
    });

    test("a caller who was refused once is refused from memory, with the time left", async () => {
      const { limiter } = limiterOn(bridge, { limit: 2 });
      const elsewhere = limiterOn(bridge, { limit: 2 }).limiter;
      await elsewhere.take("a");
      expect(await limiter.take("a")).toMatchObject({
        allowed: true,
        quota: { name: "tries", limit: 2, remaining: 0 },
      });
      const refusal = await limiter.take("a");
      expect(refusal).toMatchObject({ allowed: false, quota: { remaining: 0, windowSeconds: 60 } });
      await bridge.faults.set("down");
      expect(limiter.refused("a")).toMatchObject({ allowed: false, retryAfterSeconds: expect.any(Number) });
      await bridge.faults.clear();
    });

    test("what is stored says nothing about who called", async () => {
      const { limiter, redis } = limiterOn(bridge);
      await limiter.take("user 11111111-1111-4111-8111-111111111111");
      await new VerifiedUsers(redis, hashKey, clock).keep("a.token.text", USER, Date.now() + 10_000);
      const stored = await bridge.stored();
      expect(Object.keys(stored)).toHaveLength(2);
      for (const key of Object.keys(stored)) {
        expect(key).not.toContain("11111111");
        expect(key).not.toContain("token");
      }
    });

    test("a confirmed token is known to other processes, for a minute at most and not past its end", async () => {
      const { redis } = limiterOn(bridge);
      await new VerifiedUsers(redis, hashKey, clock).keep("a.token.text", USER, Date.now() + 90_000);
      const other = new VerifiedUsers(limiterOn(bridge).redis, hashKey, clock);
      expect(await other.find("a.token.text")).toEqual(USER);
      expect(await other.find("another.token.text")).toBeUndefined();
      const upstash = new Redis({ url: bridge.origin, token: bridge.token, enableTelemetry: false });
      const [key = ""] = Object.keys(await bridge.stored());
      const ttl = await upstash.pttl(key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(60_000);
      await new VerifiedUsers(redis, hashKey, clock).keep("over.token", USER, Date.now() - 1);
      expect(await other.find("over.token")).toBeUndefined();
    });

    test.each(["down", "timeoutBeforeEffect", "500", "malformedJson"])(
      "while Redis has the fault %s an open limit is this process's own, and is counted",
      async (fault) => {
        vi.stubEnv("DEADLINE_FACTOR", "1");
        const { limiter, counted } = limiterOn(bridge, { limit: 3 });
        await bridge.faults.set(fault);
        const verdicts = [];
        for (let call = 0; call < 5; call++) verdicts.push((await limiter.take("a")).allowed);
        await bridge.faults.clear();
        expect(verdicts).toEqual([true, true, true, false, false]);
        expect(counted).toEqual(["RateLimiterFailOpen", "RateLimiterFailOpen", "RateLimiterFailOpen"]);
      },
    );

    test("a closed limit lets no call through while Redis is down, and does again when Redis is back", async () => {
      let now = Date.now();
      const { limiter } = limiterOn(bridge, { whenUnknown: "closed", now: () => now });
      await bridge.faults.set("down");
      await expect(limiter.take("a")).rejects.toThrow(DependencyUnavailable);
      await bridge.faults.clear();
      now += 1_000;
      expect((await limiter.take("a")).allowed).toBe(true);
    });

    test("a call misses the cache, and no more, while Redis is down", async () => {
      const { redis } = limiterOn(bridge);
      const users = new VerifiedUsers(redis, hashKey, clock);
      await bridge.faults.set("down");
      expect(await users.find("a.token.text")).toBeUndefined();
      await users.keep("a.token.text", USER, Date.now() + 60_000);
      expect(await users.find("a.token.text")).toMatchObject(USER);
      await bridge.faults.clear();
    });

    test("the bridge answers a wrong token, unknown commands, pipelines, lists and absent values as Upstash does", async () => {
      const upstash = (token: string) =>
        new Redis({ url: bridge.origin, token, enableTelemetry: false, retry: false, enableAutoPipelining: false });
      await expect(upstash("wrong").get("payments:x")).rejects.toThrow("WRONGPASS");
      const redis = upstash(bridge.token);
      expect(await redis.get("payments:none")).toBeNull();
      expect(await redis.set("payments:x", "ሰላም", { ex: 60, nx: true })).toBe("OK");
      expect(await redis.set("payments:x", "other", { nx: true })).toBeNull();
      expect(await redis.get("payments:x")).toBe("ሰላም");
      expect(await redis.ttl("payments:x")).toBeGreaterThan(0);
      await redis.hset("payments:h", { a: "1", b: "two" });
      expect(await redis.hgetall("payments:h")).toEqual({ a: 1, b: "two" });
      const results = await redis.pipeline().incr("payments:n").incrby("payments:n", 4).get("payments:n").exec();
      expect(results).toEqual([1, 5, 5]);
      expect(await redis.multi().incr("payments:n").get("payments:n").exec()).toEqual([6, 6]);
      await expect(redis.exec(["NOSUCH", "x"])).rejects.toThrow(/unknown command/i);
    });
  });
}

afterEach(() => void vi.unstubAllEnvs());

test("an address where no Redis answers is refused in words that name it, without its password", async () => {
  const refused = await startRedis("redis://:secret@127.0.0.1:1").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RedisUnreachable);
  expect(String(refused)).toMatch(/^Error: REDIS_URL: no Redis server answers at 127\.0\.0\.1:1$/);
});

contract("the embedded Redis", () => startRedis(undefined));

const isInstalled = (() => {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(isInstalled)("a Redis server", () => {
  let server: ChildProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    server = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"], { stdio: "pipe" });
    await new Promise<void>((resolve, reject) => {
      server.stdout?.on("data", (text) => String(text).includes("Ready to accept") && resolve());
      server.on("exit", () => reject(new Error("redis-server stopped")));
    });
  });
  afterAll(() => {
    server.kill();
  });

  contract("a Redis server", () => startRedis(`redis://127.0.0.1:${port}`));

  test("a Redis server keeps keys that are not ours when the cloud starts anew", async () => {
    const bridge = await startRedis(`redis://127.0.0.1:${port}`);
    const redis = new Redis({ url: bridge.origin, token: bridge.token, enableTelemetry: false });
    await redis.set("somebody:else", "stays");
    await redis.set("payments:x", "goes");
    await bridge.reset();
    expect([await redis.get("somebody:else"), await redis.get("payments:x")]).toEqual(["stays", null]);
    await bridge.close();
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const checkGateway = createServer().listen(0, "127.0.0.1", () => {
      const address = checkGateway.address();
      const free = typeof address === "object" && address ? address.port : 0;
      checkGateway.close(() => resolve(free));
    });
  });
}
