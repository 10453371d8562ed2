import { expect, test } from "vitest";
import { finalise, open, reject, renew, reopen } from "../../lib/domain/apply.ts";
import { adoptUnmatched } from "../../lib/domain/apply-money.ts";
import { isCurrent, listingStatusOf, MARK_MS, mayBeListed, outcomeOf, stateVersion } from "../../lib/domain/events.ts";
import { noteVerification, webhookWaits } from "../../lib/domain/notes.ts";
import { type Payment, type Refund, termsOf } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  aLease,
  anOpened,
  aRenewed,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  CLOSING,
  captured,
  LATER,
  moneyOn,
  POLICY,
  T0,
  TERMS,
} from "../support/payments.ts";

const NOTHING = { listing: false, user: undefined, attention: [], totals: undefined };

test("the listing never hears a success that is not of the stage's mode", () => {
  const paid = aConfirmed();
  expect([mayBeListed(paid, { expectedMode: "test" }), mayBeListed(paid, { expectedMode: "live" })]).toEqual([
    true,
    false,
  ]);
  expect(mayBeListed(aSettled("expire"), { expectedMode: "live" })).toBe(true);
});

test("an unchanged version means nothing", () => {
  const payment = aConfirmed();
  expect(outcomeOf(payment, { ...payment, verifiedAt: T0 + 9 }, POLICY)).toEqual(NOTHING);
});

test("a note beside the version causes no event, whatever it is", () => {
  const opened = anOpened();
  const noted = { ...aConfirmed(opened), version: opened.version };
  expect(outcomeOf(opened, noted, POLICY)).toEqual(NOTHING);
});

test("a person is called once for each flag", () => {
  const once = captured(anOpened(), "review", moneyOn(anOpened()));
  const gone = moneyOn(once, 0, { kind: "reversed" });
  expect(outcomeOf(once, captured(once, "wentBack", gone), POLICY).attention).toEqual([
    { code: "reversed", subject: "AP0" },
  ]);
});

test("the payer is notified of each end, and of nothing that is open or under review", () => {
  const opened = anOpened();
  const ends = [
    ["fail", "failed"],
    ["expire", "expired"],
    ["cancel", "cancelled"],
  ] as const;
  for (const [move, event] of ends) {
    const settled = aSettled(move, opened);
    expect(outcomeOf(opened, settled, POLICY).user).toBe(event);
    expect(isCurrent(event, settled)).toBe(true);
    expect(isCurrent("paid", settled)).toBe(false);
  }
  for (const payment of [renew(opened, CLOSING, { terms: TERMS, lease: aLease() }, LATER), opened]) {
    expect(outcomeOf(undefined, payment, POLICY).user).toBeUndefined();
  }
});

test("the listing is not notified of money under review, even after it was notified of a failure", () => {
  const finalised = finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS));
  expect(listingStatusOf(aReviewed(finalised))).toBeUndefined();
});

test("a claim and a refused claim mean nothing to anyone", () => {
  const claim = aClaim();
  for (const [before, after] of [
    [undefined, claim],
    [claim, reject(claim, "me", "no", LATER)],
  ] as const) {
    expect(outcomeOf(before, after, POLICY)).toEqual(NOTHING);
  }
});

test("a first checkout counts, a renewed one does not count again", () => {
  const claim = aClaim();
  const opened = open(claim, "me", CHECKOUT_URL, aContext());
  expect(outcomeOf(claim, opened, POLICY).totals).toMatchObject({ day: "2026-11-24", total: 1, pending: 1 });
  const renewed = renew(opened, CLOSING, { terms: TERMS, lease: aLease() }, LATER);
  expect(outcomeOf(opened, renewed, POLICY).totals).toBeUndefined();
  expect(outcomeOf(renewed, open(renewed, "me", CHECKOUT_URL, LATER), POLICY).totals).toBeUndefined();
});

test("a success notifies the listing and the payer, and counts its amount", () => {
  const opened = anOpened();
  expect(outcomeOf(opened, aConfirmed(opened), POLICY)).toMatchObject({
    listing: true,
    user: "paid",
    totals: { total: 0, pending: -1, success: 1, revenue: 50_000 },
  });
});

test("the listing is notified of a failure only once it is finalised", () => {
  const expired = aSettled();
  expect(outcomeOf(anOpened(), expired, POLICY)).toMatchObject({ listing: false, user: "expired" });
  const finalised = finalise(expired, 0, aContext(T0 + 8 * DAY_MS));
  expect(outcomeOf(expired, finalised, POLICY)).toMatchObject({ listing: true, user: undefined });
  expect(listingStatusOf(finalised)).toBe("FAILED");
  expect(listingStatusOf(aConfirmed(finalised))).toBe("SUCCESS");
});

test("a late success is notified after a failure was, and takes the count back", () => {
  const finalised = finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS));
  expect(outcomeOf(finalised, aConfirmed(finalised), POLICY)).toMatchObject({
    listing: true,
    user: "paid",
    totals: { failed: -1, success: 1 },
  });
});

test("a review notifies a person only", () => {
  const opened = anOpened();
  const review = aReviewed(opened);
  expect(outcomeOf(opened, review, POLICY)).toMatchObject({
    listing: false,
    user: undefined,
    attention: [{ code: "mismatch", subject: "AP0" }],
  });
});

test("a further capture changes nothing for listing and payer and calls for a person", () => {
  const once = aConfirmed(aRenewed());
  const twice = captured(once, "duplicate", moneyOn(once, 1), 1);
  expect(outcomeOf(once, twice, POLICY)).toEqual({ ...NOTHING, attention: [{ code: "duplicate", subject: "AP1" }] });
  const thrice = captured(twice, "duplicate", moneyOn(once, 1, { reference: "AP2" }), 1);
  expect(outcomeOf(twice, thrice, POLICY).attention).toEqual([{ code: "duplicate", subject: "AP2" }]);
});

test("a message that was overtaken by a success is not current", () => {
  const expired = aSettled();
  expect(isCurrent("expired", expired)).toBe(true);
  expect(isCurrent("expired", aConfirmed(expired))).toBe(false);
});

test("no payer hears that nobody paid while a webhook waits for Chapa's answer, or Chapa's word may mean money", () => {
  const expired = aSettled();
  const waiting = webhookWaits(expired, 0, aContext(T0 + 1));
  const unclear = noteVerification(expired, 0, { kind: "maybe_money", word: "completed" }, aContext(T0 + 1));
  expect([isCurrent("expired", waiting), isCurrent("expired", unclear)]).toEqual([false, false]);
});

test("a row that is put back from a backup means nothing, whether it was missing or had a later version", () => {
  const opened = anOpened();
  const paid = aConfirmed(opened);
  expect(outcomeOf(undefined, paid, POLICY)).toEqual(NOTHING);
  expect(outcomeOf(undefined, aReviewed(opened), POLICY)).toEqual(NOTHING);
  expect(outcomeOf(paid, opened, POLICY)).toEqual(NOTHING);
});

test("money without a row of ours calls for a person and counts, although its row is new", () => {
  const opened = anOpened();
  const unmatched = adoptUnmatched(opened, { attempt: 0, result: moneyOn(opened) }, opened.terms, aContext());
  expect(outcomeOf(undefined, unmatched, POLICY)).toMatchObject({
    attention: [{ code: "unmatched" }],
    totals: { total: 1, pending: 1 },
  });
});

test("a verification that found a failed try is no event", () => {
  const opened = anOpened();
  const after = noteVerification(opened, 0, { kind: "unpaid", reason: "failed" }, LATER);
  expect(outcomeOf(opened, after, POLICY).user).toBeUndefined();
});

test("a payment of a purpose that confirms nothing notifies its payer and counts, but not the listing", () => {
  const boost = { ...anOpened(), purpose: "boost" };
  const paid = outcomeOf(boost, aConfirmed(boost), POLICY);
  expect(paid).toMatchObject({ listing: false, user: "paid", totals: { success: 1 } });
});

test("later versions in the same state leave the version that brought the state as it was", () => {
  const paid = aConfirmed(aRenewed());
  expect(stateVersion(paid)).toBe(paid.version);
  const twice = captured(paid, "duplicate", moneyOn(paid, 1), 1);
  expect([stateVersion(twice), twice.version]).toEqual([paid.version, paid.version + 1]);
  const finalised = finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS));
  expect(stateVersion(finalised)).toBe(finalised.version - 1);
});

test("the payer hears of a checkout once after each claim and each reopening, and not when it is renewed", () => {
  const claimed = aClaim();
  const opened = open(claimed, "me", CHECKOUT_URL, aContext());
  expect(outcomeOf(claimed, opened, POLICY).user).toBe("initiated");
  expect(isCurrent("initiated", opened)).toBe(true);

  const renewing = renew(opened, CLOSING, { terms: TERMS, lease: aLease() }, LATER);
  const renewed = open(renewing, "me", CHECKOUT_URL, LATER);
  expect(outcomeOf(renewing, renewed, POLICY).user).toBeUndefined();

  const settled = aSettled("cancel", opened, LATER);
  const reopening = reopen(settled, LATER.now + 1, { terms: TERMS, lease: aLease() }, LATER);
  const reopened = open(reopening, "me", CHECKOUT_URL, LATER);
  expect(outcomeOf(reopening, reopened, POLICY).user).toBe("initiated");
});

test("the message about a checkout is not sent once it is paid, settled or has ended", () => {
  const opened = anOpened();
  const ended = { ...opened, attempts: { 0: { ...termsOf(opened, 0), openedAt: T0, closedAt: T0 + 1 } } };
  for (const payment of [aConfirmed(opened), aSettled("expire", opened), ended]) {
    expect(isCurrent("initiated", payment)).toBe(false);
  }
});

const refund = (id: string, state: Refund["state"], before?: Refund["before"]): Refund => ({
  id,
  capture: "AP0",
  amount: TERMS.amount,
  state,
  by: "x",
  reason: "x",
  at: T0,
  before,
});

test("the payer hears of each refund that has settled, and of none that only the bank's reversal settled", () => {
  const paid = { ...aConfirmed(), refunds: [refund("r-1", "SETTLED"), refund("r-2", "SENT")] };
  const userOf = (...refunds: Refund[]) =>
    outcomeOf(paid, { ...paid, version: paid.version + 1, refunds }, POLICY).user;
  expect(userOf(refund("r-1", "SETTLED"), refund("r-2", "SETTLED"))).toBe("refunded");
  expect(userOf(refund("r-1", "SETTLED"), refund("r-2", "SETTLED", "SENT"))).toBeUndefined();
  expect(userOf(refund("r-1", "SETTLED"), refund("r-2", "REFUSED"))).toBeUndefined();
  const isSent = (...refunds: Refund[]) => isCurrent("refunded", { ...paid, refunds });
  expect([isSent(refund("r-1", "SETTLED")), isSent(refund("r-1", "UNDONE")), isSent()]).toEqual([true, false, false]);
});

test("the payer hears of a success whatever Chapa says of other checkouts", () => {
  const paid = aConfirmed(aRenewed());
  expect(isCurrent("paid", webhookWaits(paid, 1, LATER))).toBe(true);
  expect(isCurrent("refunded", paid)).toBe(false);
});

test("the payer hears of an end also after a renewed checkout, and of a checkout only if it is the first", () => {
  const claim = aClaim();
  const opened = open(claim, "me", CHECKOUT_URL, aContext());
  const settled = aSettled("expire", opened);
  const renewed = aRenewed(opened);
  expect(outcomeOf(renewed, aSettled("expire", renewed), POLICY).user).toBe("expired");
  expect(outcomeOf(settled, aConfirmed(settled), POLICY).user).toBe("paid");
  expect(
    outcomeOf(claim, { ...opened, history: [...opened.history, ...opened.history.slice(-1)] }, POLICY).user,
  ).toBeUndefined();
});

test("a transition that only a later release knows keeps the state's version and settles nothing", () => {
  const paid = aConfirmed();
  const later = (payment: Payment): Payment => ({
    ...payment,
    version: payment.version + 1,
    history: [...payment.history, { transition: "parked" as never, at: T0, by: "x" }],
  });
  expect(stateVersion(later(paid))).toBe(paid.version);
  const rejected = { ...aSettled("fail"), version: 9 };
  expect(isCurrent("failed", later(rejected))).toBe(true);
  const reviewed = aReviewed();
  const history = [...reviewed.history, { transition: "rejectReview" as const, at: T0, by: "x" }];
  const noted = [...history, { transition: "flag" as const, at: T0, by: "x" }];
  expect(isCurrent("failed", { ...reviewed, state: "FAILED", history: noted })).toBe(false);
});

test("messages and counts are marked as done for 30 days", () => {
  expect(MARK_MS).toBe(30 * DAY_MS);
});
