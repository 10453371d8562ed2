import * as z from "zod";
import type { Refusal, Tamper } from "../faults.ts";
import type { Answer } from "../serve.ts";
import { decodePath, readFields, textAt } from "./fields.ts";
import type { SimulatorState } from "./state.ts";
import type { Transaction } from "./transactions.ts";
import { notPaidYet, refuse, unpaidAnswer, WRONG_KEY } from "./wire.ts";

export const USED_BEFORE = "Transaction reference has been used before";

const Opened = z.looseObject({ data: z.looseObject({ checkout_url: z.string() }) });
const Envelope = z.looseObject({ data: z.looseObject({}) });

/** Faults that answer without performing the request. */
export const REFUSALS: Record<string, Refusal> = {
  // Set `times` to limit the burst.
  "401burst": () => WRONG_KEY,
  apiDisabled: () => refuse(404, "Payments through API is disabled, please contact us"),
  cannotReceive: () => refuse(400, "User can't receive payments"),
  insufficientBalance: () => refuse(400, "Insufficient Balance"),
  // Chapa refuses some addresses that are valid.
  refusedEmail: () => refuse(400, { email: ["validation.email"] }),
  // `word` replaces the sentence.
  refusedInWords: ({ word = "The email must be a valid email address." }) => refuse(400, word),
  // A reference that Chapa refuses although verify does not know it.
  usedBefore: () => refuse(400, USED_BEFORE),
  // Set `route` to `cancel`. `word` replaces the text. Nothing is cancelled.
  cancelRefused: ({ word = "Transaction can not be cancelled" }) => refuse(400, word),
  // Set `route` to `verify`. `word` replaces the text in `status`.
  notPaidYet: ({ word = "null" }) => notPaidYet(200, word),
};

/** Faults in answers that only Chapa has. */
export function chapaTampers(state: () => SimulatorState): Record<string, Tamper> {
  return {
    /** A successful initialize without a checkout URL. */
    successWithoutUrl: (answer) => (Opened.safeParse(answer.body).success ? withData(answer, {}) : answer),

    /** A checkout URL with a host that only resembles Chapa's. */
    evilCheckoutHost: (answer) => {
      const opened = Opened.safeParse(answer.body).data;
      if (!opened) return answer;
      const { pathname } = new URL(opened.data.checkout_url);
      return withData(answer, { checkout_url: `https://checkout.chapa.co.pay-here.invalid${pathname}` });
    },

    /** Additional fields that Chapa does not document. */
    extraFields: (answer) => {
      const envelope = Envelope.safeParse(answer.body).data;
      if (!envelope) return answer;
      const data = { ...envelope.data, processor: { id: 7 }, risk: null };
      return { ...answer, body: { ...envelope, data, trace: ["a", 1] } };
    },

    /** Verify says `word` of the transaction, with or without a `trace` of money. */
    statusWord: (answer, { word = "expired", trace }) => {
      const envelope = Envelope.safeParse(answer.body).data;
      if (!envelope || !("status" in envelope.data)) return answer;
      const { reference: _, ...shown } = envelope.data;
      const traces = {
        charge: trace === "charge" ? 17.5 : null,
        ...(trace === "reference" ? { reference: "APTRACE" } : {}),
      };
      return { ...answer, body: { ...envelope, data: { ...shown, ...traces, status: word } } };
    },

    /** An answer about another reference than the one in the request. `word` is that reference. */
    otherTxRef: (answer, { word = "ANOTHER00000000001" }) => {
      const envelope = Envelope.safeParse(answer.body).data;
      if (!envelope || !("tx_ref" in envelope.data)) return answer;
      return { ...answer, body: { ...envelope, data: { ...envelope.data, tx_ref: word } } };
    },

    /** Initialize answers 504, and the transaction appears `ms` later. Until then Chapa does not know it. */
    bookedLate: (answer, { ms }, request) => {
      const fields = readFields(request.body, request.headers["content-type"]) ?? {};
      const transaction = state().ledger.find(textAt(fields, "tx_ref") ?? "");
      if (!Opened.safeParse(answer.body).success || !transaction) return answer;
      transaction.bookedAt = state().scheduler.now() + ms;
      return { status: 504, body: { message: "Gateway Timeout" } };
    },

    /** Verify does not yet show a payment of the last `ms` milliseconds. */
    stale: (answer, { ms }, request) => {
      const transaction = verified(state(), request.path);
      const paidAt = transaction?.captures[0]?.at;
      if (!transaction || paidAt === undefined || state().scheduler.now() - paidAt >= ms) return answer;
      return unpaidAnswer(transaction, state().profile);
    },

    /** Every second verify of a paid transaction says that it is not paid. */
    flap: (answer, _rule, request) => {
      const transaction = verified(state(), request.path);
      if (!transaction || transaction.captures.length === 0) return answer;
      const isNow = state().random.turn(`flap:${transaction.order.txRef}`, [true, false]);
      return isNow ? answer : unpaidAnswer(transaction, state().profile);
    },
  };
}

function withData(answer: Answer, data: Record<string, unknown>): Answer {
  return { ...answer, body: { message: "Hosted Link", status: "success", data } };
}

function verified(state: SimulatorState, path: string): Transaction | undefined {
  const txRef = /^\/v1\/transaction\/verify\/([^/]+)$/.exec(path)?.[1];
  return txRef === undefined ? undefined : state.ledger.find(decodePath(txRef));
}
