import {
  answersTo,
  claim,
  everyCaptureAccounted,
  listingIs,
  liveCheckouts,
  onePayment,
  payerWasNotified,
} from "../checks.ts";
import type { Scenario } from "../scenario.ts";
import { HOUR_MS, MINUTE_MS } from "../stage.ts";

const PRESSES = 30;
// A function keeps a secret for five minutes.
const SECRET_MS = 6 * MINUTE_MS;

export const listingReserved: Scenario = {
  name: "listing-reserved",
  title:
    "The listing service's answer is lost, and somebody reserves the property at once; the success is acknowledged.",
  async play(stage) {
    const checkout = await stage.checkout();
    // The preflight before it is answered.
    await stage.disturb("listing", {
      fault: "resetAfterEffect",
      route: "POST /api/v1/payments/confirm",
      nth: 2,
      times: 1,
    });
    await stage.act(checkout, "pay");
    stage.cloud.services.listing?.reserveProperty(stage.propertyId);
    stage.say("listing", "somebody reserves the property, so it is not public any more");
    await stage.pass(2 * MINUTE_MS, "the success is delivered again");
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
    everyCaptureAccounted(outcome),
    liveCheckouts(outcome, 0),
    claim(
      "the payer's payment is a success",
      answersTo(outcome, "status")[0]?.body["status"] === "SUCCESS",
      answersTo(outcome, "status"),
    ),
    claim("the listing service has acknowledged", outcome.payments[0]?.isAcknowledged === true, outcome.payments),
    listingIs(outcome, "RESERVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const notificationRefuses: Scenario = {
  name: "notification-refuses",
  title: "The notification service refuses our token for hours: payments go on, and no message is lost.",
  async play(stage) {
    stage.say("payments", "the secret holds a token that the notification service does not accept");
    stage.cloud.rotate("gateway", { notification_bearer: "revoked" });
    await stage.pass(SECRET_MS, "every function has read the secret again");
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await stage.status(checkout);
    for (let hour = 0; hour < 3; hour++) {
      await stage.pass(HOUR_MS, "messages to payers wait; the service gets one of them in ten minutes");
    }
    stage.say("payments", "the secret holds the right token again");
    stage.cloud.rotate("gateway", { notification_bearer: stage.cloud.services.notificationBearer });
    await stage.pass(SECRET_MS, "every function has read the secret again");
    await stage.pass(10 * MINUTE_MS, "the pause is over");
  },
  check: (outcome) => {
    const [during] = answersTo(outcome, "status");
    return [
      claim("the payment was a success all the while", during?.body["status"] === "SUCCESS", during),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 0),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      claim("no message was given up", outcome.deadLetters === 0, outcome.deadLetters),
      claim(
        "the service was asked again, at most once in ten minutes",
        outcome.refusedNotifications > 1 && outcome.refusedNotifications <= 20,
        outcome.refusedNotifications,
      ),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const manyPressesThroughTheListing: Scenario = {
  name: "many-presses-through-the-listing",
  title: `An owner presses “approve and pay” ${PRESSES} times within a minute: the listing service, which shows each refusal of ours as an error, gets the same link each time.`,
  async play(stage) {
    const checkout = await stage.approveAndPay();
    for (let press = 1; press < PRESSES; press++) await stage.approveAndPay();
    await stage.act(checkout, "pay");
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay");
    const urls = new Set(presses.map(({ body }) => body["checkout_url"]));
    return [
      claim(
        `all ${PRESSES} presses were answered 200 with one and the same URL`,
        presses.length === PRESSES && presses.every(({ status }) => status === 200) && urls.size === 1,
        { statuses: presses.map(({ status }) => status), urls: [...urls] },
      ),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 0),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};
