import type { Santim } from "./money.ts";
import { type AttentionCode, isInert, openAttention, type Payment } from "./payment.ts";
import { addisAbabaDay } from "./time.ts";
import { WIRE_STATUS } from "./transitions.ts";

/** What the payer is told. Each is sent once per change, best effort, and never holds a payment back. */
export type UserEvent = "paid" | "failed" | "expired" | "cancelled";

/** What one version of a payment means to others. */
export type Outcome = {
  /** The listing must hear the payment's current state. */
  listing: boolean;
  user: UserEvent | undefined;
  /** Codes that this version added: a person must look. */
  attention: AttentionCode[];
  totals: TotalsDelta | undefined;
};

/** Change of a day's totals; `revenue` is in santim. */
export type TotalsDelta = {
  day: string;
  total: number;
  pending: number;
  success: number;
  failed: number;
  revenue: number;
};

/** Reads one step of a payment's life, `before` to `after`. An unchanged version means nothing to anyone. */
export function outcomeOf(before: Payment | undefined, after: Payment): Outcome {
  const nothing: Outcome = { listing: false, user: undefined, attention: [], totals: undefined };
  if (before?.version === after.version) return nothing;
  const known = before ? openAttention(before) : [];
  return {
    listing: whatListingHears(after) !== undefined && (!before || whatListingHears(before) !== whatListingHears(after)),
    user: before?.state === after.state ? undefined : userEventOf(after),
    attention: openAttention(after).filter((code) => !known.includes(code)),
    totals: totalsDelta(before, after),
  };
}

/** What the listing may be told: a success at once, a failure only when sealed; undefined for everything open. */
export function whatListingHears(payment: Payment): "SUCCESS" | "FAILED" | undefined {
  if (payment.state === "SUCCESS") return "SUCCESS";
  return payment.sealed && WIRE_STATUS[payment.state] === "FAILED" ? "FAILED" : undefined;
}

/** Whether what `event` says is still so; a message that has been overtaken is not sent. */
export function isCurrent(event: UserEvent, payment: Payment): boolean {
  return userEventOf(payment) === event;
}

/** The amount that the confirmed checkout brought, for receipts and totals. */
export function paidAmount(payment: Payment): Santim {
  const confirmed = payment.captures.find((capture) => capture.kind === "confirmed");
  return confirmed?.amount ?? payment.terms.amount;
}

function userEventOf(payment: Payment): UserEvent | undefined {
  if (isInert(payment)) return undefined;
  switch (payment.state) {
    case "SUCCESS":
      return "paid";
    case "FAILED":
      return "failed";
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "CREATED":
    case "PENDING":
    case "REVIEW":
      return undefined;
  }
}

function totalsDelta(before: Payment | undefined, after: Payment): TotalsDelta | undefined {
  if (after.firstOpenedAt === undefined) return undefined;
  const old = share(before);
  const now = share(after);
  const delta = {
    day: addisAbabaDay(after.firstOpenedAt),
    total: now.total - old.total,
    pending: now.pending - old.pending,
    success: now.success - old.success,
    failed: now.failed - old.failed,
    revenue: now.revenue - old.revenue,
  };
  return delta.total || delta.pending || delta.success || delta.failed || delta.revenue ? delta : undefined;
}

function share(payment: Payment | undefined): Omit<TotalsDelta, "day"> {
  const none = { total: 0, pending: 0, success: 0, failed: 0, revenue: 0 };
  if (!payment || isInert(payment)) return none;
  switch (WIRE_STATUS[payment.state]) {
    case "PENDING":
      return { ...none, total: 1, pending: 1 };
    case "SUCCESS":
      return { ...none, total: 1, success: 1, revenue: paidAmount(payment) };
    case "FAILED":
      return { ...none, total: 1, failed: 1 };
  }
}
