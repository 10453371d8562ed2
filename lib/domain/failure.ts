import type { HistoryEntry, Payment } from "./payment.ts";
import type { FailureCode } from "./vocabulary.ts";

const FAILED_BY: Readonly<Partial<Record<HistoryEntry["transition"], FailureCode>>> = {
  reject: "gateway_refused",
  fail: "payment_failed",
  rejectReview: "not_accepted",
};

/** Returns why a payment is not paid, for programs; undefined if nothing failed since its checkout was opened. */
export function failureCodeOf({ state, failureReason, history }: Payment): FailureCode | undefined {
  switch (state) {
    case "CREATED":
    case "PENDING":
    case "REVIEW":
      return failureReason === undefined ? undefined : "try_failed";
    case "FAILED":
      return history.map(({ transition }) => FAILED_BY[transition]).findLast((code) => code !== undefined);
    case "EXPIRED":
      return "expired";
    case "CANCELLED":
      return "cancelled";
    case "SUCCESS":
      return undefined;
  }
}
