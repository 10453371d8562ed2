import { expect, test } from "vitest";
import { flag } from "../../lib/domain/apply.ts";
import { acceptReview, changesSince, isMadeSince, rejectReview, reviewedCaptures } from "../../lib/domain/decisions.ts";
import { outcomeOf } from "../../lib/domain/events.ts";
import { Santim } from "../../lib/domain/money.ts";
import { netOf, openFlags, type Payment, paidAt } from "../../lib/domain/payment.ts";
import { type RefundRequest, refusalOf } from "../../lib/domain/transitions.ts";
import { lastVerification } from "../../lib/domain/verification-schedule.ts";
import {
  aCapture,
  anAttempt,
  anOpened,
  aRef,
  aReviewed,
  CLOSED_LISTING,
  CLOSING,
  LATER,
  POLICY,
  T0,
} from "../support/payments.ts";

const reviewed = aReviewed();
const [capture] = reviewed.captures;
const ACCEPT = { reason: "one birr is missing", confirmed: [0] };
const REJECT = {
  reason: "for another fee",
  closings: [],
  refunds: [] as RefundRequest[],
  kept: [{ capture: capture?.reference ?? "attempt-0", reason: "moved by agreement" }],
};
const withCapture = (change: object): Payment => ({
  ...reviewed,
  captures: [{ ...reviewed.captures[0], ...change }] as never,
});

test("accepted money confirms the payment, dates it when the money came, counts as revenue, and answers only what it decided", () => {
  const flagged = flag(reviewed, CLOSED_LISTING, LATER);
  const accepted = acceptReview(flagged, ACCEPT, LATER);
  expect(accepted).toMatchObject({ state: "SUCCESS", settledAt: LATER.now, version: flagged.version + 1 });
  expect(accepted.captures.map(({ kind }) => kind)).toEqual(["confirmed"]);
  expect(paidAt(accepted)).toBe(capture?.at);
  expect(netOf(accepted)).toBe(capture?.amount);
  expect(openFlags(accepted)).toEqual(["listing_closed"]);
  expect(accepted.attention[0]?.answered).toEqual({ at: LATER.now, by: LATER.by, reason: ACCEPT.reason });
  expect(accepted.attempts[0]?.verifyAt).toBe(lastVerification(LATER.now, LATER.now));
  expect(accepted.history.at(-1)).toMatchObject({ transition: "acceptReview", by: LATER.by, evidence: ACCEPT.reason });
  expect(outcomeOf(flagged, accepted, POLICY)).toMatchObject({ listing: true, user: "paid" });
});

test("rejected money leaves the payment FAILED with its reasons, and its payer gets no message that nobody paid", () => {
  const rejected = rejectReview(reviewed, REJECT, LATER);
  expect(rejected).toMatchObject({
    state: "FAILED",
    settledAt: LATER.now,
    failureReason: expect.stringMatching(/not accepted/),
  });
  expect(rejected.captures).toEqual(reviewed.captures);
  expect(rejected.refunds).toBeUndefined();
  expect(openFlags(rejected)).toEqual([]);
  expect(rejected.history.at(-1)?.evidence).toMatch(/^for another fee; .+ is kept: moved by agreement$/);
  expect(outcomeOf(reviewed, rejected, POLICY)).toMatchObject({ listing: false, user: undefined });
  const later = flag(rejected, CLOSED_LISTING, LATER);
  expect(outcomeOf(rejected, later, POLICY).user).toBeUndefined();
});

test.each<[string, Payment, typeof ACCEPT]>([
  ["Chapa has not confirmed it in this call", reviewed, { ...ACCEPT, confirmed: [] }],
  ["nothing of it is left", withCapture({ back: { refunded: capture?.amount, reversed: Santim.parse(0) } }), ACCEPT],
  ["it is of another currency", withCapture({ currency: "USD" }), ACCEPT],
  ["it is of the other mode", withCapture({ mode: "live" }), ACCEPT],
  ["nobody knows who paid", { ...reviewed, userId: undefined }, ACCEPT],
  ["nobody knows for which property", { ...reviewed, propertyId: undefined }, ACCEPT],
  ["nobody knows for what", { ...reviewed, purpose: undefined }, ACCEPT],
  ["the fee goes on elsewhere", { ...reviewed, next: aRef() }, ACCEPT],
  ["no money waits", { ...reviewed, captures: [] }, ACCEPT],
  ["the payment is not under review", anOpened(), ACCEPT],
])("reviewed money is not accepted while %s", (_, payment, decision) => {
  expect(refusalOf("acceptReview", payment, { ...LATER, ...decision })).toBeDefined();
  expect(() => acceptReview(payment, decision, LATER)).toThrow(/no acceptReview/);
});

test.each<[string, Payment, typeof REJECT]>([
  ["a capture of which something is left is not named", reviewed, { ...REJECT, kept: [] }],
  ["another capture is named instead", reviewed, { ...REJECT, kept: [{ capture: "OTHER", reason: "kept" }] }],
  [
    "a checkout of it can still be paid",
    { ...reviewed, attempts: { ...reviewed.attempts, 1: { ...anOpened().terms, openedAt: 0 } } },
    REJECT,
  ],
  [
    "Chapa's last word about a checkout may mean money",
    { ...reviewed, attempts: { 0: { ...anOpened().terms, openedAt: 0, lastRead: "maybe_money" } } },
    REJECT,
  ],
  ["the fee goes on elsewhere", { ...reviewed, next: aRef() }, REJECT],
])("reviewed money is not rejected while %s", (_, payment, decision) => {
  expect(() => rejectReview(payment, decision, LATER)).toThrow(/no rejectReview/);
});

test("a capture of which nothing is left needs no word when the money is rejected", () => {
  const gone = withCapture({ back: { refunded: capture?.amount, reversed: Santim.parse(0) } });
  expect(rejectReview(gone, { ...REJECT, kept: [], closings: [CLOSING] }, LATER).state).toBe("FAILED");
});

test("a person hears what changed since the version that they saw, and that their decision was made already", () => {
  const accepted = acceptReview(reviewed, ACCEPT, LATER);
  expect(changesSince(accepted, reviewed.version).map(({ transition }) => transition)).toEqual(["acceptReview"]);
  expect(changesSince(accepted, accepted.version)).toEqual([]);
  expect(changesSince(accepted, 0)).toHaveLength(accepted.history.length);
  expect(isMadeSince(accepted, "acceptReview", reviewed.version)).toBe(true);
  expect(isMadeSince(accepted, "acceptReview", accepted.version)).toBe(false);
  expect(isMadeSince(accepted, "rejectReview", reviewed.version)).toBe(false);
  expect(reviewedCaptures(accepted)).toEqual([]);
});

const SENT_BACK: RefundRequest = {
  id: "r-1",
  capture: capture?.reference ?? "",
  amount: capture?.amount ?? Santim.parse(0),
  reason: "for another fee",
};

test("rejected money goes back by a refund that is requested in the same write", () => {
  const rejected = rejectReview(reviewed, { ...REJECT, kept: [], refunds: [SENT_BACK] }, LATER);
  expect(rejected.refunds).toMatchObject([{ ...SENT_BACK, state: "REQUESTED", by: LATER.by, checkAt: LATER.now }]);
  expect(rejected.history.at(-1)?.evidence).toMatch(/is sent back as r-1$/);
  expect(rejected.dueAt).toBe(LATER.now);
});

test.each<[string, RefundRequest[]]>([
  ["sends back less than is left", [{ ...SENT_BACK, amount: Santim.parse(SENT_BACK.amount - 1 || 2) }]],
  ["sends back money that it has not", [{ ...SENT_BACK, capture: "OTHER" }]],
  ["sends one capture back twice", [SENT_BACK, { ...SENT_BACK, id: "r-2" }]],
])("reviewed money is not rejected by a decision that %s", (_, refunds) => {
  expect(() => rejectReview(reviewed, { ...REJECT, kept: [], refunds }, LATER)).toThrow(/no rejectReview/);
});

test("reviewed money is not rejected by a decision that uses the id of an earlier refund", () => {
  const known = { ...SENT_BACK, state: "REFUSED", by: "someone", at: LATER.now } as const;
  const decision = { ...REJECT, kept: [], refunds: [SENT_BACK] };
  expect(() => rejectReview({ ...reviewed, refunds: [known] }, decision, LATER)).toThrow(/refundsFit/);
});

test("accepted money leaves captures beside it as they are, makes no attempt of its own, and answers what was raised about it", () => {
  const captures = [aCapture({ kind: "reviewed" }), aCapture({ attempt: 1, kind: "duplicate" })];
  const attention = [
    { code: "unmatched", subject: "AP0", at: T0 },
    { code: "mismatch", subject: "AP1", at: T0 },
  ] as const;
  const accepted = acceptReview({ ...reviewed, captures, attention, attempts: {} }, ACCEPT, LATER);
  expect(accepted.captures.map(({ kind }) => kind)).toEqual(["confirmed", "duplicate"]);
  expect(accepted.attempts).toEqual({});
  expect(accepted.attention.map(({ answered }) => answered?.reason)).toEqual([ACCEPT.reason, undefined]);
});

test("rejected money closes each checkout that the decision has evidence for", () => {
  const both: Payment = { ...reviewed, attempts: { ...reviewed.attempts, 1: anAttempt() } };
  const rejected = rejectReview(both, { ...REJECT, closings: [{ ...CLOSING, attempt: 1 }] }, LATER);
  expect(rejected.attempts[1]).toMatchObject({ end: "failed", closedAt: LATER.now });
  expect(rejected.attempts[0]).toEqual(both.attempts[0]);
});
