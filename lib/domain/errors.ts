import type { Closed, RefusalCode } from "./vocabulary.ts";

/**
 * A refusal or outage that callers see. Programs read `code`, whose meaning never changes. The message is a sentence
 * for people, without personal data.
 */
export abstract class PaymentError extends Error {
  abstract readonly code: RefusalCode;
  /** Seconds after which the caller may send the same request again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

// What is unclear becomes clear by Chapa's next answer, or by a person.
const UNCLEAR_RETRY_SECONDS = 600;

export class PurposeUnknown extends PaymentError {
  readonly code = "purpose_unknown";
  constructor(purpose: string, known: readonly string[]) {
    super(`The purpose "${purpose}" is unknown; known purposes: ${known.join(", ")}.`);
  }
}

/** The caller's amount is not the price. */
export class PriceDiffers extends PaymentError {
  readonly code = "price_differs";
  constructor(named: string, price: string, currency: string) {
    super(`The amount ${named} is not the price; the price is ${price} ${currency}.`);
  }
}

/** The caller's currency is not that of the price. */
export class CurrencyDiffers extends PaymentError {
  readonly code = "currency_differs";
  constructor(named: string, price: string, currency: string) {
    super(`The currency ${named} is not that of the price; the price is ${price} ${currency}.`);
  }
}

/** The request id was used before with another body; `fields` differ. */
export class RequestDiffers extends PaymentError {
  readonly code = "request_differs";
  readonly fields: readonly string[];
  constructor(fields: readonly string[]) {
    super(`This request id was used before with another body. Different fields: ${fields.join(", ")}.`);
    this.fields = fields;
  }
}

/** No valid credentials. */
export class Unauthenticated extends PaymentError {
  readonly code = "unauthenticated";
}

/** User Management does not know this name and password, or the user is no longer active. */
export class WrongLogin extends PaymentError {
  readonly code = "wrong_login";
  constructor() {
    super("Incorrect username or password");
  }
}

/** A program asks on behalf of a user that User Management does not know. */
export class UserUnknown extends PaymentError {
  readonly code = "user_unknown";
  constructor() {
    super("User details not found for the provided user_id");
  }
}

export class PaymentNotFound extends PaymentError {
  readonly code = "payment_not_found";
  constructor() {
    super("Payment not found");
  }
}

/** A rate limit: `remaining` of `limit` calls are left in a window of `windowSeconds`; it resets in `resetSeconds`. */
export type Quota = {
  name: string;
  limit: number;
  windowSeconds: number;
  remaining: number;
  resetSeconds: number;
};

export class RateLimited extends PaymentError {
  readonly code = "rate_limited";
  readonly quota: Quota;
  constructor({ retryAfterSeconds, quota }: { retryAfterSeconds: number; quota: Quota }) {
    super(`Too many requests; try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
    this.quota = quota;
  }
}

/** The payment is paid, or money on it awaits review, so it cannot be cancelled. */
export class PaymentTaken extends PaymentError {
  readonly code = "payment_taken";
  constructor() {
    super("Money was taken for this payment, so it cannot be cancelled.");
  }
}

/** The payment has no entry of attention with this id. */
export class EntryNotFound extends PaymentError {
  readonly code = "entry_not_found";
  constructor() {
    super("This payment has no such entry in `attention`.");
  }
}

/** One transition that was made: what, when (RFC 3339) and by whom. */
export type Change = { transition: string; at: string; by: string };

/** The payment's state, or what is known of its money, does not allow this decision. */
export class DecisionImpossible extends PaymentError {
  readonly code = "decision_impossible";
  readonly state: string;
  constructor(state: string, why: string) {
    super(`This cannot be decided in the state ${state}: ${why}.`);
    this.state = state;
  }
}

/** The payment changed after the person who decides saw it. */
export class VersionChanged extends PaymentError {
  readonly code = "version_changed";
  readonly changes: readonly Change[];
  constructor(version: number, changes: readonly Change[]) {
    super(`The payment has changed and is now at version ${version}. Please read it again before you decide.`);
    this.changes = changes;
  }
}

/** A refund of more than is left of the money, in birr. */
export class RefundAboveLeft extends PaymentError {
  readonly code = "refund_above_left";
  constructor(left: string) {
    super(`No more can be sent back than is left of this money: ${left}.`);
  }
}

/** More than one capture could be meant, or none; these have something left. */
export class CaptureUnclear extends PaymentError {
  readonly code = "capture_unclear";
  constructor(captures: readonly string[]) {
    const named = captures.length > 0 ? `one of ${captures.join(", ")}` : "nothing is left of any";
    super(`Please name in \`capture\` which money is sent back: ${named}.`);
  }
}

/** The caller has sent back as much as one person or program may in a day. */
export class RefundLimitReached extends PaymentError {
  readonly code = "refund_limit";
  constructor(amount: string) {
    super(`With ${amount} more you would be above what one person or program may send back in a day. Another one may.`);
  }
}

/** The payment has no refund with this id. */
export class RefundNotFound extends PaymentError {
  readonly code = "refund_not_found";
  constructor() {
    super("This payment has no such refund.");
  }
}

/** Another request is still opening this checkout. */
export class CheckoutBeingOpened extends PaymentError {
  readonly code = "checkout_being_opened";
  constructor(retryAfterSeconds: number) {
    super("The checkout for this payment is being opened. Please send the same request again.", { retryAfterSeconds });
  }
}

/** The payment is finalised, and the listing may have FAILED, so it can no longer be paid. */
export class ListingClosed extends PaymentError {
  readonly code = "listing_closed";
  constructor() {
    super(
      "This listing was closed because no payment of its fee was found in time, so it can no longer be paid. If you have paid already, we will find it; please do not pay again.",
    );
  }
}

/** Chapa refuses the data of this payment. The same data will be refused again. */
export class GatewayRefused extends PaymentError {
  readonly code = "gateway_refused";
  constructor(reason: string) {
    super(`The payment gateway refused this payment: ${reason}.`);
  }
}

/** Chapa did not answer, or the answer is unreadable. The caller may send the same request again. */
export class GatewayUnavailable extends PaymentError {
  readonly code = "gateway_unavailable";
  constructor(retryAfterSeconds: number) {
    super(
      "The payment gateway cannot be reached right now. Please try again later. If you have paid already, we will find it; please do not pay again.",
      {
        retryAfterSeconds,
      },
    );
  }
}

/** Chapa refuses our key or account, or the key is of the other mode. Only an operator can fix it. */
export class GatewayMisconfigured extends PaymentError {
  readonly code = "gateway_misconfigured";
  constructor(retryAfterSeconds: number) {
    super(
      "Payments are not possible right now because of a fault on our side. Please try again later. If you have paid already, we will find it; please do not pay again.",
      { retryAfterSeconds },
    );
  }
}

/** Chapa does not yet say that the old checkout is closed, so no new one may be opened. */
export class CheckoutClosing extends PaymentError {
  readonly code = "checkout_closing";
  constructor(retryAfterSeconds: number) {
    super(
      "The last checkout of this payment is not closed yet. Please try again later. If you have paid already, we will find it; please do not pay again.",
      { retryAfterSeconds },
    );
  }
}

/** Something says that money may have come. A person looks at it; no checkout is opened meanwhile. */
export class PaymentUnclear extends PaymentError {
  readonly code = "payment_unclear";
  constructor() {
    super(
      "This payment may have been paid already, and a person is looking at it. If you have paid already, we will find it; please do not pay again.",
      { retryAfterSeconds: UNCLEAR_RETRY_SECONDS },
    );
  }
}

/** A dependency (table, queue, secret store, User Management) does not answer. */
export class DependencyUnavailable extends PaymentError {
  readonly code = "dependency_unavailable";
  readonly part: string;
  constructor(part: string, cause?: unknown) {
    super(`${part} does not answer right now. Please try again.`, { retryAfterSeconds: 5, cause });
    this.part = part;
  }
}

/** A newer release wrote the payment's row, or the row is damaged. Only an operator can fix it. */
export class PaymentUnreadable extends PaymentError {
  readonly code = "payment_unreadable";
  constructor(cause?: unknown) {
    super(
      "This payment cannot be read right now because of a fault on our side. If you have paid already, we will find " +
        "it; please do not pay again.",
      { retryAfterSeconds: 300, cause },
    );
  }
}

/** An operator has paused new payments, or the table or the namespace is another one than before. */
export class InitiatePaused extends PaymentError {
  readonly code = "initiate_paused";
  constructor() {
    super("New payments are paused for maintenance. Please try again later.", { retryAfterSeconds: 300 });
  }
}

/** No money goes back while payments are paused. Only administrators and programs ask, so they hear why. */
export class RefundsPaused extends PaymentError {
  readonly code = "refunds_paused";
  constructor(why: Closed) {
    super(`No money is sent back now: ${WHY_CLOSED[why]}`, { retryAfterSeconds: 300 });
  }
}

/** Payments are stopped for another reason than a pause, so that neither a pause nor its end changes anything. */
export class PauseImpossible extends PaymentError {
  readonly code = "pause_impossible";
  constructor(why: Closed) {
    super(`Payments are stopped already: ${WHY_CLOSED[why]}`);
  }
}

const WHY_CLOSED = {
  paused: "a person has paused payments and refunds. The overview says who and why.",
  other_table:
    "this table is a copy of another one. A person must compare it with Chapa, and then resume with `restored`.",
  other_namespace: "the namespace in the secret is another one than before. A person must put the earlier one back.",
  unreadable: "the row that says which table this is cannot be read. A person must repair it.",
} as const satisfies Record<Closed, string>;

/**
 * Returns a name for an error in a log. Our errors are named by code, because the bundle shortens class names. The
 * message is left out, because it may quote input.
 */
export function errorName(error: unknown): string {
  if (error instanceof PaymentError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
