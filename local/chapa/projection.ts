import type { DeliveryPlan } from "./delivery-plan.ts";
import type { Method } from "./methods.ts";
import type { Currency } from "./money.ts";
import type { SimulatorState } from "./state.ts";
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

/** The public state of one transaction. Amounts in santim, times in epoch ms. */
export type TransactionProjection = {
  txRef: string;
  status: Status;
  state: State;
  amount: number;
  currency: Currency;
  mode: Mode;
  method: Method | null;
  /** The reference of the capture that verify shows. */
  reference: string | null;
  checkoutUrl: string;
  failedAttempts: number;
  createdAt: number;
  expiresAt: number;
  plan: DeliveryPlan;
  captures: Capture[];
};

export function projectionOf(state: SimulatorState, transaction: Transaction): TransactionProjection {
  const { order, mode, failedAttempts, createdAt, expiresAt, plan } = transaction;
  const shown = shownCapture(transaction);
  return {
    txRef: order.txRef,
    status: statusOf(transaction),
    state: stateOf(transaction, state.scheduler.now()),
    amount: order.amount,
    currency: order.currency,
    mode,
    method: shown?.method ?? transaction.lastFailure?.method ?? null,
    reference: shown?.reference ?? null,
    checkoutUrl: state.checkoutUrl(transaction),
    failedAttempts,
    createdAt,
    expiresAt,
    plan,
    captures: structuredClone(transaction.captures),
  };
}
