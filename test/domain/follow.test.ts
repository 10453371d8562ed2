import { expect, test } from "vitest";
import {
  end,
  finalise,
  follow,
  leaveTest,
  modeChanged,
  open,
  renew,
  reopen,
  settleUnpaid,
  takeOver,
} from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { outcomeOf } from "../../lib/domain/events.ts";
import type { ClosingEvidence } from "../../lib/domain/evidence.ts";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { isAllowed, type TransitionContext, transitionForMoney } from "../../lib/domain/transitions.ts";
import { dueAt } from "../../lib/domain/verification-schedule.ts";
import { toItem } from "../../lib/table/payment-item.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  aLease,
  anOpened,
  aRef,
  aRenewed,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  CLOSING,
  captured,
  KEY,
  LATER,
  moneyOn,
  POLICY,
  T0,
  TERMS,
  timedOut,
} from "../support/payments.ts";

const NEXT = aRef();
const start = { terms: TERMS, lease: aLease() };
const liveTerms = { ...TERMS, mode: "live" as const };
const onLive: TransitionContext = { ...LATER, policy: { ...POLICY, expectedMode: "live" } };

const asked = (recordedAt = LATER.now + 1, closings: ClosingEvidence[] = []) => ({
  holder: "me",
  recordedAt,
  payableAgain: false,
  closings,
});

const back = (payment: Payment, attempt = 0) =>
  captured(payment, "wentBack", moneyOn(payment, attempt, { kind: "refunded" }), attempt);
const aSpent = () => back(aConfirmed());
const followed = (payment = aSpent(), request = asked()) => follow(payment, NEXT, request, LATER);

/** No further attempt may begin. */
const worn = (payment: Payment): Payment => ({ ...payment, attempt: 1023 });
const wornOpen = (): Payment => ({ ...worn(anOpened()), attempts: { 1023: { ...TERMS, openedAt: T0 } } });

test("a spent payment is left for a request that was recorded after it was spent, and for no other", () => {
  expect(followed()).toMatchObject({ next: NEXT, spentAt: LATER.now, state: "SUCCESS" });
  expect(() => followed(aSpent(), asked(LATER.now))).toThrow("spentOrUsedUp does not hold");
  expect(() => followed(aConfirmed())).toThrow("spentOrUsedUp does not hold");
  expect(() => followed(aReviewed())).toThrow("spentOrUsedUp does not hold");
  expect(followed(back(aReviewed()))).toMatchObject({ next: NEXT, state: "REVIEW" });
});

test("a fee that may be paid again, or that was paid in the other mode, is left since it was paid", () => {
  const again = { ...asked(), payableAgain: true };
  expect(follow(aConfirmed(), NEXT, again, LATER)).toMatchObject({ next: NEXT, spentAt: LATER.now });
  expect(follow(aConfirmed(), NEXT, asked(), onLive)).toMatchObject({ next: NEXT, spentAt: LATER.now });
});

test("a payment whose attempts are used up is left by any request, and is spent for none", () => {
  for (const payment of [worn(aClaim()), wornOpen(), worn(aSettled())]) {
    const closings = payment.state === "PENDING" ? [{ ...CLOSING, attempt: 1023 }] : [];
    const left = followed({ ...payment, lease: undefined }, asked(0, closings));
    expect(left).toMatchObject({ next: NEXT, spentAt: undefined, checkoutUrl: undefined, state: payment.state });
  }
});

test("a payment is left once, and not under the lease of another request", () => {
  expect(() => followed(followed())).toThrow("withoutNext does not hold");
  const held = { ...worn(aClaim()), lease: aLease("other", LATER.now + 1) };
  expect(() => followed(held)).toThrow("leaseOverOrMine does not hold");
});

test("a payment is left only with evidence for each checkout that has not ended", () => {
  const open = back(aConfirmed(aRenewed(), 1), 1);
  const unclosed = { ...open, attempts: { ...open.attempts, 0: { ...TERMS, openedAt: T0 } } };
  expect(() => followed(unclosed)).toThrow("everyAttemptEnds does not hold");
  const lapse = { attempt: 0, found: "pending", cancel: "lapse" } as const;
  expect(() => followed(unclosed, asked(LATER.now + 1, [lapse]))).toThrow("everyAttemptEnds does not hold");
  const left = followed(unclosed, asked(LATER.now + 1, [CLOSING]));
  expect(left.attempts[0]).toMatchObject({ closedAt: LATER.now, end: "superseded" });
});

test("a payment that was left begins no attempt and makes no success, whatever happens", () => {
  const settled = { ...aSettled(), next: NEXT };
  const late = aContext(T0 + 30 * DAY_MS);
  expect(() => reopen(settled, late.now, start, late)).toThrow("withoutNext does not hold");
  expect(() => finalise(settled, 0, late)).toThrow("withoutNext does not hold");
  expect(() => renew({ ...anOpened(), next: NEXT }, CLOSING, start, LATER)).toThrow("withoutNext does not hold");
  const claimed = { ...aClaim(), next: NEXT };
  expect(() => takeOver(claimed, start, LATER)).toThrow("withoutNext does not hold");
  expect(() => open(claimed, "me", CHECKOUT_URL, aContext(T0))).toThrow("withoutNext does not hold");
  expect(() => leaveTest({ ...aReviewed(), next: NEXT }, start, onLive)).toThrow("withoutNext does not hold");
});

test("money on a payment that was left is a duplicate, as agreed or not, on a known attempt or not", () => {
  for (const payment of [anOpened(), aSettled(), aSpent(), back(aReviewed())]) {
    const left = { ...payment, next: NEXT };
    for (const [attempt, change] of [
      [0, { reference: "AP9" }],
      [0, { reference: "AP9", amount: undefined }],
      [7, { reference: "AP9" }],
    ] as const) {
      const money = { attempt, result: moneyOn(left, attempt, change) };
      expect(transitionForMoney(left, money, LATER)).toBe("duplicate");
      const after = applyCapture(left, "duplicate", money, LATER);
      expect(openFlags(after)).toContain("duplicate");
      expect(after).toMatchObject({ state: payment.state, next: NEXT });
    }
  }
});

test("money of a payment that was left and that the bank returns is a duplicate, raised anew", () => {
  const reversed = captured(aConfirmed(), "wentBack", moneyOn(aConfirmed(), 0, { kind: "reversed" }));
  const payment = { ...reversed, ref: aConfirmed().ref };
  const left = followed(payment);
  expect(transitionForMoney(left, { attempt: 0, result: moneyOn(left) }, LATER)).toBe("capturedAgain");
  const again = captured(left, "capturedAgain", moneyOn(left));
  expect(openFlags(again)).toContain("duplicate");
  expect(again.spentAt).toBe(left.spentAt);
});

test("money that comes again to a spent payment keeps it from being left", () => {
  const spent = aSpent();
  const more = captured(spent, "duplicate", moneyOn(spent, 0, { reference: "AP9" }));
  expect(() => followed(more)).toThrow("spentOrUsedUp does not hold");
});

test("a payer hears nothing of an unpaid payment that was left, and its row stays", () => {
  const left = follow({ ...wornOpen() }, NEXT, asked(0, [{ ...CLOSING, attempt: 1023 }]), LATER);
  const evidence = { attempt: 1023, found: "pending", cancel: "ended" } as const;
  const expired = settleUnpaid(left, "expire", evidence, timedOut(LATER));
  expect(outcomeOf(left, expired, POLICY).user).toBeUndefined();
  expect(outcomeOf(wornOpen(), { ...expired, next: undefined }, POLICY).user).toBe("expired");
  expect(dueAt({ ...expired, attempts: {} }, LATER.now, POLICY)).toBeUndefined();
  expect(toItem(worn(aClaim()))).toHaveProperty("ttl");
  expect(toItem({ ...worn(aClaim()), next: NEXT })).not.toHaveProperty("ttl");
});

test("the live checkout ends only beside a duplicate, and its URL goes in the same write", () => {
  const payment = anOpened();
  const cancelled = { attempt: 0, found: "pending", cancel: "closed" } as const;
  expect(() => end(payment, cancelled, LATER)).toThrow("isToEnd does not hold");
  const ended = end(payment, { ...cancelled, isBesideDuplicate: true }, LATER);
  expect(ended).toMatchObject({ state: "PENDING", checkoutUrl: undefined, attempts: { 0: { closedAt: LATER.now } } });
});

test("test money on a stage that sells for real is left, answered, and followed by a live checkout", () => {
  const review = aReviewed();
  const left = leaveTest(review, { ...start, terms: liveTerms }, onLive);
  expect(left).toMatchObject({
    state: "CREATED",
    attempt: 1,
    terms: liveTerms,
    attempts: { 0: { end: "mode_changed" } },
  });
  expect(openFlags(left)).toEqual([]);
  expect(() => leaveTest(review, start, LATER)).toThrow("onlyTestMoney does not hold");
  const real = captured(anOpened(), "review", moneyOn(anOpened(), 0, { mode: "live" }));
  expect(() => leaveTest(real, start, onLive)).toThrow("onlyTestMoney does not hold");
});

test("a verification answers what test money has raised, and no press is needed for that", () => {
  const review = aReviewed();
  const left = modeChanged(review, 0, onLive);
  expect(left).toMatchObject({ state: "REVIEW", attempts: { 0: { end: "mode_changed", verifyAt: undefined } } });
  expect(openFlags(left)).toEqual([]);
  expect(isAllowed("modeChanged", left, { ...onLive, attempt: 0 })).toBe(false);
  expect(isAllowed("leaveTest", left, { ...onLive, holder: "me", key: KEY })).toBe(true);
});

test("a worker that has read the settings before the stage went live takes test money for nothing", () => {
  const renewed = renew(
    modeChanged(anOpened(), 0, onLive),
    { ...CLOSING, cancel: "ended" },
    { ...start, terms: liveTerms },
    onLive,
  );
  const live = open(renewed, "me", CHECKOUT_URL, onLive);
  for (const payment of [renewed, live, modeChanged(anOpened(), 0, onLive)]) {
    for (const change of [{}, { amount: undefined }])
      expect(transitionForMoney(payment, { attempt: 0, result: moneyOn(payment, 0, change) }, LATER)).toBeUndefined();
    const real = moneyOn(payment, 0, { mode: "live" });
    expect(transitionForMoney(payment, { attempt: 0, result: real }, LATER)).toBe("review");
  }
  const paid = moneyOn(live, 1, { mode: "live" });
  expect(transitionForMoney(live, { attempt: 1, result: paid }, onLive)).toBe("confirm");
});

test("a checkout that may hold test money is no reason to refuse a press once the stage sells for real", () => {
  const read = { ...anOpened(), attempts: { 0: { ...TERMS, openedAt: T0, lastRead: "maybe_money" as const } } };
  expect(modeChanged(read, 0, onLive).attempts[0]).toMatchObject({ end: "mode_changed", lastRead: undefined });
});

test("test money in REVIEW comes back daily for a person's decision, and never again once the stage is live and it is left", () => {
  const reviewed = aReviewed();
  const asleep = { ...reviewed, attempts: { 0: { ...TERMS, openedAt: T0, end: "paid" as const } } };
  expect(dueAt(asleep, T0, POLICY)).toBe(T0 + DAY_MS);
  expect(dueAt(modeChanged(asleep, 0, onLive), T0, onLive.policy)).toBeUndefined();
});
