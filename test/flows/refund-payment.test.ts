import { expect, test } from "vitest";
import { VersionChanged } from "../../lib/domain/errors.ts";
import { Santim } from "../../lib/domain/money.ts";
import { requestRefund, sendRefund } from "../../lib/domain/refunds.ts";
import { recordRefundOutcome } from "../../lib/flows/refund-payment.ts";
import { log } from "../../lib/runtime/logger.ts";
import { aConfirmed, LATER, POLICY } from "../support/payments.ts";

const request = { id: "r-1", capture: "AP0", amount: Santim.parse(20_000), reason: "double booking" };
const sent = sendRefund(requestRefund(aConfirmed(), request, LATER), "r-1", "me", LATER);

// Found by the simulation: a person's word that a refund came to nothing was written over what had happened meanwhile.
test.each(["settled", "refused"] as const)(
  "a person's word that a refund is %s is refused when the payment has changed since they saw it",
  async (outcome) => {
    const newer = { ...sent, version: sent.version + 1 };
    const ports = {
      payments: { find: async () => newer, save: async () => ({ won: false, payment: newer }) },
      limits: { take: async () => true, giveBack: async () => undefined },
      clock: { now: () => LATER.now },
      log,
      policy: POLICY,
    };
    const word = { outcome, reason: "Chapa was asked", version: sent.version, by: "admin" };
    await expect(recordRefundOutcome(ports, sent, "r-1", word)).rejects.toThrow(VersionChanged);
  },
);
