import { describe, expect, test } from "vitest";
import type { Evidence, PaidFacts } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { account, adoptOrphan, open, renew } from "../../lib/domain/moves.ts";
import { openAttention, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { aClaim, aLease, anAct, anOpened, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";

type Money = Extract<Evidence, { facts: unknown }>;

const closing = { attempt: 0, cancel: "closed" } as const;
const later = anAct(T0 + 2 * HOUR_MS, "later");
const muchLater = anAct(T0 + 3 * DAY_MS, "much later");

function money(
  payment: Payment,
  attempt: number,
  says: "paid" | "refunded" | "reversed" = "paid",
  change: Partial<PaidFacts> = {},
): Money {
  const facts = { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}`, ...change };
  return says === "paid" ? { says, facts } : { says: "returned", how: says, facts };
}

const confirmed = (payment: Payment, attempt = 0) =>
  account(payment, "confirm", attempt, money(payment, attempt), later);
const renewed = () => open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);

describe("money that is accounted for", () => {
  test("is written into the history with what was reported of it", () => {
    const opened = anOpened();
    const evidenceOf = (payment: Payment) => payment.history.at(-1)?.evidence;
    expect(evidenceOf(confirmed(opened))).toBe("paid AP0");
    const nameless = money(opened, 0, "paid", { reference: undefined });
    expect(evidenceOf(account(opened, "confirm", 0, nameless, later))).toBe("paid");
    for (const how of ["refunded", "reversed"] as const) {
      const paid = confirmed(opened);
      expect(evidenceOf(account(paid, "returned", 0, money(paid, 0, how), later))).toBe(`${how} AP0`);
      expect(evidenceOf(account(opened, "review", 0, money(opened, 0, how), later))).toBe(`${how} AP0`);
    }
  });

  test("is kept whole: every fact that was reported, and when", () => {
    const facts = { reference: "AP7", method: "telebirr", charge: TERMS.amount };
    const { txRef: _, ...reported } = money(anOpened(), 0, "paid", facts).facts;
    const paid = account(anOpened(), "confirm", 0, money(anOpened(), 0, "paid", facts), later);
    expect(paid.captures).toEqual([{ attempt: 0, at: later.now, kind: "confirmed", ...reported }]);
    expect(paid).toMatchObject({ settledAt: later.now, verifiedAt: later.now, unreachableSince: undefined });
  });

  test("on a checkout that nobody had stored is one of our terms, opened when it came", () => {
    const paid = confirmed(aClaim());
    expect(paid.attempts).toEqual({ 0: { ...TERMS, openedAt: later.now, end: "paid" } });
    expect(paid.firstOpenedAt).toBe(later.now);
    expect(confirmed(anOpened()).firstOpenedAt).toBe(T0);
  });

  test("is never on an attempt of ours that we began later: its terms are nobody's", () => {
    const orphan = account(aClaim(), "orphan", 5, money(aClaim(), 5), later);
    expect(orphan.attempts[5]).toMatchObject({ amount: 0, currency: "ETB", mode: "test", end: "paid" });
    expect(orphan).toMatchObject({ attempt: 5, state: "REVIEW", captures: [{ attempt: 5, kind: "reviewed" }] });
    const known = confirmed(renewed(), 0);
    expect(known.attempt).toBe(1);
  });

  test("that was looked at by a person and is as agreed after all becomes the confirmed capture, once", () => {
    const opened = anOpened();
    const odd = money(opened, 0, "paid", { mode: "live" });
    const review = account(opened, "review", 0, odd, later);
    expect(review.captures).toMatchObject([{ kind: "reviewed", mode: "live" }]);
    const paid = account(review, "confirm", 0, money(opened, 0), muchLater);
    expect(paid.captures).toEqual([{ attempt: 0, at: later.now, kind: "confirmed", ...TERMS, reference: "AP0" }]);
    expect(paid.refundable).toBe(TERMS.amount);
  });

  test("keeps the reference that it had when it is reported without one", () => {
    const opened = anOpened();
    const review = account(opened, "review", 0, money(opened, 0, "paid", { mode: "live" }), later);
    const again = account(review, "confirm", 0, money(opened, 0, "paid", { reference: undefined }), later);
    expect(again.captures.map(({ reference }) => reference)).toEqual(["AP0"]);
  });

  test("stays what it was when it goes back, and only how it went is added", () => {
    const paid = confirmed(anOpened());
    const without = money(paid, 0, "refunded", { amount: undefined, method: undefined });
    const refunded = account(paid, "returned", 0, without, muchLater);
    expect(refunded.captures).toEqual([{ ...paid.captures[0], returned: "refunded" }]);
    expect(openAttention(refunded)).toEqual(["refunded"]);
  });

  test("that went back before anybody knew of it is a capture beside the others", () => {
    const paid = confirmed(anOpened());
    const unknown = account(paid, "returned", 0, money(paid, 0, "reversed", { reference: "X" }), later);
    expect(unknown.captures.map(({ kind, returned }) => [kind, returned])).toEqual([
      ["confirmed", undefined],
      ["duplicate", "reversed"],
    ]);
    const review = account(renewed(), "review", 0, money(renewed(), 0), later);
    const other = account(review, "returned", 1, money(review, 1, "refunded"), later);
    expect(other.captures.map(({ kind, returned }) => [kind, returned])).toEqual([
      ["reviewed", undefined],
      ["reviewed", "refunded"],
    ]);
  });

  test("settles a payment anew when all of it has gone back, not while some is here", () => {
    const twice = account(confirmed(renewed(), 1), "duplicate", 0, money(renewed(), 0), later);
    const some = account(twice, "returned", 0, money(twice, 0, "refunded"), muchLater);
    expect(some.settledAt).toBe(later.now);
    const all = account(some, "returned", 1, money(some, 1, "refunded"), muchLater);
    expect(all.settledAt).toBe(muchLater.now);
  });

  test("is no matter of any other move", () => {
    expect(() => account(anOpened(), "seal", 0, money(anOpened(), 0), later)).toThrow(
      "seal does not account for money",
    );
  });
});

describe("money that waits for a person", () => {
  test("is looked at again up the ladder, and not when it has gone back", () => {
    const opened = anOpened();
    const waiting = account(opened, "review", 0, money(opened, 0), later);
    expect(waiting.attempts[0]).toMatchObject({ end: "paid", lookAt: T0 + 6 * HOUR_MS });
    expect(waiting.dueAt).toBe(T0 + 6 * HOUR_MS);
    const back = account(opened, "review", 0, money(opened, 0, "reversed"), later);
    expect(back.attempts[0]?.lookAt).toBeUndefined();
    expect(back.dueAt).toBe(later.now + DAY_MS);
    const paid = confirmed(opened);
    expect(paid.attempts[0]?.lookAt).toBeUndefined();
  });

  test("calls once for each reason and each checkout", () => {
    const opened = renewed();
    const first = account(opened, "review", 0, money(opened, 0), later);
    const same = account(first, "review", 0, money(opened, 0, "paid", { reference: "OTHER" }), later);
    expect(same.attention).toEqual([{ code: "mismatch", at: later.now, attempt: 0 }]);
    const other = account(same, "review", 1, money(opened, 1), muchLater);
    expect(other.attention).toEqual([
      { code: "mismatch", at: later.now, attempt: 0 },
      { code: "mismatch", at: muchLater.now, attempt: 1 },
    ]);
    const back = account(other, "returned", 1, money(opened, 1, "reversed"), muchLater);
    expect(openAttention(back)).toEqual(["mismatch", "mismatch", "reversed"]);
  });

  test("takes the link and the right to open one away", () => {
    const held = account({ ...anOpened(), lease: aLease() }, "review", 0, money(anOpened(), 0), later);
    expect(held).toMatchObject({ checkoutUrl: undefined, lease: undefined });
  });
});

describe("money without a row of ours", () => {
  test("begins a payment of which nothing is known but what came, with terms that nothing equals", () => {
    const { ref } = aClaim();
    const orphan = adoptOrphan(ref, 0, money(aClaim(ref), 0), TERMS, later);
    expect(orphan).toEqual({
      ref,
      serial: 0,
      state: "REVIEW",
      version: 1,
      attempt: 0,
      terms: { amount: 0, currency: "ETB", mode: "test" },
      attempts: { 0: { ...TERMS, amount: 0, openedAt: later.now, end: "paid", lookAt: later.now + 2 * MINUTE_MS } },
      createdAt: later.now,
      updatedAt: later.now,
      beganAt: later.now,
      firstOpenedAt: later.now,
      verifiedAt: later.now,
      captures: [{ attempt: 0, at: later.now, kind: "reviewed", ...TERMS, reference: "AP0" }],
      refundable: TERMS.amount,
      attention: [{ code: "orphan", at: later.now, attempt: 0 }],
      history: [{ move: "orphan", at: later.now, by: "later", evidence: "paid AP0" }],
      dueAt: later.now + 2 * MINUTE_MS,
    });
  });
});
