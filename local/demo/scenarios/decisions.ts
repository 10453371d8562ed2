import {
  answersTo,
  claim,
  everyCaptureAccounted,
  listingIs,
  liveCheckouts,
  onePayment,
  payerWasNotified,
} from "../checks.ts";
import type { Outcome } from "../outcome.ts";
import type { Scenario } from "../scenario.ts";
import { DAY_MS, MINUTE_MS } from "../stage.ts";

function answered(outcome: Outcome, statuses: readonly number[]) {
  const got = answersTo(outcome, "decision").map(({ status }) => status);
  return claim(`the operator was answered ${statuses.join(", then ")}`, got.join() === statuses.join(), got);
}

export const reviewAccepted: Scenario = {
  name: "review-accepted",
  title: "One birr is missing; an operator accepts the money, and a decision for an older version is refused.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "wrong-amount", { amount: "499.00" });
    const decision = { decision: "accept", reason: "one birr is missing" };
    await stage.decide(checkout, "review", { ...decision, version: 1 });
    await stage.decide(checkout, "review", decision);
    await stage.pass(2 * MINUTE_MS, "messages to payers are paced");
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    answered(outcome, [409, 200]),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const reviewRejected: Scenario = {
  name: "review-rejected",
  title:
    "Money of a wrong amount is kept for another fee by agreement; the owner presses again and pays the right one.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "wrong-amount", { amount: "300.00" });
    const captures = (await stage.captureRefs(checkout)).map((capture) => ({ capture, keep: "for another fee" }));
    await stage.decide(checkout, "review", { decision: "reject", reason: "not the price of this fee" });
    await stage.decide(checkout, "review", { decision: "reject", reason: "not the price of this fee", captures });
    await stage.act(await stage.checkout(), "pay");
    await stage.pass(2 * MINUTE_MS, "messages to payers are paced");
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", late: false, opened: 2, captured: 2 }),
    answered(outcome, [409, 200]),
    everyCaptureAccounted(outcome),
    liveCheckouts(outcome, 0),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const attentionAnswered: Scenario = {
  name: "attention-answered",
  title:
    "The listing service closed a property just before it was paid; an operator answers the entry with a reason, and the alarm ends.",
  async play(stage) {
    const old = stage.addProperty(stage.cloud.clock.now() - 7 * DAY_MS + 30 * MINUTE_MS);
    const checkout = await stage.checkout(old);
    await stage.pass(40 * MINUTE_MS, "the listing service's own seven days are over");
    stage.cloud.services.listing?.closeOld();
    stage.say("listing", "closes the property");
    await stage.act(checkout, "pay");
    await stage.pass(2 * MINUTE_MS, "messages to payers are paced");
    await stage.decide(checkout, "attention/listing_closed-delivery", { reason: "the owner has a new listing" });
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    answered(outcome, [200]),
    claim("nobody is called any more", outcome.gauges.OpenAttention === 0, outcome.gauges),
    everyCaptureAccounted(outcome),
    claim(
      "the closed property was not published",
      outcome.listings.some(({ status }) => status === "REJECTED") && outcome.confirms.length === 0,
      { listings: outcome.listings, confirms: outcome.confirms },
    ),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};
