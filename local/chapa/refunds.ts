import type { Answer } from "../serve.ts";
import { type Fields, objectAt, textAt, valueAt } from "./fields.ts";
import { toText, toTime } from "./money.ts";
import type { Profile } from "./profiles.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Capture, type Ledger, shownCapture, type Transaction } from "./transactions.ts";
import { parseAmount } from "./validate.ts";
import { accept, refuse } from "./wire.ts";

/** A refund by API. Amount in santim. `reference` is the merchant's own, `ref` is Chapa's. */
type Refund = {
  transaction: Transaction;
  capture: Capture;
  amount: number;
  ref: string;
  reference: string | null;
  reason: string | null;
  meta: Fields | null;
  status: "initiated" | "processing" | "refunded" | "reversed";
  createdAt: number;
  updatedAt: number;
};

/** A refund as the merchant's bank sees it. */
export type Booked = Readonly<Pick<Refund, "transaction" | "capture" | "amount" | "ref" | "reference" | "status">>;

type Parts = {
  ledger: Ledger;
  scheduler: Scheduler;
  random: Random;
  profile: Profile;
  /** Resolves when all deliveries about a tx_ref that are under way have ended. */
  delivered: (txRef: string) => Promise<void>;
};

const CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

// Chapa documents one to three business days.
const PROCESSING_AFTER_MS = 60_000;
const SETTLED_AFTER_MS = 24 * 60 * 60_000;

const ABOVE = "Refund amount cannot exceed the full transaction amount or be less than 0";
const REFUSALS = {
  balance: "Insufficient Balance",
  generic: "Oops something went wrong and this is our issue. Please try again later",
} as const;

/** Refunds by API. They are processed after some time on the clock. */
export class Refunds {
  readonly #all: Refund[] = [];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** `POST /refund/{id}`: `id` is Chapa's reference or the merchant's tx_ref, as the profile allows. */
  request(id: string, fields: Fields): Answer {
    const found = this.#find(id);
    if (!found) return refuse(404, "Transaction not found");
    const { transaction, capture } = found;
    if (!capture) return refuse(400, "Payment not paid yet");
    if (transaction.mode === "test") return refuse(400, "Refunds can only be processed in live mode");
    const refusal = transaction.plan.refundRefused;
    if (refusal) return refuse(400, REFUSALS[refusal]);
    const given = valueAt(fields, "amount");
    const asked = given === undefined ? { santim: capture.amount } : parseAmount(given);
    if ("code" in asked) return refuse(400, { amount: [asked.code] });
    // Nobody knows whether Chapa counts other refunds of the same payment, so only its merchant keeps from paying twice.
    if (capture.reversed || asked.santim > capture.amount || asked.santim === 0) return refuse(400, ABOVE);
    const reference = textAt(fields, "reference") ?? null;
    const now = this.#parts.scheduler.now();
    const refund: Refund = {
      transaction,
      capture,
      amount: asked.santim,
      ref: `MERC-DIS-REF-${this.#parts.random.text(`refund:${transaction.order.txRef}`, 12, CHARACTERS)}`,
      reference,
      reason: textAt(fields, "reason") ?? null,
      meta: objectAt(fields, "meta") ?? null,
      status: "initiated",
      createdAt: now,
      updatedAt: now,
    };
    this.#all.push(refund);
    this.#process(refund);
    return accept("Refund initiated successfully. Processing time: 1-3 business days", this.#describe(refund));
  }

  /** `GET /refund/{ref}/verify`, by Chapa's refund reference or the merchant's. */
  verify(ref: string): Answer {
    const refund = this.#all.find((candidate) => candidate.ref === ref || candidate.reference === ref);
    return refund ? accept("Refund details", this.#describe(refund)) : refuse(404, "Refund not found");
  }

  /** Every refund, oldest first. */
  all(): readonly Booked[] {
    return this.#all;
  }

  /** A refund that was paid out comes to nothing after all: the payer's bank has sent its money back. */
  returnPaid(ref: string): void {
    const refund = this.#all.find((candidate) => candidate.ref === ref);
    if (refund?.status !== "refunded") return;
    const { transaction, capture, amount } = refund;
    refund.status = "reversed";
    refund.updatedAt = this.#parts.scheduler.now();
    this.#parts.ledger.refundReversed(transaction, capture, { amount, at: refund.updatedAt, paidOut: amount });
  }

  #find(id: string): { transaction: Transaction; capture: Capture | undefined } | undefined {
    const { ledger, profile } = this.#parts;
    const by = profile.trait("refundBy", id);
    const byReference = by === "tx_ref" ? undefined : ledger.findByReference(id);
    const byTxRef = by === "reference" ? undefined : ledger.find(id);
    return byReference ?? (byTxRef && { transaction: byTxRef, capture: shownCapture(byTxRef) });
  }

  #process(refund: Refund): void {
    const { scheduler, ledger, delivered } = this.#parts;
    const { transaction, capture, amount } = refund;
    scheduler.at(refund.createdAt + PROCESSING_AFTER_MS, (at) => {
      refund.status = "processing";
      refund.updatedAt = at;
    });
    scheduler.at(refund.createdAt + SETTLED_AFTER_MS, async (at) => {
      refund.status = transaction.plan.refunds ?? "refunded";
      refund.updatedAt = at;
      if (refund.status === "refunded") ledger.giveBack(transaction, capture, { amount, at });
      else ledger.refundReversed(transaction, capture, { amount, at });
      await delivered(transaction.order.txRef);
    });
  }

  #describe(refund: Refund): Record<string, unknown> {
    const { amount, ref, status, capture, reference, reason, createdAt, updatedAt } = refund;
    const currency = capture.currency;
    const shape = this.#parts.profile.trait("refundAnswer", ref);
    if (shape === "short") {
      return { amount: toText(amount), currency, ref_id: ref, payment_reference: capture.reference, status };
    }
    return {
      id: this.#all.indexOf(refund) + 1,
      chapa_reference: capture.reference,
      bank_reference: null,
      amount: toText(amount),
      ...(shape === "long" ? { ref } : {}),
      currency,
      status: status === "initiated" ? "Refund Initiated" : status,
      reason,
      merchant_reference: reference,
      meta: refund.meta,
      created_at: toTime(createdAt),
      updated_at: toTime(updatedAt),
    };
  }
}
