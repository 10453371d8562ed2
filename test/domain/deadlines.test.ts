import { expect, test } from "vitest";
import { flag } from "../../lib/domain/apply.ts";
import { missedDeadlines } from "../../lib/domain/deadlines.ts";
import { deliveryEnded, noteVerification } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  anOpened,
  aSettled,
  CLOSED_LISTING,
  LATER,
  POLICY,
  T0,
} from "../support/payments.ts";

const missed = (payment: Payment, now: number) => missedDeadlines(payment, now, POLICY);

test("a success that the listing has not acknowledged is late a day after it was settled", () => {
  const paid = aConfirmed();
  expect(missed(paid, LATER.now + DAY_MS - 1)).toEqual([]);
  expect(missed(paid, LATER.now + DAY_MS)).toEqual(["delivery"]);
  expect(missed(deliveryEnded(paid, true, LATER), LATER.now + 9 * DAY_MS)).toEqual([]);
  expect(missed(flag(paid, CLOSED_LISTING, LATER), LATER.now + 9 * DAY_MS)).toEqual([]);
});

test("an expiry is late a day after the timeout, and no other end is", () => {
  const timeout = T0 + POLICY.timeoutMs;
  const verified = noteVerification(anOpened(), 0, undefined, aContext(timeout));
  expect(missed(verified, timeout + DAY_MS - 1)).toEqual([]);
  expect(missed({ ...verified, attempts: {} }, timeout + DAY_MS)).toEqual(["expiry"]);
  expect(missed(aSettled("cancel"), LATER.now)).toEqual([]);
  const renewing = { ...verified, state: "CREATED" as const, attempts: {} };
  expect(missed(renewing, timeout + DAY_MS)).toEqual(["expiry"]);
});

test("a verification is late a day after its date, on any attempt and in any state", () => {
  const opened = anOpened();
  const due = opened.attempts[0]?.verifyAt ?? 0;
  expect(missed(opened, due + DAY_MS - 1)).toEqual([]);
  expect(missed(opened, due + DAY_MS)).toEqual(["verification"]);
  const settled = aSettled("expire", opened);
  expect(missed(settled, (settled.attempts[0]?.verifyAt ?? 0) + DAY_MS)).toEqual(["verification"]);
});

test("a claim that was never opened waits for nothing, because its row goes by itself", () => {
  expect(missed(aClaim(), T0 + POLICY.timeoutMs + 9 * DAY_MS)).toEqual([]);
});
