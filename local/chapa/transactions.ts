import type { DeliveryPlan } from "./delivery-plan.ts";
import type { Method } from "./methods.ts";
import type { Currency } from "./money.ts";
import type { Random } from "./random.ts";
import type { Order } from "./validate.ts";

export type Mode = "test" | "live";

/** The status of a payment. The profiles have other words for a failure. */
export type Status = "pending" | "failed" | "cancelled" | "success" | "refunded" | "reversed";

/** The state of a checkout link. CANCELLED: by the merchant or the payer. CLOSED: after too many failed attempts. */
export type State = "OPEN" | "ATTEMPTING" | "PAID" | "CLOSED" | "CANCELLED" | "EXPIRED";

/**
 * One capture. Amounts in santim, `at` in epoch ms. `refunded` is the sum of all refunds. `reversed` says whether the
 * payer's bank took the whole amount back.
 */
export type Capture = {
  txRef: string;
  amount: number;
  currency: Currency;
  mode: Mode;
  reference: string;
  method: Method;
  at: number;
  refunded: number;
  reversed: boolean;
};

/** An event about which Chapa sends a webhook. Amount in santim, `at` in epoch ms. */
export type PaymentEvent = {
  kind: "success" | "failed" | "refunded" | "refund-reversed" | "reversed";
  amount: number;
  currency: Currency;
  mode: Mode;
  reference: string;
  method: Method | null;
  reason: string | null;
  at: number;
};

export type Transaction = {
  readonly order: Order;
  readonly mode: Mode;
  /** The merchant's account whose key opened it. No other account's key reads it. */
  readonly account: string;
  readonly token: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  updatedAt: number;
  /** Before this time the API does not know it. */
  bookedAt: number;
  plan: DeliveryPlan;
  failedAttempts: number;
  /** Number of attempts that have begun and not ended. */
  inFlight: number;
  cancelledBy: "merchant" | "payer" | null;
  lastFailure: PaymentEvent | null;
  readonly captures: Capture[];
  readonly log: { item: number; message: string; type: "log" | "error"; at: number }[];
};

/** Whose key opens a checkout, and in which mode. */
export type Opening = { mode: Mode; account: string };

export const ATTEMPTS_ALLOWED = 10;

const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const TOKEN_LENGTH = 32;

/** All transactions and captures. No other module changes them. */
export class Ledger {
  // Two accounts may use the same reference.
  readonly #byTxRef = new Map<string, Transaction[]>();
  readonly #byToken = new Map<string, Transaction>();
  readonly #captures: Capture[] = [];
  readonly #random: Random;
  readonly #windowMs: number;
  readonly #notify: (transaction: Transaction, paymentEvent: PaymentEvent) => void;

  constructor(options: {
    random: Random;
    windowMs: number;
    notify: (transaction: Transaction, paymentEvent: PaymentEvent) => void;
  }) {
    this.#random = options.random;
    this.#windowMs = options.windowMs;
    this.#notify = options.notify;
  }

  /** Opens a checkout. The account must not know the tx_ref. One that is not booked yet is then never booked. */
  open(order: Order, { mode, account, plan, at }: Opening & { plan: DeliveryPlan; at: number }): Transaction {
    const transaction: Transaction = {
      order,
      mode,
      account,
      plan,
      token: this.#random.text(`token:${order.txRef}`, TOKEN_LENGTH, CHARACTERS.toLowerCase() + CHARACTERS),
      createdAt: at,
      updatedAt: at,
      bookedAt: at,
      // An assumption: Chapa does not document when the window begins.
      expiresAt: at + this.#windowMs,
      failedAttempts: 0,
      inFlight: 0,
      cancelledBy: null,
      lastFailure: null,
      captures: [],
      log: [],
    };
    const others = this.#byTxRef.get(order.txRef) ?? [];
    this.#byTxRef.set(order.txRef, [...others.filter((other) => other.account !== account), transaction]);
    this.#byToken.set(transaction.token, transaction);
    note(transaction, { message: "Checkout opened", at });
    return transaction;
  }

  /** @param account only a transaction of this account; without it of any, the newest first */
  find(txRef: string, account?: string): Transaction | undefined {
    return this.#byTxRef.get(txRef)?.findLast((one) => account === undefined || one.account === account);
  }

  findByToken(token: string): Transaction | undefined {
    return this.#byToken.get(token);
  }

  /** The capture with this Chapa reference, and its transaction. */
  findByReference(reference: string): { transaction: Transaction; capture: Capture } | undefined {
    const capture = this.#captures.find((candidate) => candidate.reference === reference);
    const transaction = capture && this.#byTxRef.get(capture.txRef)?.find(({ captures }) => captures.includes(capture));
    return transaction && { transaction, capture };
  }

  /** Oldest first. */
  all(): Transaction[] {
    return [...this.#byTxRef.values()].flat();
  }

  /** Oldest first. */
  captures(): Capture[] {
    return structuredClone(this.#captures);
  }

  failAttempt(
    transaction: Transaction,
    attempt: { method: Method | null; reason: string; at: number; cancelled?: boolean },
  ): void {
    if (attempt.cancelled) transaction.cancelledBy = "payer";
    else transaction.failedAttempts++;
    const { order, mode } = transaction;
    const { method, reason, at } = attempt;
    const reference = this.#reference(transaction);
    const paymentEvent: PaymentEvent = { kind: "failed", ...amountOf(order), mode, reference, method, reason, at };
    transaction.lastFailure = paymentEvent;
    note(transaction, { message: reason, type: "error", at });
    this.#notify(transaction, paymentEvent);
  }

  /** Closes the link for the merchant. Attempts in flight continue. */
  closeLink(transaction: Transaction, at: number): void {
    transaction.cancelledBy = "merchant";
    note(transaction, { message: "Checkout link expired by the merchant", at });
  }

  /** Captures money: the ordered amount, unless `attempt` has another one. */
  capture(
    transaction: Transaction,
    attempt: { method: Method; at: number; amount?: number; currency?: Currency; mode?: Mode },
  ): Capture {
    const { order, mode } = transaction;
    const capture: Capture = {
      txRef: order.txRef,
      ...amountOf(order),
      mode,
      reference: this.#reference(transaction),
      ...attempt,
      refunded: 0,
      reversed: false,
    };
    transaction.captures.push(capture);
    this.#captures.push(capture);
    note(transaction, { message: `Paid by ${capture.method}`, at: attempt.at });
    this.#notify(transaction, paymentEventOf("success", capture, attempt.at));
    return capture;
  }

  reverse(transaction: Transaction, capture: Capture, at: number): void {
    capture.reversed = true;
    note(transaction, { message: "Payment reversed", at });
    this.#notify(transaction, paymentEventOf("reversed", capture, at));
  }

  /** The payer's bank has decided for the merchant: the money that it took is back. */
  returnReversed(transaction: Transaction, capture: Capture, at: number): void {
    capture.reversed = false;
    note(transaction, { message: "Payment captured again", at });
  }

  /** Refunds `amount` (santim) of a capture. */
  giveBack(transaction: Transaction, capture: Capture, { amount, at }: { amount: number; at: number }): void {
    capture.refunded += amount;
    note(transaction, { message: "Payment refunded", at });
    this.#notify(transaction, { ...paymentEventOf("refunded", capture, at), amount });
  }

  /** A refund failed: the merchant keeps the money. @param failed.paidOut what of it had gone to the payer before */
  refundReversed(
    transaction: Transaction,
    capture: Capture,
    { amount, at, paidOut = 0 }: { amount: number; at: number; paidOut?: number },
  ): void {
    capture.refunded -= paidOut;
    note(transaction, { message: "Refund reversed", type: "error", at });
    this.#notify(transaction, { ...paymentEventOf("refund-reversed", capture, at), amount });
  }

  #reference({ order }: Transaction): string {
    return `AP${this.#random.text(`reference:${order.txRef}`, 10, CHARACTERS)}`;
  }
}

export function stateOf(transaction: Transaction, now: number): State {
  if (transaction.captures.length > 0) return "PAID";
  if (transaction.cancelledBy) return "CANCELLED";
  if (transaction.failedAttempts >= ATTEMPTS_ALLOWED) return "CLOSED";
  if (now >= transaction.expiresAt) return "EXPIRED";
  return transaction.inFlight > 0 ? "ATTEMPTING" : "OPEN";
}

export function statusOf(transaction: Transaction): Status {
  const capture = shownCapture(transaction);
  if (capture) return capture.reversed ? "reversed" : capture.refunded >= capture.amount ? "refunded" : "success";
  if (transaction.inFlight > 0 || !transaction.lastFailure) return "pending";
  return transaction.cancelledBy === "payer" ? "cancelled" : "failed";
}

/** The capture that verify reports. */
export function shownCapture({ captures, plan }: Transaction): Capture | undefined {
  return captures.at(plan.verifyShows === "last" ? -1 : 0);
}

function paymentEventOf(kind: PaymentEvent["kind"], capture: Capture, at: number): PaymentEvent {
  const { amount, currency, mode, reference, method } = capture;
  return { kind, amount, currency, mode, reference, method, reason: null, at };
}

function amountOf({ amount, currency }: Order): { amount: number; currency: Currency } {
  return { amount, currency };
}

function note(transaction: Transaction, entry: { message: string; type?: "log" | "error"; at: number }): void {
  transaction.updatedAt = entry.at;
  transaction.log.push({ item: transaction.log.length + 1, type: "log", ...entry });
}
