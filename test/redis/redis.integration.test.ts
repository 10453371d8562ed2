import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { Redis } from "@upstash/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Uuid } from "../../lib/domain/ids.ts";
import { SharedLimiter } from "../../lib/redis/limiter.ts";
import { SharedRedis } from "../../lib/redis/shared-redis.ts";
import { VerifiedUsers } from "../../lib/redis/verified-users.ts";
import { log } from "../../lib/runtime/logger.ts";
import { type RedisBridge, RedisUnreachable, startRedis } from "../../local/redis/bridge.ts";

const USER = { userId: Uuid.parse("11111111-1111-4111-8111-111111111111"), role: "owner" };
const clock = { now: () => Date.now() };
const hashKey = async () => "a-key-for-hashing";

function limiterOn(bridge: RedisBridge, options: { limit?: number; now?: () => number } = {}) {
  const counted: string[] = [];
  const time = options.now ? { now: options.now } : clock;
  const redis = new SharedRedis(async () => ({ url: bridge.origin, token: bridge.token }), time, log);
  const limiter = new SharedLimiter({
    name: "tries",
    limit: options.limit ?? 3,
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
    beforeEach(async () => {
      await bridge.reset();
      // A window of the limit ends with the minute of the clock, so that none may end during a test.
      vi.useFakeTimers({ toFake: ["Date"], now: Math.floor(Date.now() / 60_000) * 60_000 + 1_000 });
    });
    afterEach(() => void vi.useRealTimers());
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
      "while Redis has the fault %s the limit is this process's own, and is counted",
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

    test("a caller with a limit of their own is counted by it, in this process and in Redis", async () => {
      const [here, elsewhere] = [limiterOn(bridge, { limit: 1 }).limiter, limiterOn(bridge, { limit: 1 }).limiter];
      const taken = [await here.take("a", 3), await elsewhere.take("a", 3), await here.take("a", 3)];
      expect(taken.map(({ allowed, quota }) => [allowed, quota.limit, quota.remaining])).toEqual([
        [true, 3, 2],
        [true, 3, 1],
        [true, 3, 0],
      ]);
      expect(await elsewhere.take("a", 3)).toMatchObject({ allowed: false, quota: { limit: 3, remaining: 0 } });
      expect(elsewhere.refused("a", 3)).toMatchObject({ allowed: false });
      expect(await here.take("b")).toMatchObject({ allowed: true, quota: { limit: 1 } });
    });

    test("what is written to Redis by others makes nobody an administrator", async () => {
      const { redis } = limiterOn(bridge);
      const upstash = new Redis({ url: bridge.origin, token: bridge.token, enableTelemetry: false });
      let now = Date.now();
      const users = (key = hashKey) => new VerifiedUsers(redis, key, { now: () => now });
      await users().keep("owner.token", USER, now + 60_000);
      const [key = ""] = Object.keys(await bridge.stored());
      const entry = z.looseObject({ until: z.number() }).parse(await upstash.get(key));
      const found = async (written: object) => {
        await upstash.set(key, written);
        return users().find("owner.token");
      };
      expect(await found(entry)).toEqual(USER);
      expect(await found({ ...entry, role: "admin" })).toBeUndefined();
      expect(await found({ ...entry, userId: "22222222-2222-4222-8222-222222222222" })).toBeUndefined();
      expect(await found({ ...entry, until: entry.until + 600_000 })).toBeUndefined();
      expect(await found({ userId: USER.userId, role: "admin" })).toBeUndefined();

      // An entry of another user, copied over this one.
      await users().keep("admin.token", { ...USER, role: "admin" }, now + 60_000);
      const others = Object.keys(await bridge.stored()).filter((name) => name !== key);
      expect(await found(z.looseObject({}).parse(await upstash.get(others[0] ?? "")))).toBeUndefined();
      // A writer who makes a code, with any key but ours.
      await users(async () => "another-key").keep("owner.token", { ...USER, role: "admin" }, now + 60_000);
      expect(await users().find("owner.token")).toBeUndefined();
      // An entry that was true once.
      expect(await found(entry)).toEqual(USER);
      now += 60_000;
      expect(await found(entry)).toBeUndefined();
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

test("two embedded Redis of one process have keys of their own", async () => {
  const [one, other] = [await startRedis(undefined), await startRedis(undefined)];
  await new Redis({ url: one.origin, token: one.token }).set("payments:a", "1");
  expect([await one.stored(), await other.stored()]).toEqual([{ "payments:a": "1" }, {}]);
  await Promise.all([one.close(), other.close()]);
});

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
