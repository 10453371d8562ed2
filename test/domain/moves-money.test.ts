import { describe, expect, test } from "vitest";
import { account, adoptOrphan } from "../../lib/domain/moves.ts";
import { openAttention, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aRenewed,
  aReturn,
  aReviewed,
  aSuccess,
  LATER,
  T0,
  TERMS,
} from "../support/payments.ts";

const muchLater = anAct(T0 + 3 * DAY_MS, "much later");

describe("money that is accounted for", () => {
  test("is written into the history with what was reported of it", () => {
    const opened = anOpened();
    const evidenceOf = (payment: Payment) => payment.history.at(-1)?.evidence;
    expect(evidenceOf(aConfirmed(opened))).toBe("paid AP0");
    const nameless = aSuccess(opened, 0, { reference: undefined });
    expect(evidenceOf(account(opened, "confirm", 0, nameless, LATER))).toBe("paid");
    for (const how of ["refunded", "reversed"] as const) {
      const paid = aConfirmed(opened);
      expect(evidenceOf(account(paid, "returned", 0, aReturn(how, aSuccess(paid)), LATER))).toBe(`${how} AP0`);
      expect(evidenceOf(account(opened, "review", 0, aReturn(how, aSuccess(opened)), LATER))).toBe(`${how} AP0`);
    }
  });

  test("is kept whole: every fact that was reported, and when", () => {
    const facts = { reference: "AP7", method: "telebirr", charge: TERMS.amount };
    const { txRef: _, ...reported } = aSuccess(anOpened(), 0, facts).facts;
    const paid = account(anOpened(), "confirm", 0, aSuccess(anOpened(), 0, facts), LATER);
    expect(paid.captures).toEqual([{ attempt: 0, at: LATER.now, kind: "confirmed", ...reported }]);
    expect(paid).toMatchObject({ settledAt: LATER.now, verifiedAt: LATER.now, unreachableSince: undefined });
  });

  test("on a checkout that nobody had stored is one of our terms, opened when it came", () => {
    const paid = aConfirmed(aClaim());
    expect(paid.attempts).toEqual({ 0: { ...TERMS, openedAt: LATER.now, end: "paid" } });
    expect(paid.firstOpenedAt).toBe(LATER.now);
    expect(aConfirmed().firstOpenedAt).toBe(T0);
  });

  test("is never on an attempt of ours that we began later: its terms are nobody's", () => {
    const orphan = account(aClaim(), "orphan", 5, aSuccess(aClaim(), 5), LATER);
    expect(orphan.attempts[5]).toMatchObject({ amount: 0, currency: "ETB", mode: "test", end: "paid" });
    expect(orphan).toMatchObject({ attempt: 5, state: "REVIEW", captures: [{ attempt: 5, kind: "reviewed" }] });
    const known = aConfirmed(aRenewed());
    expect(known.attempt).toBe(1);
  });

  test("that was looked at by a person and is as agreed after all becomes the confirmed capture, once", () => {
    const opened = anOpened();
    const odd = aSuccess(opened, 0, { mode: "live" });
    const review = account(opened, "review", 0, odd, LATER);
    expect(review.captures).toMatchObject([{ kind: "reviewed", mode: "live" }]);
    const paid = account(review, "confirm", 0, aSuccess(opened), muchLater);
    expect(paid.captures).toEqual([{ attempt: 0, at: LATER.now, kind: "confirmed", ...TERMS, reference: "AP0" }]);
    expect(paid.refundable).toBe(TERMS.amount);
  });

  test("keeps the reference that it had when it is reported without one", () => {
    const opened = anOpened();
    const review = account(opened, "review", 0, aSuccess(opened, 0, { mode: "live" }), LATER);
    const again = account(review, "confirm", 0, aSuccess(opened, 0, { reference: undefined }), LATER);
    expect(again.captures.map(({ reference }) => reference)).toEqual(["AP0"]);
  });

  test("stays what it was when it goes back, and only how it went is added", () => {
    const paid = aConfirmed();
    const without = aReturn("refunded", aSuccess(paid, 0, { amount: undefined, method: undefined }));
    const refunded = account(paid, "returned", 0, without, muchLater);
    expect(refunded.captures).toEqual([{ ...paid.captures[0], returned: "refunded" }]);
    expect(openAttention(refunded)).toEqual(["refunded"]);
  });

  test("that went back before anybody knew of it is a capture beside the others", () => {
    const paid = aConfirmed();
    const unknown = account(paid, "returned", 0, aReturn("reversed", aSuccess(paid, 0, { reference: "X" })), LATER);
    expect(unknown.captures.map(({ kind, returned }) => [kind, returned])).toEqual([
      ["confirmed", undefined],
      ["duplicate", "reversed"],
    ]);
    const review = account(aRenewed(), "review", 0, aSuccess(aRenewed(), 0), LATER);
    const other = account(review, "returned", 1, aReturn("refunded", aSuccess(review, 1)), LATER);
    expect(other.captures.map(({ kind, returned }) => [kind, returned])).toEqual([
      ["reviewed", undefined],
      ["reviewed", "refunded"],
    ]);
  });

  test("settles a payment anew when all of it has gone back, not while some is here", () => {
    const twice = account(aConfirmed(aRenewed(), 1), "duplicate", 0, aSuccess(aRenewed(), 0), LATER);
    const some = account(twice, "returned", 0, aReturn("refunded", aSuccess(twice)), muchLater);
    expect(some.settledAt).toBe(LATER.now);
    const all = account(some, "returned", 1, aReturn("refunded", aSuccess(some, 1)), muchLater);
    expect(all.settledAt).toBe(muchLater.now);
  });

  test("is no matter of any other move", () => {
    expect(() => account(anOpened(), "seal", 0, aSuccess(anOpened(), 0), LATER)).toThrow(
      "seal does not account for money",
    );
  });
});

describe("money that waits for a person", () => {
  test("is looked at again up the ladder, and not when it has gone back", () => {
    const opened = anOpened();
    const waiting = aReviewed(opened);
    expect(waiting.attempts[0]).toMatchObject({ end: "paid", lookAt: T0 + 6 * HOUR_MS });
    expect(waiting.dueAt).toBe(T0 + 6 * HOUR_MS);
    const back = account(opened, "review", 0, aReturn("reversed", aSuccess(opened)), LATER);
    expect(back.attempts[0]?.lookAt).toBeUndefined();
    expect(back.dueAt).toBe(LATER.now + DAY_MS);
    const paid = aConfirmed(opened);
    expect(paid.attempts[0]?.lookAt).toBeUndefined();
  });

  test("calls once for each reason and each checkout", () => {
    const opened = aRenewed();
    const first = aReviewed(opened);
    const same = account(first, "review", 0, aSuccess(opened, 0, { reference: "OTHER" }), LATER);
    expect(same.attention).toEqual([{ code: "mismatch", at: LATER.now, attempt: 0 }]);
    const other = account(same, "review", 1, aSuccess(opened, 1), muchLater);
    expect(other.attention).toEqual([
      { code: "mismatch", at: LATER.now, attempt: 0 },
      { code: "mismatch", at: muchLater.now, attempt: 1 },
    ]);
    const back = account(other, "returned", 1, aReturn("reversed", aSuccess(opened, 1)), muchLater);
    expect(openAttention(back)).toEqual(["mismatch", "mismatch", "reversed"]);
  });

  test("takes the link and the right to open one away", () => {
    const held = account({ ...anOpened(), lease: aLease() }, "review", 0, aSuccess(anOpened(), 0), LATER);
    expect(held).toMatchObject({ checkoutUrl: undefined, lease: undefined });
  });
});

describe("money without a row of ours", () => {
  test("begins a payment of which nothing is known but what came, with terms that nothing equals", () => {
    const { ref } = aClaim();
    const orphan = adoptOrphan(ref, 0, aSuccess(aClaim(ref), 0), TERMS, LATER);
    expect(orphan).toEqual({
      ref,
      serial: 0,
      state: "REVIEW",
      version: 1,
      attempt: 0,
      terms: { amount: 0, currency: "ETB", mode: "test" },
      attempts: { 0: { ...TERMS, amount: 0, openedAt: LATER.now, end: "paid", lookAt: LATER.now + 2 * MINUTE_MS } },
      createdAt: LATER.now,
      updatedAt: LATER.now,
      beganAt: LATER.now,
      firstOpenedAt: LATER.now,
      verifiedAt: LATER.now,
      captures: [{ attempt: 0, at: LATER.now, kind: "reviewed", ...TERMS, reference: "AP0" }],
      refundable: TERMS.amount,
      attention: [{ code: "orphan", at: LATER.now, attempt: 0 }],
      history: [{ move: "orphan", at: LATER.now, by: "later", evidence: "paid AP0" }],
      dueAt: LATER.now + 2 * MINUTE_MS,
    });
  });
});
