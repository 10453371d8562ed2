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

export const pay: Scenario = {
  name: "pay",
  title: "An owner pays a listing fee and the property is approved.",
  async play(stage) {
    const checkout = await stage.approveAndPay();
    await stage.act(checkout, "pay", { method: "telebirr" });
    await stage.returnFromChapa(checkout);
    await stage.status(checkout);
  },
  check: (outcome) => [
    onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
    everyCaptureAccounted(outcome),
    liveCheckouts(outcome, 0),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    claim(
      "the listing service's acknowledgement is stored",
      outcome.payments.every((payment) => payment.isAcknowledged),
      outcome.payments,
    ),
    payerWasNotified(outcome, ["payment_success"]),
    claim(
      "the browser was redirected to the success page with property, reference and amount",
      /\/payment\/success\?property_id=.+&tx_ref=.+&amount=500\.00/.test(
        answersTo(outcome, "return")[0]?.location ?? "",
      ),
      answersTo(outcome, "return"),
    ),
  ],
};

export const failThenPay: Scenario = {
  name: "fail-then-pay",
  title: "The first try on Chapa's page fails; the owner tries again there and pays.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "fail");
    await stage.status(checkout);
    await stage.pass(MINUTE_MS, "the owner tops up the account");
    await stage.act(checkout, "pay");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const [afterFail, afterPay] = answersTo(outcome, "status").map(({ body }) => body);
    return [
      claim(
        "after a failed try the payment was still open, with a reason for the failure",
        afterFail?.["status"] === "PENDING" && afterFail["failure_reason"] !== null,
        afterFail,
      ),
      claim(
        "after the second try it is paid, and the reason is gone",
        afterPay?.["status"] === "SUCCESS" && afterPay["failure_reason"] === null,
        afterPay,
      ),
      onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const abandon: Scenario = {
  name: "abandon",
  title:
    "Nobody pays. After seven days Chapa confirms that the checkout is closed; the listing service has rejected the property by itself.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "abandon");
    await stage.pass(2 * HOUR_MS, "verifications find no money");
    await stage.status(checkout);
    await stage.pass(7 * DAY_MS, "the timeout");
    await stage.status(checkout);
    stage.cloud.services.listing?.closeOld();
    stage.say("listing", "rejects the unpaid property after its own seven days");
    await stage.pass(7 * DAY_MS, "one more verification before the payment is finalised");
  },
  check: (outcome) => {
    const [early, late] = answersTo(outcome, "status").map(({ body }) => body["status"]);
    return [
      claim("it was pending until its timeout, and failed after it", early === "PENDING" && late === "FAILED", {
        early,
        late,
      }),
      onePayment(outcome, { state: "EXPIRED", opened: 1, captured: 0 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 0),
      claim(
        "it is finalised: no further checkout can be opened",
        outcome.payments[0]?.finalised === true,
        outcome.payments,
      ),
      listingIs(outcome, "REJECTED", []),
      payerWasNotified(outcome, ["payment_failed"]),
    ];
  },
};

export const late: Scenario = {
  name: "late",
  title: "Money arrives after the timeout of one day; the property is still approved.",
  settings: { PAYMENT_TIMEOUT_DAYS: "1" },
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "abandon");
    await stage.pass(DAY_MS + MINUTE_MS, "the timeout");
    await stage.status(checkout);
    await stage.act(checkout, "pay-late");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const [expired, paid] = answersTo(outcome, "status").map(({ body }) => body["state"]);
    return [
      claim("it had expired before the money came, and is a success now", expired === "EXPIRED" && paid === "SUCCESS", {
        expired,
        paid,
      }),
      onePayment(outcome, { state: "SUCCESS", late: true, captured: 1 }),
      everyCaptureAccounted(outcome),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      claim(
        "the payer's last message says that it is paid",
        outcome.notifications.at(-1)?.eventType === "payment_success",
        outcome.notifications,
      ),
    ];
  },
};

export const newLink: Scenario = {
  name: "come-back",
  title: "The link is closed after an hour; the owner presses again and pays on the new one.",
  async play(stage) {
    const old = await stage.checkout();
    await stage.pass(61 * MINUTE_MS, "the checkout's window is over");
    const fresh = await stage.checkout();
    await stage.act(old, "pay");
    await stage.act(fresh, "pay");
    await stage.status(fresh);
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay").map(({ body }) => body);
    const [first, second] = presses;
    return [
      claim(
        "both presses are one payment, with another checkout each",
        first?.["id"] === second?.["id"] && first?.["checkout_url"] !== second?.["checkout_url"],
        presses,
      ),
      onePayment(outcome, { state: "SUCCESS", opened: 2, captured: 1 }),
      everyCaptureAccounted(outcome),
      liveCheckouts(outcome, 0),
      claim(
        "the old link took no money",
        outcome.captures.every(({ txRef }) => txRef === second?.["chapa_tx_ref"]),
        outcome.captures,
      ),
      listingIs(outcome, "APPROVED", ["SUCCESS"]),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

export const wrongAmount: Scenario = {
  name: "wrong-amount",
  title: "Chapa reports another amount than we asked for: a person decides, and no second checkout is opened.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.act(checkout, "wrong-amount", { amount: "5.00" });
    await stage.status(checkout);
    await stage.press();
  },
  check: (outcome) => {
    const again = answersTo(outcome, "pay")[1];
    return [
      onePayment(outcome, { state: "REVIEW", attention: ["mismatch"], captured: 1 }),
      everyCaptureAccounted(outcome),
      claim(
        "the owner sees it as pending, neither paid nor unpaid",
        answersTo(outcome, "status")[0]?.body["status"] === "PENDING",
        answersTo(outcome, "status"),
      ),
      claim("pressing again opens nothing", again?.status === 202 && outcome.transactions.length === 1, {
        again,
        transactions: outcome.transactions,
      }),
      listingIs(outcome, "PENDING", []),
      payerWasNotified(outcome, []),
    ];
  },
};

export const paidTwice: Scenario = {
  name: "paid-twice",
  title: "Money on the old link arrives after the new one was paid: both captures are found.",
  async play(stage) {
    const old = await stage.checkout();
    await stage.act(old, "prompt", { seconds: 70 * 60 });
    await stage.pass(61 * MINUTE_MS, "the window is over, the prompt is still open on the phone");
    const fresh = await stage.checkout();
    await stage.act(fresh, "pay");
    await stage.pass(10 * MINUTE_MS, "the old prompt is confirmed");
    await stage.status(fresh);
  },
  check: (outcome) => [
    claim("Chapa captured twice", outcome.captures.length === 2, outcome.captures),
    onePayment(outcome, { state: "SUCCESS", attention: ["duplicate"], opened: 2, captured: 2 }),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
    claim(
      "the owner still sees a success",
      answersTo(outcome, "status")[0]?.body["status"] === "SUCCESS",
      answersTo(outcome, "status"),
    ),
  ],
};
