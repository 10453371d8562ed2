import { createHash } from "node:crypto";
import type { Contact } from "../domain/contact.ts";
import type { VerifyResult } from "../domain/evidence.ts";
import type { TxRef } from "../domain/ids.ts";
import { type Santim, toBirr } from "../domain/money.ts";
import { KeyId } from "../domain/payment.ts";
import type { Currency, Mode } from "../domain/vocabulary.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import { type Log, log } from "../runtime/logger.ts";
import { type Count, count } from "../runtime/metrics.ts";
import {
  type Cancelled,
  classifyCancel,
  classifyInitialize,
  classifyListed,
  classifyVerify,
  type Initialized,
  type Listed,
} from "./classify.ts";
import { classifyRefund, classifyRefundStatus, type RefundAsked, type RefundStatus } from "./classify-refund.ts";
import * as sanitize from "./sanitize.ts";
import { ListedReference, ListedTransaction, parseEnvelope, TransactionPage } from "./wire.ts";

/** A checkout to open. `contact` is optional; only the parts that Chapa accepts are sent. */
export type Checkout = {
  txRef: TxRef;
  amount: Santim;
  currency: Currency;
  key: KeyId;
  title: string;
  callbackUrl: string;
  returnUrl: string;
  /** What the merchant sees beside the transaction in Chapa's dashboard. */
  meta: { payment_id: string; property_id?: string | undefined };
  contact: Pick<Contact, "email" | "phone" | "name">;
};

/** Milliseconds. */
const LIMITS = { initializeMs: 8_000, verifyMs: 4_000, cancelMs: 4_000, refundMs: 8_000, listMs: 8_000 } as const;

/** Where rows that cannot be read are named and counted. */
type Reports = { log: Pick<Log, "error">; count: Count };

type Send = (call: HttpRequest) => Promise<HttpResponse>;

/**
 * The keys of our account, the current one first, then former ones, newest first. `renewed` reads them anew, after Chapa
 * refused one or one is missing.
 */
export type SecretKeys = { get: () => Promise<readonly string[]>; renewed: () => Promise<readonly string[]> };

/**
 * The key to ask about a checkout. From another key, not found says nothing about a checkout that was opened
 * (`isOpened`), because that key may belong to another account.
 */
export type Owner = { key: KeyId; mode: Mode; isOpened: boolean };

type Question = Pick<HttpRequest, "method" | "timeoutMs"> & { path: string; body?: Record<string, unknown> };

/**
 * Chapa's API, version 1. Methods return a verify result or a named outcome and never throw for what Chapa does. No
 * call is repeated, except with a renewed key. `limitMs` is the time that the caller has left.
 */
export class ChapaClient {
  readonly #baseUrl: string;
  readonly #checkoutOrigins: readonly string[];
  readonly #keys: SecretKeys;
  readonly #send: Send;
  readonly #reports: Reports;

  /** @param baseUrl with `/v1`, without a slash at the end */
  constructor(options: {
    baseUrl: string;
    checkoutOrigins: readonly string[];
    keys: SecretKeys;
    send: Send;
    reports?: Reports;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#checkoutOrigins = options.checkoutOrigins;
    this.#keys = options.keys;
    this.#send = options.send;
    this.#reports = options.reports ?? { log, count };
  }

  /** Returns the key that opens checkouts now, and whether it moves real money. */
  async current(): Promise<{ key: KeyId; mode: Mode }> {
    return identityOf(await this.#currentOf(this.#keys.get()));
  }

  /** Returns the same, read anew, because Chapa refused the key. */
  async renewed(): Promise<{ key: KeyId; mode: Mode }> {
    return identityOf(await this.#currentOf(this.#keys.renewed()));
  }

  /** Opens a checkout with the key that its attempt has recorded, and no other. It is never repeated here. */
  async initialize(checkout: Checkout, limitMs: number): Promise<Initialized> {
    const { txRef, amount, currency, contact } = checkout;
    const [firstName, ...rest] = sanitize.name(contact.name)?.split(/\s+/) ?? [];
    const key = await this.#keyOf(checkout.key);
    if (key === undefined) return { kind: "key_refused" };
    const reply = await this.#askAs(key, {
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
        meta: checkout.meta,
        email: sanitize.email(contact.email),
        phone_number: sanitize.phone(contact.phone),
        first_name: firstName,
        last_name: rest.join(" ") || undefined,
      },
    });
    if (reply instanceof CallFailed) return { kind: reply.sent ? "lost" : "unsent" };
    return classifyInitialize(reply, this.#checkoutOrigins);
  }

  /**
   * Verifies a checkout. No other call says anything about money. If Chapa refuses the owner's key, or we no longer have
   * it, our other keys of the same mode are asked until one reads the checkout. Without an owner the current key is
   * asked.
   */
  async verify(txRef: TxRef, owner: Owner | undefined, limitMs: number): Promise<VerifyResult> {
    const path = `/transaction/verify/${encodeURIComponent(txRef)}`;
    const left = remaining(limitMs);
    let isForeign = false;
    for await (const key of this.#keysFor(owner)) {
      const reply = await this.#askAs(key, { method: "GET", path, timeoutMs: Math.min(left(), LIMITS.verifyMs) });
      if (reply instanceof CallFailed) return { kind: "unavailable", reason: "unreachable" };
      const answer = classifyVerify(reply, txRef);
      if (answer.kind === "unavailable" && answer.reason === "misconfigured") continue;
      const id = keyIdOf(key);
      const isOthers = owner?.isOpened && owner.key !== id;
      if (isOthers && answer.kind === "unpaid" && answer.reason === "not_found") isForeign = true;
      else return { ...answer, key: id };
    }
    return { kind: "unavailable", reason: isForeign ? "foreign" : "misconfigured" };
  }

  /**
   * Cancels a checkout, so that no payer can begin to pay. Money that is under way may still arrive.
   * @param keyId the key that opened it or has read it; no other is asked
   */
  async cancel(txRef: TxRef, keyId: KeyId, limitMs: number): Promise<Cancelled> {
    const key = await this.#keyOf(keyId);
    if (key === undefined) return "unclear";
    const path = `/transaction/cancel/${encodeURIComponent(txRef)}`;
    const reply = await this.#askAs(key, { method: "PUT", path, timeoutMs: Math.min(limitMs, LIMITS.cancelMs) });
    return reply instanceof CallFailed ? "unclear" : classifyCancel(reply, txRef);
  }

  /**
   * Asks Chapa to send money back. It is never repeated, except with another key after Chapa refused one.
   * @param refund `capture` is Chapa's reference of the money, `reference` is ours of the refund
   */
  async refund(
    refund: { capture: string; amount: Santim; reason: string; reference: string },
    owner: Owner,
    limitMs: number,
  ): Promise<RefundAsked> {
    const { capture, amount, reason, reference } = refund;
    const left = remaining(limitMs);
    for await (const key of this.#keysFor(owner)) {
      const reply = await this.#askAs(key, {
        method: "POST",
        path: `/refund/${encodeURIComponent(capture)}`,
        timeoutMs: Math.min(left(), LIMITS.refundMs),
        body: { amount: toBirr(amount), reason: sanitize.description(reason), reference },
      });
      if (reply instanceof CallFailed) return { kind: "unclear" };
      if (reply.status !== 401) return classifyRefund(reply);
    }
    return { kind: "unclear" };
  }

  /** Asks what became of a refund of a capture, by Chapa's reference of the refund, or by ours. */
  async refundStatus(
    { reference, capture }: { reference: string; capture: string },
    owner: Owner,
    limitMs: number,
  ): Promise<RefundStatus> {
    const path = `/refund/${encodeURIComponent(reference)}/verify`;
    const left = remaining(limitMs);
    for await (const key of this.#keysFor(owner)) {
      const reply = await this.#askAs(key, { method: "GET", path, timeoutMs: Math.min(left(), LIMITS.verifyMs) });
      if (reply instanceof CallFailed) return { kind: "unclear" };
      if (reply.status !== 401) return classifyRefundStatus(reply, capture);
    }
    return { kind: "unclear" };
  }

  /** Whether Chapa answers at all. It asks for the list of banks, the cheapest call. */
  async isReachable(limitMs: number): Promise<boolean> {
    const reply = await this.#ask({ method: "GET", path: "/banks", timeoutMs: limitMs });
    return !(reply instanceof CallFailed) && reply.status === 200 && parseEnvelope(reply.text) !== undefined;
  }

  /**
   * Returns one page of Chapa's own list, as a rule newest first; undefined if it is not available. `last`: no page
   * follows. A row that cannot be read is left out, named in the log and counted.
   */
  async transactions(page: number, limitMs: number): Promise<{ transactions: Listed[]; last: boolean } | undefined> {
    const reply = await this.#ask({
      method: "GET",
      path: `/transactions?page=${page}`,
      timeoutMs: Math.min(limitMs, LIMITS.listMs),
    });
    if (reply instanceof CallFailed || reply.status !== 200) return undefined;
    const read = TransactionPage.safeParse(parseEnvelope(reply.text)?.data).data;
    if (!read) return undefined;
    const transactions = read.transactions.flatMap((row, index) => {
      const listed = ListedTransaction.safeParse(row).data;
      if (listed) return classifyListed(listed);
      const reference = ListedReference.safeParse(row).data?.ref_id ?? undefined;
      this.#reports.count("RowUnreadable");
      this.#reports.log.error("row_unreadable", { page, row: index + 1, reference });
      return [];
    });
    // Without pagination only an empty page is the end.
    const last = read.pagination ? !read.pagination.next_page_url : read.transactions.length === 0;
    return { transactions, last };
  }

  /** Asks with the current key. A refused key has no effect at Chapa, so to ask again with another one is safe. */
  async #ask(question: Question): Promise<HttpResponse | CallFailed> {
    const left = remaining(question.timeoutMs);
    let reply: HttpResponse | CallFailed = new CallFailed("no key", false);
    for await (const key of this.#keysFor(undefined)) {
      reply = await this.#askAs(key, { ...question, timeoutMs: left() });
      if (reply instanceof CallFailed || reply.status !== 401) return reply;
    }
    return reply;
  }

  /** Yields the keys to ask, one after another for as long as Chapa refuses them. */
  async *#keysFor(owner: Owner | undefined): AsyncGenerator<string> {
    const isOwn = (key: string) => owner === undefined || keyIdOf(key) === owner.key;
    const own = (await this.#keys.get()).find(isOwn);
    if (own !== undefined) yield own;
    const others = (await this.#keys.renewed()).filter((key) => key !== own);
    if (own === undefined) yield* others.filter(isOwn).slice(0, 1);
    yield* others.filter((key) => owner === undefined || (!isOwn(key) && modeOf(key) === owner.mode));
  }

  async #keyOf(id: KeyId): Promise<string | undefined> {
    const find = (keys: readonly string[]) => keys.find((key) => keyIdOf(key) === id);
    return find(await this.#keys.get()) ?? find(await this.#keys.renewed());
  }

  async #currentOf(keys: Promise<readonly string[]>): Promise<string> {
    const [current] = await keys;
    if (current === undefined) throw new RangeError("the secret holds no key of Chapa's");
    return current;
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

/** Returns the fingerprint of a key, which names it in records without telling it. */
export function keyIdOf(secretKey: string): KeyId {
  return KeyId.parse(createHash("sha256").update(secretKey, "utf8").digest("hex").slice(0, 8));
}

function identityOf(key: string): { key: KeyId; mode: Mode } {
  return { key: keyIdOf(key), mode: modeOf(key) };
}

/** Returns what is left of `limitMs`, each time it is called. */
function remaining(limitMs: number): () => number {
  const startedAt = performance.now();
  return () => limitMs - (performance.now() - startedAt);
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
