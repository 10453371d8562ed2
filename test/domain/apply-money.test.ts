import { expect, test } from "vitest";
import { adoptUnmatched, applyCapture, open, renew } from "../../lib/domain/apply.ts";
import type { Money, PaidFacts } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { aClaim, aContext, aLease, anOpened, CHECKOUT_URL, differing, T0, TERMS } from "../support/payments.ts";

const closing = { attempt: 0, found: "failed", cancel: "closed" } as const;
const later = aContext(T0 + 2 * HOUR_MS, "later");
const muchLater = aContext(T0 + 3 * DAY_MS, "much later");

function money(
  payment: Payment,
  attempt: number,
  kind: Money["kind"] = "paid",
  change: Partial<PaidFacts> = {},
): Money {
  const facts = { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}`, ...change };
  return { kind, facts };
}

const confirmed = (payment: Payment, attempt = 0) =>
  applyCapture(payment, "confirm", { attempt: attempt, result: money(payment, attempt) }, later);
const renewed = () =>
  open(renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later), "me", CHECKOUT_URL, later);

test("the history names the reported kind and reference of each capture", () => {
  const opened = anOpened();
  const evidenceOf = (payment: Payment) => payment.history.at(-1)?.evidence;
  expect(evidenceOf(confirmed(opened))).toBe("paid AP0");
  const nameless = money(opened, 0, "paid", { reference: undefined });
  expect(evidenceOf(applyCapture(opened, "confirm", { attempt: 0, result: nameless }, later))).toBe("paid");
  for (const how of ["refunded", "reversed"] as const) {
    const paid = confirmed(opened);
    expect(evidenceOf(applyCapture(paid, "reversal", { attempt: 0, result: money(paid, 0, how) }, later))).toBe(
      `${how} AP0`,
    );
    expect(evidenceOf(applyCapture(opened, "review", { attempt: 0, result: money(opened, 0, how) }, later))).toBe(
      `${how} AP0`,
    );
  }
});

test("a capture keeps every fact that was reported, and when", () => {
  const facts = { reference: "AP7", method: "telebirr", charge: TERMS.amount };
  const opened = anOpened();
  const { txRef: _, ...reported } = money(opened, 0, "paid", facts).facts;
  const result = money(opened, 0, "paid", facts);
  const paid = applyCapture(opened, "confirm", { attempt: 0, result }, later);
  expect(paid.captures).toEqual([{ attempt: 0, at: later.now, kind: "confirmed", ...reported }]);
  expect(paid).toMatchObject({ settledAt: later.now, verifiedAt: later.now, unreachableSince: undefined });
});

test("money on a checkout without a stored URL counts as paid under our terms, opened when it came", () => {
  const paid = confirmed(aClaim());
  expect(paid.attempts).toEqual({ 0: { ...TERMS, openedAt: later.now, end: "paid" } });
  expect(paid.firstOpenedAt).toBe(later.now);
  expect(confirmed(anOpened()).firstOpenedAt).toBe(T0);
});

test("money on an attempt that we never began is unmatched, with terms that nothing equals", () => {
  const unmatched = applyCapture(aClaim(), "unmatched", { attempt: 5, result: money(aClaim(), 5) }, later);
  expect(unmatched.attempts[5]).toMatchObject({ amount: 0, currency: "ETB", mode: "test", end: "paid" });
  expect(unmatched).toMatchObject({ attempt: 5, state: "REVIEW", captures: [{ attempt: 5, kind: "reviewed" }] });
  const known = confirmed(renewed(), 0);
  expect(known.attempt).toBe(1);
});

test("a reviewed capture that is as agreed after all becomes the confirmed capture, once", () => {
  const opened = anOpened();
  const odd = money(opened, 0, "paid", { mode: "live" });
  const review = applyCapture(opened, "review", { attempt: 0, result: odd }, later);
  expect(review.captures).toMatchObject([{ kind: "reviewed", mode: "live" }]);
  const paid = applyCapture(review, "confirm", { attempt: 0, result: money(opened, 0) }, muchLater);
  expect(paid.captures).toEqual([{ attempt: 0, at: later.now, kind: "confirmed", ...TERMS, reference: "AP0" }]);
  expect(paid.refundable).toBe(TERMS.amount);
});

test("a capture keeps its reference when it is reported without one", () => {
  const opened = anOpened();
  const review = applyCapture(
    opened,
    "review",
    { attempt: 0, result: money(opened, 0, "paid", { mode: "live" }) },
    later,
  );
  const again = applyCapture(
    review,
    "confirm",
    { attempt: 0, result: money(opened, 0, "paid", { reference: undefined }) },
    later,
  );
  expect(again.captures.map(({ reference }) => reference)).toEqual(["AP0"]);
});

test("a capture that goes back stays as it was, and only its reversal is added", () => {
  const paid = confirmed(anOpened());
  const without = money(paid, 0, "refunded", { amount: undefined, method: undefined });
  const refunded = applyCapture(paid, "reversal", { attempt: 0, result: without }, muchLater);
  expect(refunded.captures).toEqual([{ ...paid.captures[0], reversal: "refunded" }]);
  expect(openFlags(refunded)).toEqual(["refunded"]);
});

test("money that went back before we knew of it is a capture beside the others", () => {
  const paid = confirmed(anOpened());
  const unknown = applyCapture(
    paid,
    "reversal",
    { attempt: 0, result: money(paid, 0, "reversed", { reference: "X" }) },
    later,
  );
  expect(unknown.captures.map(({ kind, reversal }) => [kind, reversal])).toEqual([
    ["confirmed", undefined],
    ["duplicate", "reversed"],
  ]);
  const review = applyCapture(renewed(), "review", { attempt: 0, result: money(renewed(), 0) }, later);
  const other = applyCapture(review, "reversal", { attempt: 1, result: money(review, 1, "refunded") }, later);
  expect(other.captures.map(({ kind, reversal }) => [kind, reversal])).toEqual([
    ["reviewed", undefined],
    ["reviewed", "refunded"],
  ]);
});

test("a payment is settled anew when all of its money has gone back, not while some is here", () => {
  const twice = applyCapture(confirmed(renewed(), 1), "duplicate", { attempt: 0, result: money(renewed(), 0) }, later);
  const some = applyCapture(twice, "reversal", { attempt: 0, result: money(twice, 0, "refunded") }, muchLater);
  expect(some.settledAt).toBe(later.now);
  const all = applyCapture(some, "reversal", { attempt: 1, result: money(some, 1, "refunded") }, muchLater);
  expect(all.settledAt).toBe(muchLater.now);
});

test("money under review is verified again up the ladder, and not when it has gone back", () => {
  const opened = anOpened();
  const waiting = applyCapture(opened, "review", { attempt: 0, result: differing(money(opened, 0)) }, later);
  expect(waiting.attempts[0]).toMatchObject({ end: "paid", verifyAt: T0 + 6 * HOUR_MS });
  expect(waiting.dueAt).toBe(T0 + 6 * HOUR_MS);
  const back = applyCapture(opened, "review", { attempt: 0, result: money(opened, 0, "reversed") }, later);
  expect(back.attempts[0]?.verifyAt).toBeUndefined();
  expect(back.dueAt).toBe(later.now + DAY_MS);
  const paid = confirmed(opened);
  expect(paid.attempts[0]?.verifyAt).toBeUndefined();
});

test("money under review raises one flag for each reason and each checkout", () => {
  const opened = renewed();
  const first = applyCapture(opened, "review", { attempt: 0, result: differing(money(opened, 0)) }, later);
  const same = applyCapture(
    first,
    "review",
    { attempt: 0, result: differing(money(opened, 0, "paid", { reference: "OTHER" })) },
    later,
  );
  expect(same.attention).toEqual([{ code: "mismatch", at: later.now, attempt: 0 }]);
  const other = applyCapture(same, "review", { attempt: 1, result: differing(money(opened, 1)) }, muchLater);
  expect(other.attention).toEqual([
    { code: "mismatch", at: later.now, attempt: 0 },
    { code: "mismatch", at: muchLater.now, attempt: 1 },
  ]);
  const back = applyCapture(other, "reversal", { attempt: 1, result: money(opened, 1, "reversed") }, muchLater);
  expect(openFlags(back)).toEqual(["mismatch", "mismatch", "reversed"]);
});

test("a review removes the checkout URL and the lease", () => {
  const held = applyCapture(
    { ...anOpened(), lease: aLease() },
    "review",
    { attempt: 0, result: money(anOpened(), 0) },
    later,
  );
  expect(held).toMatchObject({ checkoutUrl: undefined, lease: undefined });
});

test("money without a row begins a payment with the reported facts only and with terms that nothing equals", () => {
  const { ref } = aClaim();
  const unmatched = adoptUnmatched(ref, { attempt: 0, result: money(aClaim(ref), 0) }, TERMS, later);
  expect(unmatched).toEqual({
    ref,
    serial: 0,
    state: "REVIEW",
    version: 1,
    attempt: 0,
    terms: { amount: 0, currency: "ETB", mode: "test" },
    attempts: { 0: { ...TERMS, amount: 0, openedAt: later.now, end: "paid", verifyAt: later.now + 2 * MINUTE_MS } },
    createdAt: later.now,
    updatedAt: later.now,
    beganAt: later.now,
    firstOpenedAt: later.now,
    verifiedAt: later.now,
    captures: [{ attempt: 0, at: later.now, kind: "reviewed", ...TERMS, reference: "AP0" }],
    refundable: TERMS.amount,
    attention: [{ code: "unmatched", at: later.now, attempt: 0 }],
    history: [{ transition: "unmatched", at: later.now, by: "later", evidence: "paid AP0" }],
    dueAt: later.now + 2 * MINUTE_MS,
  });
});
