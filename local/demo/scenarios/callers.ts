import { randomUUID } from "node:crypto";
import { CHAPA_DEFAULTS, liveTwin } from "../../chapa/simulator.ts";
import { USERS } from "../../users.ts";
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
import { checkoutOf, MINUTE_MS } from "../stage.ts";

const LIMIT = 1;
const SECOND_MS = 1_000;
const WHY = "You called because the link was lost";

/** The checks that all these stories share. */
function paidOnce(outcome: Outcome) {
  return [
    onePayment(outcome, { state: "SUCCESS", opened: 1, captured: 1 }),
    everyCaptureAccounted(outcome),
    liveCheckouts(outcome, 0),
    listingIs(outcome, "APPROVED", ["SUCCESS"]),
    payerWasNotified(outcome, ["payment_success"]),
  ];
}

function answeredWith(outcome: Outcome, text: string, asked: string, statuses: number[]) {
  const answers = answersTo(outcome, asked);
  return claim(text, answers.map(({ status }) => status).join() === statuses.join(), answers);
}

export const serviceInitiated: Scenario = {
  name: "service-initiated",
  title: "Another program asks in the owner's name with its API key; the owner pays and gets a message.",
  async play(stage) {
    const checkout = checkoutOf(await stage.asProgram("key"));
    await stage.act(checkout, "pay");
    await stage.statusAsProgram(checkout);
  },
  check: (outcome) => [
    answeredWith(outcome, "the program got the checkout", "program", [202]),
    answeredWith(outcome, "the program may read the state", "status", [200]),
    ...paidOnce(outcome),
  ],
};

export const iamSigned: Scenario = {
  name: "iam-signed",
  title: "A program signs its request with AWS Signature Version 4; a request without a signature is refused.",
  async play(stage) {
    await stage.asProgram("unsigned");
    const checkout = checkoutOf(await stage.asProgram("signed"));
    await stage.act(checkout, "pay");
  },
  check: (outcome) => [
    answeredWith(outcome, "unsigned it was refused, signed it got the checkout", "program", [403, 202]),
    ...paidOnce(outcome),
  ],
};

export const rotateSecrets: Scenario = {
  name: "rotate-secrets",
  title: "Every key and secret is replaced while an owner pays; no request is refused.",
  async play(stage) {
    const checkout = await stage.checkout();
    const { chapa } = stage.cloud;
    stage.say("payments", "Chapa's key, the webhook's secret and the tokens' secret are replaced");
    stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin("CHASECK_TEST-simreplaced") });
    chapa?.setKeys({ secretKey: "CHASECK_TEST-simreplaced" });
    stage.cloud.rotate("webhook", {
      chapa_webhook_secret: "replaced-webhook-secret",
      chapa_webhook_secret_previous: "sim-webhook-secret",
    });
    stage.cloud.rotate("auth", {
      jwt_secret: "replaced-by-the-siblings",
      jwt_secret_previous: stage.cloud.address.jwtSecret,
    });
    await stage.act(checkout, "pay");
    await stage.returnFromChapa(checkout);
    const body = JSON.stringify({ event: "charge.success", status: "success", tx_ref: checkout.txRef });
    await stage.webhook("signed with the new secret", body, { secret: "replaced-webhook-secret" });
    await stage.status(checkout);
  },
  check: (outcome) => [
    answeredWith(outcome, "a webhook signed with the new secret was accepted", "signed with the new secret", [200]),
    answeredWith(outcome, "a token signed with the old secret was still accepted", "status", [200]),
    ...paidOnce(outcome),
  ],
};

// A function keeps a secret for five minutes.
const SECRET_MS = 6 * MINUTE_MS;

export const testKeyOnLive: Scenario = {
  name: "test-key-on-live",
  title: "The stage sells for real, but its key is a test key: nothing is opened until the key is corrected.",
  async play(stage) {
    stage.say("payments", "the secret holds a test key by mistake");
    stage.cloud.rotate("gateway", { chapa_secret_key: CHAPA_DEFAULTS.secretKey });
    await stage.pass(SECRET_MS, "every function has read the secret again");
    await stage.press();
    stage.say("payments", "the secret holds a live key again");
    stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin(CHAPA_DEFAULTS.secretKey) });
    await stage.pass(SECRET_MS, "every function has read the secret again");
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await stage.status(checkout);
  },
  check: (outcome) => {
    const [refusal] = answersTo(outcome, "pay");
    const [state] = answersTo(outcome, "status");
    return [
      answeredWith(outcome, "the press was refused, and answered once the key was right", "pay", [503, 202]),
      claim(
        "the refusal blamed the service, not the owner",
        refusal?.body["code"] === "gateway_misconfigured",
        refusal,
      ),
      claim("only the live key opened a checkout at Chapa", outcome.transactions.length === 1, outcome.transactions),
      claim("the owner sees that real money was paid", state?.body["mode"] === "live", state),
      ...paidOnce(outcome),
    ];
  },
};

export const redisDown: Scenario = {
  name: "redis-down",
  title: "The store of rate limits is down: owners can still pay and log in.",
  async play(stage) {
    await stage.disturb("redis", "down");
    const checkout = await stage.checkout();
    await stage.logIn();
    await stage.act(checkout, "pay");
    await stage.status(checkout);
    await stage.recover("redis");
    await stage.pass(2 * SECOND_MS, "until the service tries Redis again");
    await stage.logIn();
  },
  check: (outcome) => [
    answeredWith(outcome, "the owner got a checkout", "pay", [202]),
    answeredWith(outcome, "logins were accepted while the store was down and afterwards", "log in", [200, 200]),
    answeredWith(outcome, "the state could be read", "status", [200]),
    ...paidOnce(outcome),
  ],
};

export const userManagementDown: Scenario = {
  name: "user-management-down",
  title:
    "User Management is down: users confirmed in the last minute continue, other users wait, no money is affected.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.disturb("users", "down");
    await stage.act(checkout, "pay");
    await stage.status(checkout);
    await stage.pass(2 * MINUTE_MS, "the cached confirmation expires");
    await stage.status(checkout);
    await stage.recover("users");
    await stage.status(checkout);
  },
  check: (outcome) => [
    answeredWith(
      outcome,
      "the owner was accepted for a minute, then had to wait until User Management was back",
      "status",
      [200, 503, 200],
    ),
    ...paidOnce(outcome),
  ],
};

export const rateLimited: Scenario = {
  name: "rate-limited",
  title:
    "An owner may begin one payment a minute: another one is answered 429 with Retry-After, and presses of the open one go on.",
  settings: { RATE_LIMIT_INITIATE: String(LIMIT) },
  async play(stage) {
    const requestId = "0b9f3a52-7c1e-4d58-9a66-2f1d7e3c8b55";
    const checkout = checkoutOf(await stage.press(stage.propertyId, requestId));
    for (let press = 0; press < 2; press++) await stage.press(randomUUID());
    await stage.press(stage.propertyId, requestId);
    await stage.press();
    await stage.pass(MINUTE_MS, "the owner waits as long as Retry-After says");
    await stage.press();
    await stage.act(checkout, "pay");
  },
  check: (outcome) => {
    const presses = answersTo(outcome, "pay");
    const refused = presses.filter(({ status }) => status === 429);
    const urls = new Set(presses.filter(({ status }) => status === 202).map(({ body }) => body["checkout_url"]));
    return [
      answeredWith(
        outcome,
        "a press was answered, two for other properties were refused, and all further ones for the first were answered",
        "pay",
        [202, 429, 429, 202, 202, 202],
      ),
      claim(
        "each refusal had Retry-After",
        refused.length === 2 && refused.every(({ retryAfter }) => Number(retryAfter) >= 1 && Number(retryAfter) <= 60),
        refused,
      ),
      claim("every answer was one and the same checkout", urls.size === 1, [...urls]),
      ...paidOnce(outcome),
    ];
  },
};

export const supportLink: Scenario = {
  name: "support-link",
  title:
    "The owner has lost the link and calls; support asks for it in their name, and the owner reads why. It is the same link.",
  async play(stage) {
    const checkout = await stage.checkout();
    await stage.askAsSupport(undefined);
    await stage.askAsSupport(WHY);
    await stage.status(checkout);
    await stage.act(checkout, "pay");
  },
  check: (outcome) => {
    const links = [...answersTo(outcome, "pay"), ...answersTo(outcome, "support").slice(1)].map(
      ({ body }) => body["checkout_url"],
    );
    const reasons = answersTo(outcome, "status").map(({ body }) => body["support_reason"]);
    return [
      answeredWith(outcome, "support was refused without a reason, and got the link with one", "support", [422, 202]),
      claim("support got the owner's link", links.length === 2 && links[0] === links[1], links),
      claim("the owner reads why support asked", reasons.join() === WHY, reasons),
      claim("Chapa has the owner's address, and nobody else's", outcome.emails.join() === USERS.owner.email, {
        emails: outcome.emails,
      }),
      ...paidOnce(outcome),
    ];
  },
};
