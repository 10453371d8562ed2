import { randomUUID } from "node:crypto";
import type { HttpResponse } from "../../api-client.ts";
import { answersTo, claim, everyCaptureAccounted, listingIs, onePayment, payerWasNotified } from "../checks.ts";
import type { Scenario } from "../scenario.ts";
import { type Checkout, checkoutOf } from "../stage.ts";

const PRESSES = 50;

export const doubleClick: Scenario = {
  name: "double-click",
  title: `${PRESSES} parallel presses of one button: one checkout at Chapa, ${PRESSES} equal answers.`,
  settings: { RATE_LIMIT_INITIATE: "1000" },
  async play(stage) {
    const requestId = randomUUID();
    const presses = await Promise.all(Array.from({ length: PRESSES }, () => stage.press(stage.propertyId, requestId)));
    await stage.act(checkoutIn(presses), "pay");
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay");
    const urls = new Set(presses.map(({ body }) => body["checkout_url"]));
    return [
      claim(
        `all ${PRESSES} presses were answered 202 with one and the same URL`,
        presses.length === PRESSES && presses.every(({ status }) => status === 202) && urls.size === 1,
        { answers: presses.length, urls: [...urls] },
      ),
      claim("Chapa opened one checkout", outcome.transactions.length === 1, outcome.transactions),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const twoTabs: Scenario = {
  name: "two-tabs",
  title: "Two tabs, two request ids, one property: one payment and one checkout.",
  async play(stage) {
    const presses = await Promise.all([stage.press(), stage.press()]);
    await stage.act(checkoutIn(presses), "pay");
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay");
    const ids = new Set(presses.map(({ body }) => body["id"]));
    const urls = new Set(presses.map(({ body }) => body["checkout_url"]));
    return [
      claim(
        "both tabs got the same payment and the same URL",
        presses.length === 2 && presses.every(({ status }) => status === 202) && ids.size === 1 && urls.size === 1,
        presses.map(({ body }) => body),
      ),
      claim("Chapa opened one checkout", outcome.transactions.length === 1, outcome.transactions),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

function checkoutIn(presses: readonly HttpResponse[]): Checkout {
  const [first] = presses;
  if (!first) throw new Error("nobody pressed");
  return checkoutOf(first);
}
