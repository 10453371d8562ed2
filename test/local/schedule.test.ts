import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FunctionName } from "../../lib/contract/functions.ts";
import { Schedule } from "../../local/schedule.ts";

const MINUTE_MS = 60_000;

const ran: FunctionName[] = [];
const schedule = new Schedule(async (name) => {
  ran.push(name);
});
const sweeps = () => ran.filter((name) => name === "timeout-payments").length;

beforeEach(() => {
  vi.useFakeTimers();
  ran.length = 0;
  schedule.forget();
  schedule.start();
});
afterEach(() => {
  schedule.stop();
  vi.useRealTimers();
});

test("the timer runs the functions of each minute once a minute", async () => {
  await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
  expect(sweeps()).toBe(3);
});

test("a minute to which somebody moves the clock is run once, although the timer sees it too", async () => {
  await schedule.alone(async () => {
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
    await schedule.run();
  });
  expect(sweeps()).toBe(1);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(sweeps()).toBe(2);
});

test("the timer runs on after work beside which it had to rest has failed", async () => {
  await expect(schedule.alone(() => Promise.reject(new Error("no clock")))).rejects.toThrow("no clock");
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(sweeps()).toBe(1);
});

test("after a reset the next run has every function, those of each hour too", async () => {
  const all = Object.keys(await schedule.run());
  expect(all).toContain("reconcile-payments");
  expect(Object.keys(await schedule.run())).not.toContain("reconcile-payments");
  schedule.forget();
  expect(Object.keys(await schedule.run())).toEqual(all);
});
