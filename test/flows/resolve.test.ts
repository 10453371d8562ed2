import { expect, test } from "vitest";
import { checkoutRefOf } from "../../lib/domain/ids.ts";
import type { Attempt, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { type ResolvePorts, resolve } from "../../lib/flows/resolve.ts";
import { log } from "../../lib/runtime/logger.ts";
import { anOpened, KEY, POLICY, T0 } from "../support/payments.ts";

const NOW = T0 + 10 * MINUTE_MS;

/** One verification of a payment that was last looked at `ago` milliseconds before now. */
function verifyAt(ago: number, trigger: "webhook" | "reconcile") {
  return verification({ ...anOpened(), verifiedAt: NOW - ago }, trigger, 0);
}

/** One verification, whose answer takes `tookMs`. */
async function verification(payment: Payment, trigger: "webhook" | "reconcile", tookMs: number) {
  let now = NOW;
  const ports: ResolvePorts = {
    payments: {
      find: async () => payment,
      create: async (wanted) => ({ won: true, payment: wanted }),
      save: async (_, after) => ({ won: true, payment: after }),
      point: async () => undefined,
    },
    chapa: {
      verify: async () => {
        now += tookMs;
        return { kind: "unpaid", reason: "pending" };
      },
      cancel: async () => "closed",
      current: async () => ({ key: KEY, mode: "test" }),
    },
    policy: POLICY,
    clock: { now: () => now },
    log,
    count: () => undefined,
  };
  return resolve(ports, checkoutRefOf(payment, 0), trigger, NOW + MINUTE_MS);
}

test("a payment is verified once in five seconds, and an early caller is told how long to wait", async () => {
  expect(await verifyAt(SECOND_MS, "webhook")).toMatchObject({ kind: "suppressed", afterMs: 4 * SECOND_MS });
  expect(await verifyAt(5 * SECOND_MS, "webhook")).toMatchObject({ kind: "verified" });
});

test("no caller waits for hours because a clock was ahead at the last verification", async () => {
  expect(await verifyAt(-2 * HOUR_MS, "webhook")).toMatchObject({ kind: "verified" });
  expect(await verifyAt(-SECOND_MS, "reconcile")).toMatchObject({ kind: "verified" });
});

// Found in a million runs: a verification that slept over the date of the last one counted for it, and money stayed
// unknown.
test("a verification counts from when Chapa was asked, and one that falls due meanwhile is not lost", async () => {
  const opened = anOpened();
  const closedAt = NOW - 7 * DAY_MS + SECOND_MS;
  const last = { ...opened.attempts[0], closedAt, verifyAt: NOW + SECOND_MS } as Attempt;
  const left: Payment = { ...opened, state: "CANCELLED", settledAt: closedAt, attempts: { 0: last } };
  const verificationEnded = await verification(left, "webhook", 3 * SECOND_MS);
  expect(verificationEnded).toMatchObject({
    kind: "verified",
    payment: { verifiedAt: NOW, attempts: { 0: { verifyAt: NOW + SECOND_MS } }, dueAt: NOW + SECOND_MS },
  });
});
