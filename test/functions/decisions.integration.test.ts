import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import { API_KEY } from "../../local/cloud.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { onlyPaymentOf, openStage, simulatedChapa } from "../support/stage.ts";

let stage: Stage;
let checkout: Checkout;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  await stage.cloud.reset();
  checkout = await stage.checkout();
});
afterAll(() => stage.close());

type User = "owner" | "admin";
const bearer = (user: User) => ({ authorization: `Bearer ${stage.cloud.address.users[user].token}` });
const read = async () => (await stage.caller.get(`/api/v1/payments/${checkout.id}`, bearer("admin"))).body;
const version = async () => Number((await read())["version"]);
const post = (path: string, body: object, headers = bearer("admin")): Promise<HttpResponse> =>
  stage.caller.post(path, JSON.stringify(body), headers);
const decide = (body: object, headers = bearer("admin")) =>
  post(`/api/v1/payments/${checkout.id}/review`, { reason: "one birr is missing", ...body }, headers);
const release = (body: object, headers = bearer("admin")) =>
  post(`/api/v1/payments/${checkout.id}/release`, { reason: "Chapa does not close it", ...body }, headers);
const codeOf = async (answer: Promise<HttpResponse>) => {
  const { status, body } = await answer;
  return [status, body["code"]];
};
const Captures = z.array(z.looseObject({ reference: z.string() }));
const references = async () => Captures.parse((await read())["captures"]).map(({ reference }) => reference);

test("accepted money is a success: the property is published, the payer hears it, and the alarm ends", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const accepted = await decide({ decision: "accept", version: await version() });
  expect(accepted.status).toBe(200);
  expect(accepted.body).toMatchObject({ state: "SUCCESS", status: "SUCCESS", amount: 499 });
  await stage.cloud.advance(5 * MINUTE_MS);
  const { listings, notifications, gauges } = await stage.outcome();
  expect(listings).toMatchObject([{ status: "APPROVED", paymentStatus: "SUCCESS" }]);
  expect(notifications.map(({ eventType }) => eventType)).toContain("payment_success");
  expect(gauges.OpenAttention).toBe(0);
});

test("rejected money leaves a payment that its owner can pay anew, and the capture is never under review again", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const captures = (await references()).map((capture) => ({ capture, keep: "moved to another fee by agreement" }));
  const rejected = await decide({ decision: "reject", version: await version(), captures });
  expect([rejected.status, rejected.body["state"]]).toEqual([200, "FAILED"]);
  await stage.cloud.advance(2 * HOUR_MS);
  expect((await onlyPaymentOf(stage)).state).toBe("FAILED");
  const { notifications } = await stage.outcome();
  expect(notifications.map(({ eventType }) => eventType)).not.toContain("payment_failed");

  const next = await stage.checkout();
  expect(next.url).not.toBe(checkout.url);
  await stage.act(next, "pay");
  expect((await onlyPaymentOf(stage)).state).toBe("SUCCESS");
});

test("rejected money that goes back is refunded once, in the same decision, and the owner can pay anew", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const captures = (await references()).map((capture) => ({ capture, refund_id: "back-1" }));
  const decision = { decision: "reject", version: await version(), captures };
  const rejected = await decide(decision);
  expect([rejected.status, rejected.body["state"], rejected.body["refundable"]]).toEqual([200, "FAILED", 0]);
  expect(rejected.body["refunds"]).toMatchObject([{ id: "back-1", amount: 499, state: "SENT" }]);
  expect((await decide(decision)).status).toBe(200);
  const sent = simulatedChapa(stage)
    .journal()
    .filter((entry) => entry.kind === "request" && entry.method === "POST" && entry.path.includes("/refund/"));
  expect(sent).toHaveLength(1);
  await stage.act(await stage.checkout(), "pay");
  expect((await onlyPaymentOf(stage)).state).toBe("SUCCESS");
});

test("a decision names for each capture either why it is kept or the id of its refund", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const [capture] = await references();
  for (const end of [{}, { keep: "kept", refund_id: "r-1" }, { refund_id: "not an id" }]) {
    const answer = decide({ decision: "reject", version: await version(), captures: [{ capture, ...end }] });
    expect(await codeOf(answer)).toEqual([422, "input_invalid"]);
  }
});

test("a decision needs a reason, the role and the version that was seen, and names what changed since", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const seen = await version();
  expect(await codeOf(decide({ decision: "accept", version: seen, reason: "   " }))).toEqual([422, "input_invalid"]);
  expect(await codeOf(decide({ decision: "accept", version: seen, reason: "x".repeat(501) }))).toEqual([
    422,
    "input_invalid",
  ]);
  expect(await codeOf(decide({ decision: "maybe", version: seen }))).toEqual([422, "input_invalid"]);
  expect(await codeOf(decide({ decision: "accept", version: seen }, bearer("owner")))).toEqual([403, "forbidden"]);
  const old = await decide({ decision: "accept", version: seen - 1 });
  expect([old.status, old.body["code"]]).toEqual([409, "version_changed"]);
  expect(old.body["changes"]).toMatchObject([{ transition: "review" }]);
  expect((await read())["state"]).toBe("REVIEW");
});

test("a reason with markup is kept as text, and the history names who decided", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const reason = "<b>one birr</b> & a fee";
  const { body } = await decide({ decision: "accept", version: await version(), reason });
  const by = `user:${stage.cloud.address.users.admin.user_id}`;
  expect(body["history"]).toContainEqual(expect.objectContaining({ transition: "acceptReview", by, evidence: reason }));
});

test("the same decision of a second person is answered as made, and another one is 409 with what changed", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const seen = await version();
  const both = await Promise.all([1, 2].map(() => decide({ decision: "accept", version: seen })));
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect(await version()).toBe(seen + 1);
  const other = await decide({ decision: "reject", version: seen });
  expect([other.status, other.body["code"]]).toEqual([409, "version_changed"]);
  expect(other.body["changes"]).toMatchObject([{ transition: "acceptReview" }]);
});

test("a state without money under review is 409 with the state", async () => {
  const pending = await decide({ decision: "accept", version: await version() });
  expect([pending.status, pending.body["code"], pending.body["state"]]).toEqual([
    409,
    "decision_impossible",
    "PENDING",
  ]);
  const released = await release({ version: await version() });
  expect([released.status, released.body["code"], released.body["state"]]).toEqual([
    409,
    "decision_impossible",
    "PENDING",
  ]);
});

test("money that went back since is accepted by nobody; the person hears that the payment changed", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const seen = await version();
  await simulatedChapa(stage).act(checkout.txRef, "reverse");
  const answer = await decide({ decision: "accept", version: seen });
  expect([answer.status, answer.body["code"]]).toEqual([409, "version_changed"]);
  expect((await read())["state"]).toBe("REVIEW");
});

test("nothing is decided while Chapa does not answer", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const seen = await version();
  await stage.cloud.fault("chapa", "down");
  expect(await codeOf(decide({ decision: "accept", version: seen }))).toEqual([503, "gateway_unavailable"]);
  await stage.cloud.fault("chapa", null);
  expect((await read())["state"]).toBe("REVIEW");
});

test("a rejection that says nothing about a capture is 409, and names it", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const [reference] = await references();
  const answer = await decide({ decision: "reject", version: await version(), captures: [] });
  expect([answer.status, answer.body["code"]]).toEqual([409, "decision_impossible"]);
  expect(answer.body["detail"]).toContain(reference);
});

test("a stuck payment that a person releases can be paid again at once", async () => {
  await stage.act(checkout, "abandon");
  await stage.cloud.fault("chapa", "down");
  await stage.cloud.clock.advance(3 * HOUR_MS);
  await stage.press();
  await stage.cloud.clock.advance(DAY_MS + HOUR_MS);
  await stage.press();
  expect((await onlyPaymentOf(stage)).attention).toMatchObject([{ code: "stuck" }]);
  const seen = await version();
  const answer = await release({ version: seen });
  expect([answer.status, answer.body["version"]]).toEqual([200, seen + 1]);
  expect((await release({ version: seen })).body["version"]).toBe(seen + 1);
  await stage.cloud.fault("chapa", null);
  expect((await stage.press()).status).toBe(202);
});

test("all entries of one code are answered at once, each by its version, and others stay open", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const second = await stage.checkout(stage.addProperty());
  await stage.act(second, "wrong-amount", { amount: "1.00" });
  const before = new Date(stage.cloud.clock.now()).toISOString();
  await stage.cloud.clock.advance(MINUTE_MS);
  const third = await stage.checkout(stage.addProperty());
  await stage.act(third, "wrong-amount", { amount: "2.00" });

  const answers = (body: object, headers = bearer("admin")) =>
    post("/api/v1/attention/answers", { code: "mismatch", before, reason: "all are known", ...body }, headers);
  expect(await codeOf(answers({ code: "nothing" }))).toEqual([422, "input_invalid"]);
  expect(await codeOf(answers({ before: "yesterday" }))).toEqual([422, "input_invalid"]);
  expect(await codeOf(answers({}, bearer("owner")))).toEqual([403, "forbidden"]);
  expect((await answers({ before: "1969-12-31T23:59:59Z" })).body).toMatchObject({ answers: [], has_more: false });
  const { status, body } = await answers({});
  expect([status, body["has_more"]]).toEqual([200, false]);
  const Answers = z.array(z.object({ payment_id: z.string(), entry: z.string(), outcome: z.string() }));
  const made = Answers.parse(body["answers"]);
  expect(made.map(({ payment_id }) => payment_id).toSorted()).toEqual([checkout.id, second.id].toSorted());
  expect(made.every(({ outcome }) => outcome === "answered")).toBe(true);
  expect((await stage.outcome()).gauges.OpenAttention).toBe(1);
});

test("where people are named who decide, no other administrator may; a program with the role may", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  await stage.cloud.redeploy({ OPERATOR_IDS: "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22" });
  const seen = await version();
  expect(await codeOf(decide({ decision: "accept", version: seen }))).toEqual([403, "forbidden"]);
  const answer = await decide({ decision: "accept", version: seen }, {
    "x-api-key": stage.cloud.address.apiKey,
  } as never);
  expect(answer.status).toBe(200);
  await stage.cloud.redeploy({ OPERATOR_IDS: stage.cloud.address.users.admin.user_id });
  expect((await decide({ decision: "accept", version: seen })).status).toBe(200);
  await stage.cloud.redeploy({ OPERATOR_IDS: "" });
});

// Each route on which a person decides, with a body that fits the payment as it is.
const DECISIONS: [string, Record<string, unknown>][] = [
  ["review", { decision: "accept" }],
  ["attention/mismatch-AP0", {}],
  ["release", {}],
  ["refunds", { refund_id: "r-1" }],
  ["refunds/r-1", { outcome: "settled" }],
];

test.each(DECISIONS)(
  "a decision on %s is refused without a reason, with one of spaces or of 501 characters, and without a version",
  async (route, body) => {
    await stage.act(checkout, "wrong-amount", { amount: "499.00" });
    const good = { ...body, reason: "one birr is missing", version: await version() };
    const before = await read();
    for (const [field, wrong] of [
      ["reason", undefined],
      ["reason", " \n "],
      ["reason", "x".repeat(501)],
      ["reason", 7],
      ["version", undefined],
      ["version", 0],
      ["version", "one"],
    ] as const) {
      const answer = await post(`/api/v1/payments/${checkout.id}/${route}`, { ...good, [field]: wrong });
      expect([answer.status, answer.body["code"]], `${field}: ${wrong}`).toEqual([422, "input_invalid"]);
      expect(answer.body["errors"]).toMatchObject([{ loc: ["body", field] }]);
    }
    expect(await read()).toEqual(before);
  },
);

test.each(DECISIONS)(
  "a decision on %s is refused to an owner and to a program without the role",
  async (route, body) => {
    await stage.act(checkout, "wrong-amount", { amount: "499.00" });
    const good = { ...body, reason: "one birr is missing", version: await version() };
    const path = `/api/v1/payments/${checkout.id}/${route}`;
    expect(await codeOf(post(path, good, bearer("owner")))).toEqual([403, "forbidden"]);
    const entry = { name: "program", sha256: createHash("sha256").update(API_KEY).digest("hex") };
    stage.cloud.rotate("auth", { api_keys: [{ ...entry, roles: ["owner", "tenant", "broker"] }] });
    await stage.cloud.functions.forget();
    const refused = await stage.caller.post(path, JSON.stringify(good), { "x-api-key": API_KEY });
    expect([refused.status, refused.body["code"]]).toEqual([403, "forbidden"]);
    stage.cloud.rotate("auth", { api_keys: [{ ...entry, roles: ["service"] }] });
    await stage.cloud.functions.forget();
    const allowed = await stage.caller.post(path, JSON.stringify(good), { "x-api-key": API_KEY });
    expect(allowed.status).not.toBe(403);
  },
);

test("what a program decides names its key and whom it asks for, who is no user and has no spaces", async () => {
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  const byKey = { "x-api-key": API_KEY } as unknown as ReturnType<typeof bearer>;
  const decision = { decision: "accept", version: await version() };
  const [users, wordy] = [await decide({ ...decision, as: "hirut" }), await decide({ ...decision, as: "a b" }, byKey)];
  for (const refused of [users, wordy]) {
    expect([refused.status, refused.body["errors"]]).toMatchObject([422, [{ pointer: "/as" }]]);
  }
  expect((await decide({ ...decision, as: "desk-7.hirut" }, byKey)).status).toBe(200);
  const { history } = z.looseObject({ history: z.array(z.looseObject({ by: z.string() })) }).parse(await read());
  expect(history.at(-1)).toMatchObject({
    transition: "acceptReview",
    by: expect.stringMatching(/^service:\S+\/as:desk-7\.hirut$/),
  });
});
