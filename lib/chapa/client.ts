import type { Contact } from "../domain/contact.ts";
import type { VerifyResult } from "../domain/evidence.ts";
import type { TxRef } from "../domain/ids.ts";
import { type Santim, toBirr } from "../domain/money.ts";
import type { Currency, Mode } from "../domain/vocabulary.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import {
  type Cancelled,
  classifyCancel,
  classifyInitialize,
  classifyListed,
  classifyVerify,
  type Initialized,
  type Listed,
} from "./classify.ts";
import * as sanitize from "./sanitize.ts";
import { parseEnvelope, TransactionPage } from "./wire.ts";

/** A checkout to open. `contact` is optional; only the parts that Chapa accepts are sent. */
export type Checkout = {
  txRef: TxRef;
  amount: Santim;
  currency: Currency;
  title: string;
  callbackUrl: string;
  returnUrl: string;
  contact: Pick<Contact, "email" | "phone" | "name">;
};

/** Milliseconds. */
const LIMITS = { initializeMs: 8_000, verifyMs: 4_000, cancelMs: 4_000, listMs: 8_000 } as const;

type Send = (call: HttpRequest) => Promise<HttpResponse>;

/** `get` returns the key to use; `renewed` returns it after Chapa refused it, which may be a new one. */
export type SecretKey = { get: () => Promise<string>; renewed: () => Promise<string> };

type Question = Pick<HttpRequest, "method" | "timeoutMs"> & { path: string; body?: Record<string, unknown> };

/**
 * Chapa's API, version 1. Methods return a verify result or a named outcome and never throw for what Chapa does. No
 * call is repeated, except with a renewed key. `limitMs` is the time that the caller has left.
 */
export class ChapaClient {
  readonly #baseUrl: string;
  readonly #checkoutOrigins: readonly string[];
  readonly #secretKey: SecretKey;
  readonly #send: Send;

  /** @param baseUrl with `/v1`, without a slash at the end */
  constructor(options: {
    baseUrl: string;
    checkoutOrigins: readonly string[];
    secretKey: SecretKey;
    send: Send;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#checkoutOrigins = options.checkoutOrigins;
    this.#secretKey = options.secretKey;
    this.#send = options.send;
  }

  /** Whether the key moves real money. */
  async mode(): Promise<Mode> {
    return modeOf(await this.#secretKey.get());
  }

  /** Opens a checkout. It is never repeated here, because each reference is used for one try only. */
  async initialize(checkout: Checkout, limitMs: number): Promise<Initialized> {
    const { txRef, amount, currency, contact } = checkout;
    const [firstName, ...rest] = sanitize.name(contact.name)?.split(/\s+/) ?? [];
    const reply = await this.#ask({
      method: "POST",
      path: "/transaction/initialize",
      timeoutMs: Math.min(limitMs, LIMITS.initializeMs),
      body: {
        amount: toBirr(amount),
        currency,
        tx_ref: txRef,
        callback_url: checkout.callbackUrl,
        return_url: checkout.returnUrl,
        customization: {
          title: sanitize.title(checkout.title),
          description: sanitize.description(`${checkout.title} ${toBirr(amount)} ${currency}`),
        },
        email: sanitize.email(contact.email),
        phone_number: sanitize.phone(contact.phone),
        first_name: firstName,
        last_name: rest.join(" ") || undefined,
      },
    });
    if (reply instanceof CallFailed) return { kind: reply.sent ? "lost" : "unsent" };
    return classifyInitialize(reply, this.#checkoutOrigins);
  }

  /** Verifies a checkout. No other call says anything about money. */
  async verify(txRef: TxRef, limitMs: number): Promise<VerifyResult> {
    const path = `/transaction/verify/${encodeURIComponent(txRef)}`;
    const reply = await this.#ask({ method: "GET", path, timeoutMs: Math.min(limitMs, LIMITS.verifyMs) });
    return reply instanceof CallFailed ? { kind: "unavailable", reason: "unreachable" } : classifyVerify(reply);
  }

  /** Cancels a checkout, so that no payer can begin to pay. Money that is under way may still arrive. */
  async cancel(txRef: TxRef, limitMs: number): Promise<Cancelled> {
    const path = `/transaction/cancel/${encodeURIComponent(txRef)}`;
    const reply = await this.#ask({ method: "PUT", path, timeoutMs: Math.min(limitMs, LIMITS.cancelMs) });
    return reply instanceof CallFailed ? "unclear" : classifyCancel(reply);
  }

  /** Whether Chapa answers at all. It asks for the list of banks, the cheapest call. */
  async isReachable(limitMs: number): Promise<boolean> {
    const reply = await this.#ask({ method: "GET", path: "/banks", timeoutMs: limitMs });
    return !(reply instanceof CallFailed) && reply.status === 200 && parseEnvelope(reply.text) !== undefined;
  }

  /** Returns one page of Chapa's own list, as a rule newest first; undefined if it is not available. `last`: no page follows. */
  async transactions(page: number, limitMs: number): Promise<{ transactions: Listed[]; last: boolean } | undefined> {
    const reply = await this.#ask({
      method: "GET",
      path: `/transactions?page=${page}`,
      timeoutMs: Math.min(limitMs, LIMITS.listMs),
    });
    if (reply instanceof CallFailed || reply.status !== 200) return undefined;
    const read = TransactionPage.safeParse(parseEnvelope(reply.text)?.data).data;
    if (!read) return undefined;
    const { transactions, pagination } = read;
    // Without pagination only an empty page is the end.
    const last = pagination ? !pagination.next_page_url : transactions.length === 0;
    return { transactions: transactions.map(classifyListed), last };
  }

  /**
   * Calls Chapa, and once more with a renewed key after a 401. A refused key has no effect at Chapa, so the second call
   * is safe.
   */
  async #ask(question: Question): Promise<HttpResponse | CallFailed> {
    const startedAt = performance.now();
    const key = await this.#secretKey.get();
    const reply = await this.#askAs(key, question);
    if (reply instanceof CallFailed || reply.status !== 401) return reply;
    const renewed = await this.#secretKey.renewed();
    if (renewed === key) return reply;
    const timeoutMs = question.timeoutMs - (performance.now() - startedAt);
    return this.#askAs(renewed, { ...question, timeoutMs });
  }

  async #askAs(key: string, { method, path, timeoutMs, body }: Question): Promise<HttpResponse | CallFailed> {
    // With no time left, nothing is sent. That differs from a lost answer.
    if (timeoutMs <= 0) return new CallFailed("no time left", false);
    const authorization = `Bearer ${key}`;
    try {
      return await this.#send({
        method,
        url: `${this.#baseUrl}${path}`,
        timeoutMs,
        headers: body ? { authorization, "content-type": "application/json" } : { authorization },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch (error) {
      if (error instanceof CallFailed) return error;
      throw error;
    }
  }
}

/**
 * Returns whether a key moves real money.
 * @throws RangeError for a key that is not one of API v1
 */
export function modeOf(secretKey: string): Mode {
  if (secretKey.startsWith("CHASECK_TEST-")) return "test";
  if (secretKey.startsWith("CHASECK-") || secretKey.startsWith("CHAPA-SECK-")) return "live";
  throw new RangeError("the Chapa key is not a secret key of API v1");
}
