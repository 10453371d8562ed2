import { CHAPA_DEFAULTS, liveTwin } from "../../chapa/simulator.ts";
import {
  answersTo,
  claim,
  everyCaptureAccounted,
  type Finding,
  listingIs,
  liveCheckouts,
  onePayment,
  payerWasNotified,
} from "../checks.ts";
import type { Outcome } from "../outcome.ts";
import type { Scenario } from "../scenario.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Stage } from "../stage.ts";

const TEST_KEY = CHAPA_DEFAULTS.secretKey;
const PAST_WINDOW_MS = 61 * MINUTE_MS;
const SILENT = { dropAll: true, callback: { send: "off" } } as const;

/** Checks the statuses of all presses, and how many different links they gave out. */
function presses(outcome: Outcome, text: string, statuses: number[], links: number): Finding {
  const answers = answersTo(outcome, "pay");
  const urls = new Set(answers.filter(({ status }) => status === 202).map(({ body }) => body["checkout_url"]));
  const holds = answers.map(({ status }) => status).join() === statuses.join() && urls.size === links;
  return claim(text, holds, answers);
}

/** Checks that one press was refused with this code, and with a time to come back. */
function refusedWith(outcome: Outcome, code: string): Finding {
  const refused = answersTo(outcome, "pay").filter(({ status }) => status !== 202);
  const holds = refused.length > 0 && refused.every(({ body, retryAfter }) => body["code"] === code && retryAfter);
  return claim(`each refused press was answered ${code} with Retry-After`, Boolean(holds), refused);
}

/** Checks the end of a fee that was paid in time. */
function paid(outcome: Outcome, opened: number): Finding[] {
  return [
    onePayment(outcome, { state: "SUCCESS", opened, captured: 1 }),
    everyCaptureAccounted(outcome),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ];
}

export const cancelledAtChapa: Scenario = {
  name: "cancelled-at-chapa",
  title: "The payer cancels on Chapa's page and presses again in the shop: they get a new link at once.",
  async play(stage) {
    const first = await stage.checkout();
    await stage.act(first, "cancel");
    await stage.pass(MINUTE_MS, "the payer thinks again");
    const second = await stage.checkout();
    await stage.act(second, "pay");
  },
  check: (outcome) => [
    presses(outcome, "both presses got a link, each another one", [202, 202], 2),
    liveCheckouts(outcome, 0),
    ...paid(outcome, 2),
  ],
};

export const chapaNeverCancels: Scenario = {
  name: "chapa-never-cancels",
  title:
    "Chapa refuses to cancel the old checkout, in words that nobody knows: an hour after its window the payer gets a new link.",
  async play(stage) {
    await stage.checkout();
    await stage.disturb("chapa", { fault: "cancelRefused", route: "cancel" });
    await stage.pass(PAST_WINDOW_MS, "the window of the first checkout is over");
    const { headers } = await stage.press();
    await stage.pass(Number(headers.get("retry-after")) * 1000, "the owner waits as Retry-After says");
    const second = await stage.checkout();
    await stage.act(second, "pay");
    await stage.recover("chapa");
    await stage.pass(DAY_MS, "the old checkout is verified on, and its cancel is tried again");
  },
  check: (outcome) => [
    presses(outcome, "the press before the lapse was refused, the one after it got a new link", [202, 503, 202], 2),
    refusedWith(outcome, "checkout_closing"),
    liveCheckouts(outcome, 0),
    ...paid(outcome, 2),
  ],
};

export const goingLive: Scenario = {
  name: "going-live",
  title:
    "The stage changes from its test key to a live key while a test checkout is open: the next press opens a live one.",
  settings: { EXPECTED_MODE: "test" },
  async play(stage) {
    await stage.checkout();
    stage.say("payments", "is deployed for real money, with the live key");
    stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin(TEST_KEY) });
    await stage.cloud.redeploy({ EXPECTED_MODE: "live" });
    await stage.pass(PAST_WINDOW_MS, "the window of the test checkout is over");
    const live = await stage.checkout();
    await stage.act(live, "pay");
  },
  check: (outcome) => [
    presses(outcome, "both presses got a link, each another one", [202, 202], 2),
    ...paid(outcome, 2),
  ],
};

export const keyRenewed: Scenario = {
  name: "key-renewed",
  title:
    "Chapa's key is renewed on the same account after the owner has paid, and the webhook is lost: the new key finds the money.",
  async play(stage) {
    stage.plan(SILENT);
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    stage.say("payments", "Chapa's key is renewed; the old one is no longer accepted");
    stage.cloud.chapa?.setKeys({ secretKey: `${TEST_KEY}renewed` });
    stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin(`${TEST_KEY}renewed`) });
    await stage.pass(PAST_WINDOW_MS, "the owner comes back");
    await stage.press();
  },
  check: (outcome) => [
    presses(outcome, "the second press opened nothing", [202, 202], 2),
    claim("one checkout was opened at Chapa", outcome.transactions.length === 1, outcome.transactions),
    ...paid(outcome, 1),
  ],
};

export const accountChanged: Scenario = {
  name: "account-changed",
  title:
    "The key of another account takes over after the owner has paid: nothing is closed, a person is called, and the old key finds the money.",
  async play(stage) {
    stage.plan(SILENT);
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    changeAccount(stage, []);
    await stage.pass(PAST_WINDOW_MS, "the new key does not find the checkout");
    await stage.press();
    await stage.pass(9 * DAY_MS, "past the timeout");
    await stage.status(checkout);
    await stage.press();
    changeAccount(stage, [liveTwin(TEST_KEY)]);
    await stage.pass(6 * HOUR_MS + MINUTE_MS, "the old key is kept beside the new one");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const states = answersTo(outcome, "status").map(({ body }) => body["state"]);
    return [
      claim(
        "nine days later it was still pending, and a success once the old key was there",
        states.join() === "PENDING,SUCCESS",
        states,
      ),
      presses(outcome, "no press opened a second checkout", [202, 503, 503], 1),
      refusedWith(outcome, "gateway_misconfigured"),
      onePayment(outcome, { state: "SUCCESS", attention: ["not_found"], opened: 1, captured: 1 }),
      everyCaptureAccounted(outcome),
      payerWasNotified(outcome, ["payment_success"]),
    ];
  },
};

function changeAccount(stage: Stage, previous: string[]): void {
  stage.say(
    "payments",
    previous.length > 0 ? "gets the old key back as a previous one" : "gets the key of another account",
  );
  stage.cloud.chapa?.setAccount("other", `${TEST_KEY}other`);
  stage.cloud.rotate("gateway", {
    chapa_secret_key: liveTwin(`${TEST_KEY}other`),
    chapa_secret_keys_previous: previous,
  });
}

export const initializeOutage: Scenario = {
  name: "initialize-outage",
  title:
    "Chapa opens no checkouts for hours: the owner's presses cost nothing, and the first one after the outage gets a link.",
  async play(stage) {
    await stage.disturb("chapa", { fault: "503", route: "initialize" });
    for (const pause of [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS]) {
      await stage.press();
      await stage.pass(pause, "Chapa still opens no checkouts");
    }
    await stage.recover("chapa");
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
  },
  check: (outcome) => [
    presses(
      outcome,
      "each press during the outage was refused, and the first one after it got a link",
      [503, 503, 503, 503, 202],
      1,
    ),
    refusedWith(outcome, "gateway_unavailable"),
    claim("one checkout was opened at Chapa", outcome.transactions.length === 1, outcome.transactions),
    liveCheckouts(outcome, 0),
    ...paid(outcome, 1),
  ],
};

export const webhookThenSilence: Scenario = {
  name: "webhook-then-silence",
  title:
    "The old link is paid after the new one was opened; Chapa's webhook comes, and then Chapa is silent for hours: the old link is asked again until Chapa answers.",
  async play(stage) {
    const old = await stage.checkout();
    await stage.pass(PAST_WINDOW_MS, "the window of the first checkout is over");
    await stage.checkout();
    await stage.disturb("chapa", { fault: "503", route: "verify" });
    await stage.act(old, "pay-late");
    for (const pause of [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS]) await stage.pass(pause, "Chapa answers no verify");
    await stage.status(old);
    await stage.recover("chapa");
    await stage.pass(2 * HOUR_MS, "both links are verified");
    await stage.pass(MINUTE_MS, "the second of the two, a few seconds after the first");
    await stage.status(old);
  },
  check: (outcome) => {
    const states = answersTo(outcome, "status").map(({ body }) => body["state"]);
    return [
      claim(
        "it was pending while Chapa was silent, and a success once it answered",
        states.join() === "PENDING,SUCCESS",
        states,
      ),
      claim(
        "the money was found on the old link",
        outcome.payments.every(({ opened, captured }) => captured.join() === opened[0]),
        outcome.payments,
      ),
      liveCheckouts(outcome, 0),
      ...paid(outcome, 2),
    ];
  },
};
