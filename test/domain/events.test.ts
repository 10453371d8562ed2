import { describe, expect, test } from "vitest";
import { applyCapture, finalise, open, reject, renew, settleUnpaid } from "../../lib/domain/apply.ts";
import { isCurrent, listingStatusOf, outcomeOf } from "../../lib/domain/events.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { noteVerification } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aContext,
  aLease,
  anOpened,
  CHECKOUT_URL,
  differing,
  T0,
  TERMS,
  timedOut,
} from "../support/payments.ts";

const closing = { attempt: 0, found: "failed", cancel: "closed" } as const;
const act = aContext(T0 + 2 * HOUR_MS);
const paid = (payment: Payment, attempt = 0) =>
  ({ kind: "paid", facts: { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}` } }) as const;
const confirmed = (payment: Payment) => applyCapture(payment, "confirm", { attempt: 0, result: paid(payment) }, act);

describe("what a change means to others", () => {
  test("an unchanged version means nothing", () => {
    const payment = confirmed(anOpened());
    expect(outcomeOf(payment, { ...payment, verifiedAt: T0 + 9 })).toEqual({
      listing: false,
      user: undefined,
      attention: [],
      totals: undefined,
    });
  });

  test("what was noted beside the version is no news, whatever it is", () => {
    const opened = anOpened();
    const noted = { ...confirmed(opened), version: opened.version };
    expect(outcomeOf(opened, noted)).toEqual({ listing: false, user: undefined, attention: [], totals: undefined });
  });

  test("a person is called once for each matter", () => {
    const once = applyCapture(anOpened(), "review", { attempt: 0, result: paid(anOpened()) }, act);
    const gone = { kind: "reversed", facts: paid(once).facts } as const;
    expect(outcomeOf(once, applyCapture(once, "reversal", { attempt: 0, result: gone }, act)).attention).toEqual([
      "reversed",
    ]);
  });

  test("the payer hears how it ended, and of what is open or waits for a person nothing", () => {
    const opened = anOpened();
    const ends = [
      ["fail", "failed"],
      ["expire", "expired"],
      ["cancel", "cancelled"],
    ] as const;
    for (const [move, event] of ends) {
      const settled = settleUnpaid(opened, move, closing, timedOut(act));
      expect(outcomeOf(opened, settled).user).toBe(event);
      expect(isCurrent(event, settled)).toBe(true);
      expect(isCurrent("paid", settled)).toBe(false);
    }
    for (const payment of [renew(opened, closing, { terms: TERMS, lease: aLease() }, act), opened]) {
      expect(outcomeOf(undefined, payment).user).toBeUndefined();
    }
  });

  test("the listing hears nothing of money that waits for a person, though it may have heard of a failure", () => {
    const finalised = finalise(
      settleUnpaid(anOpened(), "expire", closing, timedOut(act)),
      0,
      aContext(T0 + 8 * DAY_MS),
    );
    expect(
      listingStatusOf(applyCapture(finalised, "review", { attempt: 0, result: differing(paid(finalised)) }, act)),
    ).toBeUndefined();
  });

  test("a claim and a refused claim mean nothing to anyone", () => {
    const claim = aClaim();
    for (const [before, after] of [
      [undefined, claim],
      [claim, reject(claim, "me", "no", act)],
    ] as const) {
      expect(outcomeOf(before, after)).toEqual({ listing: false, user: undefined, attention: [], totals: undefined });
    }
  });

  test("a first checkout counts, a renewed one does not count again", () => {
    const claim = aClaim();
    const opened = open(claim, "me", CHECKOUT_URL, aContext());
    expect(outcomeOf(claim, opened).totals).toMatchObject({ day: "2026-11-24", total: 1, pending: 1 });
    const renewed = renew(opened, closing, { terms: TERMS, lease: aLease() }, act);
    expect(outcomeOf(opened, renewed).totals).toBeUndefined();
    expect(outcomeOf(renewed, open(renewed, "me", CHECKOUT_URL, act)).totals).toBeUndefined();
  });

  test("a success is told to the listing and to the payer, and counts its amount", () => {
    const opened = anOpened();
    expect(outcomeOf(opened, confirmed(opened))).toMatchObject({
      listing: true,
      user: "paid",
      totals: { total: 0, pending: -1, success: 1, revenue: 50_000 },
    });
  });

  test("the listing hears of a failure only once it is finalised", () => {
    const expired = settleUnpaid(anOpened(), "expire", closing, timedOut(act));
    expect(outcomeOf(anOpened(), expired)).toMatchObject({ listing: false, user: "expired" });
    const finalised = finalise(expired, 0, aContext(T0 + 8 * DAY_MS));
    expect(outcomeOf(expired, finalised)).toMatchObject({ listing: true, user: undefined });
    expect(listingStatusOf(finalised)).toBe("FAILED");
    expect(listingStatusOf(confirmed(finalised))).toBe("SUCCESS");
  });

  test("a late success is told although a failure was, and takes the count back", () => {
    const finalised = finalise(
      settleUnpaid(anOpened(), "expire", closing, timedOut(act)),
      0,
      aContext(T0 + 8 * DAY_MS),
    );
    expect(outcomeOf(finalised, confirmed(finalised))).toMatchObject({
      listing: true,
      user: "paid",
      totals: { failed: -1, success: 1 },
    });
  });

  test("a review is nobody's news but a person's", () => {
    const opened = anOpened();
    const review = applyCapture(opened, "review", { attempt: 0, result: differing(paid(opened)) }, act);
    expect(outcomeOf(opened, review)).toMatchObject({ listing: false, user: undefined, attention: ["mismatch"] });
  });

  test("a further capture changes nothing for listing and payer and calls for a person", () => {
    const renewed = open(renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, act), "me", CHECKOUT_URL, act);
    const once = confirmed(renewed);
    const twice = applyCapture(once, "duplicate", { attempt: 1, result: paid(once, 1) }, act);
    expect(outcomeOf(once, twice)).toEqual({
      listing: false,
      user: undefined,
      attention: ["duplicate"],
      totals: undefined,
    });
  });

  test("a message that was overtaken by a success is not current", () => {
    const expired = settleUnpaid(anOpened(), "expire", closing, timedOut(act));
    expect(isCurrent("expired", expired)).toBe(true);
    expect(isCurrent("expired", confirmed(expired))).toBe(false);
  });

  test("a first record that was lost is made up for by the next one", () => {
    expect(outcomeOf(undefined, confirmed(anOpened()))).toMatchObject({
      listing: true,
      user: "paid",
      totals: { total: 1, success: 1, pending: 0 },
    });
  });

  test("a verification that found a failed try is no event", () => {
    const opened = anOpened();
    const after = noteVerification(opened, 0, { kind: "unpaid", reason: "failed" }, act);
    expect(outcomeOf(opened, after).user).toBeUndefined();
  });
});
