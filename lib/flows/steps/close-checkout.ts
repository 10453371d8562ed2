import type { ChapaClient, Owner } from "../../chapa/client.ts";
import {
  type ClosingEvidence,
  endIsRecorded,
  isNotMoney,
  type Money,
  type VerifyResult,
} from "../../domain/evidence.ts";
import { txRefOf } from "../../domain/ids.ts";
import { hasEnded, type Payment, termsOf } from "../../domain/payment.ts";
import { lapseAt } from "../../domain/verification-schedule.ts";
import type { Run } from "./run-context.ts";

export type ClosePorts = { chapa: Pick<ChapaClient, "verify" | "cancel"> };

/**
 * One attempt to leave. `first` is the result of a verify that this invocation has just made of it. `isLapsed`: it was
 * left before without being closed, and its cancel is tried again.
 */
export type Leaving = { attempt: number; first?: VerifyResult | undefined; isLapsed?: boolean };

/**
 * `closed`: it can be left, by closing evidence or by lapse. `money`: it was paid. `held`: it cannot be left; `last` is
 * what Chapa said last. `isCancelled`: Chapa has closed it all the same, so that it can no longer be paid.
 */
export type Closing =
  | { kind: "closed"; evidence: ClosingEvidence }
  | { kind: "money"; result: Money }
  | { kind: "held"; last: VerifyResult; isCancelled?: boolean };

/**
 * Gathers what lets us leave an attempt, within this invocation and with one key: verified unpaid, cancelled
 * definitively, verified unpaid again. The second verify finds a payer who paid in between. Where Chapa does not close
 * the checkout, or answers in words that we do not know, its lapse counts once it is over.
 */
export async function closeCheckout(
  { chapa }: ClosePorts,
  payment: Payment,
  { attempt, first, isLapsed = false }: Leaving,
  { context, deadline }: Run,
): Promise<Closing> {
  if (hasEnded(payment, attempt) && !isLapsed) {
    return { kind: "closed", evidence: endIsRecorded(attempt) };
  }
  const txRef = txRefOf(payment, attempt);
  const left = () => deadline - context().now;
  const owner = ownerOf(payment, attempt);

  const before = first ?? (await chapa.verify(txRef, owner, left()));
  if (!isNotMoney(before)) return concluded(before);
  const key = before.key ?? owner.key;
  const cancel = await chapa.cancel(txRef, key, left());
  const after = await chapa.verify(txRef, { ...owner, key }, left());
  const isCancelled = cancel !== "unclear";
  if (!isNotMoney(after)) return concluded(after, isCancelled);
  const found = before.kind === "unpaid" ? before.reason : "pending";
  const isProof = before.kind === "unpaid" && after.kind === "unpaid" && (after.key ?? key) === key;
  if (isProof && isCancelled) return { kind: "closed", evidence: { attempt, found, cancel } };
  const { now, policy } = context();
  const isOver = now >= lapseAt(payment, attempt, now, policy);
  if (isOver) return { kind: "closed", evidence: { attempt, found, cancel: "lapse" } };
  return { kind: "held", last: after, isCancelled };
}

function concluded(last: VerifyResult, isCancelled = false): Closing {
  const isMoney = last.kind === "paid" || last.kind === "refunded" || last.kind === "reversed";
  return isMoney ? { kind: "money", result: last } : { kind: "held", last, isCancelled };
}

/** Returns which key to ask about an attempt. */
export function ownerOf(payment: Payment, attempt: number): Owner {
  const { key, mode } = termsOf(payment, attempt);
  return { key, mode, isOpened: payment.attempts[attempt] !== undefined };
}
