import { describe, expect, test } from "vitest";
import { isCurrent, outcomeOf, whatListingHears } from "../../lib/domain/events.ts";
import { account, looked, open, reject, renew, seal } from "../../lib/domain/moves.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
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

const NOTHING = { listing: false, user: undefined, attention: [], totals: undefined };

describe("what a change means to others", () => {
  test("an unchanged version means nothing", () => {
    const payment = aConfirmed();
    expect(outcomeOf(payment, { ...payment, verifiedAt: T0 + 9 })).toEqual(NOTHING);
  });

  test("what was noted beside the version is no news, whatever it is", () => {
    const opened = anOpened();
    const noted = { ...aConfirmed(opened), version: opened.version };
    expect(outcomeOf(opened, noted)).toEqual(NOTHING);
  });

  test("a person is called once for each matter", () => {
    const once = aReviewed();
    const gone = account(once, "returned", 0, aReturn("reversed", aSuccess(once)), LATER);
    expect(outcomeOf(once, gone).attention).toEqual(["reversed"]);
  });

  test("the payer hears how it ended, and of what is open or waits for a person nothing", () => {
    const opened = anOpened();
    const ends = [
      ["fail", "failed"],
      ["expire", "expired"],
      ["cancel", "cancelled"],
    ] as const;
    for (const [move, event] of ends) {
      const settled = aSettled(move, opened);
      expect(outcomeOf(opened, settled).user).toBe(event);
      expect(isCurrent(event, settled)).toBe(true);
      expect(isCurrent("paid", settled)).toBe(false);
    }
    for (const payment of [renew(opened, CLOSED, TERMS, aLease(), LATER), opened]) {
      expect(outcomeOf(undefined, payment).user).toBeUndefined();
    }
  });

  test("the listing hears nothing of money that waits for a person, though it may have heard of a failure", () => {
    const sealed = seal(aSettled(), LATER);
    expect(whatListingHears(aReviewed(sealed))).toBeUndefined();
  });

  test("a claim and a refused claim mean nothing to anyone", () => {
    const claim = aClaim();
    for (const [before, after] of [
      [undefined, claim],
      [claim, reject(claim, "me", "no", LATER)],
    ] as const) {
      expect(outcomeOf(before, after)).toEqual(NOTHING);
    }
  });

  test("a first checkout counts, a renewed one does not count again", () => {
    const claim = aClaim();
    const opened = open(claim, "me", CHECKOUT_URL, anAct());
    expect(outcomeOf(claim, opened).totals).toMatchObject({ day: "2026-11-24", total: 1, pending: 1 });
    const renewed = renew(opened, CLOSED, TERMS, aLease(), LATER);
    expect(outcomeOf(opened, renewed).totals).toBeUndefined();
    expect(outcomeOf(renewed, open(renewed, "me", CHECKOUT_URL, LATER)).totals).toBeUndefined();
  });

  test("a success is told to the listing and to the payer, and counts its amount", () => {
    const opened = anOpened();
    expect(outcomeOf(opened, aConfirmed(opened))).toMatchObject({
      listing: true,
      user: "paid",
      totals: { total: 0, pending: -1, success: 1, revenue: 50_000 },
    });
  });

  test("the listing hears of a failure only once it is sealed", () => {
    const expired = aSettled();
    expect(outcomeOf(anOpened(), expired)).toMatchObject({ listing: false, user: "expired" });
    const sealed = seal(expired, LATER);
    expect(outcomeOf(expired, sealed)).toMatchObject({ listing: true, user: undefined });
    expect(whatListingHears(sealed)).toBe("FAILED");
    expect(whatListingHears(aConfirmed(sealed))).toBe("SUCCESS");
  });

  test("a late success is told although a failure was, and takes the count back", () => {
    const sealed = seal(aSettled(), LATER);
    expect(outcomeOf(sealed, aConfirmed(sealed))).toMatchObject({
      listing: true,
      user: "paid",
      totals: { failed: -1, success: 1 },
    });
  });

  test("a review is nobody's news but a person's", () => {
    const opened = anOpened();
    const review = aReviewed(opened);
    expect(outcomeOf(opened, review)).toMatchObject({ listing: false, user: undefined, attention: ["mismatch"] });
  });

  test("a further capture changes nothing for listing and payer and calls for a person", () => {
    const renewed = aRenewed();
    const once = aConfirmed(renewed);
    const twice = account(once, "duplicate", 1, aSuccess(once, 1), LATER);
    expect(outcomeOf(once, twice)).toEqual({ ...NOTHING, attention: ["duplicate"] });
  });

  test("a message that was overtaken by a success is not current", () => {
    const expired = aSettled();
    expect(isCurrent("expired", expired)).toBe(true);
    expect(isCurrent("expired", aConfirmed(expired))).toBe(false);
  });

  test("a first record that was lost is made up for by the next one", () => {
    expect(outcomeOf(undefined, aConfirmed())).toMatchObject({
      listing: true,
      user: "paid",
      totals: { total: 1, success: 1, pending: 0 },
    });
  });

  test("a look that found a failed try is no event", () => {
    const opened = anOpened();
    const after = looked(opened, 0, { says: "unpaid", because: "failed" }, LATER);
    expect(outcomeOf(opened, after).user).toBeUndefined();
  });
});
