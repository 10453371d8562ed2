import { expect, test } from "vitest";
import { flag, open, reject, renew, settleUnpaid, takeOver } from "../../lib/domain/apply.ts";
import { DELIVERY } from "../../lib/domain/attention.ts";
import type { VerifyResult } from "../../lib/domain/evidence.ts";
import {
  deliveryEnded,
  deliverySent,
  leased,
  listedCapture,
  noteHeld,
  noteVerification,
  notVerifiedAgain,
  republished,
  unreachable,
  webhookWaits,
  webhookWaitsOn,
} from "../../lib/domain/notes.ts";
import { type Attempt, KeyId, openFlags } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
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
  CLOSED_LISTING,
  CLOSING,
  captured,
  LATER,
  moneyOn,
  T0,
  TERMS,
  timedOut,
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

const failed = { kind: "unpaid", reason: "failed", failureReason: "Insufficient balance" } as const;

test("a verification without a transition dates only its own checkout, and only if that awaits another verification", () => {
  const opened = aRenewed();
  const first = noteVerification(opened, 0, undefined, aContext(T0 + 3 * HOUR_MS));
  expect(first.attempts[0]?.verifyAt).toBe(T0 + 2 * HOUR_MS + DAY_MS);
  expect(first.attempts[1]).toEqual(opened.attempts[1]);
  const claim = aClaim();
  expect(noteVerification(claim, 0, undefined, LATER).attempts).toEqual({});
  const paid = aConfirmed();
  expect(noteVerification(paid, 0, undefined, LATER).attempts).toEqual(paid.attempts);
});

test("a paid checkout that a webhook names while Chapa is silent is asked until Chapa answers, then at its last verification", () => {
  const paid = aConfirmed();
  const last = (paid.settledAt ?? 0) + 60 * DAY_MS;
  expect(paid.attempts[0]?.verifyAt).toBe(last);
  const waiting = webhookWaits(paid, 0, LATER);
  expect(waiting.attempts[0]).toMatchObject({ webhookAt: LATER.now, verifyAt: LATER.now + MINUTE_MS });
  // A question that was asked before the webhook came does not answer it.
  expect(noteVerification(waiting, 0, undefined, LATER).attempts[0]).toEqual(waiting.attempts[0]);
  const answered = noteVerification(waiting, 0, undefined, aContext(LATER.now + MINUTE_MS));
  expect(answered.attempts[0]).toMatchObject({ webhookAt: undefined, verifyAt: last });
});

test("money that is recorded leaves the date of a webhook that still waits", () => {
  const waiting = webhookWaits(anOpened(), 0, LATER);
  for (const taken of [aConfirmed(waiting), aReviewed(waiting)]) {
    expect(taken.attempts[0]).toMatchObject({ end: "paid", webhookAt: LATER.now, verifyAt: LATER.now + MINUTE_MS });
    expect(taken.dueAt).toBe(LATER.now + MINUTE_MS);
  }
});

test("a verification ends an outage of Chapa and is dated", () => {
  const silent = unreachable(anOpened(), aContext(T0 + 1));
  expect(silent.unreachableSince).toBe(T0 + 1);
  expect(unreachable(silent, LATER).unreachableSince).toBe(T0 + 1);
  expect(noteVerification(silent, 0, undefined, LATER)).toMatchObject({
    verifiedAt: LATER.now,
    unreachableSince: undefined,
  });
});

test("a verification stores why a try failed, always in words, only for the open checkout, and settles nothing", () => {
  const stated = { failureReason: "Insufficient balance", state: "PENDING", version: 2 };
  expect(noteVerification(anOpened(), 0, failed, LATER)).toMatchObject(stated);
  const wordless = { kind: "unpaid", reason: "failed" } as const;
  expect(noteVerification(anOpened(), 0, wordless, LATER).failureReason).toMatch(/the last try failed/);
  const pending = { kind: "unpaid", reason: "pending" } as const;
  const known = { ...anOpened(), failureReason: "before" };
  for (const found of [pending, undefined])
    expect(noteVerification(known, 0, found, LATER).failureReason).toBe("before");
  expect(noteVerification(aRenewed(), 0, failed, LATER).failureReason).toBeUndefined();
  for (const payment of [aConfirmed(), aSettled("expire")]) {
    expect(noteVerification(payment, 0, failed, LATER).failureReason).toBeUndefined();
  }
});

test("a lease ends exactly at its end", () => {
  expect(() => takeOver(aClaim(), { terms: TERMS, lease: aLease("other") }, aContext(T0 + MINUTE_MS - 1))).toThrow(
    "leaseOverOrMine does not hold",
  );
  expect(takeOver(aClaim(), { terms: TERMS, lease: aLease("other") }, aContext(T0 + MINUTE_MS))).toMatchObject({
    attempt: 1,
    beganAt: T0 + MINUTE_MS,
    lease: { holder: "other" },
  });
});

test("no caller holds a payment without a lease", () => {
  const free = { ...aClaim(), lease: undefined };
  expect(() => open(free, "me", CHECKOUT_URL, LATER)).toThrow("leaseIsMine does not hold");
  expect(() => reject(free, "me", "no", LATER)).toThrow("leaseIsMine does not hold");
  expect(() => leased(free, aLease())).toThrow("only the holder changes a lease");
});

test("a lease is changed by its holder only", () => {
  const claim = aClaim();
  const given = { holder: "me", until: T0 + 5, unsent: true } as const;
  expect(leased(claim, given)).toEqual({ ...claim, lease: given });
  expect(() => leased(claim, aLease("other"))).toThrow("only the holder changes a lease");
});

test("the lease of the last attempt passes on while nothing was sent under it", () => {
  const unsent = { ...aLease("gone", T0), unsent: true as const };
  const worn = { ...aClaim(), attempt: 1023, lease: unsent };
  expect(takeOver(worn, { terms: TERMS, lease: aLease("other") }, LATER).attempt).toBe(1023);
  expect(() => takeOver({ ...worn, lease: undefined }, { terms: TERMS, lease: aLease("other") }, LATER)).toThrow(
    "attemptsLeftOrUnsent does not hold",
  );
});

test("a rejected claim ends its lease, with the reason and the time", () => {
  expect(reject(aClaim(), "me", "no such phone", LATER)).toMatchObject({
    state: "FAILED",
    lease: undefined,
    failureReason: "no such phone",
    settledAt: LATER.now,
  });
});

test("a closed checkout says how it ended and is verified an hour later", () => {
  const ends = { fail: "failed", expire: "expired", cancel: "cancelled" } as const;
  const left = { closedAt: LATER.now, verifyAt: LATER.now + HOUR_MS };
  for (const move of UNPAID_TRANSITIONS) {
    const settled = settleUnpaid({ ...anOpened(), lease: aLease() }, move, CLOSING, timedOut(LATER));
    expect(settled.attempts[0]).toMatchObject({ ...left, end: ends[move] });
    expect(settled).toMatchObject({ settledAt: LATER.now, checkoutUrl: undefined, lease: undefined });
    expect(settled.history.at(-1)?.evidence).toBe("closed");
  }
  const next = renew(anOpened(), { ...CLOSING, cancel: "not_found" }, { terms: TERMS, lease: aLease("next") }, LATER);
  expect(next.attempts[0]).toMatchObject({ ...left, end: "renewed" });
  expect(next.history.at(-1)?.evidence).toBe("not_found");
  expect(next).toMatchObject({ checkoutUrl: undefined, settledAt: undefined, beganAt: LATER.now });
});

test("a closed checkout keeps its end and its verifications when it is closed again", () => {
  const opened = anOpened();
  const record = { ...TERMS, openedAt: T0, closedAt: T0 + 1, end: "superseded" } as const;
  const before = { ...opened, attempts: { 0: record } };
  expect(settleUnpaid(before, "expire", CLOSING, timedOut(LATER)).attempts).toEqual({ 0: record });
});

test("an answer of the listing that needs a person is flagged once and ends the delivery", () => {
  const asked = deliverySent(aConfirmed(), LATER);
  expect(asked.sentAt).toBe(LATER.now);
  const closed = flag(asked, CLOSED_LISTING, LATER);
  expect(openFlags(closed)).toEqual(["listing_closed"]);
  expect(closed).toMatchObject({ sentAt: undefined, dueAt: LATER.now + 60 * DAY_MS });
  expect(closed.history.at(-1)?.evidence).toBe("listing_closed-delivery");
  expect(() => flag(closed, CLOSED_LISTING, LATER)).toThrow("no flag: notFlaggedYet does not hold");
  expect(openFlags(flag(closed, { code: "listing_unclear", subject: DELIVERY }, LATER))).toEqual([
    "listing_closed",
    "listing_unclear",
  ]);
});

test("a delivery awaits the listing's answer from the call on and ends with a definite one", () => {
  const asked = deliverySent(aConfirmed(), LATER);
  expect(deliveryEnded(asked, false, LATER)).toEqual({ ...asked, sentAt: undefined });
  expect(deliveryEnded(asked, true, LATER)).toEqual({
    ...asked,
    sentAt: undefined,
    acknowledgedAt: LATER.now,
    dueAt: LATER.now + 60 * DAY_MS,
  });
});

test("a missing answer of the listing is asked for again, later each time", () => {
  const paid = aConfirmed();
  expect(republished(paid, aContext(LATER.now + HOUR_MS))).toEqual({ ...paid, dueAt: LATER.now + 2 * HOUR_MS });
});

test("a capture in Chapa's list is marked once, on that capture alone", () => {
  const once = aConfirmed(aRenewed(), 1);
  const twice = captured(once, "duplicate", moneyOn(once));
  const listed = listedCapture(twice, { attempt: 0, reference: "AP0" });
  expect(listed).toEqual({ ...twice, captures: [twice.captures[0], { ...twice.captures[1], listed: true }] });
  expect(listed && listedCapture(listed, { attempt: 0, reference: "AP0" })).toBeUndefined();
  expect(listed && listedCapture(listed, { attempt: 1, reference: "AP1" })).toBeDefined();
});

test("an unknown capture in Chapa's list changes nothing", () => {
  expect(listedCapture(aConfirmed(), { attempt: 0, reference: "OTHER" })).toBeUndefined();
  expect(listedCapture(anOpened(), { attempt: 0 })).toBeUndefined();
});

test("an attempt that is verified no more awaits nothing, and the others keep their verifications", () => {
  const named = webhookWaits(unreachable(aRenewed(), aContext(T0 + 1)), 0, LATER);
  const left = notVerifiedAgain(named, 0, LATER);
  expect(left.attempts[0]).toEqual({ ...named.attempts[0], verifyAt: undefined, webhookAt: undefined });
  expect(left.attempts[1]).toEqual(named.attempts[1]);
  expect(left).toMatchObject({ verifiedAt: LATER.now, unreachableSince: undefined, dueAt: left.attempts[1]?.verifyAt });
  expect(notVerifiedAgain(aClaim(), 0, LATER)).toMatchObject({ attempts: {}, verifiedAt: LATER.now });
});

test("each webhook that waits has a date of its own, and is asked about later each time while Chapa is silent", () => {
  const once = webhookWaits(anOpened(), 0, LATER);
  expect(once).toMatchObject({ unreachableSince: LATER.now, dueAt: LATER.now + MINUTE_MS });
  const twice = webhookWaits(once, 0, LATER);
  expect([once, twice].map(({ attempts }) => attempts[0]?.webhookAt)).toEqual([LATER.now, LATER.now + 1]);
  const later = webhookWaitsOn(once, 0, aContext(LATER.now + 10 * MINUTE_MS));
  expect(later.attempts[0]).toMatchObject({ webhookAt: LATER.now, verifyAt: LATER.now + 20 * MINUTE_MS });
  expect(later).toMatchObject({ unreachableSince: LATER.now, dueAt: later.attempts[0]?.verifyAt });
  const claim = aClaim();
  const unnamed = anOpened();
  expect([webhookWaits(claim, 0, LATER), webhookWaitsOn(claim, 0, LATER)]).toEqual([claim, claim]);
  expect(webhookWaitsOn(unnamed, 0, LATER)).toBe(unnamed);
});

const OTHER_KEY = KeyId.parse("00000001");
const BEFORE = { unpaidReadAt: T0 + 5, lastRead: "failed" } as const;
test.each<[string, VerifyResult | undefined, number, Partial<Attempt>]>([
  ["nothing", undefined, 2, BEFORE],
  ["an outage", { kind: "unavailable", reason: "unreachable" }, 2, BEFORE],
  ["a failed try", failed, 2, BEFORE],
  ["an answer by another key", { ...failed, key: OTHER_KEY }, 2, { ...BEFORE, key: OTHER_KEY }],
  ["no payment yet", { kind: "unpaid", reason: "pending" }, 2, { ...BEFORE, lastRead: undefined }],
  ["a word without money", { kind: "readable", word: "waiting" }, 2, { ...BEFORE, lastRead: undefined }],
  ["a word of money", { kind: "maybe_money", word: "done" }, 2, { unpaidReadAt: undefined, lastRead: "maybe_money" }],
])("a verification that found %s leaves only what it says for later", (_, found, hours, expected) => {
  const read = noteVerification(withAttempts({ verifyAt: T0, ...BEFORE }), 0, found, aContext(T0 + hours * HOUR_MS))
    .attempts[0];
  expect(read).toMatchObject({ key: TERMS.key, ...expected });
});

test("only the first reading after the window that found no money counts for a lapse", () => {
  const readAt = (minutes: number, found: VerifyResult) =>
    noteVerification(anOpened(), 0, found, aContext(T0 + minutes * MINUTE_MS)).attempts[0]?.unpaidReadAt;
  const none = { kind: "unpaid", reason: "pending" } as const;
  expect([readAt(59, none), readAt(60, none)]).toEqual([undefined, T0 + HOUR_MS]);
  expect(readAt(60, { kind: "maybe_money", word: "done" })).toBeUndefined();
  expect(readAt(60, moneyOn(anOpened()))).toBeUndefined();
});

test("a checkout that cannot be left is held from the end of its lapse on, and keeps what Chapa said", () => {
  const heldAt = (hours: number, change: Partial<Attempt> = {}) =>
    noteHeld(withAttempts({ verifyAt: T0, ...change }), 0, failed, aContext(T0 + hours * HOUR_MS)).attempts[0];
  expect(heldAt(1)).toMatchObject({ lastRead: "failed", unpaidReadAt: T0 + HOUR_MS, verifyAt: T0 });
  expect(heldAt(1)?.heldSince).toBeUndefined();
  expect(heldAt(2)?.heldSince).toBe(T0 + 2 * HOUR_MS);
  expect(heldAt(3, { heldSince: T0 + 5 })?.heldSince).toBe(T0 + 5);
  const both = aRenewed();
  expect(noteHeld(both, 0, undefined, LATER).attempts[1]).toEqual(both.attempts[1]);
});

test("an attempt whose opening nobody knows is held by its lease, and no earlier one is", () => {
  const claim = aClaim();
  const held = noteHeld(claim, 0, undefined, LATER);
  expect(held).toEqual({ ...claim, lease: { ...claim.lease, heldSince: LATER.now } });
  expect(noteHeld(held, 0, undefined, aContext(LATER.now + 1))).toEqual(held);
  const free = { ...claim, lease: undefined };
  const second = { ...claim, attempt: 1 };
  expect([noteHeld(free, 0, undefined, LATER), noteHeld(second, 0, undefined, LATER)]).toEqual([free, second]);
});

test("a listed capture takes the reference of Chapa's list where verify reported none, also if it is listed already", () => {
  const paid = aConfirmed();
  const nameless = {
    ...paid,
    captures: paid.captures.map((one) => ({ ...one, reference: undefined, listed: true as const })),
  };
  const named = listedCapture(nameless, { attempt: 0, reference: "AP0" });
  expect(named?.captures[0]).toMatchObject({ reference: "AP0", listed: true });
  expect(listedCapture(nameless, { attempt: 0 })).toBeUndefined();
  const [capture] = aConfirmed().captures;
  const { reference: _, ...unnamed } = capture ?? { attempt: 0 };
  const listed = listedCapture({ ...paid, captures: [unnamed as never] }, { attempt: 0 });
  expect(listed?.captures).toStrictEqual([{ ...unnamed, listed: true }]);
});
