import type { components, paths } from "./api.ts";
import { PaymentError } from "./errors.ts";
import { newKey, type Ports, SYSTEM } from "./ports.ts";
import { type Answered, type CallOptions, type Credentials, hasTexts, Transport } from "./transport.ts";

export type { components, paths } from "./api.ts";
export { type ErrorCode, PaymentError } from "./errors.ts";
export type { Ports } from "./ports.ts";
export type { CallOptions, Credentials } from "./transport.ts";

/** A payment. `amount` is in birr; times are ISO 8601 in UTC. */
export type Payment = components["schemas"]["Payment"];
/** A payment for a caller who waits for it: with the address where it can be paid, and when to ask again. */
export type PaymentStatus = components["schemas"]["PaymentStatus"];
/** A payment with its checkouts, captures and history. */
export type PaymentDetail = components["schemas"]["PaymentDetail"];
export type ListedPayment = components["schemas"]["ListedPayment"];
export type InitiateRequest = components["schemas"]["InitiateRequest"];
export type RefundRequest = components["schemas"]["RefundRequest"];
type Page = components["schemas"]["PaymentPage"];
type ListQuery = NonNullable<paths["/api/v1/payments"]["get"]["parameters"]["query"]>;

/** Which payments, and how many a call brings (`limit`). */
export type ListFilter = Omit<ListQuery, "cursor">;

export type PaymentClientOptions = {
  /** `https://…/api/v1`, or `https://…/internal/v1` for programs that sign their requests. */
  baseUrl: string;
  credentials: Credentials;
  /** Replaces fetch, time or randomness. */
  ports?: Partial<Ports>;
};

const CALL_LIMIT_MS = 60_000;
const OUTCOME_LIMIT_MS = 10 * 60_000;
const POLL_SECONDS = 15;

/** Credentials of a user. A function is asked before each attempt, so that it can renew the token. */
export function bearer(token: string | (() => string | Promise<string>)): Credentials {
  return async () => ({ authorization: `Bearer ${typeof token === "string" ? token : await token()}` });
}

/** Credentials of a program. A key never belongs into a browser. */
export function apiKey(key: string): Credentials {
  return () => ({ "x-api-key": key });
}

/**
 * Calls the payment service from a browser or from Node.
 *
 * Every call waits and repeats itself when the network fails, on 429, on 5xx and on a conflict that ends by itself: as
 * long as `Retry-After` says, else a second, doubling to 30. After `giveUpAfterMs` (60,000) it throws the last failure.
 */
export class PaymentClient {
  /** Payments as they are stored. */
  readonly payments: Payments;
  readonly #transport: Transport;
  readonly #ports: Ports;

  constructor({ baseUrl, credentials, ports }: PaymentClientOptions) {
    this.#ports = { ...SYSTEM, ...ports };
    this.#transport = new Transport(baseUrl, credentials, this.#ports);
    this.payments = new Payments(this.#transport, this.#ports);
  }

  /**
   * Requests the payment of a fee, and its checkout. Send the payer to `checkout_url`; if it is null, there is nothing
   * to pay. One user, property and purpose is one payment, so two requests for it get the same one.
   *
   * Its idempotency key is `request_id`, or is made once; all repetitions of the call carry the same one. After a
   * failure it is in the error: pass it as `request_id` to repeat the request later.
   *
   * @throws PaymentError `price_differs`, `request_differs`, `listing_closed`, `gateway_refused`, `initiate_paused`,
   *   `rate_limited`, `no_answer` and others
   */
  async initiate(request: InitiateRequest, options: CallOptions = {}): Promise<Payment> {
    const key = request.request_id ?? newKey(this.#ports);
    const body = JSON.stringify({ ...request, request_id: key });
    const answer = await this.#transport.send(posted("/payments/initiate", body, key), limited(options));
    return expected(answer, isPayment);
  }

  /**
   * Asks until the payment is settled. Read `state` of the result: `SUCCESS` is paid. `FAILED`, `CANCELLED` and `EXPIRED`
   * are not paid; money that arrives later still makes it `SUCCESS`. `REVIEW` is money about which a person decides.
   *
   * Asks as often as the service says: a payer's first two minutes every three seconds, then less often.
   *
   * @throws PaymentError `still_pending` after `giveUpAfterMs` (600,000), `payment_not_found`, `forbidden` and others
   */
  async waitForOutcome(paymentId: string, options: CallOptions = {}): Promise<PaymentStatus> {
    const { giveUpAfterMs = OUTCOME_LIMIT_MS, signal } = options;
    const end = this.#ports.now() + giveUpAfterMs;
    let etag: string | null = null;
    let seconds = POLL_SECONDS;
    for (;;) {
      const headers = etag === null ? {} : { "if-none-match": etag };
      const answer = await this.#transport.send(
        { method: "GET", path: `/payments/${paymentId}/status`, headers },
        { ...options, giveUpAfterMs: end - this.#ports.now() },
      );
      if (answer.status !== 304) {
        const payment = expected(answer, isStatus);
        if (payment.state !== "CREATED" && payment.state !== "PENDING") return payment;
        etag = answer.etag;
        seconds = payment.retry_after ?? POLL_SECONDS;
      }
      const waitMs = (answer.retryAfterSeconds ?? seconds) * 1_000;
      if (this.#ports.now() + waitMs > end) {
        throw new PaymentError("The payment has no outcome yet.", { code: "still_pending" });
      }
      await this.#transport.pause(waitMs, signal);
    }
  }
}

/** The stored payments, as {@link PaymentClient} shows them. */
class Payments {
  readonly #transport: Transport;
  readonly #ports: Ports;

  constructor(transport: Transport, ports: Ports) {
    this.#transport = transport;
    this.#ports = ports;
  }

  /** Returns a payment with its history. @throws PaymentError `payment_not_found`, `forbidden` and others */
  async get(paymentId: string, options: CallOptions = {}): Promise<PaymentDetail> {
    const call = { method: "GET", path: `/payments/${paymentId}` } as const;
    return expected(await this.#transport.send(call, limited(options)), isDetail);
  }

  /**
   * Lists payments, newest first; without `from` those of the last 31 days. It asks for a page when the one before is
   * used up, so a loop that ends early asks no further.
   *
   * @throws PaymentError `payment_unreadable` after the last payment, if some cannot be read right now; it names them
   */
  async *list(filter: ListFilter = {}, options: CallOptions = {}): AsyncGenerator<ListedPayment, void, undefined> {
    const unreadable: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries({ ...filter, cursor })) {
        if (value !== undefined) query.set(name, String(value));
      }
      const call = { method: "GET", path: `/payments?${query}` } as const;
      const page: Page = expected(await this.#transport.send(call, limited(options)), isPage);
      yield* page.data;
      unreadable.push(...(page.warning?.payment_ids ?? []));
      cursor = page.next_cursor;
    }
    if (unreadable.length === 0) return;
    throw new PaymentError(`Payments cannot be read right now: ${unreadable.join(", ")}.`, {
      code: "payment_unreadable",
    });
  }

  /**
   * Sends money back: `amount` birr of one capture, or all that is left of it. For administrators and programs.
   * `version` is the payment's version that you saw. The refund's id is `refund_id`, or is made once; the same id never
   * sends money twice. After a failure it is in the error, as `idempotencyKey`.
   *
   * @throws PaymentError `version_changed`, `refund_above_left`, `capture_unclear`, `refund_limit` and others
   */
  async refund(paymentId: string, request: RefundRequest, options: CallOptions = {}): Promise<PaymentDetail> {
    const key = request.refund_id ?? newKey(this.#ports);
    const body = JSON.stringify({ ...request, refund_id: key });
    const answer = await this.#transport.send(posted(`/payments/${paymentId}/refunds`, body, key), limited(options));
    return expected(answer, isDetail);
  }
}

function posted(path: string, body: string, key: string) {
  return { method: "POST", path, headers: { "content-type": "application/json" }, body, key } as const;
}

function limited({ giveUpAfterMs = CALL_LIMIT_MS, ...options }: CallOptions) {
  return { ...options, giveUpAfterMs };
}

/** @throws PaymentError `answer_unknown` if the body is none of the service */
function expected<Body>({ status, body }: Answered, isExpected: (body: unknown) => body is Body): Body {
  if (isExpected(body)) return body;
  throw new PaymentError("The answer is not one of the payment service.", { code: "answer_unknown", status });
}

function isPayment(body: unknown): body is Payment {
  return hasTexts(body, ["id", "status", "state"]);
}

function isStatus(body: unknown): body is PaymentStatus {
  return hasTexts(body, ["id", "status", "state"]);
}

function isDetail(body: unknown): body is PaymentDetail {
  return hasTexts(body, ["id", "status", "state", "explanation"]);
}

function isPage(body: unknown): body is Page {
  return typeof body === "object" && body !== null && "data" in body && Array.isArray(body.data);
}
