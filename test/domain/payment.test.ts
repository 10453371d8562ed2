import { expect, test } from "vitest";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import {
  type Attempt,
  backAfter,
  type Capture,
  hasEnded,
  isEmptied,
  isPaidWithRest,
  isSameCapture,
  isTestMoney,
  isUnchanged,
  isUnclear,
  KeyId,
  leftOf,
  mayBePaid,
  mayBePaidEarlier,
  netOf,
  openedAttempts,
  openFlags,
  type Payment,
  paidAmount,
  paidAt,
  type Refund,
  refundableOf,
  refundedElsewhere,
  refundedOf,
  refundsOf,
  shownTerms,
  shownTxRef,
  spentSince,
} from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { STATES } from "../../lib/domain/vocabulary.ts";
import {
  aCapture,
  aClaim,
  aConfirmed,
  aContext,
  anAttempt,
  anOpened,
  aRef,
  aRenewed,
  aReviewed,
  captured,
  LATER,
  moneyOn,
  T0,
  TERMS,
  withAttempts,
} from "../support/payments.ts";

const capture = aCapture();
const gone = aCapture({ reference: "AP1", back: { refunded: TERMS.amount, reversed: Santim.parse(0) } });

const opened = anOpened();
const success = aConfirmed(opened);

test("a fee is spent when all of its money has gone back, and only then", () => {
  expect(isEmptied({ ...success, captures: [gone] }, "test")).toBe(true);
  expect(isEmptied({ ...success, captures: [capture, gone] }, "test")).toBe(false);
  expect(isEmptied({ ...success, captures: [] }, "test")).toBe(false);
});

test("a fee is not spent in a state that awaits money or has seen none", () => {
  for (const state of STATES) {
    const isPaid = state === "SUCCESS" || state === "REVIEW";
    expect(isEmptied({ ...success, state, captures: [gone] }, "test")).toBe(isPaid);
  }
});

test("test money does not keep a fee from being spent on a stage that sells for real", () => {
  const live = { ...gone, attempt: 1, mode: "live" };
  const paid = { ...success, attempts: { ...success.attempts, 1: { ...TERMS, mode: "live" as const, openedAt: T0 } } };
  expect(isEmptied({ ...paid, captures: [capture, live] }, "live")).toBe(true);
  expect(isEmptied({ ...paid, captures: [capture, live] }, "test")).toBe(false);
  expect(isEmptied({ ...paid, captures: [capture] }, "live")).toBe(false);
});

test("a repeatable fee, or one that was paid in the other mode, is spent since it was paid, but not in REVIEW", () => {
  expect(spentSince(success, false, "test")).toBeUndefined();
  expect(spentSince(success, true, "test")).toBe(success.settledAt);
  expect(spentSince(success, false, "live")).toBe(success.settledAt);
  expect(spentSince({ ...success, state: "REVIEW" }, true, "live")).toBeUndefined();
  const settled = { ...opened, state: "EXPIRED" as const, settledAt: T0, spentAt: T0 + 1 };
  expect(spentSince(settled, false, "live")).toBe(T0 + 1);
});

test("a payment that was left stays spent since the time at which it was left, whatever came to it later", () => {
  const left = { ...success, next: aRef(), spentAt: T0 };
  expect(spentSince(left, true, "live")).toBe(T0);
  expect(spentSince({ ...left, spentAt: undefined }, true, "live")).toBeUndefined();
});

test("a fee is paid while some of the money that confirmed it in the stage's mode is here", () => {
  expect(isPaidWithRest(success, "test")).toBe(true);
  expect(isPaidWithRest(success, "live")).toBe(false);
  expect(isPaidWithRest({ ...success, captures: [{ ...gone, kind: "confirmed" }] }, "test")).toBe(false);
  expect(isPaidWithRest({ ...success, captures: [gone, capture] }, "test")).toBe(true);
  expect(isPaidWithRest({ ...success, state: "REVIEW" }, "test")).toBe(false);
});

const third = aRenewed(aRenewed(anOpened(), aContext(T0 + HOUR_MS)));

test("the shown reference is that of the latest checkout until one took the money, and then of that one", () => {
  expect(shownTxRef(third)).toBe(txRefOf(third, 2));
  expect(shownTxRef(aClaim(third.ref))).toBe(txRefOf(third, 0));
  expect(shownTxRef(aConfirmed(third, 1))).toBe(txRefOf(third, 1));
});

test("the shown terms are those of the shown checkout, whatever the latest one asks for", () => {
  const dollars = { ...TERMS, amount: Santim.parse(1_000), currency: "USD" as const, mode: "live" as const };
  const next = aRenewed(anOpened(), aContext(T0 + HOUR_MS), dollars);
  expect(shownTerms(next)).toMatchObject({ amount: 1_000, currency: "USD", mode: "live" });
  const dearer = aRenewed(anOpened(), LATER, { ...TERMS, amount: Santim.parse(1_000) });
  expect(shownTerms(aConfirmed(dearer, 0))).toMatchObject(TERMS);
});

test("a payment was paid when its money came, also after that money went back", () => {
  expect(paidAt(opened)).toBeUndefined();
  expect(paidAt(aReviewed(opened))).toBeUndefined();
  const at = LATER.now;
  expect(paidAt(success)).toBe(at);
  for (const kind of ["refunded", "reversed"] as const) {
    const result = moneyOn(success, 0, { kind });
    const back = applyCapture(success, "wentBack", { attempt: 0, result }, aContext(at + DAY_MS));
    expect([back.spentAt, back.settledAt, paidAt(back)]).toEqual([at + DAY_MS, at, at]);
  }
  const [capture] = success.captures;
  if (!capture) throw new Error("there is no capture");
  expect(paidAt({ ...success, captures: [capture, { ...capture, at: at - 1 }, { ...capture, at: at + 1 }] })).toBe(
    at - 1,
  );
});

test("the net revenue of a payment is the confirmed money that has not gone back", () => {
  expect(netOf(success)).toBe(50_000);
  expect(netOf({ ...success, captures: [capture, { ...capture, reference: "AP1", kind: "duplicate" }] })).toBe(50_000);
  expect(netOf({ ...success, captures: [gone] })).toBe(0);
  expect(netOf(opened)).toBe(0);
});

test("the shown reference is not that of money under review", () => {
  const reviewed = aReviewed(third);
  expect(shownTxRef(reviewed)).toBe(txRefOf(third, 2));
  expect(shownTxRef(captured(reviewed, "confirm", moneyOn(third, 1), 1))).toBe(txRefOf(third, 1));
});

test("attempts are listed with their numbers, oldest first, the tenth after the second", () => {
  const attempt = { ...TERMS, openedAt: T0 };
  const attempts = { 10: attempt, 2: attempt, 0: attempt };
  expect(openedAttempts({ ...anOpened(), attempts })).toEqual([0, 2, 10].map((number) => ({ ...attempt, number })));
});

test("a resolved flag is no longer open", () => {
  const attention = [
    { code: "mismatch", subject: "AP0", at: T0, answered: { at: T0 + 1, by: "admin", reason: "refunded" } },
    { code: "duplicate", subject: "AP1", at: T0 },
  ] as const;
  expect(openFlags({ ...anOpened(), attention })).toEqual(["duplicate"]);
});

test("two reports are the same money unless attempt or reference differ", () => {
  const cases = [
    [{ attempt: 0, reference: "A" }, { attempt: 0, reference: "A" }, true],
    [{ attempt: 0, reference: "A" }, { attempt: 0, reference: "B" }, false],
    [{ attempt: 0, reference: "A" }, { attempt: 1, reference: "A" }, false],
    [{ attempt: 0, reference: "A" }, { attempt: 0 }, true],
    [{ attempt: 0 }, { attempt: 0, reference: "B" }, true],
    [{ attempt: 0 }, { attempt: 1 }, false],
  ] as const;
  for (const [a, b, same] of cases) expect(isSameCapture(a, b)).toBe(same);
});

test("what is left of a capture is what neither the merchant nor the bank has taken, and nothing while the bank has it", () => {
  const back = (refunded: number, reversed: number) => ({
    ...capture,
    back: { refunded: Santim.parse(refunded), reversed: Santim.parse(reversed) },
  });
  expect(leftOf(success, capture)).toBe(50_000);
  expect(leftOf(success, back(20_000, 0))).toBe(30_000);
  expect(leftOf(success, back(60_000, 0))).toBe(0);
  expect(leftOf(success, back(0, 1))).toBe(0);
});

test("a report of money that went back raises what is known and never lowers or adds to it", () => {
  const known = { ...capture, back: { refunded: Santim.parse(20_000), reversed: Santim.parse(0) } };
  expect(backAfter(success, known, "refunded")).toEqual({ refunded: 50_000, reversed: 0 });
  expect(backAfter(success, known, "reversed")).toEqual({ refunded: 20_000, reversed: 30_000 });
  expect(backAfter(success, known, "paid")).toEqual({ refunded: 20_000, reversed: 0 });
  const reversed = { ...capture, back: backAfter(success, capture, "reversed") };
  expect(backAfter(success, reversed, "reversed")).toEqual({ refunded: 0, reversed: 50_000 });
  expect(backAfter(success, reversed, "paid")).toEqual({ refunded: 0, reversed: 0 });
  const more = { ...capture, back: { refunded: Santim.parse(60_000), reversed: Santim.parse(0) } };
  expect(backAfter(success, more, "refunded")).toEqual({ refunded: 60_000, reversed: 0 });
});

test("a capture of an amount that nobody reported is here until it went back, and is never refundable", () => {
  for (const amount of [undefined, Santim.parse(0)]) {
    const unknown = { ...capture, amount };
    const back = backAfter(success, unknown, "refunded");
    expect(isEmptied({ ...success, captures: [unknown] }, "test")).toBe(false);
    expect(isEmptied({ ...success, captures: [{ ...unknown, back }] }, "test")).toBe(true);
    expect(refundableOf({ captures: [unknown], terms: TERMS })).toBe(0);
  }
});

test("the refundable amount counts readable captures that are still here in the currency of the fee", () => {
  const captures: Capture[] = [
    capture,
    { ...capture, amount: Santim.parse(7), kind: "duplicate" },
    gone,
    { ...capture, currency: "USD" },
    { ...capture, amount: undefined },
    { ...capture, currency: undefined },
  ];
  expect(refundableOf({ captures, terms: TERMS })).toBe(50_007);
  expect(refundableOf({ captures: [], terms: TERMS })).toBe(0);
});

test("what Chapa said of a test checkout that was left, however late it is written, is no word about the fee", () => {
  const said = { lastRead: "maybe_money", webhookAt: T0 } as const;
  const spoken = (end?: "mode_changed" | "lapsed") => mayBePaid(withAttempts({ ...said, end }));
  expect([spoken(), spoken("lapsed"), spoken("mode_changed")]).toEqual([true, true, false]);
});

test("an earlier checkout may be paid if Chapa has spoken of money on it, whatever is known of the latest", () => {
  expect(mayBePaidEarlier(withAttempts({}, { webhookAt: T0 }))).toBe(false);
  expect(mayBePaidEarlier(withAttempts({ webhookAt: T0 }, {}))).toBe(true);
  expect(mayBePaidEarlier(withAttempts({ lastRead: "maybe_money" }, {}))).toBe(true);
  expect(mayBePaidEarlier(withAttempts({ lastRead: "failed" }, {}))).toBe(false);
});

test("Chapa's last word is unclear if it may mean money, unless the checkout was left as a test", () => {
  expect(isUnclear(anAttempt({ lastRead: "maybe_money" }))).toBe(true);
  expect(isUnclear(anAttempt({ lastRead: "failed" }))).toBe(false);
  expect(isUnclear(anAttempt({ lastRead: "maybe_money", end: "mode_changed" }))).toBe(false);
});

test.each<[string, Partial<Attempt>, boolean]>([
  ["is open", {}, false],
  ["is closed", { closedAt: T0 }, true],
  ["lapsed", { end: "lapsed" }, true],
  ["was left as a test", { end: "mode_changed" }, true],
  ["has an end that is no end of its link", { end: "renewed" }, false],
])("an attempt that %s has ended or not, and money ends it", (_, change, isOver) => {
  const payment = withAttempts(change);
  expect(hasEnded(payment, 0)).toBe(isOver);
  expect(hasEnded({ ...payment, captures: [capture] }, 0)).toBe(true);
  expect(hasEnded({ ...payment, captures: [{ ...capture, attempt: 1 }] }, 0)).toBe(isOver);
  expect(hasEnded(payment, 7)).toBe(false);
});

test("money is test money if the checkout asked for it and verify does not report real money", () => {
  const payment = withAttempts({}, { mode: "live" });
  const cases = [0, 1].flatMap((number) => [undefined, "test", "live"].map((mode) => ({ attempt: number, mode })));
  expect(cases.map((one) => isTestMoney(payment, one))).toEqual([true, true, false, false, false, false]);
});

test("a payment is unchanged for an attempt while its version and that attempt's record are, whatever others became", () => {
  const before = withAttempts({ end: undefined, verifyAt: T0 }, {});
  const after = (change: Partial<Attempt>, payment: Partial<Payment> = {}) => ({
    ...before,
    attempts: { ...before.attempts, 0: { ...anAttempt({ verifyAt: T0 }), ...change } },
    ...payment,
  });
  expect(isUnchanged(before, after({ lapsedAt: undefined }), 0)).toBe(true);
  expect(isUnchanged(before, after({}, { version: before.version + 1 }), 0)).toBe(false);
  for (const change of [
    { verifyAt: T0 + 1 },
    { verifyAt: undefined },
    { webhookAt: T0 },
    { verifyAt: undefined, webhookAt: T0 },
  ]) {
    expect(isUnchanged(before, after(change), 0)).toBe(false);
    expect(isUnchanged(before, after(change), 1)).toBe(true);
    expect(isUnchanged(before, after(change), 7)).toBe(true);
  }
  expect(isUnchanged(before, { ...before, attempts: {} }, 0)).toBe(false);
  expect(isUnchanged({ ...before, attempts: {} }, before, 0)).toBe(false);
});

test("the id of a key is eight hexadecimal digits and nothing beside them", () => {
  expect(KeyId.safeParse("0123abcd").success).toBe(true);
  for (const text of ["0123abc", "0123abcde", "0123ABCD", ""]) expect(KeyId.safeParse(text).success).toBe(false);
});

test("the paid amount is that of the confirmed money, else what was asked for", () => {
  expect(paidAmount(opened)).toBe(50_000);
  const dearer = { ...success, terms: { ...TERMS, amount: Santim.parse(70_000) } };
  expect(paidAmount(dearer)).toBe(50_000);
  expect(paidAmount({ ...dearer, captures: [{ ...capture, amount: undefined }] })).toBe(70_000);
});

test("a refund counts for its own capture, from its settling on and unless only the bank's reversal settled it", () => {
  const refund = (state: Refund["state"], amount: number, change: Partial<Refund> = {}): Refund => ({
    id: `${state}-${amount}`,
    capture: "AP0",
    amount: Santim.parse(amount),
    state,
    by: "x",
    reason: "x",
    at: T0,
    ...change,
  });
  const mine = [
    refund("SENT", 1),
    refund("REFUSED", 20),
    refund("UNDONE", 300),
    refund("SETTLED", 4_000),
    refund("SETTLED", 5_000, { before: "SENT" }),
  ];
  const payment = { refunds: [...mine, refund("SETTLED", 9_999, { capture: "AP1" })] };
  const back = (refunded: number) => ({
    ...capture,
    back: { refunded: Santim.parse(refunded), reversed: Santim.parse(0) },
  });
  expect(refundsOf(payment, capture)).toEqual(mine);
  expect(refundsOf({}, capture)).toEqual([]);
  expect(refundedOf(payment, capture)).toBe(4_000);
  expect(refundedOf(payment, back(10_000))).toBe(9_700);
  expect(leftOf(payment, capture)).toBe(50_000 - 4_000 - 1);
  expect(refundedElsewhere(payment, back(10_000))).toBe(700);
  expect(refundedElsewhere(payment, back(9_000))).toBe(0);
});
