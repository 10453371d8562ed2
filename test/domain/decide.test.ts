import { expect, test } from "vitest";
import { applyCapture, finalise } from "../../lib/domain/apply.ts";
import { decide } from "../../lib/domain/decide.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  anOpened,
  aSettled,
  captured,
  KEY,
  moneyOn,
  POLICY,
  T0,
  TERMS,
  UNPAID_TRANSITIONS,
} from "../support/payments.ts";

const settledAt = T0 + 2 * HOUR_MS;

function request(payment: Payment, recordedAt = T0, asked = { property_id: "p" }) {
  return { ref: payment.ref, fields: { property_id: "p" }, recordedAt, by: "me", asked, payableAgain: false };
}

const decided = (payment: Payment, holder: string, now: number, recordedAt = T0) =>
  decide(payment, request(payment, recordedAt), { holder, key: KEY }, aContext(now));

test("a reused request id with another body is refused and names the fields, whatever the payment", () => {
  for (const payment of [aClaim(), anOpened(), aConfirmed(), aSettled()]) {
    const asked = { property_id: "q", amount: "500.00" };
    expect(decide(payment, { ...request(payment), asked }, { holder: "me", key: KEY }, aContext(T0))).toEqual({
      kind: "refuse",
      reason: "request_differs",
      fields: ["amount", "property_id"],
    });
  }
});

test("the claimer opens the checkout, and others wait for a live lease and take over an ended one", () => {
  const payment = aClaim();
  expect(decided(payment, "me", T0)).toEqual({ kind: "initialize" });
  expect(decided(payment, "other", T0)).toEqual({ kind: "wait" });
  expect(decided(payment, "other", T0 + MINUTE_MS)).toEqual({ kind: "recover" });
  const free = { ...payment, lease: undefined };
  expect(decide(free, request(payment), { holder: "other", key: KEY }, aContext(T0))).toEqual({ kind: "recover" });
});

test("a checkout whose last try failed, or that may be paid, is asked about again in its window", () => {
  for (const lastRead of ["failed", "maybe_money"] as const) {
    const payment = anOpened();
    const read = { ...payment, attempts: { 0: { ...TERMS, openedAt: T0, lastRead } } };
    expect(decided(read, "any", T0 + MINUTE_MS)).toEqual({ kind: "renew" });
  }
});

test("a press renews at once after the checkout has ended, and leaves a test checkout of a stage that went live", () => {
  const payment = anOpened();
  const lapsed = { ...payment, attempts: { 0: { ...TERMS, openedAt: T0, end: "lapsed", lapsedAt: T0 } as const } };
  expect(decided(lapsed, "any", T0 + MINUTE_MS)).toEqual({ kind: "renew" });
  const live = { ...aContext(T0 + MINUTE_MS), policy: { ...POLICY, expectedMode: "live" as const } };
  expect(decide(payment, request(payment), { holder: "any", key: KEY }, live)).toEqual({ kind: "mode_changed" });
});

test("an open checkout is handed out while its window lasts, and renewed after it", () => {
  const payment = anOpened();
  expect(decided(payment, "any", T0 + 59 * MINUTE_MS)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", T0 + 60 * MINUTE_MS)).toEqual({ kind: "renew" });
  const worn = { ...payment, attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
  expect(decided(worn, "any", T0 + HOUR_MS)).toEqual({ kind: "fail_used_up" });
});

test("a paid fee is answered as it is, however often and from wherever it is asked for", () => {
  const payment = aConfirmed();
  for (const recordedAt of [T0, settledAt + HOUR_MS]) {
    expect(decided(payment, "any", settledAt + HOUR_MS, recordedAt)).toEqual({
      kind: "answer",
    });
  }
});

test("a later request reopens a payment, however it was settled unpaid", () => {
  for (const move of UNPAID_TRANSITIONS) {
    const payment = aSettled(move);
    expect(decided(payment, "any", settledAt + 1, settledAt + 1)).toEqual({ kind: "reopen" });
  }
});

test("money that waits for a person is answered as it is, also after the listing was closed", () => {
  for (const payment of [anOpened(), finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS))]) {
    const review = captured(payment, "review", moneyOn(payment, 0, { mode: "live" }));
    expect(decided(review, "any", settledAt + HOUR_MS, settledAt + HOUR_MS)).toEqual({ kind: "answer" });
  }
});

test("a settled payment reopens only for a request that was recorded after it was settled", () => {
  const payment = aSettled();
  expect(decided(payment, "any", settledAt + 1, T0)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", settledAt + 1, settledAt)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", settledAt + 1, settledAt + 1)).toEqual({
    kind: "reopen",
  });
  const worn = { ...payment, attempt: 1023 };
  expect(decided(worn, "any", settledAt + 1, settledAt + 1)).toEqual({
    kind: "refuse",
    reason: "attempts_used_up",
  });
});

test("a finalised payment refuses every request, unless it was paid after all", () => {
  const finalised = finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS));
  expect(decided(finalised, "any", settledAt + 1, settledAt + 1)).toEqual({
    kind: "refuse",
    reason: "listing_closed",
  });
  const late = aConfirmed(finalised);
  expect(late.finalised).toBe(true);
  expect(decided(late, "any", settledAt + 1, settledAt + 1)).toEqual({ kind: "answer" });
});

test("a spent fee is paid anew by a new request, and shown to an old one", () => {
  const payment = aConfirmed();
  const spent = applyCapture(
    payment,
    "wentBack",
    { attempt: 0, result: moneyOn(payment, 0, { kind: "reversed" }) },
    aContext(settledAt + HOUR_MS),
  );
  expect(decided(spent, "any", settledAt, settledAt)).toEqual({ kind: "answer" });
  expect(decided(spent, "any", settledAt, settledAt + 2 * HOUR_MS)).toEqual({
    kind: "next_serial",
  });
  const again = { ...request(payment, settledAt + 1), payableAgain: true };
  expect(decide(payment, again, { holder: "any", key: KEY }, aContext(settledAt + 1))).toEqual({ kind: "next_serial" });
});
