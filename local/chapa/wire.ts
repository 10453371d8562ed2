import type { Answer } from "../serve.ts";
import { feeOf, toText, toTime } from "./money.ts";
import type { Profile } from "./profiles.ts";
import { type Capture, shownCapture, statusOf, type Transaction } from "./transactions.ts";
import type { Complaint } from "./validate.ts";

/** Chapa's envelope of a success. */
export function accept(message: string, data: unknown): Answer {
  return { status: 200, body: { message, status: "success", data } };
}

/** Chapa's envelope of a refusal. */
export function refuse(status: number, message: Complaint): Answer {
  return { status, body: { message, status: "failed", data: null } };
}

export const NO_KEY = refuse(401, "Authorization required");
export const WRONG_KEY = refuse(401, "Invalid API Key or User doesn't exist");

/** The answer of verify. `transaction` is undefined for an unknown reference. */
export function verifyAnswer(transaction: Transaction | undefined, profile: Profile, txRef: string): Answer {
  if (!transaction) {
    return profile.trait("unknownReference", txRef) === 400
      ? refuse(400, "Invalid transaction reference")
      : refuse(404, "Invalid transaction or Transaction not found");
  }
  if (statusOf(transaction) === "pending") return unpaidAnswer(transaction, profile);
  return detailsAnswer(transaction, statusWord(transaction, profile), profile);
}

/** The answer of verify for an unpaid transaction, even if it is paid. */
export function unpaidAnswer({ order, ...rest }: Transaction, profile: Profile): Answer {
  if (profile.trait("unpaid", order.txRef) === 404) {
    return notPaidYet(404, profile.trait("unpaidStatus", order.txRef));
  }
  return detailsAnswer({ ...rest, order, captures: [], lastFailure: null }, "pending", profile);
}

/** The answer of verify without data about the transaction. */
export function notPaidYet(status: 200 | 404, word: string | null): Answer {
  return { status, body: { message: "Payment not paid yet", status: word, data: null } };
}

/** The transaction's status, with this profile's wording. */
function statusWord(transaction: Transaction, profile: Profile): string {
  const status = statusOf(transaction);
  const isFailure = status === "failed" || status === "cancelled";
  return isFailure ? profile.trait("failedInVerify", transaction.order.txRef) : status;
}

function detailsAnswer(transaction: Transaction, status: string, profile: Profile): Answer {
  const { order, mode, lastFailure, createdAt, updatedAt } = transaction;
  const capture = shownCapture(transaction);
  const last = capture ?? lastFailure;
  const amount = (santim: number): number | string =>
    profile.trait("amounts", order.txRef) === "number" ? santim / 100 : toText(santim);
  const data = {
    first_name: order.firstName,
    last_name: order.lastName,
    email: order.email,
    phone_number: order.phone,
    currency: capture?.currency ?? order.currency,
    amount: amount(capture?.amount ?? order.amount),
    charge: capture ? amount(feeOf(capture.amount)) : null,
    mode: capture?.mode ?? mode,
    method: last?.method ?? null,
    type: last ? "API" : "Unknown",
    status,
    // Before the first try the answer has no reference.
    ...(last ? { reference: last.reference } : {}),
    tx_ref: order.txRef,
    customization: { title: order.title, description: order.description, logo: order.logo },
    meta: order.meta,
    created_at: toTime(createdAt),
    updated_at: toTime(updatedAt),
  };
  const top = profile.trait("topStatus", order.txRef) === "always success" ? "success" : status;
  return { status: 200, body: { message: profile.trait("detailsMessage", order.txRef), status: top, data } };
}

/** The data of a successful cancel. */
export function cancelledData({ order, createdAt, updatedAt }: Transaction): Record<string, unknown> {
  return {
    tx_ref: order.txRef,
    amount: order.amount / 100,
    currency: order.currency,
    created_at: toTime(createdAt),
    updated_at: toTime(updatedAt),
  };
}

const PER_PAGE = 10;

/** One page of the merchant's list, newest first. Each capture has a row; a transaction without captures has one row. */
export function transactionsPage(
  transactions: Transaction[],
  page: number,
  context: { url: string; profile: Profile },
) {
  const rows = transactions
    .toReversed()
    .flatMap((transaction): [Transaction, Capture | undefined][] =>
      transaction.captures.length === 0
        ? [[transaction, undefined]]
        : transaction.captures.toReversed().map((capture) => [transaction, capture]),
    );
  const last = Math.max(Math.ceil(rows.length / PER_PAGE), 1);
  const link = (to: number): string | null => (to >= 1 && to <= last ? `${context.url}?page=${to}` : null);
  return {
    transactions: rows
      .slice((page - 1) * PER_PAGE, page * PER_PAGE)
      .map(([transaction, capture]) => listed(transaction, capture, context.profile)),
    pagination: {
      per_page: PER_PAGE,
      current_page: page,
      first_page_url: link(1),
      next_page_url: link(page + 1),
      prev_page_url: link(page - 1),
    },
  };
}

function listed(transaction: Transaction, capture: Capture | undefined, profile: Profile): Record<string, unknown> {
  const { order, lastFailure, createdAt, plan } = transaction;
  const amount = capture?.amount ?? order.amount;
  return {
    status: statusWord(capture ? { ...transaction, captures: [capture] } : transaction, profile),
    ref_id: capture?.reference ?? lastFailure?.reference ?? null,
    type: capture ? "API" : "Unknown",
    // The only date of a row: a payment or a refund does not change it.
    created_at: toTime(createdAt),
    currency: capture?.currency ?? order.currency,
    amount: toText(amount),
    charge: toText(capture ? feeOf(amount) : 0),
    trans_id: plan.namedInList || profile.trait("listNames", order.txRef) === "the tx_ref" ? order.txRef : null,
    payment_method: capture?.method ?? lastFailure?.method ?? null,
    customer: {
      id: transaction.token.slice(0, 8),
      email: order.email,
      first_name: order.firstName,
      last_name: order.lastName,
      mobile: order.phone,
    },
  };
}

/** The timeline of a transaction, as Chapa lists it. */
export function eventRows({ log }: Transaction): Record<string, unknown>[] {
  return log.map(({ item, message, type, at }) => ({
    item,
    message,
    type,
    created_at: toTime(at),
    updated_at: toTime(at),
  }));
}
