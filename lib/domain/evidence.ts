import { txRefOf } from "./ids.ts";
import type { Santim } from "./money.ts";
import { type Payment, termsOf } from "./payment.ts";
import type { DefinitiveCancel, Reversal, Unavailable, UnpaidReason } from "./vocabulary.ts";

/** What verify says about money that arrived. A field that it did not report, or not readably, is absent. */
export type PaidFacts = {
  txRef?: string | undefined;
  amount?: Santim | undefined;
  currency?: string | undefined;
  mode?: string | undefined;
  reference?: string | undefined;
  method?: string | undefined;
  charge?: Santim | undefined;
};

/** Verify found money, here or gone back since. */
export type Money = { kind: "paid" | Reversal; facts: PaidFacts };

/** Verify found no money. It counts only inside closing evidence; elsewhere it proves nothing. */
export type Unpaid = { kind: "unpaid"; reason: UnpaidReason; failureReason?: string | undefined };

/** What one verify of one checkout proves. `unavailable` says nothing about money. */
export type VerifyResult = Money | Unpaid | { kind: "unavailable"; reason: Unavailable };

/** Money that verify reported on one attempt of a payment. */
export type VerifiedMoney = { attempt: number; result: Money };

/**
 * That a checkout can take no money any more: verified unpaid (`found`: in which way), cancelled definitively,
 * verified unpaid again.
 */
export type ClosingEvidence = { attempt: number; found: UnpaidReason; cancel: DefinitiveCancel };

/** Whether verify reports exactly the checkout that we opened: reference, amount, currency and mode. */
export function isAsAgreed(payment: Payment, attempt: number, facts: PaidFacts): boolean {
  const terms = termsOf(payment, attempt);
  return (
    facts.txRef === txRefOf(payment.ref, attempt) &&
    facts.amount === terms.amount &&
    facts.currency === terms.currency &&
    facts.mode === terms.mode
  );
}

/** Whether both report the same amount, currency and mode. */
export function isSameMoney(a: PaidFacts, b: PaidFacts): boolean {
  return a.amount === b.amount && a.currency === b.currency && a.mode === b.mode;
}

/** How the money went back, undefined while it is here. */
export function reversalOf({ kind }: Money): Reversal | undefined {
  return kind === "paid" ? undefined : kind;
}
