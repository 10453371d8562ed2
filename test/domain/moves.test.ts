import { describe, expect, test } from "vitest";
import { Santim } from "../../lib/domain/money.ts";
import {
  account,
  adoptOrphan,
  attend,
  listingAnswered,
  looked,
  open,
  reject,
  renew,
  reopen,
  seal,
  settleUnpaid,
  superseded,
  takeOver,
} from "../../lib/domain/moves.ts";
import { isSpent, openAttention, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { MOVES, type Move, mayMove, STATES } from "../../lib/domain/transitions.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aPaymentIn,
  aRenewed,
  aReturn,
  aReviewed,
  aSettled,
  aSuccess,
  CHECKOUT_URL,
  CLOSED,
  LATER,
  T0,
  TERMS,
} from "../support/payments.ts";

/** Every move that a flow can make, each with what it needs. */
const MAKERS: Partial<Record<Move, (payment: Payment) => Payment>> = {
  takeOver: (payment) => takeOver({ ...payment, lease: undefined }, TERMS, aLease("taker"), LATER),
  open: (payment) => open({ ...payment, lease: aLease(), checkoutUrl: undefined }, "me", CHECKOUT_URL, LATER),
  reject: (payment) => reject({ ...payment, lease: aLease() }, "me", "no", LATER),
  renew: (payment) => renew(payment, CLOSED, TERMS, aLease(), LATER),
  fail: (payment) => aSettled("fail", payment),
  expire: (payment) => aSettled("expire", payment),
  cancel: (payment) => aSettled("cancel", payment),
  reopen: (payment) => reopen(payment, TERMS, aLease(), LATER),
  confirm: (payment) => aConfirmed(payment),
  review: (payment) => aReviewed(payment),
  duplicate: (payment) => account(payment, "duplicate", 0, aSuccess(payment), LATER),
  orphan: (payment) => account(payment, "orphan", 0, aSuccess(payment), LATER),
  returned: (payment) => account(payment, "returned", 0, aReturn("reversed", aSuccess(payment)), LATER),
  attend: (payment) => attend(payment, "listing_closed", LATER),
  seal: (payment) => seal(payment, LATER),
};

test("two reports of the highest amount that can be read are both recorded", () => {
  const highest = Santim.parse(999_999_999_999);
  const first = aReviewed(anOpened(), 0, { amount: highest });
  const second = aReviewed(first, 0, { amount: highest, reference: "ANOTHER" });
  expect(second.captures.map(({ amount }) => amount)).toEqual([highest, highest]);
  expect(second.refundable).toBe(2 * highest);
});

describe("moves", () => {
  const cases = Object.entries(MAKERS).flatMap(([move, make]) =>
    STATES.map((state) => ({ move: move as Move, state, make, legal: mayMove(move as Move, state) })),
  );

  test.each(cases)("$move out of $state: legal is $legal", ({ move, state, make, legal }) => {
    const before = aPaymentIn(state);
    if (!legal) {
      expect(() => make(before)).toThrow(`no ${move} out of ${state}`);
      return;
    }
    const after = make(before);
    const { to } = MOVES[move];
    expect(after.state).toBe(to === "same" ? state : to);
    expect(after.version).toBe(before.version + 1);
    expect(after.history).toHaveLength(before.history.length + 1);
    expect(after.history.at(-1)).toMatchObject({ move, at: LATER.now, by: "later" });
    expect(after.history.slice(0, -1)).toEqual(before.history);
  });

  test("every row of the table either has a maker here or belongs to an operator or a refund", () => {
    const others = Object.keys(MOVES).filter((move) => !(move in MAKERS));
    expect(others).toEqual(["claim", "answer", "acceptReview", "rejectReview", "refund"]);
  });

  test("only the holder of the lease opens or rejects", () => {
    expect(() => open(aClaim(), "other", CHECKOUT_URL, LATER)).toThrow("only the holder");
    expect(() => reject(aClaim(), "other", "no", LATER)).toThrow("only the holder");
  });

  test("the last attempt is the last", () => {
    const worn = { ...anOpened(), attempt: 1023 };
    expect(() => renew(worn, { ...CLOSED, attempt: 1023 }, TERMS, aLease(), LATER)).toThrow("no attempt is left");
    const full = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [n, { ...TERMS, openedAt: T0 }]));
    expect(() => reopen({ ...aPaymentIn("EXPIRED"), attempts: full }, TERMS, aLease(), LATER)).toThrow(
      "no attempt is left",
    );
  });

  test("CLOSED evidence of one checkout never closes another", () => {
    const renewed = aRenewed();
    expect(() => settleUnpaid(renewed, "expire", CLOSED, LATER)).toThrow("for another attempt");
  });

  test("a sealed payment never reopens", () => {
    const sealed = seal(aPaymentIn("EXPIRED"), LATER);
    expect(() => reopen(sealed, TERMS, aLease(), LATER)).toThrow("never reopens");
  });

  test.each(["FAILED", "EXPIRED", "CANCELLED"] as const)("a success beats %s and is marked late", (state) => {
    expect(aConfirmed(aPaymentIn(state))).toMatchObject({ state: "SUCCESS", late: true, checkoutUrl: undefined });
  });

  test("a success before the checkout was stored is a success all the same", () => {
    const paid = aConfirmed(aClaim());
    expect(paid).toMatchObject({ state: "SUCCESS", attempts: { 0: { end: "paid" } }, lease: undefined });
    expect(paid.late).toBeUndefined();
  });

  test("a second capture is kept, counted as refundable, and calls for a person", () => {
    const renewed = aRenewed();
    const once = aConfirmed(renewed, 1);
    const twice = account(once, "duplicate", 0, aSuccess(once), LATER);
    expect(twice.captures.map(({ attempt, kind }) => [attempt, kind])).toEqual([
      [1, "confirmed"],
      [0, "duplicate"],
    ]);
    expect(twice.refundable).toBe(2 * TERMS.amount);
    expect(openAttention(twice)).toEqual(["duplicate"]);
  });

  test("a person who was called for a second capture is called again for a third", () => {
    const once = aConfirmed();
    const third = aSuccess(once, 0, { reference: "AP3" });
    const twice = account(once, "duplicate", 0, aSuccess(once, 0, { reference: "AP2" }), LATER);
    expect(account(twice, "duplicate", 0, third, LATER).attention).toHaveLength(1);
    const answered = { ...twice, attention: twice.attention.map((call) => ({ ...call, answeredAt: LATER.now })) };
    const thrice = account(answered, "duplicate", 0, third, LATER);
    expect(thrice.captures.map(({ reference }) => reference)).toEqual(["AP0", "AP2", "AP3"]);
    expect(openAttention(thrice)).toEqual(["duplicate"]);
  });

  test("a reviewed capture stays a matter for a person after another checkout was paid", () => {
    const renewed = aRenewed();
    const reviewed = aReviewed(renewed);
    const paid = aConfirmed(reviewed, 1);
    expect(paid.state).toBe("SUCCESS");
    expect(openAttention(paid)).toEqual(["mismatch"]);
    expect(paid.refundable).toBe(2 * TERMS.amount);
  });

  test("money on a reference without a row is recorded, and no later look makes it a success by itself", () => {
    const orphan = adoptOrphan(aClaim().ref, 3, aSuccess(anOpened(), 3), TERMS, LATER);
    expect(orphan).toMatchObject({ state: "REVIEW", version: 1, attempt: 3, captures: [{ attempt: 3 }] });
    expect(orphan.attempts[3]?.amount).toBe(0);
    expect(openAttention(orphan)).toEqual(["orphan"]);
  });

  test("money that went back is no longer refundable, and a fee whose money is all gone may be paid again", () => {
    const paid = aConfirmed();
    const reversed = account(paid, "returned", 0, aReturn("reversed", aSuccess(paid)), LATER);
    expect(reversed).toMatchObject({ state: "SUCCESS", refundable: 0, captures: [{ returned: "reversed" }] });
    expect(isSpent(paid, false)).toBe(false);
    expect(isSpent(paid, true)).toBe(true);
    expect(isSpent(reversed, false)).toBe(true);
  });

  test("a confirmed checkout is not looked at again, the others are until their last look", () => {
    const renewed = aRenewed();
    const paid = aConfirmed(renewed, 0);
    expect(paid.attempts[0]?.lookAt).toBeUndefined();
    expect(paid.attempts[1]?.lookAt).toBeDefined();
    const closedLink = superseded(paid, 1, LATER);
    expect(closedLink.attempts[1]).toMatchObject({ end: "superseded", lookAt: LATER.now + HOUR_MS });
    expect(closedLink.version).toBe(paid.version);
    const heard = listingAnswered(closedLink, true, LATER);
    const looks = [HOUR_MS, DAY_MS, 7 * DAY_MS].map((after) => anAct(LATER.now + after));
    const end = looks.reduce((payment, act) => looked(payment, 1, { says: "unpaid", because: "pending" }, act), heard);
    expect(end.dueAt).toBeUndefined();
  });

  test("a link beside the paid one that never ended is looked at for ever", () => {
    const renewed = aRenewed();
    const heard = listingAnswered(aConfirmed(renewed, 0), true, LATER);
    const late = looked(heard, 1, { says: "unpaid", because: "pending" }, anAct(T0 + 100 * DAY_MS));
    expect(late.dueAt).toBeGreaterThan(T0 + 100 * DAY_MS);
  });

  test("the history keeps its beginning and its end, however long an outage lasts", () => {
    let payment = aClaim();
    for (let n = 0; n < 400; n++) payment = takeOver({ ...payment, lease: undefined }, TERMS, aLease(), anAct(T0 + n));
    expect(payment.history).toHaveLength(120);
    expect(payment.history[0]?.move).toBe("claim");
    expect(payment.history.at(-1)?.at).toBe(T0 + 399);
  });
});
