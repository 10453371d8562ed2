import { expect, test } from "vitest";
import { entryIdOf } from "../../lib/domain/attention.ts";
import { Santim } from "../../lib/domain/money.ts";
import { noteVerification } from "../../lib/domain/notes.ts";
import type { Payment, RefundReport } from "../../lib/domain/payment.ts";
import {
  saysMoneyWentBack,
  speaksOfRefund,
  withJudgedReports,
  withRefundReport,
} from "../../lib/domain/refund-reports.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { aConfirmed, aContext, anOpened, captured, LATER, moneyOn } from "../support/payments.ts";

const PART: RefundReport = { attempt: 0, reference: "AP0", amount: Santim.parse(10_000), at: LATER.now };
const NEXT_DAY = aContext(LATER.now + DAY_MS, "next day");

function reported(payment: Payment, report = PART): Payment {
  const next = withRefundReport(payment, report, LATER);
  if (!next) throw new Error("nothing was reported");
  return next;
}

test("a reported refund of a part is verified in a day, calls a person with its amount if nothing confirms it, and ends", () => {
  const noted = reported(aConfirmed());
  expect(noted).toMatchObject({ version: 3, reports: [PART], attempts: { 0: { verifyAt: NEXT_DAY.now } } });
  expect(noted.dueAt).toBeLessThanOrEqual(NEXT_DAY.now);
  expect(withJudgedReports(noted, aContext(NEXT_DAY.now - 1))).toBeUndefined();
  const judged = withJudgedReports(noted, NEXT_DAY);
  expect(judged).toMatchObject({ version: 4, reports: undefined });
  expect(judged?.attention).toEqual([
    { code: "refund_unconfirmed", subject: "AP0.100.00", amount: 10_000, at: NEXT_DAY.now },
  ]);
  expect(withRefundReport(judged ?? noted, PART, NEXT_DAY)).toBeUndefined();
});

test("a verification before the day keeps the day, and the verification on the day returns to the schedule", () => {
  const noted = reported(aConfirmed());
  const sooner = noteVerification(noted, 0, undefined, aContext(LATER.now + 1));
  expect(sooner.attempts[0]?.verifyAt).toBe(NEXT_DAY.now);
  const onTheDay = noteVerification(noted, 0, undefined, NEXT_DAY);
  expect(onTheDay.attempts[0]?.verifyAt).toBe(LATER.now + 60 * DAY_MS);
});

test("a reported refund that verify confirms within a day calls nobody about the report", () => {
  for (const kind of ["refunded", "reversed"] as const) {
    const noted = reported(aConfirmed());
    const confirmed = captured(noted, "wentBack", moneyOn(noted, 0, { kind }));
    const judged = withJudgedReports(confirmed, NEXT_DAY);
    expect(judged?.reports).toBeUndefined();
    expect(judged?.attention.map(({ code }) => code)).not.toContain("refund_unconfirmed");
    expect(withRefundReport(confirmed, PART, NEXT_DAY)).toBeUndefined();
  }
});

test("the same report is kept once, and another amount is a report of its own", () => {
  const noted = reported(aConfirmed());
  expect(withRefundReport(noted, { ...PART, at: PART.at + 1 }, LATER)).toBeUndefined();
  const twice = reported(noted, { ...PART, amount: Santim.parse(20_000) });
  const first = withJudgedReports(twice, NEXT_DAY);
  const both = first && withJudgedReports(first, NEXT_DAY);
  expect(both?.attention.map(entryIdOf)).toEqual(["refund_unconfirmed-AP0.100.00", "refund_unconfirmed-AP0.200.00"]);
  expect(both && withJudgedReports(both, NEXT_DAY)).toBeUndefined();
});

test("a report without a readable amount calls a person, too, on a payment in any state", () => {
  const noted = reported(anOpened(), { attempt: 0, at: LATER.now });
  expect(withJudgedReports(noted, NEXT_DAY)?.attention.map(entryIdOf)).toEqual([
    "refund_unconfirmed-attempt-0.unknown",
  ]);
});

test("a report about a checkout that was never opened is not kept", () => {
  expect(withRefundReport(aConfirmed(), { ...PART, attempt: 5 }, LATER)).toBeUndefined();
});

test("an event says that money went back only by the names that Chapa or merchants use for it", () => {
  for (const event of ["charge.refunded", "charge.reversed", "refund.success", "Charge.Refunded"])
    expect(saysMoneyWentBack(event)).toBe(true);
  for (const event of ["charge.success", "refund.reversed", "refund.failed", "refund.initiated", "", undefined])
    expect(saysMoneyWentBack(event)).toBe(false);
});

test("an event speaks of a refund if money went back, or if its name begins like that of a refund", () => {
  for (const event of ["charge.refunded", "Refund.Failed", "refund.initiated"])
    expect(speaksOfRefund(event)).toBe(true);
  for (const event of ["charge.success", "the refund.", "refund", undefined]) expect(speaksOfRefund(event)).toBe(false);
});

test("a report moves the verification of its checkout nearer and never further away", () => {
  const soon = anOpened(undefined, LATER.now);
  expect(reported(soon).attempts[0]?.verifyAt).toBe(soon.attempts[0]?.verifyAt);
});

test("a report is confirmed by as much as it names, whoever refunded it, and one without an amount by any money", () => {
  const paid = aConfirmed();
  const back = (refunded: number): Payment => ({
    ...paid,
    captures: paid.captures.map((one) => ({
      ...one,
      back: { refunded: Santim.parse(refunded), reversed: Santim.parse(0) },
    })),
  });
  const isKept = (payment: Payment, amount?: number) =>
    withRefundReport(payment, { ...PART, amount: amount === undefined ? amount : Santim.parse(amount) }, LATER) !==
    undefined;
  expect([9_999, 10_000].map((refunded) => isKept(back(refunded), 10_000))).toEqual([true, false]);
  expect([0, 1].map((refunded) => isKept(back(refunded)))).toEqual([true, false]);
});

test("a report is left alone for the flag of another report or of another code only", () => {
  const noted = reported(aConfirmed());
  const [entry] = withJudgedReports(noted, NEXT_DAY)?.attention ?? [];
  if (!entry) throw new Error("nobody was called");
  const raised = (change: object) => ({ ...aConfirmed(), attention: [{ ...entry, ...change }] });
  expect(withRefundReport(raised({}), PART, LATER)).toBeUndefined();
  for (const other of [{ subject: "AP0.200.00" }, { code: "duplicate" }]) {
    const payment = raised(other);
    expect(withRefundReport(payment, PART, LATER)).toMatchObject({
      reports: noted.reports,
      attention: payment.attention,
    });
  }
  // Once it is raised, the report ends without another call.
  expect(withJudgedReports({ ...noted, attention: [entry] }, NEXT_DAY)).toMatchObject({
    version: noted.version,
    reports: undefined,
    attention: [entry],
  });
});
