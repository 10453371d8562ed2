import { txRefOf } from "./ids.ts";
import type { Santim } from "./money.ts";
import { type KeyId, type Payment, termsOf } from "./payment.ts";
import type { LeftBy, MoneyKind, Reversal, Unavailable, UnpaidReason } from "./vocabulary.ts";

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

/** Chapa answered readably that no money came, in words that we do not know. It lets a checkout lapse, but not close. */
export type Readable = { kind: "readable"; word: string };

/** Chapa's words, or a trace in them, say that money may have come. Nothing may be left. */
export type MaybeMoney = { kind: "maybe_money"; word: string };

/** What Chapa's answer to verify means. `unavailable` says nothing about money. */
export type Answer = Money | Unpaid | Readable | MaybeMoney | { kind: "unavailable"; reason: Unavailable };

/** The result of one verify of one checkout, and the key that read it. */
export type VerifyResult = Answer & { key?: KeyId | undefined };

/** Whether Chapa answered readably that no money came, in words that we know or not. */
export function isNotMoney<Result extends Answer>(result: Result): result is Result & (Unpaid | Readable) {
  return result.kind === "unpaid" || result.kind === "readable";
}

/** Money that verify reported on one attempt of a payment. */
export type VerifiedMoney = { attempt: number; result: Money };

/**
 * What lets us leave a checkout. With a definitive cancel it is proof that the checkout can no longer be paid: verified
 * unpaid (`found` is the reason), cancelled, and verified unpaid again. With `lapse` Chapa did not close it, and the
 * guard of lapse must hold.
 */
export type ClosingEvidence = { attempt: number; found: UnpaidReason; cancel: LeftBy };

/** Returns what lets us leave an attempt whose end the payment has already. A guard compares it with the payment. */
export function endIsRecorded(attempt: number): ClosingEvidence {
  return { attempt, found: "pending", cancel: "ended" };
}

/** Whether verify reports exactly the checkout that we opened: reference, amount, currency and mode. */
export function isAsAgreed(payment: Payment, attempt: number, facts: PaidFacts): boolean {
  const terms = termsOf(payment, attempt);
  return (
    facts.txRef === txRefOf(payment, attempt) &&
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
