import fc from "fast-check";
import { expect, test } from "vitest";
import { finalise, flag, open, reject, renew } from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { deliveryEnded, noteVerification, unreachable, webhookWaits } from "../../lib/domain/notes.ts";
import type { Attempt, Capture, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, parseLadder } from "../../lib/domain/time.ts";
import {
  attemptsToAsk,
  attemptsToEnd,
  attemptsToVerify,
  attemptsWithRefundDue,
  awaitsAcknowledgement,
  dueAt,
  finaliseAt,
  hasLapsedLink,
  isAfterWindow,
  isOtherOverdue,
  isPastLapse,
  isPastWindow,
  isStuck,
  lapseAt,
  lastVerification,
  nextVerification,
  reportDay,
  republishAt,
  retryAt,
  verificationAfter,
} from "../../lib/domain/verification-schedule.ts";
import {
  aCapture,
  aClaim,
  aContext,
  aLease,
  anOpened,
  aRenewed,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  CLOSING,
  differing,
  moneyOn,
  POLICY,
  T0,
  TERMS,
  timedOut,
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

function confirmed(): Payment {
  const opened = anOpened();
  return applyCapture(opened, "confirm", { attempt: 0, result: moneyOn(opened) }, aContext(T0));
}

/** The ages at which an open checkout is verified, each verification taking place when it is due. */
function agesUntil(days: number): number[] {
  const ages: number[] = [];
  for (let now = T0; now - T0 <= days * DAY_MS && ages.length < 100; ) {
    now = nextVerification({ openedAt: T0 }, now, POLICY) ?? Number.POSITIVE_INFINITY;
    ages.push((now - T0) / MINUTE_MS);
  }
  return ages;
}

test("an open checkout is verified up the ladder, and then every day", () => {
  expect(agesUntil(3)).toEqual([2, 5, 10, 20, 65, 360, 1440, 2880, 4320, 5760]);
});

test.each<[string, Partial<Attempt>, number[]]>([
  ["closed is verified after an hour, a day and a week", { closedAt: T0 + DAY_MS }, [1, 24, 168]],
  [
    "lapsed is verified after an hour and then for three months",
    { lapsedAt: T0 + DAY_MS, end: "lapsed" },
    [1, 24, ...[3, 7, 14, 30, 60, 90].map((days) => 24 * days)],
  ],
  ["left as a test is not verified", { lapsedAt: T0 + DAY_MS, end: "mode_changed" }, []],
])("a checkout that was %s, and then never again", (_, change, hours) => {
  const verifications: number[] = [];
  for (let now: number | undefined = T0 + DAY_MS; now !== undefined; ) {
    now = nextVerification({ openedAt: T0, ...change }, now, POLICY);
    if (now !== undefined) verifications.push((now - T0 - DAY_MS) / HOUR_MS);
  }
  expect(verifications).toEqual(hours);
});

test("a closed checkout that Chapa calls by a word that may mean money is verified for three months", () => {
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0 + 7 * DAY_MS)));
  const unclear = { kind: "maybe_money", word: "completed" } as const;
  const days = [8, 14, 60, 97].map((day) => {
    const read = noteVerification(expired, 0, unclear, aContext(T0 + day * DAY_MS));
    return ((read.attempts[0]?.verifyAt ?? Number.NaN) - T0) / DAY_MS;
  });
  expect(days).toEqual([10, 21, 67, Number.NaN]);
});

test("a word that may mean money, said after the last verification, begins the verifications again", () => {
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0 + 7 * DAY_MS)));
  const over = noteVerification(expired, 0, undefined, aContext(T0 + 14 * DAY_MS));
  const asked = noteVerification(over, 0, { kind: "maybe_money", word: "settled" }, aContext(T0 + 15 * DAY_MS));
  expect([over.attempts[0]?.verifyAt, asked.attempts[0]?.verifyAt]).toEqual([undefined, T0 + 21 * DAY_MS]);
});

test("the next verification always lies in the future, however late the last one was", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * DAY_MS }), fc.option(fc.nat(30 * DAY_MS)), (late, closedAfter) => {
      const attempt = { openedAt: T0, ...(closedAfter === null ? {} : { closedAt: T0 + closedAfter }) };
      const next = nextVerification(attempt, T0 + late, POLICY);
      if (closedAfter === null) expect(next).toBeDefined();
      if (next !== undefined) expect(next).toBeGreaterThan(T0 + late);
    }),
  );
});

test.each(["", "5m,2m", "2m,,5m", "2", "m", "2m,2m", "0m"])("the text %j is no ladder", (text) => {
  expect(parseLadder(text)).toBeUndefined();
});

test("a ladder is a list of lengths of time that grow", () => {
  expect(parseLadder("2m,5m,10m,20m,65m,6h,1d")).toEqual(POLICY.ladderMs);
  expect(parseLadder("90s")).toEqual([90_000]);
});

test("the last rung of a ladder repeats, and without a ladder a day does", () => {
  const short = { ...POLICY, ladderMs: [2 * MINUTE_MS, 10 * MINUTE_MS] };
  expect(nextVerification({ openedAt: T0 }, T0 + 25 * MINUTE_MS, short)).toBe(T0 + 30 * MINUTE_MS);
  expect(nextVerification({ openedAt: T0 }, T0 + 30 * MINUTE_MS, short)).toBe(T0 + 40 * MINUTE_MS);
  expect(nextVerification({ openedAt: T0 }, T0 + HOUR_MS, { ...POLICY, ladderMs: [] })).toBe(T0 + DAY_MS);
});

test("a claim without a checkout is never due", () => {
  expect(dueAt(aClaim(), T0, POLICY)).toBeUndefined();
});

test("an open payment is due at its next verification, and at its timeout at the latest", () => {
  const payment = anOpened();
  expect(payment.dueAt).toBe(T0 + 2 * MINUTE_MS);
  const nearTheEnd = noteVerification(payment, 0, undefined, aContext(T0 + 6.5 * DAY_MS));
  expect(nearTheEnd.dueAt).toBe(T0 + 7 * DAY_MS);
});

test("a payment is due at its timeout, whether its checkout is open or being opened", () => {
  const policy = { ...POLICY, timeoutMs: 7 * DAY_MS - 1 };
  const act = { ...aContext(T0 + 6.5 * DAY_MS), policy };
  expect(noteVerification(anOpened(), 0, undefined, act).dueAt).toBe(T0 + 7 * DAY_MS - 1);
  const early = aContext(T0 + HOUR_MS);
  const renewed = renew(anOpened(), CLOSING, { terms: TERMS, lease: aLease() }, early);
  const waiting = noteVerification(renewed, 0, undefined, { ...aContext(T0 + 3 * DAY_MS), policy });
  expect(waiting.dueAt).toBe(T0 + HOUR_MS + 7 * DAY_MS - 1);
});

test.each(UNPAID_TRANSITIONS)("after %s a payment is due at its finalising, between two verifications", (move) => {
  const settled = aSettled(move, anOpened(), timedOut(aContext(T0 + 65 * MINUTE_MS)));
  const after = noteVerification(settled, 0, undefined, aContext(T0 + 2 * DAY_MS));
  expect(after.attempts[0]?.verifyAt).toBe(T0 + 65 * MINUTE_MS + 7 * DAY_MS);
  expect(after.dueAt).toBe(T0 + 7 * DAY_MS);
});

test("a payment that waits for a person is due at its verifications, and at least every day", () => {
  const opened = anOpened();
  const result = differing(moneyOn(opened));
  const at = aContext(T0 + HOUR_MS);
  const review = applyCapture(opened, "review", { attempt: 0, result }, at);
  expect(review.dueAt).toBe(T0 + 65 * MINUTE_MS);
  const reversed = moneyOn(opened, 0, { kind: "reversed" });
  const back = applyCapture(opened, "review", { attempt: 0, result: reversed }, at);
  expect(back.dueAt).toBe(T0 + HOUR_MS + DAY_MS);
});

test("a verification of another checkout is overdue from its moment on, one's own never is", () => {
  const now = T0 + 2 * HOUR_MS;
  const renewed = renew(anOpened(), CLOSING, { terms: TERMS, lease: aLease() }, aContext(now));
  expect(isOtherOverdue(renewed, 1, now + HOUR_MS - 1)).toBe(false);
  expect(isOtherOverdue(renewed, 1, now + HOUR_MS)).toBe(true);
  expect(isOtherOverdue(renewed, 0, now + HOUR_MS)).toBe(false);
});

test("every opened checkout of a payment keeps its own verifications", () => {
  const now = T0 + 2 * HOUR_MS;
  const renewed = renew(anOpened(), CLOSING, { terms: TERMS, lease: aLease() }, aContext(now));
  expect(renewed.dueAt).toBe(now + HOUR_MS);
  expect(attemptsToVerify(renewed, now + HOUR_MS)).toEqual([0]);
  const both = open(renewed, "me", CHECKOUT_URL, aContext(now));
  expect(attemptsToVerify(both, now + 2 * MINUTE_MS - 1)).toEqual([1]);
  expect(attemptsToVerify(both, now + 2 * MINUTE_MS)).toEqual([1]);
  expect(attemptsToVerify(both, now + HOUR_MS)).toEqual([0, 1]);
});

// Found by the simulation: money that a person had not accepted was verified every day for ever.
test("money under review is verified daily, and once more when a person has decided that it pays no fee", () => {
  const reviewed = aReviewed();
  const [capture] = reviewed.captures;
  const at = T0 + 3 * DAY_MS;
  expect(verificationAfter(reviewed, 0, at, POLICY)).toBeLessThanOrEqual(at + DAY_MS);
  const rejected = { ...reviewed, state: "FAILED" } as const;
  const last = lastVerification(capture?.at ?? 0, at);
  expect(verificationAfter(rejected, 0, at, POLICY)).toBe(last);
  expect(verificationAfter(rejected, 0, last ?? 0, POLICY)).toBeUndefined();
});

test("the latest checkout, or the one with money under review, is verified where none is due", () => {
  expect(attemptsToVerify(aClaim(), T0)).toEqual([0]);
  const at = aContext(T0 + HOUR_MS);
  const renewed = aRenewed(anOpened(), at);
  expect(attemptsToVerify(renewed, T0)).toEqual([1]);
  const result = moneyOn(renewed);
  const review = applyCapture(renewed, "review", { attempt: 0, result: differing(result) }, at);
  expect(attemptsToVerify(review, T0)).toEqual([0]);
  expect(attemptsToVerify({ ...review, captures: [] }, T0)).toEqual([1]);
  const success = applyCapture(renewed, "confirm", { attempt: 0, result }, at);
  expect(attemptsToVerify(success, T0)).toEqual([1]);
});

test("only a checkout that was opened has a window", () => {
  expect(isPastWindow(aClaim(), T0 + 9 * DAY_MS, POLICY)).toBe(false);
  expect(isPastWindow(anOpened(), T0 + HOUR_MS - 1, POLICY)).toBe(false);
  expect(isPastWindow(anOpened(), T0 + HOUR_MS, POLICY)).toBe(true);
});

test("only a success awaits the listing's acknowledgement, until it is acknowledged or a person must act", () => {
  const success = confirmed();
  expect(awaitsAcknowledgement(success, POLICY)).toBe(true);
  expect(awaitsAcknowledgement(deliveryEnded(success, true, aContext(T0)), POLICY)).toBe(false);
  // Play money of a stage that now sells for real.
  expect(awaitsAcknowledgement(success, { ...POLICY, expectedMode: "live" })).toBe(false);
  for (const code of ["listing_closed", "listing_unclear"] as const) {
    expect(awaitsAcknowledgement(flag(success, { code, subject: "delivery" }, aContext(T0)), POLICY)).toBe(false);
  }
  expect(
    awaitsAcknowledgement({ ...success, attention: [{ code: "duplicate", subject: "AP1", at: T0 }] }, POLICY),
  ).toBe(true);
  for (const payment of [aClaim(), anOpened(), aSettled("expire", anOpened(), timedOut(aContext(T0)))]) {
    expect(awaitsAcknowledgement(payment, POLICY)).toBe(false);
  }
});

test("a payment of a purpose that confirms nothing awaits no acknowledgement, and is never finalised", () => {
  const policy = { ...POLICY, confirmingPurposes: ["rent", "boost"] };
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0)));
  expect(awaitsAcknowledgement(confirmed(), policy)).toBe(false);
  expect(awaitsAcknowledgement({ ...confirmed(), purpose: "boost" }, policy)).toBe(true);
  expect(finaliseAt(expired, policy)).toBeUndefined();
  expect(finaliseAt({ ...expired, purpose: "boost" }, policy)).toBe(T0 + 7 * DAY_MS);
  expect(finaliseAt({ ...expired, purpose: undefined }, POLICY)).toBeUndefined();
});

test("a payment that was never opened, or has no time of settling, is never finalised", () => {
  expect(finaliseAt(reject(aClaim(), "me", "no", aContext(T0)), POLICY)).toBeUndefined();
  const settled = aSettled("expire", anOpened(), timedOut(aContext(T0)));
  expect(finaliseAt({ ...settled, settledAt: undefined }, POLICY)).toBeUndefined();
  expect(finaliseAt(anOpened(), POLICY)).toBeUndefined();
});

test("a payment settled unpaid waits for its late verifications and for being finalised, and then for nothing", () => {
  const settled = aSettled("expire", anOpened(), timedOut(aContext(T0 + 7 * DAY_MS)));
  expect(settled.dueAt).toBe(T0 + 7 * DAY_MS + HOUR_MS);
  const finalised = finalise(settled, 0, aContext(settled.dueAt));
  const verifications = [1, 24, 24 * 7].map((hours) => T0 + 7 * DAY_MS + hours * HOUR_MS);
  const end = verifications.reduce((payment, at) => noteVerification(payment, 0, undefined, aContext(at)), finalised);
  expect(end.dueAt).toBeUndefined();
});

test("no payment is finalised while Chapa has spoken of money, in a webhook or in a word that we do not know", () => {
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0 + 7 * DAY_MS)));
  const at = aContext(T0 + 8 * DAY_MS);
  const unclear = noteVerification(expired, 0, { kind: "maybe_money", word: "completed" }, at);
  const settledAgain = noteVerification(unclear, 0, { kind: "unpaid", reason: "pending" }, at);
  const moments = [webhookWaits(expired, 0, at), unclear, settledAgain].map((payment) => finaliseAt(payment, POLICY));
  expect(moments).toEqual([undefined, undefined, T0 + 7 * DAY_MS + HOUR_MS]);
});

test("a payment settled early is finalised only when its first checkout is old enough, however soon it expired", () => {
  const failed = aSettled("fail", anOpened(), aContext(T0 + 65 * MINUTE_MS));
  expect(finaliseAt(failed, { ...POLICY, timeoutMs: DAY_MS })).toBe(T0 + 7 * DAY_MS);
  expect(finaliseAt(failed, { ...POLICY, listingFailedAfterMs: 14 * DAY_MS })).toBe(T0 + 14 * DAY_MS);
});

test("a payment is never finalised in the moment in which it is settled", () => {
  const shortTimeout = { ...POLICY, listingFailedAfterMs: DAY_MS };
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0 + 2 * DAY_MS)));
  expect(finaliseAt(expired, shortTimeout)).toBe(T0 + 2 * DAY_MS + HOUR_MS);
});

test("no payment is finalised where the listing is not notified of failures", () => {
  const expired = aSettled("expire", anOpened(), timedOut(aContext(T0 + 7 * DAY_MS)));
  expect(finaliseAt(expired, { ...POLICY, listingHearsFailed: false })).toBeUndefined();
});

test("an unacknowledged success is published again, each time twice as late, up to a day", () => {
  const success = confirmed();
  const after = [0, 15 * MINUTE_MS, HOUR_MS, 3 * DAY_MS].map((age) => republishAt(success, T0 + age) - T0 - age);
  expect(after).toEqual([15 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, DAY_MS]);
  expect(success.dueAt).toBe(T0 + 15 * MINUTE_MS);
});

test("a verification that Chapa does not answer is retried after a minute, then twice as late each time, up to six hours", () => {
  const first = unreachable(anOpened(), aContext(T0));
  expect(first.dueAt).toBe(T0 + MINUTE_MS);
  expect(retryAt(first, T0 + MINUTE_MS)).toBe(T0 + 2 * MINUTE_MS);
  expect(retryAt(first, T0 + 10 * MINUTE_MS)).toBe(T0 + 20 * MINUTE_MS);
  expect(retryAt(first, T0 + 3 * DAY_MS)).toBe(T0 + 3 * DAY_MS + 6 * HOUR_MS);
  expect(first.version).toBe(anOpened().version);
});

test("an attempt with reports of refunds is verified a day after the earliest that is not a day old", () => {
  const reports = [
    { attempt: 0, at: T0 + 2 * HOUR_MS },
    { attempt: 0, at: T0 + HOUR_MS },
    { attempt: 0, at: T0 },
    { attempt: 1, at: T0 + 1 },
  ];
  const reported = { ...anOpened(), reports };
  expect(reportDay(reported, 0, T0 + DAY_MS)).toBe(T0 + DAY_MS + HOUR_MS);
  expect(reportDay(reported, 0, T0 + DAY_MS + 2 * HOUR_MS)).toBeUndefined();
  expect(reportDay(reported, 2, T0)).toBeUndefined();
  expect(reportDay(anOpened(), 0, T0)).toBeUndefined();
});

const FIRST_RUNG = T0 + 2 * MINUTE_MS;
test.each<[string, Partial<Attempt>, Partial<Capture>[], number | undefined]>([
  ["is open", { verifyAt: T0 }, [], FIRST_RUNG],
  ["had its last verification", {}, [], undefined],
  ["had its last verification and may have money", { lastRead: "maybe_money" }, [], FIRST_RUNG],
  ["took a duplicate", { verifyAt: T0 }, [{ kind: "duplicate" }], undefined],
  [
    "took a duplicate beside money on which a person has decided",
    { verifyAt: T0 },
    [{ kind: "duplicate" }, { kind: "reviewed" }],
    T0 + 60 * DAY_MS,
  ],
  ["is confirmed", { verifyAt: T0 }, [{ kind: "duplicate" }, { at: T0 + 5 }], T0 + 5 + 60 * DAY_MS],
  ["stands beside another that was paid", { verifyAt: T0 }, [{ attempt: 1 }], FIRST_RUNG],
])("the next verification of an attempt that %s is the one that its money leaves", (_, change, captures, expected) => {
  const payment = { ...withAttempts(change), captures: captures.map(aCapture) };
  expect(verificationAfter(payment, 0, T0, POLICY)).toBe(expected);
  expect(verificationAfter(payment, 5, T0, POLICY)).toBeUndefined();
});

test("an attempt whose money waits for a person is verified as an open one is", () => {
  const reviewed = { ...withAttempts({ verifyAt: T0 }), captures: [aCapture({ kind: "reviewed" })] };
  expect(verificationAfter({ ...reviewed, state: "REVIEW" }, 0, T0, POLICY)).toBe(FIRST_RUNG);
});

test("a payment is due an hour later when its timeout came and nothing could be done, and sooner for a verification", () => {
  const now = T0 + POLICY.timeoutMs;
  const waiting = withAttempts({}, {});
  expect(dueAt(waiting, now - 1, POLICY)).toBe(now);
  expect(dueAt(waiting, now, POLICY)).toBe(now + HOUR_MS);
  const refund = { id: "r", capture: "AP0", amount: TERMS.amount, by: "x", reason: "x", at: T0 };
  const refunds = [
    { ...refund, state: "SETTLED" },
    { ...refund, state: "SENT", checkAt: T0 + 5 },
  ] as const;
  expect(dueAt({ ...waiting, refunds }, T0, POLICY)).toBe(T0 + 5);
  expect(dueAt(withAttempts({}, { verifyAt: T0 + 7 }), T0, POLICY)).toBe(T0 + 7);
});

test("money under review waits for a person unless every checkout was left as a test", () => {
  const reviewed = (...ends: Attempt["end"][]): Payment => ({
    ...withAttempts(...ends.map((end) => ({ end }))),
    state: "REVIEW",
  });
  expect(dueAt(reviewed("mode_changed", undefined), T0, POLICY)).toBe(T0 + DAY_MS);
  expect(dueAt(reviewed("mode_changed", "mode_changed"), T0, POLICY)).toBeUndefined();
});

test("a lapsed checkout is a link that may be paid until it is closed", () => {
  expect(hasLapsedLink(withAttempts({}, { end: "lapsed" }))).toBe(true);
  expect(hasLapsedLink(withAttempts({}, { end: "lapsed", closedAt: T0 }))).toBe(false);
  expect(hasLapsedLink(withAttempts({}, { end: "paid" }))).toBe(false);
});

test("an attempt is asked about for the next step of a refund of its money from that moment on", () => {
  const refund = { id: "r", amount: TERMS.amount, state: "SENT", by: "x", reason: "x", at: T0 } as const;
  const refunds = [
    { ...refund, capture: "AP1", checkAt: T0 },
    { ...refund, capture: "AP2", checkAt: T0 + 1 },
    { ...refund, capture: "AP3" },
  ];
  const captures = [0, 1, 2, 3].map((number) =>
    aCapture({ attempt: number, reference: number ? `AP${number}` : undefined }),
  );
  const payment = { ...withAttempts({}, {}, {}, {}), captures, refunds };
  expect(attemptsWithRefundDue(payment, T0)).toEqual([1]);
  expect(attemptsToVerify(payment, T0 + 1)).toEqual([1, 2]);
  expect(attemptsWithRefundDue({ ...payment, refunds: undefined }, T0)).toEqual([]);
});

test("every attempt that awaits a verification is asked about, the latest first, and the latest where none does", () => {
  expect(attemptsToAsk(withAttempts({ verifyAt: T0 }, {}, { verifyAt: T0 + DAY_MS }))).toEqual([2, 0]);
  expect(attemptsToAsk(withAttempts({}, {}))).toEqual([1]);
});

test("window and lapse of a checkout end at their moments, and one that was never opened has neither", () => {
  const opened = anOpened();
  expect([HOUR_MS - 1, HOUR_MS].map((age) => isAfterWindow(opened, 0, T0 + age, POLICY))).toEqual([false, true]);
  expect([2 * HOUR_MS - 1, 2 * HOUR_MS].map((age) => isPastLapse(opened, 0, T0 + age, POLICY))).toEqual([false, true]);
  expect(isAfterWindow(aClaim(), 0, T0 + DAY_MS, POLICY)).toBe(false);
  expect(isPastLapse(aClaim(), 0, T0 + DAY_MS, POLICY)).toBe(false);
});

test.each([
  ["at once where it was never opened", aClaim(), 30, 30],
  ["ten minutes after a first reading now", anOpened(), 180, 190],
  [
    "when its lapse is over, ten minutes after an early reading",
    withAttempts({ unpaidReadAt: T0 + 90 * MINUTE_MS }),
    180,
    120,
  ],
  [
    "ten minutes after a reading at the end of its lapse",
    withAttempts({ unpaidReadAt: T0 + 115 * MINUTE_MS }),
    180,
    125,
  ],
  ["not before a reading inside its window would count", withAttempts({ unpaidReadAt: T0 }), 180, 120],
])("an attempt may be left as lapsed %s", (_, payment, now, minutes) => {
  expect(lapseAt(payment, 0, T0 + now * MINUTE_MS, POLICY)).toBe(T0 + minutes * MINUTE_MS);
});

test("readings that count for a lapse lie ten minutes apart after the window", () => {
  const early = withAttempts({ unpaidReadAt: T0 });
  expect(lapseAt(early, 0, T0, { ...POLICY, lapseMs: 0 })).toBe(T0 + 70 * MINUTE_MS);
});

const HELD = { ...aClaim(), lease: { ...aLease(), heldSince: T0 } };
test.each<[string, Payment, boolean]>([
  ["an open checkout that cannot be left", withAttempts({ heldSince: T0 }), true],
  ["an open checkout that nobody tried to leave", anOpened(), false],
  ["a closed checkout", withAttempts({ heldSince: T0, closedAt: T0 }), false],
  ["an attempt whose opening nobody knows", HELD, true],
  ["an attempt that a person released", { ...HELD, lease: { ...HELD.lease, released: true } }, false],
  ["an attempt without a lease", aClaim(), false],
  ["an attempt that nobody holds", { ...aClaim(), lease: undefined }, false],
  ["an attempt of a payment that was settled", { ...HELD, state: "FAILED" }, false],
  ["an attempt before the latest", { ...HELD, attempt: 1 }, false],
])("an attempt that was held for a day is stuck unless it has ended or was released: %s", (_, payment, isHeld) => {
  expect(isStuck(payment, 0, T0 + DAY_MS - 1)).toBe(false);
  expect(isStuck(payment, 0, T0 + DAY_MS)).toBe(isHeld);
});

test("attempts still to end are those that are open or lapsed, without the live one unless it is asked for", () => {
  const payment = {
    ...withAttempts({}, { end: "lapsed" }, { end: "lapsed", closedAt: T0 }, { end: "mode_changed" }, {}, {}),
    captures: [aCapture({ attempt: 4 })],
  };
  expect(attemptsToEnd(payment)).toEqual([0, 1]);
  expect(attemptsToEnd(payment, true)).toEqual([0, 1, 5]);
  expect(attemptsToEnd({ ...payment, checkoutUrl: undefined })).toEqual([0, 1, 5]);
});
