import { describe, expect, test } from "vitest";
import {
  adoptUnmatched,
  applyCapture,
  finalise,
  flag,
  open,
  reject,
  renew,
  reopen,
  settleUnpaid,
  takeOver,
} from "../../lib/domain/apply.ts";
import type { Money } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { deliveryEnded, noteVerification, superseded } from "../../lib/domain/notes.ts";
import { isSpent, openFlags, type Payment, shownTxRef } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { type Row, TRANSITIONS } from "../../lib/domain/transitions.ts";
import { STATES, type State, type TransitionName } from "../../lib/domain/vocabulary.ts";
import {
  aClaim,
  aContext,
  aLease,
  anOpened,
  CHECKOUT_URL,
  differing,
  POLICY,
  T0,
  TERMS,
  timedOut,
} from "../support/payments.ts";

const closing = { attempt: 0, found: "failed", cancel: "closed" } as const;
const later = aContext(T0 + 2 * HOUR_MS, "later");

function money(payment: Payment, attempt: number, kind: Money["kind"] = "paid"): Money {
  const facts = { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}`, method: "telebirr" };
  return { kind, facts };
}

const confirmed = (payment: Payment, attempt = 0) =>
  applyCapture(payment, "confirm", { attempt: attempt, result: money(payment, attempt) }, later);

const odd = (payment: Payment, amount = 1): Money => {
  const { kind, facts } = money(payment, 0);
  return { kind, facts: { ...facts, amount: Santim.parse(amount) } };
};
/** Under a policy that gives up after an hour. */
const impatient = { ...later, policy: { ...POLICY, timeoutMs: HOUR_MS } };
const muchLater = aContext(T0 + 8 * DAY_MS, "later");

/** A payment in `state`, made by legal transitions. */
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
      return applyCapture(opened, "review", { attempt: 0, result: odd(opened) }, later);
    case "FAILED":
      return settleUnpaid(opened, "fail", closing, later);
    case "EXPIRED":
      return settleUnpaid(opened, "expire", closing, impatient);
    case "CANCELLED":
      return settleUnpaid(opened, "cancel", closing, later);
  }
}

const start = { terms: TERMS, lease: aLease("taker") };

/** Every transition of a stored payment, each with what its guards ask for. */
const MAKERS: Record<Exclude<TransitionName, "claim">, (payment: Payment) => Payment> = {
  takeOver: (payment) => takeOver({ ...payment, lease: undefined }, start, later),
  open: (payment) => open({ ...payment, lease: aLease(), checkoutUrl: undefined }, "me", CHECKOUT_URL, later),
  reject: (payment) => reject({ ...payment, lease: aLease() }, "me", "no", later),
  renew: (payment) => renew(payment, closing, start, later),
  fail: (payment) => settleUnpaid(payment, "fail", closing, later),
  expire: (payment) => settleUnpaid(payment, "expire", closing, impatient),
  cancel: (payment) => settleUnpaid(payment, "cancel", closing, later),
  reopen: (payment) => reopen(payment, later.now + 1, start, later),
  confirm: (payment) => applyCapture(payment, "confirm", { attempt: 0, result: money(payment, 0) }, later),
  review: (payment) => applyCapture(payment, "review", { attempt: 0, result: odd(payment, 2) }, later),
  duplicate: (payment) => {
    const { kind, facts } = money(payment, 0);
    const result = { kind, facts: { ...facts, reference: "another" } };
    return applyCapture(payment, "duplicate", { attempt: 0, result }, later);
  },
  unmatched: (payment) => applyCapture(payment, "unmatched", { attempt: 5, result: money(payment, 5) }, later),
  reversal: (payment) =>
    applyCapture(payment, "reversal", { attempt: 0, result: money(payment, 0, "reversed") }, later),
  flag: (payment) => flag(payment, "listing_closed", later),
  finalise: (payment) => finalise(payment, 0, muchLater),
};

test("two reports of the highest amount that can be read are both recorded", () => {
  const highest = Santim.parse(999_999_999_999);
  const reported = (payment: Payment, attempt: number): Money => ({
    kind: "paid",
    facts: { ...money(payment, attempt).facts, amount: highest, reference: `AP-${attempt}` },
  });
  const first = applyCapture(anOpened(), "review", { attempt: 0, result: reported(anOpened(), 0) }, later);
  const second = applyCapture(
    first,
    "review",
    { attempt: 0, result: { ...reported(first, 0), facts: { ...reported(first, 1).facts } } },
    later,
  );
  expect(second.captures.map(({ amount }) => amount)).toEqual([highest, highest]);
  expect(second.refundable).toBe(2 * highest);
});

const fromOf = (name: TransitionName): Row["from"] => TRANSITIONS[name].from;

describe("transitions", () => {
  const cases = Object.entries(MAKERS).flatMap(([name, make]) =>
    STATES.map((state) => ({ name: name as TransitionName, state, make })),
  );

  test.each(cases)("$name out of $state is made exactly if the table has it", ({ name, state, make }) => {
    const before = inState(state);
    if (!fromOf(name).includes(state)) {
      expect(() => make(before)).toThrow(`no ${name} out of ${state}`);
      return;
    }
    const after = make(before);
    const { to } = TRANSITIONS[name];
    expect(after.state).toBe(to === "same" ? state : to);
    expect(after.version).toBe(before.version + 1);
    expect(after.history).toHaveLength(before.history.length + 1);
    expect(after.history.at(-1)).toMatchObject({ transition: name, at: after.updatedAt, by: "later" });
    expect(after.history.slice(0, -1)).toEqual(before.history);
  });

  test("a live lease of somebody else is never taken over", () => {
    const held = aClaim();
    expect(() => takeOver(held, { terms: TERMS, lease: aLease("other") }, aContext(T0))).toThrow(
      "no takeOver: leaseOverOrMine does not hold",
    );
    expect(takeOver(held, { terms: TERMS, lease: aLease("me") }, aContext(T0)).attempt).toBe(1);
  });

  test("an attempt of which nothing was sent is taken over under the same reference", () => {
    const unsent = { ...aClaim(), lease: { ...aLease("gone", T0), unsent: true as const } };
    expect(takeOver(unsent, { terms: TERMS, lease: aLease("other") }, later).attempt).toBe(0);
  });

  test("only the holder of the lease opens or rejects", () => {
    expect(() => open(aClaim(), "other", CHECKOUT_URL, later)).toThrow("leaseIsMine does not hold");
    expect(() => reject(aClaim(), "other", "no", later)).toThrow("leaseIsMine does not hold");
  });

  test("the last attempt is the last", () => {
    const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
    expect(() => renew(worn, { ...closing, attempt: 1023 }, start, later)).toThrow("attemptsLeft does not hold");
    const full = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [n, { ...TERMS, openedAt: T0 }]));
    const settled = { ...inState("EXPIRED"), attempts: full };
    expect(() => reopen(settled, later.now + 1, start, later)).toThrow("attemptsLeft does not hold");
  });

  test("closing evidence of one checkout never closes another", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    expect(() => settleUnpaid(renewed, "expire", closing, timedOut(later))).toThrow(
      "closesLatestAttempt does not hold",
    );
  });

  test("a finalised payment never reopens", () => {
    const finalised = finalise(inState("EXPIRED"), 0, aContext(T0 + 8 * DAY_MS));
    expect(() => reopen(finalised, later.now + 1, { terms: TERMS, lease: aLease() }, later)).toThrow(
      "notFinalised does not hold",
    );
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
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const paid = confirmed(renewed, 0);
    expect(paid.state).toBe("SUCCESS");
    expect(shownTxRef(paid)).toBe(txRefOf(paid.ref, 0));
  });

  test("a second capture is kept, counted as refundable, and calls for a person", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const once = confirmed(renewed, 1);
    const twice = applyCapture(once, "duplicate", { attempt: 0, result: money(once, 0) }, later);
    expect(twice.captures.map(({ attempt, kind }) => [attempt, kind])).toEqual([
      [1, "confirmed"],
      [0, "duplicate"],
    ]);
    expect(twice.refundable).toBe(2 * TERMS.amount);
    expect(openFlags(twice)).toEqual(["duplicate"]);
  });

  test("a person who was called for a second capture is called again for a third", () => {
    const once = confirmed(anOpened());
    const third = { ...money(once, 0), facts: { ...TERMS, txRef: txRefOf(once.ref, 0), reference: "AP3" } } as Money;
    const twice = applyCapture(
      once,
      "duplicate",
      { attempt: 0, result: { ...third, facts: { ...third.facts, reference: "AP2" } } },
      later,
    );
    expect(applyCapture(twice, "duplicate", { attempt: 0, result: third }, later).attention).toHaveLength(1);
    const answered = { ...twice, attention: twice.attention.map((call) => ({ ...call, answeredAt: later.now })) };
    const thrice = applyCapture(answered, "duplicate", { attempt: 0, result: third }, later);
    expect(thrice.captures.map(({ reference }) => reference)).toEqual(["AP0", "AP2", "AP3"]);
    expect(openFlags(thrice)).toEqual(["duplicate"]);
  });

  test("a reviewed capture stays a matter for a person after another checkout was paid", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const reviewed = applyCapture(renewed, "review", { attempt: 0, result: differing(money(renewed, 0)) }, later);
    const paid = confirmed(reviewed, 1);
    expect(paid.state).toBe("SUCCESS");
    expect(openFlags(paid)).toEqual(["mismatch"]);
    expect(paid.refundable).toBe(TERMS.amount + 1);
  });

  test("money on a reference without a row is recorded, and no later look makes it a success by itself", () => {
    const unmatched = adoptUnmatched(aClaim().ref, { attempt: 3, result: money(anOpened(), 3) }, TERMS, later);
    expect(unmatched).toMatchObject({ state: "REVIEW", version: 1, attempt: 3, captures: [{ attempt: 3 }] });
    expect(unmatched.attempts[3]?.amount).toBe(0);
    expect(openFlags(unmatched)).toEqual(["unmatched"]);
  });

  test("money that went back is no longer refundable, and a fee whose money is all gone may be paid again", () => {
    const paid = confirmed(anOpened());
    const reversed = applyCapture(paid, "reversal", { attempt: 0, result: money(paid, 0, "reversed") }, later);
    expect(reversed).toMatchObject({ state: "SUCCESS", refundable: 0, captures: [{ reversal: "reversed" }] });
    expect(isSpent(paid, false)).toBe(false);
    expect(isSpent(paid, true)).toBe(true);
    expect(isSpent(reversed, false)).toBe(true);
  });

  test("captures in another currency are kept and never counted as refundable", () => {
    const opened = anOpened();
    const usd = applyCapture(
      opened,
      "review",
      { attempt: 0, result: { kind: "paid", facts: { amount: Santim.parse(50_000), currency: "USD" } } },
      later,
    );
    expect(usd.refundable).toBe(0);
    expect(usd.captures).toHaveLength(1);
    expect(isSpent(usd, false)).toBe(false);
  });

  test("a confirmed checkout is not verified again, the others are until their last verification", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const paid = confirmed(renewed, 0);
    expect(paid.attempts[0]?.verifyAt).toBeUndefined();
    expect(paid.attempts[1]?.verifyAt).toBeDefined();
    const closedLink = superseded(paid, 1, later);
    expect(closedLink.attempts[1]).toMatchObject({ end: "superseded", verifyAt: later.now + HOUR_MS });
    expect(closedLink.version).toBe(paid.version);
    const acknowledged = deliveryEnded(closedLink, true, later);
    const verifications = [HOUR_MS, DAY_MS, 7 * DAY_MS].map((after) => aContext(later.now + after));
    const end = verifications.reduce(
      (payment, act) => noteVerification(payment, 1, { kind: "unpaid", reason: "pending" }, act),
      acknowledged,
    );
    expect(end.dueAt).toBeUndefined();
  });

  test("a link beside the paid one that never ended is verified for ever", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const acknowledged = deliveryEnded(confirmed(renewed, 0), true, later);
    const late = noteVerification(acknowledged, 1, { kind: "unpaid", reason: "pending" }, aContext(T0 + 100 * DAY_MS));
    expect(late.dueAt).toBeGreaterThan(T0 + 100 * DAY_MS);
  });

  test("a failed try is remembered and settles nothing", () => {
    const failed = noteVerification(
      anOpened(),
      0,
      { kind: "unpaid", reason: "failed", failureReason: "Insufficient balance" },
      later,
    );
    expect(failed).toMatchObject({ state: "PENDING", failureReason: "Insufficient balance", version: 2 });
  });

  test("an acknowledged success waits for nothing", () => {
    expect(deliveryEnded(confirmed(anOpened()), true, later).dueAt).toBeUndefined();
    expect(deliveryEnded(confirmed(anOpened()), false, later).dueAt).toBeDefined();
  });

  test("the history keeps its beginning and its end, however long an outage lasts", () => {
    let payment = aClaim();
    for (let n = 0; n < 400; n++)
      payment = takeOver({ ...payment, lease: undefined }, { terms: TERMS, lease: aLease() }, aContext(T0 + n));
    expect(payment.history).toHaveLength(120);
    expect(payment.history[0]?.transition).toBe("claim");
    expect(payment.history.at(-1)?.at).toBe(T0 + 399);
  });
});
