import { describe, expect, test } from "vitest";
import { txRefOf } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { type ResolvePorts, resolve } from "../../lib/flows/resolve.ts";
import { log } from "../../lib/runtime/logger.ts";
import { anOpened, POLICY, T0 } from "../support/payments.ts";

const NOW = T0 + 10 * MINUTE_MS;

/** One look at a payment that was last looked at `ago` milliseconds before now. */
async function lookAt(ago: number, trigger: "webhook" | "reconcile") {
  const payment: Payment = { ...anOpened(), verifiedAt: NOW - ago };
  const ports: ResolvePorts = {
    payments: {
      find: async () => payment,
      create: async (wanted) => ({ won: true, payment: wanted }),
      save: async (_, after) => ({ won: true, payment: after }),
    },
    chapa: {
      verify: async () => ({ says: "unpaid", because: "pending" }),
      cancel: async () => "closed",
      mode: async () => "test",
    },
    policy: POLICY,
    clock: { now: () => NOW },
    log,
    count: () => undefined,
  };
  return resolve(ports, txRefOf(payment.ref, 0), trigger, NOW + MINUTE_MS);
}

describe("one payment is looked at once in five seconds", () => {
  test("and who comes too early is told how long to wait", async () => {
    expect(await lookAt(SECOND_MS, "webhook")).toMatchObject({ came: "suppressed", afterMs: 4 * SECOND_MS });
    expect(await lookAt(5 * SECOND_MS, "webhook")).toMatchObject({ came: "looked" });
  });

  test("but nobody waits for hours because a clock was ahead when it was looked at last", async () => {
    expect(await lookAt(-2 * HOUR_MS, "webhook")).toMatchObject({ came: "looked" });
    expect(await lookAt(-SECOND_MS, "reconcile")).toMatchObject({ came: "looked" });
  });
});
