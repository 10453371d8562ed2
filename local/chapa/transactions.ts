import type { DeliveryPlan } from "./delivery-plan.ts";
import type { Method } from "./methods.ts";
import type { Currency } from "./money.ts";
import type { Random } from "./random.ts";
import type { Order } from "./validate.ts";

export type Mode = "test" | "live";

/** What Chapa says of a payment, in our words; each profile has its own for a failure. */
export type Status = "pending" | "failed" | "cancelled" | "success" | "refunded" | "reversed";

/** Where a checkout link stands. CANCELLED by merchant or payer; CLOSED by too many failed attempts. */
export type State = "OPEN" | "ATTEMPTING" | "PAID" | "CLOSED" | "CANCELLED" | "EXPIRED";

/**
 * Money that moved. Amounts in santim, `at` in epoch ms. `refunded` is what went back by refunds, `reversed` whether
 * the payer's bank took all of it back.
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

/** Something that Chapa tells the merchant about. Amount in santim, `at` in epoch ms. */
export type Happening = {
  what: "success" | "failed" | "refunded" | "refund-reversed" | "reversed";
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
  readonly token: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  updatedAt: number;
  plan: DeliveryPlan;
  failedAttempts: number;
  /** Attempts that the payer has begun and that will still end. */
  inFlight: number;
  cancelledBy: "merchant" | "payer" | null;
  lastFailure: Happening | null;
  readonly captures: Capture[];
  readonly log: { item: number; message: string; type: "log" | "error"; at: number }[];
};

export const ATTEMPTS_ALLOWED = 10;

const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const TOKEN_LENGTH = 32;

/** Every transaction and every capture. The only place that changes them. */
export class Ledger {
  readonly #byTxRef = new Map<string, Transaction>();
  readonly #byToken = new Map<string, Transaction>();
  readonly #captures: Capture[] = [];
  readonly #random: Random;
  readonly #windowMs: number;
  readonly #tell: (transaction: Transaction, happening: Happening) => void;

  constructor(options: {
    random: Random;
    windowMs: number;
    tell: (transaction: Transaction, happening: Happening) => void;
  }) {
    this.#random = options.random;
    this.#windowMs = options.windowMs;
    this.#tell = options.tell;
  }

  /** Opens a checkout under a tx_ref that was never used. */
  open(order: Order, { mode, plan, at }: { mode: Mode; plan: DeliveryPlan; at: number }): Transaction {
    const transaction: Transaction = {
      order,
      mode,
      plan,
      token: this.#random.text(`token:${order.txRef}`, TOKEN_LENGTH, CHARACTERS.toLowerCase() + CHARACTERS),
      createdAt: at,
      updatedAt: at,
      // Counted from initialize; Chapa does not say from when.
      expiresAt: at + this.#windowMs,
      failedAttempts: 0,
      inFlight: 0,
      cancelledBy: null,
      lastFailure: null,
      captures: [],
      log: [],
    };
    this.#byTxRef.set(order.txRef, transaction);
    this.#byToken.set(transaction.token, transaction);
    note(transaction, { message: "Checkout opened", at });
    return transaction;
  }

  find(txRef: string): Transaction | undefined {
    return this.#byTxRef.get(txRef);
  }

  findByToken(token: string): Transaction | undefined {
    return this.#byToken.get(token);
  }

  /** The capture with this reference of Chapa's, and its transaction. */
  findByReference(reference: string): { transaction: Transaction; capture: Capture } | undefined {
    const capture = this.#captures.find((candidate) => candidate.reference === reference);
    const transaction = capture && this.#byTxRef.get(capture.txRef);
    return transaction && { transaction, capture };
  }

  /** Oldest first. */
  all(): Transaction[] {
    return [...this.#byTxRef.values()];
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
    const happening: Happening = { what: "failed", ...amountOf(order), mode, reference, method, reason, at };
    transaction.lastFailure = happening;
    note(transaction, { message: reason, type: "error", at });
    this.#tell(transaction, happening);
  }

  /** Ends the link on the merchant's word. Attempts in flight go on. */
  closeLink(transaction: Transaction, at: number): void {
    transaction.cancelledBy = "merchant";
    note(transaction, { message: "Checkout link expired by the merchant", at });
  }

  /** Takes the money: what was ordered, unless `attempt` says something else. */
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
    this.#tell(transaction, happeningOf("success", capture, attempt.at));
    return capture;
  }

  /** The payer's bank takes a capture back. */
  reverse(transaction: Transaction, capture: Capture, at: number): void {
    capture.reversed = true;
    note(transaction, { message: "Payment reversed", at });
    this.#tell(transaction, happeningOf("reversed", capture, at));
  }

  /** Gives `amount` (santim) of a capture back to the payer. */
  giveBack(transaction: Transaction, capture: Capture, { amount, at }: { amount: number; at: number }): void {
    capture.refunded += amount;
    note(transaction, { message: "Payment refunded", at });
    this.#tell(transaction, { ...happeningOf("refunded", capture, at), amount });
  }

  /** A refund that came to nothing: the merchant keeps the money. */
  refundReversed(transaction: Transaction, capture: Capture, { amount, at }: { amount: number; at: number }): void {
    note(transaction, { message: "Refund reversed", type: "error", at });
    this.#tell(transaction, { ...happeningOf("refund-reversed", capture, at), amount });
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

function happeningOf(what: Happening["what"], capture: Capture, at: number): Happening {
  const { amount, currency, mode, reference, method } = capture;
  return { what, amount, currency, mode, reference, method, reason: null, at };
}

function amountOf({ amount, currency }: Order): { amount: number; currency: Currency } {
  return { amount, currency };
}

function note(transaction: Transaction, entry: { message: string; type?: "log" | "error"; at: number }): void {
  transaction.updatedAt = entry.at;
  transaction.log.push({ item: transaction.log.length + 1, type: "log", ...entry });
}
