import { expect, test } from "vitest";
import { adoptUnmatched, applyCapture } from "../../lib/domain/apply-money.ts";
import { leftOf, openFlags, type Payment, refundableOf } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  aLease,
  anOpened,
  aRenewed,
  aReviewed,
  captured,
  differing,
  LATER,
  moneyOn,
  REPORTED,
  T0,
  TERMS,
  withAttempts,
} from "../support/payments.ts";

const muchLater = aContext(T0 + 3 * DAY_MS, "much later");

test("the history names the reported kind and reference of each capture", () => {
  const opened = anOpened();
  const evidenceOf = (payment: Payment) => payment.history.at(-1)?.evidence;
  expect(evidenceOf(aConfirmed(opened))).toBe("paid AP0");
  const nameless = moneyOn(opened, 0, { reference: undefined });
  expect(evidenceOf(captured(opened, "confirm", nameless))).toBe("paid");
  for (const how of ["refunded", "reversed"] as const) {
    const paid = aConfirmed(opened);
    expect(evidenceOf(captured(paid, "wentBack", moneyOn(paid, 0, { kind: how })))).toBe(`${how} AP0`);
    expect(evidenceOf(captured(opened, "review", moneyOn(opened, 0, { kind: how })))).toBe(`${how} AP0`);
  }
});

test("a capture keeps every fact that was reported, and when", () => {
  const facts = { reference: "AP7", method: "telebirr", charge: TERMS.amount };
  const opened = anOpened();
  const { txRef: _, ...reported } = moneyOn(opened, 0, facts).facts;
  const paid = captured(opened, "confirm", moneyOn(opened, 0, facts));
  expect(paid.captures).toEqual([{ attempt: 0, at: LATER.now, kind: "confirmed", ...reported }]);
  expect(paid).toMatchObject({ settledAt: LATER.now, verifiedAt: LATER.now, unreachableSince: undefined });
});

test("money on a checkout without a stored URL counts as paid under our terms, opened when it came", () => {
  const paid = aConfirmed(aClaim());
  expect(paid.attempts).toEqual({
    0: { ...TERMS, openedAt: LATER.now, end: "paid", verifyAt: LATER.now + 60 * DAY_MS },
  });
  expect(paid.firstOpenedAt).toBe(LATER.now);
  expect(aConfirmed().firstOpenedAt).toBe(T0);
});

test("money on an attempt that we never began is unmatched, with terms that nothing equals", () => {
  const unmatched = captured(aClaim(), "unmatched", moneyOn(aClaim(), 5), 5);
  expect(unmatched.attempts[5]).toMatchObject({ amount: 0, currency: "ETB", mode: "test", end: "paid" });
  expect(unmatched).toMatchObject({ attempt: 5, state: "REVIEW", captures: [{ attempt: 5, kind: "reviewed" }] });
  expect(aConfirmed(aRenewed()).attempt).toBe(1);
});

test("a reviewed capture that is as agreed after all becomes the confirmed capture, once", () => {
  const opened = anOpened();
  const odd = moneyOn(opened, 0, { mode: "live" });
  const review = captured(opened, "review", odd);
  expect(review.captures).toMatchObject([{ kind: "reviewed", mode: "live" }]);
  const paid = applyCapture(review, "confirm", { attempt: 0, result: moneyOn(opened) }, muchLater);
  expect(paid.captures).toEqual([{ attempt: 0, at: LATER.now, kind: "confirmed", ...REPORTED, reference: "AP0" }]);
  expect(refundableOf(paid)).toBe(TERMS.amount);
});

test("a capture keeps its reference when it is reported without one", () => {
  const opened = anOpened();
  const review = captured(opened, "review", moneyOn(opened, 0, { mode: "live" }));
  const again = captured(review, "confirm", moneyOn(opened, 0, { reference: undefined }));
  expect(again.captures.map(({ reference }) => reference)).toEqual(["AP0"]);
});

test("a capture that goes back stays as it was, and only what went back is added", () => {
  const paid = aConfirmed();
  const without = moneyOn(paid, 0, { kind: "refunded", amount: undefined, method: undefined });
  const refunded = applyCapture(paid, "wentBack", { attempt: 0, result: without }, muchLater);
  expect(refunded.captures).toEqual([{ ...paid.captures[0], back: { refunded: TERMS.amount, reversed: 0 } }]);
  expect(openFlags(refunded)).toEqual(["refunded_outside"]);
});

test("money that went back before we knew of it is a capture beside the others", () => {
  const paid = aConfirmed();
  const unknown = captured(paid, "duplicate", moneyOn(paid, 0, { kind: "reversed", reference: "X" }));
  expect(unknown.captures.map((capture) => [capture.kind, leftOf(unknown, capture)])).toEqual([
    ["confirmed", TERMS.amount],
    ["duplicate", 0],
  ]);
  expect(openFlags(unknown)).toEqual(["reversed"]);
  const review = captured(aRenewed(), "review", moneyOn(aRenewed()));
  const other = captured(review, "review", moneyOn(review, 1, { kind: "refunded" }), 1);
  expect(other.captures.map((capture) => [capture.kind, leftOf(other, capture)])).toEqual([
    ["reviewed", TERMS.amount],
    ["reviewed", 0],
  ]);
});

test("a payment is spent since all of its money has gone back, not while some is here or came again", () => {
  const twice = captured(aConfirmed(aRenewed(), 1), "duplicate", moneyOn(aRenewed()));
  const some = applyCapture(
    twice,
    "wentBack",
    { attempt: 0, result: moneyOn(twice, 0, { kind: "refunded" }) },
    muchLater,
  );
  expect(some.spentAt).toBeUndefined();
  const all = applyCapture(some, "wentBack", { attempt: 1, result: moneyOn(some, 1, { kind: "refunded" }) }, muchLater);
  expect([all.spentAt, all.settledAt]).toEqual([muchLater.now, LATER.now]);
  const more = { attempt: 1, result: moneyOn(all, 1, { reference: "MORE" }) };
  const again = applyCapture(all, "duplicate", more, muchLater);
  expect(again.spentAt).toBeUndefined();
});

test("money under review is verified again up the ladder, and not when it has gone back", () => {
  const opened = anOpened();
  const waiting = aReviewed(opened);
  expect(waiting.attempts[0]).toMatchObject({ end: "paid", verifyAt: T0 + 6 * HOUR_MS });
  expect(waiting.dueAt).toBe(T0 + 6 * HOUR_MS);
  const back = captured(opened, "review", moneyOn(opened, 0, { kind: "reversed" }));
  expect(back.attempts[0]?.verifyAt).toBeUndefined();
  expect(back.dueAt).toBe(LATER.now + DAY_MS);
  const paid = aConfirmed(opened);
  expect(paid.attempts[0]?.verifyAt).toBe(LATER.now + 60 * DAY_MS);
});

test("money under review raises one flag for each reason and each capture", () => {
  const opened = aRenewed();
  const first = aReviewed(opened);
  const same = captured(first, "review", differing(moneyOn(opened, 0), 2));
  expect(same.attention).toEqual([{ code: "mismatch", subject: "AP0", at: LATER.now }]);
  const other = applyCapture(same, "review", { attempt: 1, result: differing(moneyOn(opened, 1)) }, muchLater);
  expect(other.attention).toEqual([
    { code: "mismatch", subject: "AP0", at: LATER.now },
    { code: "mismatch", subject: "AP1", at: muchLater.now },
  ]);
  const back = applyCapture(
    other,
    "wentBack",
    { attempt: 1, result: moneyOn(opened, 1, { kind: "reversed" }) },
    muchLater,
  );
  expect(openFlags(back)).toEqual(["mismatch", "mismatch", "reversed"]);
});

test("a capture whose reference becomes known later raises the same flag no second time", () => {
  const opened = anOpened();
  const nameless = captured(opened, "review", differing(moneyOn(opened, 0, { reference: undefined })));
  const named = captured(nameless, "review", differing(moneyOn(opened, 0), 2));
  expect(named.captures).toMatchObject([{ reference: "AP0" }]);
  expect(named.attention).toEqual([{ code: "mismatch", subject: "attempt-0", at: LATER.now }]);
});

test("a review removes the checkout URL and the lease", () => {
  const held = captured({ ...anOpened(), lease: aLease() }, "review", moneyOn(anOpened()));
  expect(held).toMatchObject({ checkoutUrl: undefined, lease: undefined });
});

test("money without a row begins a payment with the reported facts only and with terms that nothing equals", () => {
  const { ref, txStage } = aClaim();
  const unmatched = adoptUnmatched({ ref, txStage }, { attempt: 0, result: moneyOn(aClaim(ref), 0) }, TERMS, LATER);
  expect(unmatched).toEqual({
    ref,
    txStage,
    serial: 0,
    state: "REVIEW",
    version: 1,
    revision: 0,
    attempt: 0,
    terms: { ...TERMS, amount: 0 },
    attempts: { 0: { ...TERMS, amount: 0, openedAt: LATER.now, end: "paid", verifyAt: LATER.now + 2 * MINUTE_MS } },
    createdAt: LATER.now,
    updatedAt: LATER.now,
    beganAt: LATER.now,
    firstOpenedAt: LATER.now,
    verifiedAt: LATER.now,
    captures: [{ attempt: 0, at: LATER.now, kind: "reviewed", ...REPORTED, reference: "AP0" }],
    attention: [{ code: "unmatched", subject: "AP0", at: LATER.now }],
    history: [{ transition: "unmatched", at: LATER.now, by: "later", evidence: "paid AP0" }],
    dueAt: LATER.now + 2 * MINUTE_MS,
  });
});

test("a duplicate on one checkout awaits no verification because another one is confirmed", () => {
  const twice = captured(aConfirmed(aRenewed()), "duplicate", moneyOn(aRenewed(), 1), 1);
  expect(twice.attempts[1]?.verifyAt).toBeUndefined();
  expect(twice.attempts[0]?.verifyAt).toBe(LATER.now + 60 * DAY_MS);
});

test("money under review is verified at its next rung, although a webhook that waits is dated later", () => {
  const waiting = withAttempts({ webhookAt: T0, verifyAt: LATER.now + DAY_MS });
  expect(aReviewed(waiting).attempts[0]?.verifyAt).toBe(T0 + 6 * HOUR_MS);
});
