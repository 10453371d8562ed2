import { randomUUID } from "node:crypto";
import { PaymentList } from "../../../lib/contract/api.ts";
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
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../stage.ts";

const ListBody = PaymentList.pick({ data: true, warning: true });
const SILENT = { dropAll: true, callback: { send: "off" } } as const;

export const lostWebhook: Scenario = {
  name: "lost-webhook",
  title: "The owner pays and every webhook is lost; the sweep finds the money within minutes.",
  async play(stage) {
    stage.plan(SILENT);
    const checkout = await stage.checkout();
    await stage.act(checkout, "close-tab");
    await stage.status(checkout);
    await stage.pass(2 * MINUTE_MS + 1_000, "the first verification is due");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const [before, after] = answersTo(outcome, "status").map(({ body }) => body["status"]);
    return [
      claim(
        "it was pending without the webhook, and two minutes later it was a success",
        before === "PENDING" && after === "SUCCESS",
        {
          before,
          after,
        },
      ),
      onePayment(outcome, { state: "SUCCESS", captured: 1 }),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const lostStreamRecord: Scenario = {
  name: "lost-stream-record",
  title:
    "Another amount arrives, and the record that calls a person is lost: the gauge shows it until a person answers.",
  async play(stage) {
    const checkout = await stage.checkout();
    stage.loseChanges(true);
    await stage.act(checkout, "wrong-amount", { amount: "5.00" });
    stage.loseChanges(false);
    await stage.pass(MINUTE_MS, "the sweep counts what needs a person");
    await stage.status(checkout);
    await stage.pass(12 * DAY_MS, "nobody answers");
  },
  check: (outcome) => [
    onePayment(outcome, { state: "REVIEW", attention: ["mismatch"], captured: 1 }),
    everyCaptureAccounted(outcome),
    claim("the gauge shows one payment that needs a person", outcome.gauges.OpenAttention === 1, outcome.gauges),
    claim(
      "it has shown it for twelve days, and still does",
      outcome.gauges.OldestAttentionSeconds >= (12 * DAY_MS) / 1000,
      outcome.gauges,
    ),
    claim(
      "the owner sees it as pending",
      answersTo(outcome, "status")[0]?.body["status"] === "PENDING",
      answersTo(outcome, "status"),
    ),
    listingIs(outcome, "PENDING", []),
    payerWasNotified(outcome, []),
  ],
};

export const duplicateWebhooks: Scenario = {
  name: "duplicate-webhooks",
  title: "Chapa sends the same webhook again and again; it is one payment, delivered once.",
  async play(stage) {
    stage.plan({ duplicate: 5, duplicateVariant: 3, concurrent: 4 });
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await stage.pass(HOUR_MS, "late copies come in");
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    everyCaptureAccounted(outcome),
    claim("copies cost few verifications: at most one in five seconds", outcome.verifies <= 10, outcome.verifies),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    claim(
      "the owner sees a success",
      answersTo(outcome, "status")[0]?.body["status"] === "SUCCESS",
      answersTo(outcome, "status"),
    ),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const forgedWebhook: Scenario = {
  name: "forged-webhook",
  title: "Someone without the secret sends a webhook that says paid; nothing changes.",
  async play(stage) {
    const checkout = await stage.checkout();
    const forged = JSON.stringify({
      event: "charge.success",
      tx_ref: checkout.txRef,
      status: "success",
      amount: "500.00",
    });
    await stage.webhook("unsigned webhook", forged, {});
    await stage.webhook("webhook signed with a guess", forged, { secret: "guess" });
    await stage.webhook("webhook with a broken signature", forged, { headers: { "x-chapa-signature": "abc" } });
    await stage.pass(10_000, "no verification is due");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const forged = outcome.answers.filter(({ asked }) => asked.includes("webhook")).map(({ status }) => status);
    return [
      claim(
        "every forged webhook was refused",
        forged.length === 3 && forged.every((status) => status === 401),
        forged,
      ),
      onePayment(outcome, { state: "PENDING", captured: 0 }),
      claim("none of them caused a verification", outcome.verifies === 0, outcome.verifies),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "PENDING", []),
      payerWasNotified(outcome, ["payment_initiated"]),
    ];
  },
};

export const slowInitialize: Scenario = {
  name: "chapa-slow-initialize",
  title: "Chapa opens the checkout but its answer is lost; the owner gets exactly one checkout that can be paid.",
  async play(stage) {
    const requestId = randomUUID();
    await stage.disturb("chapa", { fault: "timeoutAfterEffect", route: "initialize", times: 1 });
    await stage.press(stage.propertyId, requestId);
    await stage.pass(31_000, "the owner waits as Retry-After says and presses again");
    const checkout = await stage.checkout(stage.propertyId, requestId);
    await stage.act(checkout, "pay");
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay");
    return [
      claim("the first press was answered 503 with Retry-After", presses[0]?.status === 503, presses[0]),
      claim("the same press, repeated, got a checkout", presses[1]?.status === 202, presses[1]),
      claim(
        "Chapa opened two checkouts, and the owner never got the first one",
        outcome.transactions.length === 2,
        outcome.transactions,
      ),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 0),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const chapaDown: Scenario = {
  name: "chapa-down",
  title:
    "Chapa is down for days: no checkout is opened, nothing expires, and no payer gets a message that they did not pay.",
  settings: { PAYMENT_TIMEOUT_DAYS: "1" },
  async play(stage) {
    stage.plan(SILENT);
    const paid = await stage.checkout();
    await stage.act(paid, "pay");
    await stage.disturb("chapa", "down");
    const other = stage.addProperty();
    await stage.press(other);
    await stage.pass(DAY_MS + HOUR_MS, "past the timeout, and Chapa is still down");
    await stage.status(paid);
    await stage.recover("chapa");
    await stage.pass(6 * HOUR_MS, "the next verification");
    await stage.status(paid);
    await stage.checkout(other);
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay").map(({ status }) => status);
    const [during, after] = answersTo(outcome, "status").map(({ body }) => body["status"]);
    const paid = outcome.payments.find(({ captured }) => captured.length > 0);
    return [
      claim(
        "a press during the outage was answered 503, and worked after it",
        presses.join() === "202,503,202",
        presses,
      ),
      claim("a paid payment stayed pending while Chapa was down", during === "PENDING", during),
      claim("it was confirmed as soon as Chapa answered", after === "SUCCESS" && paid?.state === "SUCCESS", paid),
      claim("it never expired", paid?.late === false, paid),
      everyCaptureAccounted(outcome),
      claim(
        "the other fee has one checkout",
        outcome.payments.some(({ state, opened }) => state === "PENDING" && opened.length === 1),
        outcome.payments,
      ),
      claim(
        "the payer got one message, and it was correct",
        outcome.notifications
          .flatMap(({ eventType }) => (eventType === "payment_initiated" ? [] : eventType))
          .join() === "payment_success",
        outcome.notifications,
      ),
    ];
  },
};

export const unreadableRow: Scenario = {
  name: "unreadable-row",
  title: "A newer release wrote one payment's row; a lost webhook of another payment is found all the same.",
  async play(stage) {
    stage.plan(SILENT);
    const newer = await stage.checkout(stage.addProperty());
    await stage.rewrite(newer, { schema: 2 });
    const paid = await stage.checkout();
    await stage.act(paid, "close-tab");
    await stage.pass(3 * MINUTE_MS, "both payments are due");
    await stage.status(newer);
    await stage.status(paid);
    await stage.list();
  },
  check: (outcome) => {
    const [newer, paid] = answersTo(outcome, "status");
    const [list] = answersTo(outcome, "list");
    const { data, warning } = ListBody.safeParse(list?.body).data ?? { data: [], warning: undefined };
    const [row] = outcome.unreadable;
    return [
      claim("the other payment was found within three minutes", paid?.body["status"] === "SUCCESS", paid),
      claim(
        "a read of the unreadable one is answered 503 payment_unreadable, with Retry-After",
        newer?.status === 503 && newer.body["code"] === "payment_unreadable" && newer.retryAfter !== null,
        newer,
      ),
      claim(
        "the owner's list has the readable payment, and a warning that names the other one",
        data.map(({ id }) => id).join() === paid?.body["id"] && warning?.payment_ids.join() === row?.id,
        list,
      ),
      claim(
        "the unreadable row stays as the newer release wrote it",
        outcome.unreadable.length === 1 && row?.schema === 2 && row.state === "PENDING",
        outcome.unreadable,
      ),
      onePayment(outcome, { state: "SUCCESS", captured: 1 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 1),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const listingDown: Scenario = {
  name: "listing-down",
  title: "The listing service is down when the owner pays; the success is delivered when it is back.",
  async play(stage) {
    await stage.disturb("listing", "down");
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await stage.status(checkout);
    await stage.pass(20 * MINUTE_MS, "deliveries fail");
    await stage.recover("listing");
    await stage.pass(20 * MINUTE_MS, "the next try");
  },
  check: (outcome) => [
    claim(
      "the payer saw the success before the listing service acknowledged it",
      answersTo(outcome, "status")[0]?.body["status"] === "SUCCESS",
      answersTo(outcome, "status"),
    ),
    onePayment(outcome, { state: "SUCCESS", captured: 1 }),
    claim("the listing service has acknowledged", outcome.payments[0]?.isAcknowledged === true, outcome.payments),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};

export const listingClosed: Scenario = {
  name: "listing-closed",
  title: "The owner pays just after the listing service closed the property: an alarm is raised.",
  async play(stage) {
    const old = stage.addProperty(stage.cloud.clock.now() - 7 * DAY_MS + 30 * MINUTE_MS);
    const checkout = await stage.checkout(old);
    await stage.pass(40 * MINUTE_MS, "the listing service's own seven days are over");
    stage.cloud.services.listing?.closeOld();
    stage.say("listing", "closes the property");
    await stage.act(checkout, "pay");
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", attention: ["listing_closed"], captured: 1 }),
    everyCaptureAccounted(outcome),
    claim(
      "the rejected property was not published",
      outcome.listings.some(({ status }) => status === "REJECTED") && outcome.confirms.length === 0,
      { listings: outcome.listings, confirms: outcome.confirms },
    ),
    claim(
      "the payer's payment is a success all the same",
      answersTo(outcome, "status")[0]?.body["status"] === "SUCCESS",
      answersTo(outcome, "status"),
    ),
    payerWasNotified(outcome, ["payment_success"]),
  ],
};
