import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attemptsToLookAt,
  awaitsListing,
  dueAt,
  isOtherOverdue,
  isPastWindow,
  nextLook,
  parseLadder,
  republishAt,
  retryAt,
  sealAt,
} from "../../lib/domain/looks.ts";
import {
  account,
  attend,
  listingAnswered,
  looked,
  open,
  reject,
  renew,
  seal,
  unreachable,
} from "../../lib/domain/moves.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aRenewed,
  aReturn,
  aSettled,
  aSuccess,
  CHECKOUT_URL,
  CLOSED,
  POLICY,
  T0,
  TERMS,
  UNPAID_MOVES,
} from "../support/payments.ts";

/** The ages at which an open checkout is looked at, each look taking place when it is due. */
function agesUntil(days: number): number[] {
  const ages: number[] = [];
  for (let now = T0; now - T0 <= days * DAY_MS && ages.length < 100; ) {
    now = nextLook({ openedAt: T0 }, now, POLICY) ?? Number.POSITIVE_INFINITY;
    ages.push((now - T0) / MINUTE_MS);
  }
  return ages;
}

describe("when Chapa is asked", () => {
  test("an open checkout is looked at up the ladder, and then every day", () => {
    expect(agesUntil(3)).toEqual([2, 5, 10, 20, 65, 360, 1440, 2880, 4320, 5760]);
  });

  test("a checkout that was left is looked at after an hour, a day and a week, and then never again", () => {
    const left = { openedAt: T0, closedAt: T0 + DAY_MS };
    const at = [0, 1, 2, 3].reduce<number[]>(
      (looks) => [...looks, nextLook(left, looks.at(-1) ?? left.closedAt, POLICY) ?? Number.NaN],
      [],
    );
    expect(at).toEqual([left.closedAt + HOUR_MS, left.closedAt + DAY_MS, left.closedAt + 7 * DAY_MS, Number.NaN]);
  });

  test("the next look always lies in the future, however late the last one was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * DAY_MS }), fc.option(fc.nat(30 * DAY_MS)), (late, closedAfter) => {
        const attempt = { openedAt: T0, ...(closedAfter === null ? {} : { closedAt: T0 + closedAfter }) };
        const next = nextLook(attempt, T0 + late, POLICY);
        if (closedAfter === null) expect(next).toBeDefined();
        if (next !== undefined) expect(next).toBeGreaterThan(T0 + late);
      }),
    );
  });

  test.each(["", "5m,2m", "2m,,5m", "2", "m", "2m,2m", "0m"])("%j is no ladder", (text) => {
    expect(parseLadder(text)).toBeUndefined();
  });

  test("a ladder is a list of lengths of time that grow", () => {
    expect(parseLadder("2m,5m,10m,20m,65m,6h,1d")).toEqual(POLICY.ladderMs);
    expect(parseLadder("90s")).toEqual([90_000]);
  });

  test("the last rung of a ladder repeats, and without a ladder a day does", () => {
    const short = { ...POLICY, ladderMs: [2 * MINUTE_MS, 10 * MINUTE_MS] };
    expect(nextLook({ openedAt: T0 }, T0 + 25 * MINUTE_MS, short)).toBe(T0 + 30 * MINUTE_MS);
    expect(nextLook({ openedAt: T0 }, T0 + 30 * MINUTE_MS, short)).toBe(T0 + 40 * MINUTE_MS);
    expect(nextLook({ openedAt: T0 }, T0 + HOUR_MS, { ...POLICY, ladderMs: [] })).toBe(T0 + DAY_MS);
  });

  test("a claim that opened nothing is never due", () => {
    expect(dueAt(aClaim(), T0, POLICY)).toBeUndefined();
  });

  test("an open payment is due at its next look, and at its timeout at the latest", () => {
    const payment = anOpened();
    expect(payment.dueAt).toBe(T0 + 2 * MINUTE_MS);
    const nearTheEnd = looked(payment, 0, undefined, anAct(T0 + 6.5 * DAY_MS));
    expect(nearTheEnd.dueAt).toBe(T0 + 7 * DAY_MS);
  });

  test("a payment is due at its timeout, whether its checkout is open or being opened", () => {
    const policy = { ...POLICY, timeoutMs: 7 * DAY_MS - 1 };
    const act = { ...anAct(T0 + 6.5 * DAY_MS), policy };
    expect(looked(anOpened(), 0, undefined, act).dueAt).toBe(T0 + 7 * DAY_MS - 1);
    const early = anAct(T0 + HOUR_MS);
    const renewed = renew(anOpened(), CLOSED, TERMS, aLease(), early);
    const waiting = looked(renewed, 0, undefined, { ...anAct(T0 + 3 * DAY_MS), policy });
    expect(waiting.dueAt).toBe(T0 + HOUR_MS + 7 * DAY_MS - 1);
  });

  test.each(UNPAID_MOVES)("after %s a payment is due at its seal, between two looks", (move) => {
    const settled = aSettled(move, anOpened(), anAct(T0 + 65 * MINUTE_MS));
    const after = looked(settled, 0, undefined, anAct(T0 + 2 * DAY_MS));
    expect(after.attempts[0]?.lookAt).toBe(T0 + 65 * MINUTE_MS + 7 * DAY_MS);
    expect(after.dueAt).toBe(T0 + 7 * DAY_MS);
  });

  test("a payment that waits for a person is due at its looks, and at least every day", () => {
    const opened = anOpened();
    const review = account(opened, "review", 0, aSuccess(opened), anAct(T0 + HOUR_MS));
    expect(review.dueAt).toBe(T0 + 65 * MINUTE_MS);
    const reversed = aReturn("reversed", aSuccess(opened));
    expect(account(opened, "review", 0, reversed, anAct(T0 + HOUR_MS)).dueAt).toBe(T0 + HOUR_MS + DAY_MS);
  });

  test("a look of another checkout is overdue from its moment on, one's own never is", () => {
    const now = T0 + 2 * HOUR_MS;
    const renewed = renew(anOpened(), CLOSED, TERMS, aLease(), anAct(now));
    expect(isOtherOverdue(renewed, 1, now + HOUR_MS - 1)).toBe(false);
    expect(isOtherOverdue(renewed, 1, now + HOUR_MS)).toBe(true);
    expect(isOtherOverdue(renewed, 0, now + HOUR_MS)).toBe(false);
  });

  test("every opened checkout of a payment keeps its own looks", () => {
    const now = T0 + 2 * HOUR_MS;
    const renewed = renew(anOpened(), CLOSED, TERMS, aLease(), anAct(now));
    expect(renewed.dueAt).toBe(now + HOUR_MS);
    expect(attemptsToLookAt(renewed, now + HOUR_MS)).toEqual([0]);
    const both = open(renewed, "me", CHECKOUT_URL, anAct(now));
    expect(attemptsToLookAt(both, now + 2 * MINUTE_MS - 1)).toEqual([1]);
    expect(attemptsToLookAt(both, now + 2 * MINUTE_MS)).toEqual([1]);
    expect(attemptsToLookAt(both, now + HOUR_MS)).toEqual([0, 1]);
  });

  test("where no look is due the latest checkout is looked at, or the one whose money waits for a person", () => {
    expect(attemptsToLookAt(aClaim(), T0)).toEqual([0]);
    const renewed = aRenewed(anOpened(), anAct(T0));
    expect(attemptsToLookAt(renewed, T0)).toEqual([1]);
    const review = account(renewed, "review", 0, aSuccess(renewed), anAct(T0));
    expect(attemptsToLookAt(review, T0)).toEqual([0]);
    expect(attemptsToLookAt({ ...review, captures: [] }, T0)).toEqual([1]);
    expect(attemptsToLookAt(aConfirmed(renewed, 0, anAct(T0)), T0)).toEqual([1]);
  });

  test("only a checkout that was opened has a window", () => {
    expect(isPastWindow(aClaim(), T0 + 9 * DAY_MS, POLICY)).toBe(false);
    expect(isPastWindow(anOpened(), T0 + HOUR_MS - 1, POLICY)).toBe(false);
    expect(isPastWindow(anOpened(), T0 + HOUR_MS, POLICY)).toBe(true);
  });

  test("only a success is to be heard by the listing, until it has heard it or a person must see to it", () => {
    const opened = anOpened();
    const success = aConfirmed(opened, 0, anAct(T0));
    expect(awaitsListing(success)).toBe(true);
    expect(awaitsListing(listingAnswered(success, true, anAct(T0)))).toBe(false);
    for (const code of ["listing_closed", "listing_unclear"] as const) {
      expect(awaitsListing(attend(success, code, anAct(T0)))).toBe(false);
    }
    expect(awaitsListing({ ...success, attention: [{ code: "duplicate", at: T0 }] })).toBe(true);
    for (const payment of [aClaim(), opened, aSettled("expire", opened, anAct(T0))]) {
      expect(awaitsListing(payment)).toBe(false);
    }
  });

  test("what was never opened, or is not known to be settled, is never sealed", () => {
    expect(sealAt(reject(aClaim(), "me", "no", anAct(T0)), POLICY)).toBeUndefined();
    const settled = aSettled("expire", anOpened(), anAct(T0));
    expect(sealAt({ ...settled, settledAt: undefined }, POLICY)).toBeUndefined();
    expect(sealAt(anOpened(), POLICY)).toBeUndefined();
  });

  test("a payment settled unpaid waits for its late looks and for its seal, and then for nothing", () => {
    const settled = aSettled("expire", anOpened(), anAct(T0 + 7 * DAY_MS));
    expect(settled.dueAt).toBe(T0 + 7 * DAY_MS + HOUR_MS);
    const sealed = seal(settled, anAct(settled.dueAt));
    const looks = [1, 24, 24 * 7].map((hours) => T0 + 7 * DAY_MS + hours * HOUR_MS);
    const end = looks.reduce((payment, at) => looked(payment, 0, undefined, anAct(at)), sealed);
    expect(end.dueAt).toBeUndefined();
  });

  test("a payment settled early is sealed only when its first checkout is older than the timeout", () => {
    const failed = aSettled("fail", anOpened(), anAct(T0 + 65 * MINUTE_MS));
    expect(sealAt(failed, POLICY)).toBe(T0 + 7 * DAY_MS);
  });

  test("a payment is never sealed in the moment in which it is settled", () => {
    const shortTimeout = { ...POLICY, timeoutMs: DAY_MS };
    const expired = aSettled("expire", anOpened(), { ...anAct(T0 + 2 * DAY_MS), policy: shortTimeout });
    expect(sealAt(expired, shortTimeout)).toBe(T0 + 2 * DAY_MS + HOUR_MS);
  });

  test("nothing is sealed where the listing does not hear of failures", () => {
    const expired = aSettled("expire", anOpened(), anAct(T0 + 7 * DAY_MS));
    expect(sealAt(expired, { ...POLICY, listingHearsFailed: false })).toBeUndefined();
  });

  test("a success that the listing has not heard is published again, each time twice as late, up to a day", () => {
    const success = aConfirmed(anOpened(), 0, anAct(T0));
    const after = [0, 15 * MINUTE_MS, HOUR_MS, 3 * DAY_MS].map((age) => republishAt(success, T0 + age) - T0 - age);
    expect(after).toEqual([15 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, DAY_MS]);
    expect(success.dueAt).toBe(T0 + 15 * MINUTE_MS);
  });

  test("a silent Chapa is asked again after a minute, then twice as late each time, up to six hours", () => {
    const first = unreachable(anOpened(), anAct(T0));
    expect(first.dueAt).toBe(T0 + MINUTE_MS);
    expect(retryAt(first, T0 + MINUTE_MS)).toBe(T0 + 2 * MINUTE_MS);
    expect(retryAt(first, T0 + 10 * MINUTE_MS)).toBe(T0 + 20 * MINUTE_MS);
    expect(retryAt(first, T0 + 3 * DAY_MS)).toBe(T0 + 3 * DAY_MS + 6 * HOUR_MS);
    expect(first.version).toBe(anOpened().version);
  });
});
