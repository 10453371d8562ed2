import { expect, test } from "vitest";
import { linkTarget } from "../../lib/domain/lasting-link.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  anOpened,
  aRenewed,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  LATER,
  POLICY,
  T0,
} from "../support/payments.ts";

const opened = anOpened();
const withAttempt = (change: Partial<Payment["attempts"][number]>): Payment => ({
  ...opened,
  attempts: { 0: { ...opened.attempts[0], ...change } as Payment["attempts"][number] },
});

test.each<[string, Payment, number, string]>([
  ["a payment that nobody has opened leads to a button", aClaim(), T0, "payable"],
  ["an open checkout is where the link leads", opened, T0 + MINUTE_MS, "open"],
  ["a renewed checkout is where the link leads", aRenewed(), LATER.now, "open"],
  ["a checkout past its window leads to a button", opened, T0 + 2 * HOUR_MS, "payable"],
  ["a try that failed leads to a button", withAttempt({ lastRead: "failed" }), T0 + 1, "payable"],
  [
    "words that may mean money lead to a button, whose press asks",
    withAttempt({ lastRead: "maybe_money" }),
    T0 + 1,
    "payable",
  ],
  ["a checkout that has ended leads to a button", withAttempt({ closedAt: T0 + 1 }), T0 + 2, "payable"],
  ["a paid payment says so", aConfirmed(), LATER.now, "paid"],
  ["a payment under review says so", aReviewed(), LATER.now, "review"],
  ["a payment that was settled unpaid leads to a button", aSettled(), LATER.now, "payable"],
  ["a payment that is finalised can be paid by nobody", { ...aSettled(), finalised: true }, LATER.now, "over"],
])("the link in a message leads where the payment stands: %s", (_, payment, now, kind) => {
  const target = linkTarget(payment, now, POLICY);
  expect(target.kind).toBe(kind);
  if (target.kind === "open") expect(target.checkoutUrl).toBe(CHECKOUT_URL);
});
