import type { Method } from "./methods.ts";
import type { Currency } from "./money.ts";
import type { Plan } from "./plan.ts";
import {
  type Capture,
  type Mode,
  type State,
  type Status,
  shownCapture,
  stateOf,
  statusOf,
  type Transaction,
} from "./transactions.ts";
import type { World } from "./world.ts";

/** One transaction as it is now. Amounts in santim, times in epoch ms. */
export type TransactionView = {
  txRef: string;
  status: Status;
  state: State;
  amount: number;
  currency: Currency;
  mode: Mode;
  method: Method | null;
  /** Of the capture that verify shows. */
  reference: string | null;
  checkoutUrl: string;
  failedAttempts: number;
  createdAt: number;
  expiresAt: number;
  plan: Plan;
  captures: Capture[];
};

export function viewOf(world: World, transaction: Transaction): TransactionView {
  const { order, mode, failedAttempts, createdAt, expiresAt, plan } = transaction;
  const shown = shownCapture(transaction);
  return {
    txRef: order.txRef,
    status: statusOf(transaction),
    state: stateOf(transaction, world.agenda.now()),
    amount: order.amount,
    currency: order.currency,
    mode,
    method: shown?.method ?? transaction.lastFailure?.method ?? null,
    reference: shown?.reference ?? null,
    checkoutUrl: world.checkoutUrl(transaction),
    failedAttempts,
    createdAt,
    expiresAt,
    plan,
    captures: structuredClone(transaction.captures),
  };
}
