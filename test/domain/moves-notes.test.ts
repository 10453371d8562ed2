import { describe, expect, test } from "vitest";
import {
  account,
  attend,
  leased,
  listedCapture,
  listingAnswered,
  listingAsked,
  looked,
  open,
  reject,
  renew,
  republished,
  superseded,
  takeOver,
  unreachable,
} from "../../lib/domain/moves.ts";
import { openAttention } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aRenewed,
  aSettled,
  aSuccess,
  CHECKOUT_URL,
  CLOSED,
  LATER,
  T0,
  TERMS,
  UNPAID_MOVES,
} from "../support/payments.ts";

const failed = { says: "unpaid", because: "failed", reason: "Insufficient balance" } as const;

describe("a look that ended without a move", () => {
  test("dates only the checkout that it was at, and only if that still awaits looks", () => {
    const opened = aRenewed();
    const first = looked(opened, 0, undefined, anAct(T0 + 3 * HOUR_MS));
    expect(first.attempts[0]?.lookAt).toBe(T0 + 2 * HOUR_MS + DAY_MS);
    expect(first.attempts[1]).toEqual(opened.attempts[1]);
    const claim = aClaim();
    expect(looked(claim, 0, undefined, LATER).attempts).toEqual({});
    const paid = aConfirmed();
    expect(looked(paid, 0, undefined, LATER).attempts).toEqual(paid.attempts);
  });

  test("ends a silence of Chapa, and says when it was", () => {
    const silent = unreachable(anOpened(), anAct(T0 + 1));
    expect(silent.unreachableSince).toBe(T0 + 1);
    expect(unreachable(silent, LATER).unreachableSince).toBe(T0 + 1);
    expect(looked(silent, 0, undefined, LATER)).toMatchObject({ verifiedAt: LATER.now, unreachableSince: undefined });
  });

  test("remembers why a try failed, in words in any case, and only of the checkout that is open", () => {
    const noted = { state: "PENDING", failureReason: "Insufficient balance", version: 2 };
    expect(looked(anOpened(), 0, failed, LATER)).toMatchObject(noted);
    const wordless = { says: "unpaid", because: "failed" } as const;
    expect(looked(anOpened(), 0, wordless, LATER).failureReason).toMatch(/not successful/);
    const pending = { says: "unpaid", because: "pending" } as const;
    const known = { ...anOpened(), failureReason: "before" };
    for (const found of [pending, undefined]) expect(looked(known, 0, found, LATER).failureReason).toBe("before");
    expect(looked(aRenewed(), 0, failed, LATER).failureReason).toBeUndefined();
    for (const payment of [aConfirmed(), aSettled()]) {
      expect(looked(payment, 0, failed, LATER).failureReason).toBeUndefined();
    }
  });
});

describe("the right to open a checkout", () => {
  test("ends in the moment in which it ends, and its holder may begin anew before", () => {
    expect(takeOver(aClaim(), TERMS, aLease("me"), anAct(T0)).attempt).toBe(1);
    expect(() => takeOver(aClaim(), TERMS, aLease("other"), anAct(T0 + MINUTE_MS - 1))).toThrow("the lease is held");
    expect(takeOver(aClaim(), TERMS, aLease("other"), anAct(T0 + MINUTE_MS))).toMatchObject({
      attempt: 1,
      beganAt: T0 + MINUTE_MS,
      lease: { holder: "other" },
    });
  });

  test("is nobody's where there is no lease", () => {
    const free = { ...aClaim(), lease: undefined };
    expect(() => open(free, "me", CHECKOUT_URL, LATER)).toThrow("only the holder opens, and once");
    expect(() => reject(free, "me", "no", LATER)).toThrow("only the holder rejects");
    expect(() => leased(free, aLease())).toThrow("only the holder changes a lease");
  });

  test("is changed by its holder only", () => {
    const claim = aClaim();
    const given = { holder: "me", until: T0 + 5, unsent: true } as const;
    expect(leased(claim, given)).toEqual({ ...claim, lease: given });
    expect(() => leased(claim, aLease("other"))).toThrow("only the holder changes a lease");
  });

  test("of the last attempt passes on while nothing was sent under it", () => {
    const unsent = { ...aLease("gone", T0), unsent: true as const };
    const worn = { ...aClaim(), attempt: 1023, lease: unsent };
    expect(takeOver(worn, TERMS, aLease("other"), LATER).attempt).toBe(1023);
    expect(() => takeOver({ ...worn, lease: undefined }, TERMS, aLease("other"), LATER)).toThrow("no attempt is left");
  });

  test("ends with a refusal, which is told and dated", () => {
    expect(reject(aClaim(), "me", "no such phone", LATER)).toMatchObject({
      state: "FAILED",
      lease: undefined,
      failureReason: "no such phone",
      settledAt: LATER.now,
    });
  });
});

describe("a checkout that is left", () => {
  test("says how it was left and is looked at an hour later", () => {
    const ends = { fail: "failed", expire: "expired", cancel: "cancelled" } as const;
    const left = { closedAt: LATER.now, lookAt: LATER.now + HOUR_MS };
    for (const move of UNPAID_MOVES) {
      const settled = aSettled(move, { ...anOpened(), lease: aLease() });
      expect(settled.attempts[0]).toMatchObject({ ...left, end: ends[move] });
      expect(settled).toMatchObject({ settledAt: LATER.now, checkoutUrl: undefined, lease: undefined });
      expect(settled.history.at(-1)?.evidence).toBe("closed");
    }
    const next = renew(anOpened(), { ...CLOSED, cancel: "not_found" }, TERMS, aLease("next"), LATER);
    expect(next.attempts[0]).toMatchObject({ ...left, end: "renewed" });
    expect(next.history.at(-1)?.evidence).toBe("not_found");
    expect(next).toMatchObject({ checkoutUrl: undefined, settledAt: undefined, beganAt: LATER.now });
  });

  test("is left once: neither its end nor its looks begin anew", () => {
    const opened = anOpened();
    const record = { ...TERMS, openedAt: T0, closedAt: T0 + 1, end: "superseded" } as const;
    const before = { ...opened, attempts: { 0: record } };
    expect(aSettled("expire", before).attempts).toEqual({ 0: record });
    expect(superseded(before, 0, LATER)).toEqual(before);
  });

  test("beside the paid one keeps the end that it had, and one that was never opened has none", () => {
    const paid = aConfirmed(aRenewed());
    expect(superseded(paid, 0, LATER).attempts[0]).toMatchObject({ end: "paid", closedAt: LATER.now });
    expect(superseded(paid, 7, LATER)).toEqual(paid);
  });
});

describe("the listing's answer", () => {
  test("that calls for a person is noted once and ends the asking", () => {
    const asked = listingAsked(aConfirmed(), LATER);
    expect(asked.listingSentAt).toBe(LATER.now);
    const closed = attend(asked, "listing_closed", LATER);
    expect(openAttention(closed)).toEqual(["listing_closed"]);
    expect(closed).toMatchObject({ listingSentAt: undefined, dueAt: undefined });
    expect(closed.history.at(-1)?.evidence).toBe("listing_closed");
    expect(() => attend(closed, "listing_closed", LATER)).toThrow("listing_closed is there already");
    expect(openAttention(attend(closed, "listing_unclear", LATER))).toEqual(["listing_closed", "listing_unclear"]);
  });

  test("is awaited from the asking on, and over when it is definite", () => {
    const asked = listingAsked(aConfirmed(), LATER);
    expect(listingAnswered(asked, false, LATER)).toEqual({ ...asked, listingSentAt: undefined });
    expect(listingAnswered(asked, true, LATER)).toEqual({
      ...asked,
      listingSentAt: undefined,
      listingHeardAt: LATER.now,
      dueAt: undefined,
    });
  });

  test("that is missing is asked for again, later each time", () => {
    const paid = aConfirmed();
    expect(republished(paid, anAct(LATER.now + HOUR_MS))).toEqual({ ...paid, dueAt: LATER.now + 2 * HOUR_MS });
  });
});

describe("Chapa's list", () => {
  test("has a capture of ours: that is noted once, on that capture alone", () => {
    const once = aConfirmed(aRenewed(), 1);
    const twice = account(once, "duplicate", 0, aSuccess(once), LATER);
    const listed = listedCapture(twice, { attempt: 0, reference: "AP0" });
    expect(listed).toEqual({ ...twice, captures: [twice.captures[0], { ...twice.captures[1], listed: true }] });
    expect(listed && listedCapture(listed, { attempt: 0, reference: "AP0" })).toBeUndefined();
    expect(listed && listedCapture(listed, { attempt: 1, reference: "AP1" })).toBeDefined();
  });

  test("has one that we do not have: that is noted nowhere", () => {
    expect(listedCapture(aConfirmed(), { attempt: 0, reference: "OTHER" })).toBeUndefined();
    expect(listedCapture(anOpened(), { attempt: 0 })).toBeUndefined();
  });
});
