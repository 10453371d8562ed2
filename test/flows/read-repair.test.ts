import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import type { Attempt } from "../../lib/domain/payment.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { readRepair } from "../../lib/flows/read-repair.ts";
import { log } from "../../lib/runtime/logger.ts";
import { RateLimiter } from "../../lib/runtime/rate-limit.ts";
import { aClaim, anOpened, T0 } from "../support/payments.ts";

function reader(now: number, send?: () => Promise<void>) {
  const asked: unknown[] = [];
  const clock = { now: () => now };
  const resolve = { send: send ?? (async ({ message }: { message: unknown }) => void asked.push(message)) };
  const ports = { resolve, bucket: new RateLimiter("reads", 2, clock), clock, log };
  return { asked, ports };
}

test("reading a payment causes a verification once its state is not fresh, and only a few however often it is read", async () => {
  const payment = anOpened();
  const { asked, ports } = reader(T0 + MINUTE_MS);
  for (let n = 0; n < 5; n++) await readRepair(ports, payment);
  expect(asked).toEqual(Array(2).fill({ tx_ref: txRefOf(payment, 0), trigger: "read" }));
});

test("reading a payment causes no verification when Chapa was just asked, nothing was opened, or it is decided", async () => {
  const { asked, ports } = reader(T0 + MINUTE_MS);
  const opened = anOpened();
  for (const payment of [
    { ...opened, verifiedAt: T0 + MINUTE_MS - SECOND_MS },
    aClaim(),
    { ...opened, state: "SUCCESS" as const },
    { ...opened, state: "REVIEW" as const },
  ]) {
    await readRepair(ports, payment);
  }
  expect(asked).toEqual([]);
});

test("reading an unpaid payment causes one verification in ten minutes, as long as money may be under way", async () => {
  const now = T0 + 8 * DAY_MS;
  const { asked, ports } = reader(now);
  const opened = anOpened();
  const expired = { ...opened, state: "EXPIRED" as const, verifiedAt: now - 10 * MINUTE_MS };
  const last = { ...opened.attempts[0], verifyAt: undefined } as Attempt;
  await readRepair(ports, { ...expired, verifiedAt: now - 10 * MINUTE_MS + 1 });
  await readRepair(ports, { ...expired, attempts: { 0: last } });
  expect(asked).toEqual([]);
  await readRepair(ports, expired);
  expect(asked).toEqual([{ tx_ref: txRefOf(opened, 0), trigger: "read" }]);
});

test("a read is answered all the same when the queue takes nothing", async () => {
  const { ports } = reader(T0 + MINUTE_MS, async () => {
    throw new DependencyUnavailable("The queue");
  });
  await expect(readRepair(ports, anOpened())).resolves.toBeUndefined();
});

test("reading a payment does not hide a fault of ours", async () => {
  const { ports } = reader(T0 + MINUTE_MS, async () => {
    throw new TypeError("ours");
  });
  await expect(readRepair(ports, anOpened())).rejects.toThrow("ours");
});
