import { DELIVERY } from "../../lib/domain/attention.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Attempt, Capture, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, type Instant } from "../../lib/domain/time.ts";
import { aClaim, aLease, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";
import { isSettled, type Rec, type Row } from "./state.ts";

/** A time long after every timeout. Attempts that were left, were left two hours before. */
export const NOW: Instant = T0 + 30 * DAY_MS;
export const LEFT_AT: Instant = NOW - 2 * HOUR_MS;

/** A capture that differs from the order. */
export const WRONG_AMOUNT = Santim.parse(1);

/** Builds the payment that a row of the model stands for. */
export function paymentOf(row: Row): Payment {
  const claimed = aClaim();
  const attempts = Object.fromEntries(
    row.recs.flatMap((rec, at): [number, Attempt][] => (rec === "" ? [] : [[at, attemptOf(rec)]])),
  );
  const isOpened = Object.keys(attempts).length > 0;
  const captures = row.recs.flatMap((rec, at) => captureOf(claimed, rec, at));
  const payment: Payment = {
    ...claimed,
    state: row.state === "none" ? "CREATED" : row.state,
    version: 7,
    attempt: row.attempt,
    attempts,
    captures,
    lease: row.state === "CREATED" ? { ...aLease(), ...(row.unsent ? { unsent: true as const } : {}) } : undefined,
    checkoutUrl: row.state === "PENDING" ? CHECKOUT_URL : undefined,
    firstOpenedAt: isOpened ? T0 : undefined,
    settledAt: isSettled(row) || row.state === "SUCCESS" ? LEFT_AT : undefined,
    finalised: row.finalised ? true : undefined,
    acknowledgedAt: row.listing === "acknowledged" ? LEFT_AT : undefined,
    attention: row.listing === "flagged" ? [{ code: "listing_closed", subject: DELIVERY, at: LEFT_AT }] : [],
    dueAt: row.due ? NOW : undefined,
  };
  return payment;
}

function attemptOf(rec: Rec): Attempt {
  const opened = { ...TERMS, openedAt: T0 };
  const left = { ...opened, closedAt: LEFT_AT, end: "expired" } as const;
  switch (rec) {
    case "closed":
      return { ...left, verifyAt: LEFT_AT + HOUR_MS };
    case "verified":
      return { ...left, verifyAt: LEFT_AT + DAY_MS };
    case "done":
      return left;
    case "paid":
      return { ...opened, end: "paid" };
    case "review":
      return { ...opened, end: "paid", verifyAt: NOW };
    default:
      return { ...opened, verifyAt: NOW };
  }
}

function captureOf({ ref }: Payment, rec: Rec, attempt: number): Capture[] {
  if (rec !== "paid" && rec !== "review") return [];
  const [kind, amount] =
    rec === "paid" ? (["confirmed", TERMS.amount] as const) : (["reviewed", WRONG_AMOUNT] as const);
  return [{ attempt, at: LEFT_AT, kind, ...TERMS, amount, reference: txRefOf(ref, attempt) }];
}

/** Builds the row of the model from a payment. */
export function rowOf(payment: Payment, length: number): Row {
  return {
    state: payment.state,
    attempt: payment.attempt,
    recs: Array.from({ length }, (_, at) => recOf(payment, at)),
    unsent: payment.lease?.unsent === true,
    finalised: payment.finalised === true,
    listing: listingOf(payment),
    due: payment.dueAt !== undefined,
  };
}

function recOf({ attempts, captures }: Payment, at: number): Rec {
  const attempt = attempts[at];
  if (!attempt) return "";
  if (attempt.end === "paid") {
    return captures.some((capture) => capture.attempt === at && capture.kind === "reviewed") ? "review" : "paid";
  }
  if (attempt.closedAt === undefined) return "open";
  if (attempt.verifyAt === undefined) return "done";
  return attempt.verifyAt === attempt.closedAt + HOUR_MS ? "closed" : "verified";
}

function listingOf({ acknowledgedAt, attention }: Payment): Row["listing"] {
  if (acknowledgedAt !== undefined) return "acknowledged";
  return attention.some(({ code }) => code === "listing_closed") ? "flagged" : "";
}
