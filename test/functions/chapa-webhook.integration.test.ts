import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthSecret } from "../../lib/contract/secrets.ts";
import { parseTxRef, refOf, txRefOf, Uuid } from "../../lib/domain/ids.ts";
import { openFlags, type Payment, refundableOf } from "../../lib/domain/payment.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator, liveTwin } from "../../local/chapa/simulator.ts";
import { DAY_MS, MINUTE_MS, type Stage } from "../../local/demo/stage.ts";
import { SECRETS, TX_STAGE } from "../../local/environment.ts";
import { USERS } from "../../local/users.ts";
import { aRef } from "../support/payments.ts";
import { attemptOf, onlyPaymentOf, openStage, SILENT, simulatedChapa, verifiedAt } from "../support/stage.ts";
import { waitUntil } from "../support/wait-until.ts";

const SECRET = "a-webhook-secret";
const PATH = "/api/v1/webhook/chapa";
const PROCESSED = { message: "Webhook processed successfully" };
const ALREADY = { message: "Payment already processed, no action taken" };
const NOT_FOUND = { message: "Payment not found, no action taken" };
const UNKNOWN = txRefOf({ ref: aRef(), txStage: TX_STAGE }, 0);

let stage: Stage;
let chapa: ChapaSimulator;
beforeAll(async () => {
  stage = await openStage({ CHAPA_WEBHOOK_SECRET: SECRET });
  chapa = simulatedChapa(stage);
});
afterAll(() => stage.close());

async function beginAnew(): Promise<void> {
  chapa.setProfile("observed");
  stage.cloud.secrets.set(SECRETS.webhook, { chapa_webhook_secret: SECRET });
  await stage.cloud.reset();
}

const hmac = (content: string, secret = SECRET) => createHmac("sha256", secret).update(content).digest("hex");
const claimOf = (txRef: string) => JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success" });
const largest = (claim: string) => claim.padEnd(64 * 1024);
const signature = (text: string) => ({ "x-chapa-signature": text });
const constant = (secret = SECRET) => ({ "chapa-signature": hmac(secret, secret) });
const bytes = { "content-type": "application/octet-stream" };

type Sent = { body?: string; secret?: string; headers?: Record<string, string> };

async function settled(answer: Promise<HttpResponse>): Promise<HttpResponse> {
  const response = await answer;
  await stage.cloud.settle();
  return response;
}

const post = (claim: string, { body = claim, ...options }: Sent = { secret: SECRET }) =>
  settled(stage.caller.webhook(body, options));
const get = (query: string, headers: Record<string, string> = {}) =>
  settled(stage.caller.get(`${PATH}${query}`, headers));

const onlyPayment = () => onlyPaymentOf(stage);

const verified = () => verifiedAt(stage);

/** What Chapa heard at each try of each webhook. */
function answersToChapa(): unknown[] {
  return chapa.journal().flatMap((entry) => (entry.kind === "webhook" ? [entry.outcome] : []));
}

/** A checkout that only Chapa knows of, paid. */
async function paidAtChapa(txRef: string): Promise<void> {
  const headers = { authorization: `Bearer ${liveTwin(CHAPA_DEFAULTS.secretKey)}`, "content-type": "application/json" };
  const body = JSON.stringify({ amount: "500", currency: "ETB", tx_ref: txRef });
  await fetch(`${chapa.apiBase}/transaction/initialize`, { method: "POST", headers, body });
  await chapa.act(txRef, "pay");
  await stage.cloud.settle();
}

describe("refused webhooks", () => {
  let before: Payment;
  let claim: string;
  // One payment for all of them: nothing changes it.
  beforeAll(async () => {
    await beginAnew();
    claim = claimOf((await stage.checkout(stage.addProperty())).txRef);
    before = await onlyPayment();
  });

  const UNSIGNED = [401, "X-Chapa-Signature header missing"] as const;
  const FORGED = [401, "Invalid webhook signature"] as const;
  const LARGE = [413, "The body is larger than 65536 bytes."] as const;
  const NOT_JSON = [400, "Invalid JSON payload"] as const;
  const malformed = ["abc", "g".repeat(64), `sha256=${"a".repeat(64)}`];
  const broken = ["", "{", "null", "[]", "tx_ref"];
  type Row = [string, readonly [number, string], (claim: string) => Sent];

  test.each<Row>([
    ["unsigned", UNSIGNED, () => ({})],
    ["with an empty signature", UNSIGNED, () => ({ headers: signature("") })],
    ...malformed.map((text): Row => [`signed ${text.slice(0, 7)}…`, FORGED, () => ({ headers: signature(text) })]),
    ["signed with a guess", FORGED, () => ({ secret: "a-guess" })],
    ["altered after signing", FORGED, (claim) => ({ body: `${claim} `, headers: signature(hmac(claim)) })],
    ["with the constant for a signature", FORGED, () => ({ headers: signature(hmac(SECRET)) })],
    ["with the constant beside a guess", FORGED, () => ({ secret: "a-guess", headers: constant() })],
    ["with another merchant's constant", FORGED, () => ({ headers: constant("another-merchant") })],
    ["a byte too large, signed", LARGE, (claim) => ({ body: `${largest(claim)} `, secret: SECRET })],
    ["too large as base64", LARGE, (claim) => ({ body: `${largest(claim)} `, secret: SECRET, headers: bytes })],
    ...broken.map((body): Row => [`signed but no JSON object: ${body}`, NOT_JSON, () => ({ body, secret: SECRET })]),
  ])("a webhook is refused, and changes and costs nothing: %s", async (_, [status, detail], sent) => {
    expect(await post(claim, sent(claim))).toMatchObject({ status, body: { detail } });
    expect(await onlyPayment()).toEqual(before);
    expect(verified()).toEqual([]);
    expect(stage.cloud.queues.state("resolve")).toEqual({ ready: 0, delayed: 0, hidden: 0, dead: [] });
  });
});

describe("authentic webhooks", () => {
  beforeEach(beginAnew);
  test.each<[string, (claim: string) => Sent]>([
    ["as Chapa sends it", () => ({ secret: SECRET, headers: constant() })],
    ["with the signature in capitals", (claim) => ({ headers: signature(hmac(claim).toUpperCase()) })],
    ["with the signature in the other header", (claim) => ({ headers: { "chapa-signature": hmac(claim) } })],
    ["with a body that arrives as base64", () => ({ secret: SECRET, headers: bytes })],
    ["as large as may be", (claim) => ({ secret: SECRET, body: largest(claim) })],
    ["with the reference as trx_ref", (claim) => ({ secret: SECRET, body: claim.replace("tx_ref", "trx_ref") })],
  ])("a webhook is refused, and changes and costs nothing: %s", async (_, sent) => {
    stage.plan(SILENT);
    const checkout = await stage.checkout(stage.addProperty());
    const claim = claimOf(checkout.txRef);
    expect(await post(claim, sent(claim))).toMatchObject({ status: 200, body: PROCESSED });
    expect(await onlyPayment()).toMatchObject({ state: "PENDING", version: 2, captures: [] });
    expect(verified()).toEqual([checkout.txRef]);

    await stage.act(checkout, "close-tab");
    await stage.cloud.clock.advance(6_000);
    expect((await post(claim, sent(claim))).status).toBe(200);
    expect((await onlyPayment()).state).toBe("SUCCESS");
  });

  test("an authentic webhook is answered 200 at the API's own route as at the function's", async () => {
    const claim = claimOf((await stage.checkout(stage.addProperty())).txRef);
    const answer = await stage.caller.post(PATH, claim, signature(hmac(claim)));
    expect(answer).toMatchObject({ status: 200, body: PROCESSED });
  });

  const others = ['{"event":"payout.success"}', "{}", '{"tx_ref":7}', `{"tx_ref":"${"A".repeat(65)}"}`];
  test.each(others)("an authentic webhook with %s names no payment, and nothing is verified", async (body) => {
    expect(await post(body)).toMatchObject({ status: 200, body: NOT_FOUND });
    expect(verified()).toEqual([]);
  });
});

describe("a changed secret", () => {
  beforeEach(beginAnew);
  test("the previous secret is honoured while it is named, and no other", async () => {
    const chapa_webhook_secret = "new-secret";
    stage.cloud.secrets.set(SECRETS.webhook, { chapa_webhook_secret, chapa_webhook_secret_previous: SECRET });
    const secrets = ["new-secret", SECRET, "older-than-both"];
    const answers = await Promise.all(secrets.map((secret) => post("{}", { secret })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401]);
  });

  test("running functions know a changed secret within five minutes", async () => {
    expect((await post("{}")).status).toBe(200);
    stage.cloud.secrets.set(SECRETS.webhook, { chapa_webhook_secret: "new-secret" });
    await stage.cloud.clock.advance(5 * MINUTE_MS);
    const answers = [await post("{}", { secret: "new-secret" }), await post("{}")];
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
  });
});

describe("references without a row", () => {
  beforeEach(beginAnew);
  const unpaid = [UNKNOWN, "ORDER-7f3a9c20", "tx-6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11"];
  test.each(unpaid)(
    "a webhook about an unpaid reference without a row has no effect, and is verified if it could be ours: %s",
    async (txRef) => {
      const isOurs = parseTxRef(txRef, TX_STAGE) !== undefined;
      expect(await post(claimOf(txRef))).toMatchObject({ status: 200, body: isOurs ? PROCESSED : NOT_FOUND });
      expect(await stage.cloud.rows.keys()).toEqual([]);
      expect(verified()).toEqual(isOurs ? [txRef] : []);
    },
  );

  test("a paid reference without a row becomes a row for a person, and a press after a restore opens nothing", async () => {
    const propertyId = Uuid.parse(stage.addProperty());
    const { namespace } = AuthSecret.parse(stage.cloud.secrets.get(SECRETS.auth));
    const fee = { userId: USERS.owner.id, propertyId, purpose: "listing_fee", serial: 0 };
    const txRef = txRefOf({ ref: refOf(namespace, fee), txStage: TX_STAGE }, 0);
    await paidAtChapa(txRef);
    const unmatched = await onlyPayment();
    expect(unmatched).toMatchObject({ state: "REVIEW", captures: [{ amount: 50_000 }] });
    expect(refundableOf(unmatched)).toBe(50_000);
    expect(openFlags(unmatched)).toEqual(["unmatched"]);

    const again = await stage.press(propertyId);
    expect(again.body).toMatchObject({ status: "PENDING", state: "REVIEW", chapa_tx_ref: txRef });
    expect(chapa.transactions()).toHaveLength(1);
    expect(await onlyPayment()).toMatchObject({ userId: USERS.owner.id, propertyId });
  });

  // A date, a time and a number have our form, and one in 1,024 fits by chance.
  const foreign = ["20261127134500123456", "20261127134500123457", "00000000000000000000"];
  test.each([...foreign, txRefOf({ ref: aRef(), txStage: "chapa-payments-dev" }, 0)])(
    "a signed webhook about money under a reference without our check characters makes no row and asks Chapa nothing: %s",
    async (txRef) => {
      await paidAtChapa(txRef);
      expect(chapa.captures().map((capture) => capture.txRef)).toEqual([txRef]);
      expect(await post(claimOf(txRef))).toMatchObject({ status: 200, body: NOT_FOUND });
      expect(await stage.cloud.rows.keys()).toEqual([]);
      expect(verified()).toEqual([]);
    },
  );

  test("a paid attempt that we never began holds its payment for a person", async () => {
    const { txRef } = await stage.checkout(stage.addProperty());
    await paidAtChapa(attemptOf(txRef, 3));
    const payment = await onlyPayment();
    expect([payment.state, openFlags(payment)]).toEqual(["REVIEW", ["unmatched"]]);
  });
});

describe("outages", () => {
  beforeEach(beginAnew);
  afterEach(() => void vi.unstubAllEnvs());

  test.each<[string, () => unknown, number]>([
    ["its secret cannot be had", () => stage.cloud.secrets.delete(SECRETS.webhook), 503],
    ["its secret is no secret", () => stage.cloud.secrets.set(SECRETS.webhook, {}), 503],
    ["the queue is gone", () => vi.stubEnv("RESOLVE_QUEUE_URL", `${stage.cloud.queues.url("resolve")}-gone`), 503],
    ["the table is gone", () => vi.stubEnv("TABLE_NAME", "gone"), 200],
    ["Chapa cannot be asked", () => stage.cloud.fault("chapa", "503"), 200],
  ])("no webhook is lost, and the payment is found, while %s", async (_, harm, status) => {
    const checkout = await stage.checkout(stage.addProperty());
    await harm();
    await stage.cloud.functions.load();
    await stage.caller.act(checkout.url, "close-tab");
    await waitUntil(() => answersToChapa().includes(status));
    stage.cloud.secrets.set(SECRETS.webhook, { chapa_webhook_secret: SECRET });
    vi.unstubAllEnvs();
    await stage.cloud.fault("chapa", null);
    await stage.cloud.functions.load();
    await stage.cloud.advance(10 * MINUTE_MS);
    expect(answersToChapa().at(-1)).toBe(200);
    expect((await onlyPayment()).state).toBe("SUCCESS");
  });
});

describe.each<[string, (txRef: string) => Promise<HttpResponse>]>([
  ["a GET, as Chapa's callback or anybody's", (txRef) => get(`?trx_ref=${txRef}&ref_id=AP1&status=success`)],
  ["a POST with nothing but the constant header", (txRef) => post(claimOf(txRef), { headers: constant() })],
])("%s proves nothing", (_, notify) => {
  beforeEach(beginAnew);
  test("an unverified notice about an unpaid payment verifies it and changes nothing", async () => {
    const { txRef } = await stage.checkout(stage.addProperty());
    expect(await notify(txRef)).toMatchObject({ status: 200, body: PROCESSED });
    expect(verified()).toEqual([txRef]);
    expect(await onlyPayment()).toMatchObject({ state: "PENDING", version: 2, captures: [] });
  });

  test("an unverified notice about a payment that was paid unnoticed causes the verification that finds it", async () => {
    stage.plan(SILENT);
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "close-tab");
    await notify(checkout.txRef);
    expect((await onlyPayment()).state).toBe("SUCCESS");
    expect(await notify(checkout.txRef)).toMatchObject({ status: 200, body: ALREADY });
    expect(verified()).toEqual([checkout.txRef]);
  });

  test("an unverified notice about a settled payment causes at most one verification in ten minutes", async () => {
    const { txRef } = await stage.checkout(stage.addProperty());
    await stage.cloud.advance(7 * DAY_MS);
    const verifications = verified().length;
    expect((await notify(txRef)).body).toEqual(ALREADY);
    expect(verified()).toHaveLength(verifications);
    await stage.cloud.clock.advance(10 * MINUTE_MS);
    expect((await notify(txRef)).body).toEqual(PROCESSED);
    expect(verified()).toHaveLength(verifications + 1);
    expect((await onlyPayment()).state).toBe("EXPIRED");
  });

  test.each([UNKNOWN, UNKNOWN.toLowerCase(), "tx-1"])(
    "an unverified notice about the unknown %s verifies nothing",
    async (txRef) => {
      await stage.checkout(stage.addProperty());
      expect(await notify(txRef)).toMatchObject({ status: 200, body: NOT_FOUND });
      expect(verified()).toEqual([]);
    },
  );
});

describe("unsigned callbacks", () => {
  beforeEach(beginAnew);
  const nameless = ["", "?trx_ref=", "?status=success", `?reference=${UNKNOWN}`];
  test.each(nameless)("a GET without a reference (%j) is answered 400 in the original's words", async (query) => {
    expect(await get(query)).toMatchObject({ status: 400, body: { detail: "Invalid webhook/redirect payload" } });
  });

  test("a browser's GET leads to the payer's own page when the payment is ours, and shows no other", async () => {
    const { txRef } = await stage.checkout(stage.addProperty());
    const accept = "text/html,application/xhtml+xml;q=0.9";
    const [ours, other] = [await get(`?trx_ref=${txRef}`, { accept }), await get(`?trx_ref=${UNKNOWN}`, { accept })];
    const page = `${stage.cloud.address.api}/api/v1/payments/return/${txRef}`;
    expect([ours.status, ours.headers.get("location")]).toEqual([303, page]);
    expect(other).toMatchObject({ status: 200, body: NOT_FOUND });
  });

  test.each(["observed", "documented"] as const)(
    "a GET is understood as Chapa's callback in the form %s",
    async (profile) => {
      chapa.setProfile(profile);
      stage.plan({ dropAll: true });
      await stage.act(await stage.checkout(stage.addProperty()), "pay");
      expect((await onlyPayment()).state).toBe("SUCCESS");
    },
  );
});
