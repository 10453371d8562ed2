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
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

const opened = anOpened();

test.each<[string, Payment, number, string]>([
  ["a payment that nobody has opened leads to a button", aClaim(), T0, "payable"],
  ["an open checkout is where the link leads", opened, T0 + MINUTE_MS, "open"],
  ["a renewed checkout is where the link leads", aRenewed(), LATER.now, "open"],
  ["a checkout past its window leads to a button", opened, T0 + 2 * HOUR_MS, "payable"],
  ["a try that failed leads to a button", withAttempts({ lastRead: "failed" }), T0 + 1, "payable"],
  [
    "words that may mean money lead to a button, whose press asks",
    withAttempts({ lastRead: "maybe_money" }),
    T0 + 1,
    "payable",
  ],
  ["a checkout that has ended leads to a button", withAttempts({ closedAt: T0 + 1 }), T0 + 2, "payable"],
  ["a paid payment says so", aConfirmed(), LATER.now, "paid"],
  ["a payment under review says so", aReviewed(), LATER.now, "review"],
  ...UNPAID_TRANSITIONS.map((how): [string, Payment, number, string] => [
    `a payment that was settled unpaid by ${how} leads to a button`,
    aSettled(how),
    LATER.now,
    "payable",
  ]),
  ["an open checkout whose URL is not stored leads to a button", { ...opened, checkoutUrl: undefined }, T0, "payable"],
  ...UNPAID_TRANSITIONS.map((how): [string, Payment, number, string] => [
    `a payment that is finalised after ${how} can be paid by nobody`,
    { ...aSettled(how), finalised: true },
    LATER.now,
    "over",
  ]),
])("the link in a message leads where the payment stands: %s", (_, payment, now, kind) => {
  const target = linkTarget(payment, now, POLICY);
  expect(target.kind).toBe(kind);
  if (target.kind === "open") expect(target.checkoutUrl).toBe(CHECKOUT_URL);
});
