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
import { DAY_MS, MINUTE_MS } from "../stage.ts";

const SILENT = { dropAll: true, callback: { send: "off" } } as const;
const FEE_BIRR = 500;

function leftIs({ payments }: Outcome, birr: number): Finding {
  const left = payments.map((payment) => payment.left);
  return claim(`${birr} birr of the payment are left`, left.join() === String(birr), left);
}

function ownerSeesSuccess(outcome: Outcome): Finding {
  const seen = answersTo(outcome, "status").map(({ body }) => body["status"]);
  return claim("the owner's payment is a success all the same", seen.join() === "SUCCESS", seen);
}

export const refundedInDashboard: Scenario = {
  name: "refunded-in-dashboard",
  title: "Somebody refunds a paid fee in Chapa's dashboard and no webhook comes; the daily comparison finds it.",
  async play(stage) {
    stage.plan(SILENT);
    const checkout = await stage.checkout();
    await stage.act(checkout, "close-tab");
    await stage.pass(2 * MINUTE_MS + 1_000, "the first verification is due");
    await stage.act(checkout, "refund");
    await stage.pass(DAY_MS, "the next daily comparison with Chapa's list");
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", attention: ["refunded_outside"], captured: 1 }),
    leftIs(outcome, 0),
    ownerSeesSuccess(outcome),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const reversedByBank: Scenario = {
  name: "reversed-by-bank",
  title: "The payer's bank takes the money back weeks later and no webhook comes; the daily comparison finds it.",
  async play(stage) {
    stage.plan(SILENT);
    const checkout = await stage.checkout();
    await stage.act(checkout, "close-tab");
    await stage.pass(2 * MINUTE_MS + 1_000, "the first verification is due");
    await stage.pass(20 * DAY_MS, "the money is with us");
    await stage.act(checkout, "reverse");
    await stage.pass(DAY_MS, "the next daily comparison with Chapa's list");
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", attention: ["reversed"], captured: 1 }),
    leftIs(outcome, 0),
    ownerSeesSuccess(outcome),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const secondCapture: Scenario = {
  name: "second-capture",
  title: "One checkout is paid twice and Chapa's verify shows one payment; the list and the webhook show the other.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay-twice");
    await stage.pass(DAY_MS, "the next daily comparison with Chapa's list");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const recorded = outcome.payments.map(({ captured }) => captured.length);
    return [
      onePayment(outcome, { state: "SUCCESS", attention: ["duplicate"], captured: 2 }),
      claim(
        "Chapa captured twice, and both captures are recorded",
        outcome.captures.length === 2 && recorded.join() === "2",
        { captures: outcome.captures, recorded },
      ),
      leftIs(outcome, 2 * FEE_BIRR),
      ownerSeesSuccess(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};
