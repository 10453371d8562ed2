import { type Action, ActionRefused, type ActParams, type Leaves } from "./actions.ts";
import { testNumbers } from "./methods.ts";
import { type Currency, toText } from "./money.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Capture, type Ledger, type Mode, stateOf, type Transaction } from "./transactions.ts";
import { parseAmount } from "./validate.ts";

type Attempt = { transaction: Transaction; params: ActParams; at: number };

const PROMPT_SECONDS = 30;
const LATE_SECONDS = 60;
const SOON_SECONDS = 5;
const DECLINED = "The payer's wallet declined the payment";

/** Performs the actions of the payer, the payer's bank and the user of Chapa's dashboard. */
export class Payer {
  readonly #ledger: Ledger;
  readonly #scheduler: Scheduler;
  readonly #delivered: (txRef: string) => Promise<void>;

  /** @param parts.delivered resolves when all deliveries about a tx_ref that are under way have ended */
  constructor(parts: { ledger: Ledger; scheduler: Scheduler; delivered: (txRef: string) => Promise<void> }) {
    this.#ledger = parts.ledger;
    this.#scheduler = parts.scheduler;
    this.#delivered = parts.delivered;
  }

  /** @throws ActionRefused if the state of the checkout does not allow the action */
  act(transaction: Transaction, action: Action, params: ActParams = {}): Leaves {
    const attempt = { transaction, params, at: this.#scheduler.now() };
    switch (action) {
      case "reverse":
        return this.#reverse(attempt);
      case "refund":
        return this.#refund(attempt);
      case "pay-late":
        return this.#payLate(attempt);
      case "cancel":
        return this.#cancel(attempt);
      default:
        this.#mustBeOpen(attempt);
        return this.#pay(action, attempt);
    }
  }

  #pay(action: Exclude<Action, "reverse" | "refund" | "pay-late" | "cancel">, attempt: Attempt): Leaves {
    switch (action) {
      case "pay":
        return this.#attempt(attempt);
      case "close-tab":
        this.#attempt(attempt);
        return null;
      case "fail":
        return this.#fail(attempt);
      case "abandon":
        return null;
      case "prompt":
        this.#inFlight(attempt, attempt.at + 1000 * (attempt.params.seconds ?? PROMPT_SECONDS));
        return null;
      case "pay-twice":
        if (this.#attempt(attempt) === "paid") this.#attempt(attempt);
        return attempt.transaction.captures.length > 0 ? "paid" : null;
      case "fail-then-pay":
        this.#fail(attempt);
        this.#inFlight(attempt, attempt.at + 1000 * (attempt.params.seconds ?? SOON_SECONDS));
        return null;
      case "wrong-amount":
        return this.#attempt(attempt, { amount: wrongAmount(attempt) });
      case "wrong-currency":
        return this.#attempt(attempt, { currency: wrongCurrency(attempt) });
      case "live-test-mix":
        return this.#attempt(attempt, { mode: attempt.transaction.mode === "test" ? "live" : "test" });
    }
  }

  #mustBeOpen({ transaction, at }: Attempt): void {
    const state = stateOf(transaction, at);
    if (state !== "OPEN") throw new ActionRefused(409, REFUSALS[state]);
  }

  /** One try. The method and the phone number decide whether it succeeds. */
  #attempt({ transaction, params, at }: Attempt, deviation: Deviation = {}): Leaves {
    const method = params.method ?? "telebirr";
    const numbers = testNumbers(method);
    const isKnown = params.phone === undefined || numbers.length === 0 || numbers.includes(params.phone);
    // Test mode accepts only the test numbers. In live mode every payment succeeds.
    const succeeds = params.outcome !== "failure" && (isKnown || transaction.mode === "live");
    if (succeeds) {
      this.#ledger.capture(transaction, { method, at, ...deviation });
      return "paid";
    }
    this.#ledger.failAttempt(transaction, { method, reason: DECLINED, at });
    return null;
  }

  #fail({ transaction, params, at }: Attempt): Leaves {
    this.#ledger.failAttempt(transaction, { method: params.method ?? "telebirr", reason: DECLINED, at });
    return null;
  }

  /** An attempt that has begun and ends at `due`, even if the link is closed before. */
  #inFlight({ transaction, params }: Attempt, due: number): void {
    transaction.inFlight++;
    this.#scheduler.at(due, async (at) => {
      transaction.inFlight--;
      this.#attempt({ transaction, params, at });
      await this.#delivered(transaction.order.txRef);
    });
  }

  #payLate(attempt: Attempt): Leaves {
    const { transaction, params, at } = attempt;
    const state = stateOf(transaction, at);
    if (state === "PAID" || state === "ATTEMPTING") throw new ActionRefused(409, REFUSALS[state]);
    if (state === "OPEN") {
      this.#inFlight(attempt, transaction.expiresAt + 1000 * (params.seconds ?? LATE_SECONDS));
    } else if (params.seconds) {
      this.#inFlight(attempt, at + 1000 * params.seconds);
    } else {
      return this.#attempt(attempt);
    }
    return null;
  }

  #cancel({ transaction, at }: Attempt): Leaves {
    const state = stateOf(transaction, at);
    // The page still allows a cancel while a prompt is on the phone.
    if (state !== "OPEN" && state !== "ATTEMPTING") throw new ActionRefused(409, REFUSALS[state]);
    this.#ledger.failAttempt(transaction, { method: null, reason: "The payer cancelled", at, cancelled: true });
    return "cancelled";
  }

  #reverse(attempt: Attempt): Leaves {
    const { transaction, params, at } = attempt;
    let leaves: Leaves = null;
    if (transaction.captures.length === 0) {
      this.#mustBeOpen(attempt);
      leaves = this.#attempt(attempt);
      if (!leaves) return null;
    }
    const capture = this.#chooseCapture(attempt, "reverse");
    const seconds = params.seconds ?? (leaves ? SOON_SECONDS : 0);
    if (seconds === 0) {
      this.#ledger.reverse(transaction, capture, at);
      return leaves;
    }
    this.#scheduler.at(at + 1000 * seconds, async (due) => {
      if (!capture.reversed) this.#ledger.reverse(transaction, capture, due);
      await this.#delivered(transaction.order.txRef);
    });
    return leaves;
  }

  #refund(attempt: Attempt): Leaves {
    const { transaction, params, at } = attempt;
    const capture = this.#chooseCapture(attempt, "refund");
    const left = capture.amount - capture.refunded;
    const asked = params.amount === undefined ? { santim: left } : parseAmount(params.amount);
    if ("code" in asked) throw new ActionRefused(422, `amount: ${asked.code}`);
    if (asked.santim > left)
      throw new ActionRefused(409, `Only ${toText(left)} ${capture.currency} can still be refunded`);
    this.#ledger.giveBack(transaction, capture, { amount: asked.santim, at });
    return null;
  }

  /** The capture that `params` names, or the first that is not completely refunded. */
  #chooseCapture({ transaction, params }: Attempt, purpose: string): Capture {
    const withMoney = transaction.captures.filter((capture) => !capture.reversed && capture.refunded < capture.amount);
    const chosen = withMoney.find(({ reference }) => !params.reference || reference === params.reference);
    if (!chosen) throw new ActionRefused(409, `There is no payment left to ${purpose}`);
    return chosen;
  }
}

type Deviation = { amount?: number; currency?: Currency; mode?: Mode };

const REFUSALS = {
  OPEN: "The checkout is open",
  ATTEMPTING: "A payment is under way on the payer's phone",
  PAID: "This checkout is already paid",
  CLOSED: "All ten attempts have failed; this checkout is closed",
  CANCELLED: "This checkout was cancelled; only pay-late is still possible",
  EXPIRED: "This checkout has expired; only pay-late is still possible",
} as const;

function wrongAmount({ transaction, params }: Attempt): number {
  const { amount } = transaction.order;
  // One birr less, or one more if less would be zero.
  if (params.amount === undefined) return amount > 100 ? amount - 100 : amount + 100;
  const asked = parseAmount(params.amount);
  if ("code" in asked) throw new ActionRefused(422, `amount: ${asked.code}`);
  return asked.santim;
}

function wrongCurrency({ transaction, params }: Attempt): Currency {
  return params.currency ?? (transaction.order.currency === "ETB" ? "USD" : "ETB");
}
