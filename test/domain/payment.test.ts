import { describe, expect, test } from "vitest";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import {
  type Capture,
  isSameCapture,
  isSpent,
  openAttention,
  openedAttempts,
  refundableOf,
  shownTxRef,
} from "../../lib/domain/payment.ts";
import { STATES } from "../../lib/domain/transitions.ts";
import { aClaim, aConfirmed, anOpened, aRenewed, aReviewed, T0, TERMS } from "../support/payments.ts";

const capture: Capture = { attempt: 0, at: T0, kind: "confirmed", ...TERMS, reference: "AP0" };
const gone: Capture = { ...capture, reference: "AP1", returned: "refunded" };

describe("a fee is spent", () => {
  const success = aConfirmed();

  test("when all of its money has gone back, and only then", () => {
    expect(isSpent({ ...success, captures: [gone] }, false)).toBe(true);
    expect(isSpent({ ...success, captures: [capture, gone] }, false)).toBe(false);
    expect(isSpent({ ...success, captures: [] }, false)).toBe(false);
  });

  test("in no state that awaits money or has seen none", () => {
    for (const state of STATES) {
      const isPaid = state === "SUCCESS" || state === "REVIEW";
      expect(isSpent({ ...success, state, captures: [gone] }, true)).toBe(isPaid);
    }
  });

  test("by a success where it may be paid again, but not by money that waits for a person", () => {
    expect(isSpent(success, true)).toBe(true);
    expect(isSpent({ ...success, state: "REVIEW" }, true)).toBe(false);
  });
});

describe("the reference that callers are shown", () => {
  const third = aRenewed(aRenewed());

  test("is that of the latest checkout until one has taken the money, and then that one", () => {
    expect(shownTxRef(third)).toBe(txRefOf(third.ref, 2));
    expect(shownTxRef(aClaim(third.ref))).toBe(txRefOf(third.ref, 0));
    expect(shownTxRef(aConfirmed(third, 1))).toBe(txRefOf(third.ref, 1));
  });

  test("is not that of money which waits for a person", () => {
    const reviewed = aReviewed(third);
    expect(shownTxRef(reviewed)).toBe(txRefOf(third.ref, 2));
    expect(shownTxRef(aConfirmed(reviewed, 1))).toBe(txRefOf(third.ref, 1));
  });
});

test("attempts are listed with their numbers, oldest first, the tenth after the second", () => {
  const attempt = { ...TERMS, openedAt: T0 };
  const attempts = { 10: attempt, 2: attempt, 0: attempt };
  expect(openedAttempts({ ...anOpened(), attempts })).toEqual([0, 2, 10].map((number) => ({ ...attempt, number })));
});

test("what a person has answered waits for nobody any more", () => {
  const attention = [
    { code: "mismatch", at: T0, answeredAt: T0 + 1 },
    { code: "duplicate", at: T0 },
  ] as const;
  expect(openAttention({ ...anOpened(), attention })).toEqual(["duplicate"]);
});

test("two reports are the same money unless attempt or reference tell them apart", () => {
  const cases = [
    [{ attempt: 0, reference: "A" }, { attempt: 0, reference: "A" }, true],
    [{ attempt: 0, reference: "A" }, { attempt: 0, reference: "B" }, false],
    [{ attempt: 0, reference: "A" }, { attempt: 1, reference: "A" }, false],
    [{ attempt: 0, reference: "A" }, { attempt: 0 }, true],
    [{ attempt: 0 }, { attempt: 0, reference: "B" }, true],
    [{ attempt: 0 }, { attempt: 1 }, false],
  ] as const;
  for (const [a, b, same] of cases) expect(isSameCapture(a, b)).toBe(same);
});

test("what can be sent back is what is still here, in the currency of the fee, and readable", () => {
  const captures: Capture[] = [
    capture,
    { ...capture, amount: Santim.parse(7), kind: "duplicate" },
    gone,
    { ...capture, currency: "USD" },
    { ...capture, amount: undefined },
    { ...capture, currency: undefined },
  ];
  expect(refundableOf(captures, TERMS)).toBe(50_007);
  expect(refundableOf([], TERMS)).toBe(0);
});
