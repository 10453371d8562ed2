import { txRefOf } from "./ids.ts";
import type { Santim } from "./money.ts";
import { type Payment, termsOf } from "./payment.ts";
import type { DefinitiveCancel, MoneyKind, Reversal, Unavailable, UnpaidReason } from "./vocabulary.ts";

/** What verify reports about captured money. A field is absent if verify did not report it, or not readably. */
export type PaidFacts = {
  txRef?: string | undefined;
  amount?: Santim | undefined;
  currency?: string | undefined;
  mode?: string | undefined;
  reference?: string | undefined;
  method?: string | undefined;
  charge?: Santim | undefined;
};

/** Verify found money, which is still here or has gone back. */
export type Money = { kind: MoneyKind; facts: PaidFacts };

/** Verify found no money. This counts only as part of closing evidence; alone it proves nothing. */
export type Unpaid = { kind: "unpaid"; reason: UnpaidReason; failureReason?: string | undefined };

/** The result of one verify of one checkout. `unavailable` says nothing about money. */
export type VerifyResult = Money | Unpaid | { kind: "unavailable"; reason: Unavailable };

/** Money that verify reported on one attempt of a payment. */
export type VerifiedMoney = { attempt: number; result: Money };

/**
 * Proof that a checkout can no longer be paid: verified unpaid (`found` is the reason), cancelled definitively, and
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

/** Returns how the money went back; undefined while it is here. */
export function reversalOf({ kind }: Money): Reversal | undefined {
  return kind === "paid" ? undefined : kind;
}
