import {
  answersTo,
  claim,
  everyCaptureAccounted,
  type Finding,
  listingIs,
  onePayment,
  payerWasNotified,
} from "../checks.ts";
import type { Outcome } from "../outcome.ts";
import type { Scenario } from "../scenario.ts";
import { DAY_MS, MINUTE_MS, type Stage } from "../stage.ts";

function refundsAre({ payments }: Outcome, expected: readonly string[]): Finding {
  const got = payments.flatMap(({ refunds }) => refunds.map(({ amount, state }) => `${amount} ${state}`));
  return claim(`the refunds are ${expected.join(", ")}`, got.join() === expected.join(), got);
}

function sentOnce({ refundCalls }: Outcome, count: number): Finding {
  return claim(`Chapa was asked to send money back ${count} times`, refundCalls === count, refundCalls);
}

function leftIs({ payments }: Outcome, birr: number): Finding {
  const left = payments.map((payment) => payment.left);
  return claim(`${birr} birr of the payment are left`, left.join() === String(birr), left);
}

function answered(outcome: Outcome, statuses: readonly number[]): Finding {
  const got = answersTo(outcome, "decision").map(({ status }) => status);
  return claim(`the operator was answered ${statuses.join(", then ")}`, got.join() === statuses.join(), got);
}

async function paid(stage: Stage) {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.pass(2 * MINUTE_MS, "messages to payers are paced");
  return checkout;
}

async function settled(stage: Stage): Promise<void> {
  await stage.pass(2 * DAY_MS, "Chapa takes its time with refunds");
}

export const refund: Scenario = {
  name: "refund",
  title: "An operator sends the money of a fee back; the same request again sends nothing more.",
  async play(stage) {
    const checkout = await paid(stage);
    const request = { refund_id: "back-1", reason: "the listing was withdrawn" };
    await stage.decide(checkout, "refunds", request);
    await stage.decide(checkout, "refunds", request);
    await settled(stage);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    answered(outcome, [200, 200]),
    refundsAre(outcome, ["500 SETTLED"]),
    sentOnce(outcome, 1),
    leftIs(outcome, 0),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success", "payment_refunded"]),
  ],
};

export const partialRefundTwice: Scenario = {
  name: "partial-refund-twice",
  title: "A part goes back, then another; more than what is left is refused and sends nothing.",
  async play(stage) {
    const checkout = await paid(stage);
    await stage.decide(checkout, "refunds", { refund_id: "part-1", amount: "200.00", reason: "a lower price" });
    await settled(stage);
    await stage.decide(checkout, "refunds", { refund_id: "part-2", amount: "400.00", reason: "too much" });
    await stage.decide(checkout, "refunds", { refund_id: "part-3", amount: "100.00", reason: "a lower price" });
    await settled(stage);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    answered(outcome, [200, 422, 200]),
    refundsAre(outcome, ["200 SETTLED", "100 SETTLED"]),
    sentOnce(outcome, 2),
    leftIs(outcome, 200),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success", "payment_refunded", "payment_refunded"]),
  ],
};

export const refundAnswerLost: Scenario = {
  name: "refund-answer-lost",
  title: "Chapa's answer to a refund is lost; it is not sent again, and Chapa is asked what became of it.",
  async play(stage) {
    const checkout = await paid(stage);
    await stage.disturb("chapa", { fault: "resetAfterEffect", route: "POST /refund" });
    await stage.decide(checkout, "refunds", { refund_id: "back-1", reason: "the listing was withdrawn" });
    await stage.recover("chapa");
    await settled(stage);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    answered(outcome, [200]),
    refundsAre(outcome, ["500 SETTLED"]),
    sentOnce(outcome, 1),
    leftIs(outcome, 0),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success", "payment_refunded"]),
  ],
};

export const refundRefused: Scenario = {
  name: "refund-refused",
  title: "The balance at Chapa is too low for a refund; a person is called, and nothing is gone.",
  async play(stage) {
    stage.plan({ refundRefused: "balance" });
    const checkout = await paid(stage);
    await stage.decide(checkout, "refunds", { refund_id: "back-1", reason: "the listing was withdrawn" });
    await settled(stage);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1, attention: ["refund_refused"] }),
    answered(outcome, [200]),
    refundsAre(outcome, ["500 REFUSED"]),
    sentOnce(outcome, 1),
    leftIs(outcome, 500),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};
