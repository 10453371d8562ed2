import { describe, expect, test } from "vitest";
import type { Evidence } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
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
import { isSpent, openAttention, type Payment, shownTxRef } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { MOVES, type Move, mayMove } from "../../lib/domain/transitions.ts";
import { STATES, type State } from "../../lib/domain/vocabulary.ts";
import { aClaim, aLease, anAct, anOpened, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";

const closing = { attempt: 0, cancel: "closed" } as const;
const later = anAct(T0 + 2 * HOUR_MS, "later");

type Money = Extract<Evidence, { facts: unknown }>;

function money(payment: Payment, attempt: number, says: "paid" | "refunded" | "reversed" = "paid"): Money {
  const facts = { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}`, method: "telebirr" };
  return says === "paid" ? { says, facts } : { says: "returned", how: says, facts };
}

const confirmed = (payment: Payment, attempt = 0) =>
  account(payment, "confirm", attempt, money(payment, attempt), later);

/** A payment in `state`, made by legal moves. */
function inState(state: State): Payment {
  const opened = anOpened();
  switch (state) {
    case "CREATED":
      return aClaim();
    case "PENDING":
      return opened;
    case "SUCCESS":
      return confirmed(opened);
    case "REVIEW":
      return account(opened, "review", 0, money(opened, 0), later);
    case "FAILED":
      return settleUnpaid(opened, "fail", closing, later);
    case "EXPIRED":
      return settleUnpaid(opened, "expire", closing, later);
    case "CANCELLED":
      return settleUnpaid(opened, "cancel", closing, later);
  }
}

/** Every move that a flow can make, each with what it needs. */
const MAKERS: Partial<Record<Move, (payment: Payment) => Payment>> = {
  takeOver: (payment) => takeOver({ ...payment, lease: undefined }, TERMS, aLease("taker"), later),
  open: (payment) => open({ ...payment, lease: aLease(), checkoutUrl: undefined }, "me", CHECKOUT_URL, later),
  reject: (payment) => reject({ ...payment, lease: aLease() }, "me", "no", later),
  renew: (payment) => renew(payment, closing, TERMS, aLease(), later),
  fail: (payment) => settleUnpaid(payment, "fail", closing, later),
  expire: (payment) => settleUnpaid(payment, "expire", closing, later),
  cancel: (payment) => settleUnpaid(payment, "cancel", closing, later),
  reopen: (payment) => reopen(payment, TERMS, aLease(), later),
  confirm: (payment) => account(payment, "confirm", 0, money(payment, 0), later),
  review: (payment) => account(payment, "review", 0, money(payment, 0), later),
  duplicate: (payment) => account(payment, "duplicate", 0, money(payment, 0), later),
  orphan: (payment) => account(payment, "orphan", 0, money(payment, 0), later),
  returned: (payment) => account(payment, "returned", 0, money(payment, 0, "reversed"), later),
  attend: (payment) => attend(payment, "listing_closed", later),
  seal: (payment) => seal(payment, later),
};

test("two reports of the highest amount that can be read are both recorded", () => {
  const highest = Santim.parse(999_999_999_999);
  const reported = (payment: Payment, attempt: number): Money => ({
    says: "paid",
    facts: { ...money(payment, attempt).facts, amount: highest, reference: `AP-${attempt}` },
  });
  const first = account(anOpened(), "review", 0, reported(anOpened(), 0), later);
  const second = account(first, "review", 0, { ...reported(first, 0), facts: { ...reported(first, 1).facts } }, later);
  expect(second.captures.map(({ amount }) => amount)).toEqual([highest, highest]);
  expect(second.refundable).toBe(2 * highest);
});

describe("moves", () => {
  const cases = Object.entries(MAKERS).flatMap(([move, make]) =>
    STATES.map((state) => ({ move: move as Move, state, make, legal: mayMove(move as Move, state) })),
  );

  test.each(cases)("$move out of $state: legal is $legal", ({ move, state, make, legal }) => {
    const before = inState(state);
    if (!legal) {
      expect(() => make(before)).toThrow(`no ${move} out of ${state}`);
      return;
    }
    const after = make(before);
    const { to } = MOVES[move];
    expect(after.state).toBe(to === "same" ? state : to);
    expect(after.version).toBe(before.version + 1);
    expect(after.history).toHaveLength(before.history.length + 1);
    expect(after.history.at(-1)).toMatchObject({ move, at: later.now, by: "later" });
    expect(after.history.slice(0, -1)).toEqual(before.history);
  });

  test("every row of the table either has a maker here or belongs to an operator or a refund", () => {
    const others = Object.keys(MOVES).filter((move) => !(move in MAKERS));
    expect(others).toEqual(["claim", "answer", "acceptReview", "rejectReview", "refund"]);
  });

  test("a live lease of somebody else is never taken over", () => {
    const held = aClaim();
    expect(() => takeOver(held, TERMS, aLease("other"), anAct(T0))).toThrow("the lease is held");
    expect(takeOver(held, TERMS, aLease("me"), anAct(T0)).attempt).toBe(1);
  });

  test("an attempt of which nothing was sent is taken over under the same reference", () => {
    const unsent = { ...aClaim(), lease: { ...aLease("gone", T0), unsent: true as const } };
    expect(takeOver(unsent, TERMS, aLease("other"), later).attempt).toBe(0);
  });

  test("only the holder of the lease opens or rejects", () => {
    expect(() => open(aClaim(), "other", CHECKOUT_URL, later)).toThrow("only the holder");
    expect(() => reject(aClaim(), "other", "no", later)).toThrow("only the holder");
  });

  test("the last attempt is the last", () => {
    const worn = { ...anOpened(), attempt: 1023 };
    expect(() => renew(worn, { ...closing, attempt: 1023 }, TERMS, aLease(), later)).toThrow("no attempt is left");
    const full = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [n, { ...TERMS, openedAt: T0 }]));
    expect(() => reopen({ ...inState("EXPIRED"), attempts: full }, TERMS, aLease(), later)).toThrow(
      "no attempt is left",
    );
  });

  test("closing evidence of one checkout never closes another", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    expect(() => settleUnpaid(renewed, "expire", closing, later)).toThrow("for another attempt");
  });

  test("a sealed payment never reopens", () => {
    const sealed = seal(inState("EXPIRED"), later);
    expect(() => reopen(sealed, TERMS, aLease(), later)).toThrow("never reopens");
  });

  test.each(["FAILED", "EXPIRED", "CANCELLED"] as const)("a success beats %s and is marked late", (state) => {
    expect(confirmed(inState(state))).toMatchObject({ state: "SUCCESS", late: true, checkoutUrl: undefined });
  });

  test("a success before the checkout was stored is a success all the same", () => {
    const paid = confirmed(aClaim());
    expect(paid).toMatchObject({ state: "SUCCESS", attempts: { 0: { end: "paid" } }, lease: undefined });
    expect(paid.late).toBeUndefined();
  });

  test("a success on an earlier checkout confirms, and shows the checkout that took the money", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const paid = confirmed(renewed, 0);
    expect(paid.state).toBe("SUCCESS");
    expect(shownTxRef(paid)).toBe(txRefOf(paid.ref, 0));
  });

  test("a second capture is kept, counted as refundable, and calls for a person", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const once = confirmed(renewed, 1);
    const twice = account(once, "duplicate", 0, money(once, 0), later);
    expect(twice.captures.map(({ attempt, kind }) => [attempt, kind])).toEqual([
      [1, "confirmed"],
      [0, "duplicate"],
    ]);
    expect(twice.refundable).toBe(2 * TERMS.amount);
    expect(openAttention(twice)).toEqual(["duplicate"]);
  });

  test("a person who was called for a second capture is called again for a third", () => {
    const once = confirmed(anOpened());
    const third = { ...money(once, 0), facts: { ...TERMS, txRef: txRefOf(once.ref, 0), reference: "AP3" } } as Money;
    const twice = account(once, "duplicate", 0, { ...third, facts: { ...third.facts, reference: "AP2" } }, later);
    expect(account(twice, "duplicate", 0, third, later).attention).toHaveLength(1);
    const answered = { ...twice, attention: twice.attention.map((call) => ({ ...call, answeredAt: later.now })) };
    const thrice = account(answered, "duplicate", 0, third, later);
    expect(thrice.captures.map(({ reference }) => reference)).toEqual(["AP0", "AP2", "AP3"]);
    expect(openAttention(thrice)).toEqual(["duplicate"]);
  });

  test("a reviewed capture stays a matter for a person after another checkout was paid", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const reviewed = account(renewed, "review", 0, money(renewed, 0), later);
    const paid = confirmed(reviewed, 1);
    expect(paid.state).toBe("SUCCESS");
    expect(openAttention(paid)).toEqual(["mismatch"]);
    expect(paid.refundable).toBe(2 * TERMS.amount);
  });

  test("money on a reference without a row is recorded, and no later look makes it a success by itself", () => {
    const orphan = adoptOrphan(aClaim().ref, 3, money(anOpened(), 3), TERMS, later);
    expect(orphan).toMatchObject({ state: "REVIEW", version: 1, attempt: 3, captures: [{ attempt: 3 }] });
    expect(orphan.attempts[3]?.amount).toBe(0);
    expect(openAttention(orphan)).toEqual(["orphan"]);
  });

  test("money that went back is no longer refundable, and a fee whose money is all gone may be paid again", () => {
    const paid = confirmed(anOpened());
    const reversed = account(paid, "returned", 0, money(paid, 0, "reversed"), later);
    expect(reversed).toMatchObject({ state: "SUCCESS", refundable: 0, captures: [{ returned: "reversed" }] });
    expect(isSpent(paid, false)).toBe(false);
    expect(isSpent(paid, true)).toBe(true);
    expect(isSpent(reversed, false)).toBe(true);
  });

  test("captures in another currency are kept and never counted as refundable", () => {
    const opened = anOpened();
    const usd = account(
      opened,
      "review",
      0,
      { says: "paid", facts: { amount: Santim.parse(50_000), currency: "USD" } },
      later,
    );
    expect(usd.refundable).toBe(0);
    expect(usd.captures).toHaveLength(1);
    expect(isSpent(usd, false)).toBe(false);
  });

  test("a confirmed checkout is not looked at again, the others are until their last look", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const paid = confirmed(renewed, 0);
    expect(paid.attempts[0]?.lookAt).toBeUndefined();
    expect(paid.attempts[1]?.lookAt).toBeDefined();
    const closedLink = superseded(paid, 1, later);
    expect(closedLink.attempts[1]).toMatchObject({ end: "superseded", lookAt: later.now + HOUR_MS });
    expect(closedLink.version).toBe(paid.version);
    const heard = listingAnswered(closedLink, true, later);
    const looks = [HOUR_MS, DAY_MS, 7 * DAY_MS].map((after) => anAct(later.now + after));
    const end = looks.reduce((payment, act) => looked(payment, 1, { says: "unpaid", because: "pending" }, act), heard);
    expect(end.dueAt).toBeUndefined();
  });

  test("a link beside the paid one that never ended is looked at for ever", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const heard = listingAnswered(confirmed(renewed, 0), true, later);
    const late = looked(heard, 1, { says: "unpaid", because: "pending" }, anAct(T0 + 100 * DAY_MS));
    expect(late.dueAt).toBeGreaterThan(T0 + 100 * DAY_MS);
  });

  test("a failed try is remembered and settles nothing", () => {
    const failed = looked(anOpened(), 0, { says: "unpaid", because: "failed", reason: "Insufficient balance" }, later);
    expect(failed).toMatchObject({ state: "PENDING", failureReason: "Insufficient balance", version: 2 });
  });

  test("an acknowledged success waits for nothing", () => {
    expect(listingAnswered(confirmed(anOpened()), true, later).dueAt).toBeUndefined();
    expect(listingAnswered(confirmed(anOpened()), false, later).dueAt).toBeDefined();
  });

  test("the history keeps its beginning and its end, however long an outage lasts", () => {
    let payment = aClaim();
    for (let n = 0; n < 400; n++) payment = takeOver({ ...payment, lease: undefined }, TERMS, aLease(), anAct(T0 + n));
    expect(payment.history).toHaveLength(120);
    expect(payment.history[0]?.move).toBe("claim");
    expect(payment.history.at(-1)?.at).toBe(T0 + 399);
  });
});
