import { expect, test } from "vitest";
import { RateLimiter } from "../../lib/runtime/rate-limit.ts";

function limiterAt(limit: number) {
  let now = 1_000;
  return { limiter: new RateLimiter("tries", limit, { now: () => now }), pass: (ms: number) => (now += ms) };
}

test("the limiter of one process lets exactly its limit through in each window, for each caller", async () => {
  const { limiter, pass } = limiterAt(3);
  const calls = async (key: string) => Promise.all(Array.from({ length: 5 }, () => limiter.take(key)));
  expect((await calls("a")).filter(({ allowed }) => allowed)).toHaveLength(3);
  expect((await calls("b")).filter(({ allowed }) => allowed)).toHaveLength(3);
  pass(60_000);
  expect((await calls("a")).filter(({ allowed }) => allowed)).toHaveLength(3);
});

test("the limiter of one process says when to come back, and remembers a refusal without counting", async () => {
  const { limiter, pass } = limiterAt(1);
  expect(limiter.refused("a")).toBeUndefined();
  await limiter.take("a");
  expect(limiter.refused("a")).toBeUndefined();
  pass(20_500);
  expect(await limiter.take("a")).toEqual({
    allowed: false,
    retryAfterSeconds: 40,
    quota: { name: "tries", limit: 1, windowSeconds: 60, remaining: 0, resetSeconds: 40 },
  });
  expect(limiter.refused("a")).toEqual({
    allowed: false,
    retryAfterSeconds: 40,
    quota: { name: "tries", limit: 1, windowSeconds: 60, remaining: 0, resetSeconds: 40 },
  });
  pass(39_500);
  expect(limiter.refused("a")).toBeUndefined();
  expect(await limiter.take("a")).toEqual({
    allowed: true,
    quota: { name: "tries", limit: 1, windowSeconds: 60, remaining: 0, resetSeconds: 60 },
  });
});

test("the limiter of one process forgets the oldest callers before it takes memory without bound", async () => {
  const { limiter } = limiterAt(1);
  await limiter.take("first");
  await limiter.take("first");
  for (let n = 0; n < 10_000; n++) await limiter.take(`caller-${n}`);
  expect(limiter.refused("first")).toBeUndefined();
  await limiter.take("caller-9999");
  expect(limiter.refused("caller-9999")).toBeDefined();
});
