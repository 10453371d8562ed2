import * as z from "zod";
import type { Tamper } from "../faults.ts";
import type { Answer } from "../serve.ts";
import { decodePath } from "./fields.ts";
import type { SimulatorState } from "./state.ts";
import type { Transaction } from "./transactions.ts";
import { refuse, unpaidAnswer, WRONG_KEY } from "./wire.ts";

const Opened = z.looseObject({ data: z.looseObject({ checkout_url: z.string() }) });
const Envelope = z.looseObject({ data: z.looseObject({}) });

/** Faults that answer without performing the request. */
export const REFUSALS: Record<string, Answer> = {
  // Set `times` to limit the burst.
  "401burst": WRONG_KEY,
  apiDisabled: refuse(404, "Payments through API is disabled, please contact us"),
  cannotReceive: refuse(400, "User can't receive payments"),
  insufficientBalance: refuse(400, "Insufficient Balance"),
  // Chapa refuses some addresses that are valid.
  refusedEmail: refuse(400, { email: ["validation.email"] }),
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
