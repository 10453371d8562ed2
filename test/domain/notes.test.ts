import { describe, expect, test } from "vitest";
import { applyCapture, flag, open, reject, renew, settleUnpaid, takeOver } from "../../lib/domain/apply.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import {
  deliveryEnded,
  deliverySent,
  leased,
  listedCapture,
  noteVerification,
  republished,
  superseded,
  unreachable,
} from "../../lib/domain/notes.ts";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { aClaim, aContext, aLease, anOpened, CHECKOUT_URL, T0, TERMS, timedOut } from "../support/payments.ts";

const closing = { attempt: 0, found: "failed", cancel: "closed" } as const;
const later = aContext(T0 + 2 * HOUR_MS, "later");
const failed = { kind: "unpaid", reason: "failed", failureReason: "Insufficient balance" } as const;

function confirmed(payment: Payment, attempt = 0): Payment {
  const facts = { ...TERMS, txRef: txRefOf(payment.ref, attempt), reference: `AP${attempt}` };
  return applyCapture(payment, "confirm", { attempt: attempt, result: { kind: "paid", facts } }, later);
}

const renewed = () =>
  open(renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later), "me", CHECKOUT_URL, later);

describe("a verification that ended without a move", () => {
  test("dates only the checkout that it was at, and only if that still awaits looks", () => {
    const opened = renewed();
    const first = noteVerification(opened, 0, undefined, aContext(T0 + 3 * HOUR_MS));
    expect(first.attempts[0]?.verifyAt).toBe(T0 + 2 * HOUR_MS + DAY_MS);
    expect(first.attempts[1]).toEqual(opened.attempts[1]);
    const claim = aClaim();
    expect(noteVerification(claim, 0, undefined, later).attempts).toEqual({});
    const paid = confirmed(anOpened());
    expect(noteVerification(paid, 0, undefined, later).attempts).toEqual(paid.attempts);
  });

  test("ends a silence of Chapa, and says when it was", () => {
    const silent = unreachable(anOpened(), aContext(T0 + 1));
    expect(silent.unreachableSince).toBe(T0 + 1);
    expect(unreachable(silent, later).unreachableSince).toBe(T0 + 1);
    expect(noteVerification(silent, 0, undefined, later)).toMatchObject({
      verifiedAt: later.now,
      unreachableSince: undefined,
    });
  });

  test("remembers why a try failed, in words in any case, and only of the checkout that is open", () => {
    expect(noteVerification(anOpened(), 0, failed, later).failureReason).toBe("Insufficient balance");
    const wordless = { kind: "unpaid", reason: "failed" } as const;
    expect(noteVerification(anOpened(), 0, wordless, later).failureReason).toMatch(/the last try failed/);
    const pending = { kind: "unpaid", reason: "pending" } as const;
    const known = { ...anOpened(), failureReason: "before" };
    for (const found of [pending, undefined])
      expect(noteVerification(known, 0, found, later).failureReason).toBe("before");
    expect(noteVerification(renewed(), 0, failed, later).failureReason).toBeUndefined();
    for (const payment of [confirmed(anOpened()), settleUnpaid(anOpened(), "expire", closing, timedOut(later))]) {
      expect(noteVerification(payment, 0, failed, later).failureReason).toBeUndefined();
    }
  });
});

describe("the right to open a checkout", () => {
  test("ends in the moment in which it ends", () => {
    expect(() => takeOver(aClaim(), { terms: TERMS, lease: aLease("other") }, aContext(T0 + MINUTE_MS - 1))).toThrow(
      "leaseOverOrMine does not hold",
    );
    expect(takeOver(aClaim(), { terms: TERMS, lease: aLease("other") }, aContext(T0 + MINUTE_MS))).toMatchObject({
      attempt: 1,
      beganAt: T0 + MINUTE_MS,
      lease: { holder: "other" },
    });
  });

  test("is nobody's where there is no lease", () => {
    const free = { ...aClaim(), lease: undefined };
    expect(() => open(free, "me", CHECKOUT_URL, later)).toThrow("leaseIsMine does not hold");
    expect(() => reject(free, "me", "no", later)).toThrow("leaseIsMine does not hold");
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
    expect(takeOver(worn, { terms: TERMS, lease: aLease("other") }, later).attempt).toBe(1023);
    expect(() => takeOver({ ...worn, lease: undefined }, { terms: TERMS, lease: aLease("other") }, later)).toThrow(
      "attemptsLeftOrUnsent does not hold",
    );
  });

  test("ends with a refusal, which is told and dated", () => {
    expect(reject(aClaim(), "me", "no such phone", later)).toMatchObject({
      state: "FAILED",
      lease: undefined,
      failureReason: "no such phone",
      settledAt: later.now,
    });
  });
});

describe("a checkout that is left", () => {
  test("says how it was left and is verified an hour later", () => {
    const ends = { fail: "failed", expire: "expired", cancel: "cancelled" } as const;
    const left = { closedAt: later.now, verifyAt: later.now + HOUR_MS };
    for (const move of ["fail", "expire", "cancel"] as const) {
      const settled = settleUnpaid({ ...anOpened(), lease: aLease() }, move, closing, timedOut(later));
      expect(settled.attempts[0]).toMatchObject({ ...left, end: ends[move] });
      expect(settled).toMatchObject({ settledAt: later.now, checkoutUrl: undefined, lease: undefined });
      expect(settled.history.at(-1)?.evidence).toBe("closed");
    }
    const next = renew(anOpened(), { ...closing, cancel: "not_found" }, { terms: TERMS, lease: aLease("next") }, later);
    expect(next.attempts[0]).toMatchObject({ ...left, end: "renewed" });
    expect(next.history.at(-1)?.evidence).toBe("not_found");
    expect(next).toMatchObject({ checkoutUrl: undefined, settledAt: undefined, beganAt: later.now });
  });

  test("is left once: neither its end nor its verifications begin anew", () => {
    const opened = anOpened();
    const record = { ...TERMS, openedAt: T0, closedAt: T0 + 1, end: "superseded" } as const;
    const before = { ...opened, attempts: { 0: record } };
    expect(settleUnpaid(before, "expire", closing, timedOut(later)).attempts).toEqual({ 0: record });
    expect(superseded(before, 0, later)).toEqual(before);
  });

  test("beside the paid one keeps the end that it had, and one that was never opened has none", () => {
    const paid = confirmed(renewed(), 0);
    expect(superseded(paid, 0, later).attempts[0]).toMatchObject({ end: "paid", closedAt: later.now });
    expect(superseded(paid, 7, later)).toEqual(paid);
  });
});

describe("the listing's answer", () => {
  test("that calls for a person is noted once and ends the asking", () => {
    const asked = deliverySent(confirmed(anOpened()), later);
    expect(asked.sentAt).toBe(later.now);
    const closed = flag(asked, "listing_closed", later);
    expect(openFlags(closed)).toEqual(["listing_closed"]);
    expect(closed).toMatchObject({ sentAt: undefined, dueAt: undefined });
    expect(closed.history.at(-1)?.evidence).toBe("listing_closed");
    expect(() => flag(closed, "listing_closed", later)).toThrow("no flag: notFlaggedYet does not hold");
    expect(openFlags(flag(closed, "listing_unclear", later))).toEqual(["listing_closed", "listing_unclear"]);
  });

  test("is awaited from the asking on, and over when it is definite", () => {
    const asked = deliverySent(confirmed(anOpened()), later);
    expect(deliveryEnded(asked, false, later)).toEqual({ ...asked, sentAt: undefined });
    expect(deliveryEnded(asked, true, later)).toEqual({
      ...asked,
      sentAt: undefined,
      acknowledgedAt: later.now,
      dueAt: undefined,
    });
  });

  test("that is missing is asked for again, later each time", () => {
    const paid = confirmed(anOpened());
    expect(republished(paid, aContext(later.now + HOUR_MS))).toEqual({ ...paid, dueAt: later.now + 2 * HOUR_MS });
  });
});

describe("Chapa's list", () => {
  test("has a capture of ours: that is noted once, on that capture alone", () => {
    const once = confirmed(renewed(), 1);
    const facts = { ...TERMS, txRef: txRefOf(once.ref, 0), reference: "AP0" };
    const twice = applyCapture(once, "duplicate", { attempt: 0, result: { kind: "paid", facts } }, later);
    const listed = listedCapture(twice, { attempt: 0, reference: "AP0" });
    expect(listed).toEqual({ ...twice, captures: [twice.captures[0], { ...twice.captures[1], listed: true }] });
    expect(listed && listedCapture(listed, { attempt: 0, reference: "AP0" })).toBeUndefined();
    expect(listed && listedCapture(listed, { attempt: 1, reference: "AP1" })).toBeDefined();
  });

  test("has one that we do not have: that is noted nowhere", () => {
    expect(listedCapture(confirmed(anOpened()), { attempt: 0, reference: "OTHER" })).toBeUndefined();
    expect(listedCapture(anOpened(), { attempt: 0 })).toBeUndefined();
  });
});
