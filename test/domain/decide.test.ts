import { describe, expect, test } from "vitest";
import { decide } from "../../lib/domain/decide.ts";
import { account, seal } from "../../lib/domain/moves.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aReturn,
  aReviewed,
  aSettled,
  aSuccess,
  LATER,
  POLICY,
  T0,
  TERMS,
  UNPAID_MOVES,
} from "../support/payments.ts";

const settledAt = LATER.now;

function request(payment: Payment, recordedAt = T0, asked = { property_id: "p" }) {
  return { ref: payment.ref, fields: { property_id: "p" }, recordedAt, by: "me", asked, payableAgain: false };
}

describe("what a request gets", () => {
  test("the same id with another body is refused and names the fields, whatever the payment", () => {
    for (const payment of [aClaim(), anOpened(), aConfirmed(), aSettled()]) {
      const asked = { property_id: "q", amount: "500.00" };
      expect(decide(payment, { ...request(payment), asked }, "me", T0, POLICY)).toEqual({
        do: "refuse",
        because: "request differs",
        fields: ["amount", "property_id"],
      });
    }
  });

  test("whoever claimed opens; others wait for a live lease and take over a dead one", () => {
    const payment = aClaim();
    expect(decide(payment, request(payment), "me", T0, POLICY)).toEqual({ do: "initialize" });
    expect(decide(payment, request(payment), "other", T0, POLICY)).toEqual({ do: "wait" });
    expect(decide(payment, request(payment), "other", T0 + MINUTE_MS, POLICY)).toEqual({ do: "take over" });
    const free = { ...payment, lease: undefined };
    expect(decide(free, request(payment), "other", T0, POLICY)).toEqual({ do: "take over" });
  });

  test("with no attempt left nobody takes over, unless nothing was sent under the last one", () => {
    const worn = { ...aClaim(), attempt: 1023, lease: aLease("gone", T0) };
    expect(decide(worn, request(worn), "me", T0 + 1, POLICY)).toEqual({ do: "refuse", because: "attempts used up" });
    const unsent = { ...worn, lease: { ...worn.lease, unsent: true as const } };
    expect(decide(unsent, request(worn), "me", T0 + 1, POLICY)).toEqual({ do: "take over" });
  });

  test("an open checkout is handed out while its window lasts, and renewed after it", () => {
    const payment = anOpened();
    expect(decide(payment, request(payment), "any", T0 + 59 * MINUTE_MS, POLICY)).toEqual({ do: "answer" });
    expect(decide(payment, request(payment), "any", T0 + 60 * MINUTE_MS, POLICY)).toEqual({ do: "renew" });
    const worn = { ...payment, attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
    expect(decide(worn, request(worn), "any", T0 + HOUR_MS, POLICY)).toEqual({ do: "fail, attempts used up" });
  });

  test("a paid fee is answered as it is, however often and from wherever it is asked for", () => {
    const payment = aConfirmed();
    for (const recordedAt of [T0, settledAt + HOUR_MS]) {
      expect(decide(payment, request(payment, recordedAt), "any", settledAt + HOUR_MS, POLICY)).toEqual({
        do: "answer",
      });
    }
  });

  test("however a payment was settled unpaid, a later request reopens it", () => {
    for (const move of UNPAID_MOVES) {
      const payment = aSettled(move);
      const asked = request(payment, settledAt + 1);
      expect(decide(payment, asked, "any", settledAt + 1, POLICY)).toEqual({ do: "reopen" });
    }
  });

  test("money that waits for a person is answered as it is, also after the listing was closed", () => {
    for (const payment of [anOpened(), seal(aSettled(), LATER)]) {
      const review = aReviewed(payment, 0, { mode: "live" });
      const asked = request(review, settledAt + HOUR_MS);
      expect(decide(review, asked, "any", settledAt + HOUR_MS, POLICY)).toEqual({ do: "answer" });
    }
  });

  test("a settled payment reopens only for a request that was recorded after it was settled", () => {
    const payment = aSettled();
    expect(decide(payment, request(payment, T0), "any", settledAt + 1, POLICY)).toEqual({ do: "answer" });
    expect(decide(payment, request(payment, settledAt), "any", settledAt + 1, POLICY)).toEqual({ do: "answer" });
    expect(decide(payment, request(payment, settledAt + 1), "any", settledAt + 1, POLICY)).toEqual({ do: "reopen" });
    const worn = { ...payment, attempt: 1023 };
    expect(decide(worn, request(worn, settledAt + 1), "any", settledAt + 1, POLICY)).toEqual({
      do: "refuse",
      because: "attempts used up",
    });
  });

  test("a sealed payment refuses everybody, unless it was paid after all", () => {
    const sealed = seal(aSettled(), LATER);
    expect(decide(sealed, request(sealed, settledAt + 1), "any", settledAt + 1, POLICY)).toEqual({
      do: "refuse",
      because: "listing closed",
    });
    const late = aConfirmed(sealed);
    expect(late.sealed).toBe(true);
    expect(decide(late, request(late, settledAt + 1), "any", settledAt + 1, POLICY)).toEqual({ do: "answer" });
  });

  test("a spent fee is paid anew by a new request, and shown to an old one", () => {
    const payment = aConfirmed();
    const spent = account(payment, "returned", 0, aReturn("reversed", aSuccess(payment)), anAct(settledAt + HOUR_MS));
    expect(decide(spent, request(spent, settledAt), "any", settledAt, POLICY)).toEqual({ do: "answer" });
    expect(decide(spent, request(spent, settledAt + 2 * HOUR_MS), "any", settledAt, POLICY)).toEqual({
      do: "next serial",
    });
    const again = { ...request(payment, settledAt + 1), payableAgain: true };
    expect(decide(payment, again, "any", settledAt + 1, POLICY)).toEqual({ do: "next serial" });
  });
});
