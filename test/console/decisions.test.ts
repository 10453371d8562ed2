import { expect, test } from "vitest";
import { curlOf } from "../../console/curl.ts";
import { decisionsFor, effectsOf, requestOf, restsOf, type Typed } from "../../console/decisions.ts";
import {
  AttentionAnswer,
  RefundOutcomeRequest,
  RefundRequest,
  ReleaseRequest,
  ReviewRequest,
} from "../../lib/contract/api.ts";

type Payment = Parameters<typeof decisionsFor>[0];
type Capture = Payment["captures"][number];
type Refund = Payment["refunds"][number];

const AT = "2026-11-28T08:00:00.000Z";
const capture = (reference: string | null, amount: number, back: Capture["back"] = []): Capture => ({
  attempt: 0,
  at: AT,
  kind: "reviewed",
  amount,
  currency: "ETB",
  mode: "live",
  method: "telebirr",
  reference,
  back,
});
const refund = (state: string, amount: number): Refund => ({
  id: `r-${state}`,
  capture: "AP1",
  amount,
  state,
  by: "user:x",
  reason: "r",
  at: AT,
  settled_at: null,
  refusal: null,
});
const payment = (change: Partial<Payment> = {}): Payment => ({
  id: "p",
  state: "REVIEW",
  version: 4,
  currency: "ETB",
  attention: [],
  captures: [capture("AP1", 300)],
  refunds: [],
  refundable: 300,
  ...change,
});
const typed = (change: Partial<Typed> = {}): Typed => ({
  id: "console:1",
  reason: " it rained ",
  capture: "",
  amount: "",
  outcome: "settled",
  kept: {},
  ...change,
});
const kinds = (change: Partial<Payment>) => decisionsFor(payment(change)).map(({ kind }) => kind);

test("money under review can be accepted or rejected, and is not sent back before that", () => {
  expect(kinds({})).toEqual(["accept", "reject"]);
});

test("a paid payment can be sent back while something of it is left", () => {
  expect(kinds({ state: "SUCCESS" })).toEqual(["refund"]);
  expect(kinds({ state: "SUCCESS", refundable: 0 })).toEqual([]);
});

test("a stuck payment can be let go on, other open entries can be answered, and answered ones are left alone", () => {
  const entry = (code: string, answered: Payment["attention"][number]["answered"] = null) => ({
    id: `${code}#x`,
    code,
    subject: "x",
    at: AT,
    amount: null,
    answered,
  });
  const attention = [entry("stuck"), entry("duplicate"), entry("unmatched", { at: AT, by: "user:x", reason: "r" })];
  expect(decisionsFor(payment({ state: "PENDING", refundable: 0, attention }))).toEqual([
    { kind: "release" },
    { kind: "answer", entry: "duplicate#x" },
    { kind: "cancel" },
  ]);
});

test("what is left of money is less what went back and what is on its way, and a refused refund takes nothing", () => {
  const captures = [capture("AP1", 300.1, [{ kind: "reversed", amount: 0.1, by: "chapa" }]), capture(null, 20)];
  const refunds = [refund("SENT", 100), refund("REFUSED", 50), refund("UNDONE", 50), refund("SETTLED", 0.2)];
  expect(restsOf({ captures, refunds })).toEqual([
    { name: "AP1", left: 199.8, canGoBack: true },
    { name: "attempt-0", left: 20, canGoBack: false },
  ]);
});

test("a rejection names each money with something left: sent back under an id of its own, or kept with its reason", () => {
  const captures = [capture("AP1", 300), capture("AP2", 20), capture(null, 5)];
  const { path, body } = requestOf(payment({ captures }), { kind: "reject" }, typed({ kept: { AP2: "theirs" } }));
  expect(path).toBe("/api/v1/payments/p/review");
  expect(ReviewRequest.parse(body)).toEqual({
    decision: "reject",
    reason: "it rained",
    version: 4,
    captures: [
      { capture: "AP1", refund_id: "console:1:0" },
      { capture: "AP2", keep: "theirs" },
      { capture: "attempt-0", keep: "it rained" },
    ],
  });
});

test.each([
  { decision: { kind: "accept" }, path: "review", shape: ReviewRequest },
  { decision: { kind: "release" }, path: "release", shape: ReleaseRequest },
  {
    decision: { kind: "answer", entry: "duplicate#AP 1" },
    path: "attention/duplicate%23AP%201",
    shape: AttentionAnswer,
  },
  { decision: { kind: "outcome", refund: "r:1" }, path: "refunds/r%3A1", shape: RefundOutcomeRequest },
] as const)(
  "the request to $path carries the reason and the version that the person saw",
  ({ decision, path, shape }) => {
    const request = requestOf(payment(), decision, typed({ outcome: "refused" }));
    expect(request.path).toBe(`/api/v1/payments/p/${path}`);
    expect(shape.parse(request.body)).toMatchObject({ reason: "it rained", version: 4 });
    expect(request.body["outcome"]).toBe(decision.kind === "outcome" ? "refused" : undefined);
  },
);

test("a refund request carries the amount as it was typed, and the confirmation names the same amount", () => {
  const asked = typed({ amount: "120.50" });
  const { body } = requestOf(payment(), { kind: "refund" }, asked);
  expect(RefundRequest.parse(body)).toEqual({
    refund_id: "console:1",
    amount: "120.50",
    reason: "it rained",
    version: 4,
  });
  expect(effectsOf(payment(), { kind: "refund" }, asked)[0]).toContain("120.50 ETB of 300.00 ETB (AP1)");
});

test("a request as curl holds no token, and a shell reads back what was typed", () => {
  const line = curlOf("https://here", "/x", { reason: "it's $HOME" });
  expect(line).toContain('"Authorization: Bearer $TOKEN"');
  expect(line).toContain(`'{"reason":"it'\\''s $HOME"}'`);
});
