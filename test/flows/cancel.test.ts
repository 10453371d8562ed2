import { expect, test } from "vitest";
import { PaymentUnclear } from "../../lib/domain/errors.ts";
import type { Attempt, Payment } from "../../lib/domain/payment.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { type CancelPorts, cancel } from "../../lib/flows/cancel.ts";
import { log } from "../../lib/runtime/logger.ts";
import { aRenewed, KEY, LATER, POLICY, T0 } from "../support/payments.ts";

const ports: CancelPorts = {
  payments: {
    find: async () => undefined,
    create: async (wanted) => ({ won: true, payment: wanted }),
    save: async (_, after) => ({ won: true, payment: after }),
    point: async () => undefined,
  },
  chapa: {
    verify: async () => ({ kind: "unpaid", reason: "pending" }),
    cancel: async () => "closed",
    current: async () => ({ key: KEY, mode: "test" }),
  },
  policy: POLICY,
  clock: { now: () => LATER.now },
  log,
  count: () => undefined,
};
const cancelled = (payment: Payment) => cancel(ports, payment, "owner", LATER.now + MINUTE_MS);

// Found in seeded runs.
test.each([{ lastRead: "maybe_money" as const }, { webhookAt: T0 }])(
  "a payment is not cancelled while Chapa has spoken of money on an earlier checkout: %o",
  async (spoken) => {
    const renewed = aRenewed();
    const earlier = { ...renewed.attempts[0], ...spoken } as Attempt;
    await expect(cancelled({ ...renewed, attempts: { ...renewed.attempts, 0: earlier } })).rejects.toThrow(
      PaymentUnclear,
    );
    expect(await cancelled({ ...renewed, lease: undefined })).toMatchObject({ state: "CANCELLED" });
  },
);
