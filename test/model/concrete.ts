import { attemptSubject, DELIVERY } from "../../lib/domain/attention.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Attempt, Attention, Capture, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from "../../lib/domain/time.ts";
import type { AttentionCode } from "../../lib/domain/vocabulary.ts";
import { aClaim, aLease, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";
import { liveAttempt } from "./rules.ts";
import { type Entry, isSettled, type Reading, type Rec, type Row } from "./state.ts";

/** A time long after every timeout. Attempts that were left, were left two hours before. */
export const NOW: Instant = T0 + 30 * DAY_MS;
export const LEFT_AT: Instant = NOW - 2 * HOUR_MS;

/** A capture that differs from the order. */
export const WRONG_AMOUNT = Santim.parse(1);

const MARK = { unsent: { unsent: true }, released: { released: true } } as const;

/** Builds the payment that a row of the model stands for. */
export function paymentOf(row: Row): Payment {
  const claimed = aClaim();
  const attempts = Object.fromEntries(
    row.recs.flatMap((rec, at): [number, Attempt][] =>
      rec === "" ? [] : [[at, attemptOf(rec, row.readings[at] ?? "")]],
    ),
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
    lease:
      row.state === "CREATED"
        ? { ...aLease(), ...(row.unsent ? MARK.unsent : {}), ...(row.released ? MARK.released : {}) }
        : undefined,
    checkoutUrl: liveAttempt(row) === undefined ? undefined : CHECKOUT_URL,
    firstOpenedAt: isOpened ? T0 : undefined,
    settledAt: isSettled(row) || row.state === "SUCCESS" ? LEFT_AT : undefined,
    finalised: row.finalised ? true : undefined,
    acknowledgedAt: row.listing === "acknowledged" ? LEFT_AT : undefined,
    attention: attentionOf(row),
    dueAt: row.due ? NOW : undefined,
  };
  return payment;
}

function attentionOf({ listing, unclear, stuck }: Row): Attention[] {
  const about = (code: AttentionCode, entries: readonly Entry[]) =>
    entries.flatMap((entry, attempt): Attention[] => {
      const raised = { code, subject: attemptSubject(attempt), at: LEFT_AT };
      if (entry === "") return [];
      return [entry === "open" ? raised : { ...raised, answered: { at: LEFT_AT, by: "ended", reason: "it is over" } }];
    });
  const delivery = { code: "listing_closed", subject: DELIVERY, at: LEFT_AT } as const;
  return [...(listing === "flagged" ? [delivery] : []), ...about("unknown_status", unclear), ...about("stuck", stuck)];
}

const READ_AT = { "": undefined, recent: NOW, old: NOW - HOUR_MS } as const satisfies Record<
  Reading,
  Instant | undefined
>;

function attemptOf(rec: Rec, reading: Reading): Attempt {
  const opened = { ...TERMS, openedAt: T0, unpaidReadAt: READ_AT[reading] };
  const left = { ...opened, closedAt: LEFT_AT, end: "expired" } as const;
  switch (rec) {
    case "closed":
      return { ...left, verifyAt: LEFT_AT + HOUR_MS };
    case "verified":
      return { ...left, verifyAt: LEFT_AT + DAY_MS };
    case "done":
      return left;
    case "lapsed":
      return { ...opened, end: "lapsed", lapsedAt: LEFT_AT, verifyAt: LEFT_AT + DAY_MS };
    case "paid":
      return { ...opened, end: "paid" };
    case "review":
      return { ...opened, end: "paid", verifyAt: NOW };
    default:
      return { ...opened, verifyAt: NOW };
  }
}

function captureOf(payment: Payment, rec: Rec, attempt: number): Capture[] {
  if (rec !== "paid" && rec !== "review") return [];
  const [kind, amount] =
    rec === "paid" ? (["confirmed", TERMS.amount] as const) : (["reviewed", WRONG_AMOUNT] as const);
  return [{ attempt, at: LEFT_AT, kind, ...TERMS, amount, reference: txRefOf(payment, attempt) }];
}

/** Builds the row of the model from a payment. */
export function rowOf(payment: Payment, length: number): Row {
  const each = <T>(of: (at: number) => T) => Array.from({ length }, (_, at) => of(at));
  return {
    state: payment.state,
    attempt: payment.attempt,
    recs: each((at) => recOf(payment, at)),
    readings: each((at) => readingOf(payment, at)),
    unclear: each((at) => entryOf(payment, "unknown_status", at)),
    stuck: each((at) => entryOf(payment, "stuck", at)),
    unsent: payment.lease?.unsent === true,
    released: payment.lease?.released === true,
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
  if (attempt.closedAt === undefined) return attempt.end === "lapsed" ? "lapsed" : "open";
  if (attempt.verifyAt === undefined) return "done";
  return attempt.verifyAt === attempt.closedAt + HOUR_MS ? "closed" : "verified";
}

/** The reading of an attempt that is proved to be over means nothing any more. */
function readingOf({ attempts }: Payment, at: number): Reading {
  const { unpaidReadAt, closedAt, end } = attempts[at] ?? {};
  if (unpaidReadAt === undefined || closedAt !== undefined || end === "paid") return "";
  return unpaidReadAt > NOW - 10 * MINUTE_MS ? "recent" : "old";
}

function entryOf({ attention }: Payment, code: AttentionCode, at: number): Entry {
  const entry = attention.find((known) => known.code === code && known.subject === attemptSubject(at));
  if (!entry) return "";
  return entry.answered ? "ended" : "open";
}

function listingOf({ acknowledgedAt, attention }: Payment): Row["listing"] {
  if (acknowledgedAt !== undefined) return "acknowledged";
  return attention.some(({ code }) => code === "listing_closed") ? "flagged" : "";
}
