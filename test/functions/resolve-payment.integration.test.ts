import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openFlags, type Payment, refundableOf, shownTxRef } from "../../lib/domain/payment.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Action, ActParams } from "../../local/chapa/actions.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator } from "../../local/chapa/simulator.ts";
import { type Checkout, checkoutOf, DAY_MS, HOUR_MS, MINUTE_MS, type Stage } from "../../local/demo/stage.ts";
import { onlyPaymentOf, openStage, paidUnnoticed, SILENT, simulatedChapa, verifiedAt } from "../support/stage.ts";

// When the first verification of a checkout is due.
const FIRST_VERIFICATION_MS = 2 * MINUTE_MS + 1_000;

let stage: Stage;
let chapa: ChapaSimulator;
let propertyId: string;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "100" });
  chapa = simulatedChapa(stage);
});
beforeEach(async () => {
  await stage.cloud.reset();
  propertyId = stage.addProperty();
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => stage.close());

const onlyPayment = () => onlyPaymentOf(stage);

const movesOf = ({ history }: Payment) => history.map(({ transition }) => transition);

const verifies = () => verifiedAt(stage).length;

/** Chapa's own word, signed: it is only a reason to ask. */
function signed({ txRef }: Checkout): Promise<HttpResponse> {
  const claim = JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success", amount: "500.00" });
  return stage.webhook("webhook", claim, { secret: CHAPA_DEFAULTS.webhookSecret });
}

/** What the listing was told, without questions. */
function deliveredToListing(): unknown[] {
  return (stage.cloud.services.listing?.confirms() ?? [])
    .map(({ body }) => body["status"])
    .filter((s) => s !== "PENDING");
}

describe("verify as the only evidence", () => {
  const mute = "401burst 429 500 503 timeoutBeforeEffect resetBeforeHeaders";
  const unreadable = "resetMidBody malformedJson redirect302";
  const txRefs = new Map<string, string>();
  const rows = async () => new Map((await stage.cloud.rows.payments()).map((row) => [shownTxRef(row), row]));
  let [before, during, after]: Map<string, Payment>[] = [];
  let verifiedBy = 0;

  // All of them side by side: most of their time is waiting.
  beforeAll(async () => {
    await stage.cloud.reset();
    stage.plan(SILENT);
    for (const fault of `${mute} ${unreadable}`.split(" ")) {
      const { txRef } = checkoutOf(await stage.press(stage.addProperty()));
      txRefs.set(fault, txRef);
      await chapa.act(txRef, "close-tab");
      await stage.cloud.fault("chapa", { fault, route: `verify/${txRef}` });
    }
    before = await rows();
    await stage.cloud.advance(FIRST_VERIFICATION_MS);
    during = await rows();
    verifiedBy = stage.cloud.clock.now();
    await stage.cloud.fault("chapa", null);
    await stage.cloud.advance(MINUTE_MS);
    after = await rows();
  });

  test.each(`${mute} ${unreadable}`.split(" "))(
    "a verify that answers %s leaves a paid payment as it was, for a later verification",
    (fault) => {
      const [was, is, will] = [before, during, after].map((all) => all?.get(txRefs.get(fault) ?? ""));
      expect(is).toMatchObject({ state: "PENDING", version: 2, captures: [], verifiedAt: undefined });
      expect([is?.history, is?.attempts]).toEqual([was?.history, was?.attempts]);
      expect(is?.dueAt).toBeGreaterThan(verifiedBy);
      expect(is?.dueAt).toBeLessThanOrEqual(verifiedBy + MINUTE_MS);
      expect(will).toMatchObject({ state: "SUCCESS", late: undefined, captures: [{ kind: "confirmed" }] });
    },
  );

  test("a content type that is not JSON's does not make a readable answer unreadable", async () => {
    await paidUnnoticed(stage, propertyId);
    await stage.cloud.fault("chapa", "wrongContentType");
    await stage.cloud.advance(FIRST_VERIFICATION_MS);
    expect((await onlyPayment()).state).toBe("SUCCESS");
  });

  test("a webhook that claims a success changes nothing while verify says pending", async () => {
    const checkout = await stage.checkout(propertyId);
    expect((await signed(checkout)).status).toBe(200);
    expect(verifies()).toBe(1);
    expect(await onlyPayment()).toMatchObject({ state: "PENDING", version: 2, captures: [] });
    expect(deliveredToListing()).toEqual([]);
  });

  test.each(["flap", "stale"])("a verify that answers %s is no evidence against money", async (fault) => {
    const checkout = await paidUnnoticed(stage, propertyId);
    await stage.cloud.fault("chapa", { fault, ms: 4 * MINUTE_MS });
    await stage.cloud.advance(FIRST_VERIFICATION_MS);
    await stage.cloud.advance(3 * MINUTE_MS);
    await signed(checkout);
    expect(movesOf(await onlyPayment())).toEqual(["claim", "open", "confirm"]);
  });
});

test.each<[Action, ActParams, number]>([
  ["wrong-amount", { amount: "499.99" }, 49_999],
  ["wrong-amount", { amount: "500.01" }, 50_001],
  ["wrong-amount", { amount: "5000.00" }, 500_000],
  ["wrong-currency", { currency: "USD" }, 0],
  ["live-test-mix", {}, 50_000],
])(
  "a payment is held for a person, and only the person is notified, after %s %j",
  async (action, params, refundable) => {
    const checkout = await stage.checkout(propertyId);
    await stage.act(checkout, action, params);
    const payment = await onlyPayment();
    expect(payment).toMatchObject({ state: "REVIEW", captures: [{ kind: "reviewed" }] });
    expect(refundableOf(payment)).toBe(refundable);
    expect(openFlags(payment)).toEqual(["mismatch"]);
    expect(movesOf(payment)).toEqual(["claim", "open", "review"]);
    expect(deliveredToListing()).toEqual([]);
    expect(stage.cloud.services.notification?.sent()).toEqual([]);
    expect((await stage.press(propertyId)).body).toMatchObject({ state: "REVIEW", status: "PENDING" });
    expect(chapa.transactions()).toHaveLength(1);
  },
);

test("money that lands after the timeout makes a success, marked late, and notifies the listing", async () => {
  const checkout = await stage.checkout(propertyId);
  await stage.cloud.advance(7 * DAY_MS);
  expect((await onlyPayment()).state).toBe("EXPIRED");
  await stage.act(checkout, "pay-late");
  const payment = await onlyPayment();
  expect(payment).toMatchObject({ state: "SUCCESS", late: true, captures: [{ kind: "confirmed" }] });
  expect(movesOf(payment)).toEqual(["claim", "open", "expire", "confirm"]);
  expect(deliveredToListing()).toEqual(["SUCCESS"]);
});

test("a fee whose failure was delivered takes no new checkout (409), and money that lands there calls a person", async () => {
  const checkout = await stage.checkout(propertyId);
  for (const ms of [7 * DAY_MS, 7 * DAY_MS]) await stage.cloud.advance(ms);
  expect(await onlyPayment()).toMatchObject({ state: "EXPIRED", finalised: true });
  expect(deliveredToListing()).toEqual(["FAILED"]);
  expect(await stage.press(propertyId)).toMatchObject({ status: 409, body: { code: "listing_closed" } });
  expect(chapa.transactions()).toHaveLength(1);

  await stage.act(checkout, "pay-late");
  const payment = await onlyPayment();
  expect(payment).toMatchObject({ state: "SUCCESS", late: true, captures: [{ kind: "confirmed" }] });
  expect(openFlags(payment)).toEqual(["listing_closed"]);
});

test.each<[string, { action: Action; params: ActParams; attention: string[]; refundable: number }]>([
  ["all of it calls a person", { action: "refund", params: {}, attention: ["refunded_outside"], refundable: 0 }],
  [
    "the bank takes it, and a person is called",
    { action: "reverse", params: {}, attention: ["reversed"], refundable: 0 },
  ],
  [
    "a part, of which verify says nothing",
    { action: "refund", params: { amount: "100.00" }, attention: [], refundable: 50_000 },
  ],
])("a success stays a success when money goes back: %s", async (_, { action, params, attention, refundable }) => {
  const checkout = await stage.checkout(propertyId);
  await stage.act(checkout, "pay");
  expect(await onlyPayment()).toMatchObject({ state: "SUCCESS" });
  await stage.cloud.clock.advance(10_000);
  await stage.act(checkout, action, params);
  const payment = await onlyPayment();
  expect(payment.state).toBe("SUCCESS");
  expect(refundableOf(payment)).toBe(refundable);
  expect(openFlags(payment)).toEqual(attention);
  expect(deliveredToListing()).toEqual(["SUCCESS"]);
});

test("a part refunded in Chapa's dashboard calls a person after a day with its amount, because verify never shows it", async () => {
  const checkout = await stage.checkout(propertyId);
  await stage.act(checkout, "pay");
  await stage.cloud.clock.advance(10_000);
  await stage.act(checkout, "refund", { amount: "100.00" });
  await stage.cloud.advance(23 * HOUR_MS);
  expect(openFlags(await onlyPayment())).toEqual([]);
  await stage.cloud.advance(2 * HOUR_MS);
  const { attention, captures } = await onlyPayment();
  const [{ reference } = {}] = captures;
  expect(attention).toMatchObject([{ code: "refund_unconfirmed", subject: `${reference}.100.00`, amount: 10_000 }]);
});

test("a part refunded without a webhook leaves no trace, as the limits of API v1 say", async () => {
  stage.plan(SILENT);
  const checkout = await stage.checkout(propertyId);
  await stage.act(checkout, "pay");
  await stage.cloud.advance(FIRST_VERIFICATION_MS);
  await stage.act(checkout, "refund", { amount: "100.00" });
  await stage.cloud.advance(2 * DAY_MS);
  expect(await onlyPayment()).toMatchObject({ state: "SUCCESS", attention: [] });
});

test.each([
  ["refund", "refunded_outside"],
  ["reverse", "reversed"],
] as const)("money that went back before the first verification is no success: %s", async (action, code) => {
  const checkout = await paidUnnoticed(stage, propertyId);
  await stage.act(checkout, action);
  await stage.cloud.advance(FIRST_VERIFICATION_MS);
  const payment = await onlyPayment();
  expect(payment.state).toBe("REVIEW");
  expect(refundableOf(payment)).toBe(0);
  expect(openFlags(payment)).toEqual([code]);
  expect(deliveredToListing()).toEqual([]);
});

test("money that goes back while held for a person frees the fee to be paid anew", async () => {
  const checkout = await stage.checkout(propertyId);
  await stage.act(checkout, "wrong-amount", { amount: "5.00" });
  await stage.cloud.clock.advance(10_000);
  await stage.act(checkout, "refund");
  const payment = await onlyPayment();
  expect(payment.state).toBe("REVIEW");
  expect(refundableOf(payment)).toBe(0);
  expect(openFlags(payment)).toEqual(["mismatch", "refunded_outside"]);
  await stage.cloud.clock.advance(1_000);
  expect((await stage.checkout(propertyId)).txRef).not.toBe(checkout.txRef);
});

describe("the limit of one verification in five seconds", () => {
  const callback = ({ txRef }: Checkout) => stage.caller.get(`/api/v1/webhook/chapa?trx_ref=${txRef}&status=success`);
  const returnFromChapa = (checkout: Checkout) => stage.returnFromChapa(checkout);

  test.each([
    ["webhook", signed],
    ["callback", callback],
    ["payer's return", returnFromChapa],
  ] as const)("a payment is verified once in five seconds when a %s comes first, then each kind", async (_, first) => {
    const checkout = await stage.checkout(propertyId);
    for (const ask of [first, signed, callback, returnFromChapa]) {
      await ask(checkout);
      await stage.cloud.settle();
    }
    expect(verifies()).toBe(1);
  });

  test("verifications that had to wait run five seconds later, equal ones together", async () => {
    const checkout = await stage.checkout(propertyId);
    for (const ask of [signed, signed, callback]) await ask(checkout);
    await stage.cloud.settle();
    await stage.cloud.clock.advance(6_000);
    await stage.cloud.settle();
    // A signed and an unsigned reason that fall due together may meet: each is one question.
    expect(verifies()).toBeGreaterThan(1);
    expect(verifies()).toBeLessThanOrEqual(3);
  });

  test("a webhook that comes too soon after a verification finds the money as soon as it may", async () => {
    stage.plan(SILENT);
    const checkout = await stage.checkout(propertyId);
    await signed(checkout);
    await stage.caller.act(checkout.url, "close-tab");
    await signed(checkout);
    expect((await onlyPayment()).state).toBe("PENDING");
    expect(stage.cloud.queues.state("resolve")).toMatchObject({ delayed: 1, dead: [] });
    await stage.cloud.clock.advance(6_000);
    await stage.cloud.settle();
    expect((await onlyPayment()).state).toBe("SUCCESS");
    expect(verifies()).toBe(2);
  });
});

describe("initialize with lost answers", () => {
  const live = () => chapa.transactions().filter(({ state }) => state === "OPEN" || state === "ATTEMPTING");

  test.each<[string, number]>([
    ["timeoutAfterEffect", 1],
    ["resetAfterEffect", 1],
    ["resetMidBody", 3],
    ["malformedJson", 3],
    ["nullData", 2],
    ["successWithoutUrl", 1],
  ])("an initialize whose answer is lost (%s, %d times) never leaves two payable links", async (fault, times) => {
    if (fault === "timeoutAfterEffect") vi.stubEnv("SERVICE_DEADLINE_FACTOR", "0.25");
    await stage.cloud.fault("chapa", { fault, route: "initialize", times });
    const requestId = randomUUID();
    const answers = [await stage.press(propertyId, requestId)];
    await stage.cloud.settle();
    expect(live().length).toBeLessThanOrEqual(1);
    await stage.cloud.advance(31_000);
    answers.push(await stage.press(propertyId, requestId), await stage.press(propertyId));
    await stage.cloud.settle();
    const given = answers.filter(({ status }) => status === 202).map(({ body }) => body["checkout_url"]);
    expect(given.length).toBeGreaterThanOrEqual(2);
    expect(live().map(({ checkoutUrl }) => checkoutUrl)).toEqual([...new Set(given)]);
  });

  test("a payment on a lost link counts, and the link that was given out ends", async () => {
    await stage.cloud.fault("chapa", { fault: "resetAfterEffect", route: "initialize", times: 1 });
    await stage.cloud.fault("chapa", { fault: "503", route: "cancel", times: 1 });
    const given = await stage.checkout(propertyId);
    const lost = live().find(({ txRef }) => txRef !== given.txRef);
    await chapa.act(String(lost?.txRef), "pay");
    await stage.cloud.settle();
    expect(await onlyPayment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0, kind: "confirmed" }] });
    expect(live()).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ["the connection is refused", () => stage.cloud.fault("chapa", "down")],
    ["its name is not found", () => vi.stubEnv("CHAPA_BASE_URL", "http://chapa.invalid/v1")],
  ])("an initialize of which nothing was sent, because %s, keeps the attempt", async (_, harm) => {
    await harm();
    await stage.cloud.functions.load();
    const during = await stage.press(propertyId);
    expect([during.status, during.body["code"]]).toEqual([503, "gateway_unavailable"]);
    expect(await onlyPayment()).toMatchObject({ state: "CREATED", attempt: 0 });

    vi.unstubAllEnvs();
    await stage.cloud.fault("chapa", null);
    await stage.cloud.functions.load();
    const { txRef } = await stage.checkout(propertyId);
    expect(chapa.transactions().map((transaction) => transaction.txRef)).toEqual([txRef]);
    expect(await onlyPayment()).toMatchObject({ state: "PENDING", attempt: 0 });
  });
});
