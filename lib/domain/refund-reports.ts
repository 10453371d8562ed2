import { flag } from "./apply.ts";
import { captureSubject } from "./attention.ts";
import { toBirr } from "./money.ts";
import { backOf, type Flag, isSameCapture, type Payment, type RefundReport, refundedOf } from "./payment.ts";
import { DAY_MS } from "./time.ts";
import { isAllowed, type TransitionContext } from "./transitions.ts";
import { dueAt } from "./verification-schedule.ts";
import { MONEY_BACK_EVENTS } from "./vocabulary.ts";

// A signed webhook that speaks of money that went back proves nothing. Verify and Chapa's list have a day to confirm it.
const CONFIRMED_WITHIN_MS = DAY_MS;

/** Whether a webhook's event says that money went back to the payer. */
export function saysMoneyWentBack(event: string | undefined): boolean {
  const events: readonly string[] = MONEY_BACK_EVENTS;
  return event !== undefined && events.includes(event.toLowerCase());
}

/** Whether a webhook's event speaks of a refund at all: that one settled, or came to nothing. */
export function speaksOfRefund(event: string | undefined): boolean {
  return saysMoneyWentBack(event) || event?.toLowerCase().startsWith("refund.") === true;
}

/**
 * Returns the payment with a report that money went back, and with a verification of its checkout on the report's day;
 * undefined if the same was reported before, or is known.
 */
export function withRefundReport(
  payment: Payment,
  report: RefundReport,
  { now, policy }: TransitionContext,
): Payment | undefined {
  const record = payment.attempts[report.attempt];
  const reports = payment.reports ?? [];
  const isRaised = payment.attention.some(({ code, subject }) => isFlagOf(report, { code, subject }));
  if (!record || isRaised || isConfirmed(payment, report) || reports.some((known) => isSame(known, report))) return;
  const verifyAt = Math.min(record.verifyAt ?? Number.POSITIVE_INFINITY, report.at + CONFIRMED_WITHIN_MS);
  const next: Payment = {
    ...payment,
    reports: [...reports, report],
    attempts: { ...payment.attempts, [report.attempt]: { ...record, verifyAt } },
  };
  return { ...next, dueAt: dueAt(next, now, policy) };
}

/**
 * Returns the payment without the reports that are confirmed, or with a flag for one that nothing has confirmed in a
 * day; undefined if there is nothing to do.
 */
export function withJudgedReports(payment: Payment, context: TransitionContext): Payment | undefined {
  const { reports = [] } = payment;
  const open = reports.filter((report) => !isConfirmed(payment, report));
  const late = open.find(({ at }) => at + CONFIRMED_WITHIN_MS <= context.now);
  const left = open.filter((report) => report !== late);
  if (left.length === reports.length) return undefined;
  const rest = { ...payment, reports: left.length > 0 ? left : undefined };
  if (!late) return rest;
  const unconfirmed = flagOf(late);
  return isAllowed("flag", rest, { ...context, ...unconfirmed }) ? flag(rest, unconfirmed, context) : rest;
}

function isConfirmed(payment: Payment, report: RefundReport): boolean {
  const known = payment.captures.find((capture) => isSameCapture(capture, report));
  if (!known) return false;
  return backOf(known).reversed > 0 || refundedOf(payment, known) >= Math.max(report.amount ?? 0, 1);
}

function isSame(a: RefundReport, b: RefundReport): boolean {
  return isSameCapture(a, b) && a.amount === b.amount;
}

function isFlagOf(report: RefundReport, { code, subject }: Flag): boolean {
  const mine = flagOf(report);
  return code === mine.code && subject === mine.subject;
}

/** Each amount that is reported of a capture is a fact of its own. */
function flagOf(report: RefundReport): Flag {
  const amount = report.amount === undefined ? "unknown" : toBirr(report.amount);
  return { code: "refund_unconfirmed", subject: `${captureSubject(report)}.${amount}`, amount: report.amount };
}
