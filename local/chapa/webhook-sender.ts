import { type DeliveryEntry, type Journal, ownBytes } from "./journal.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Outcome, sendOut } from "./send.ts";
import type { PaymentEvent, Transaction } from "./transactions.ts";
import { type BuilderContext, buildWebhook, type Webhook } from "./webhook-builder.ts";

const RETRY_AFTER_MS = 10 * 60_000;
const RETRIES = 10;
const TIMEOUT_MS = 5000;
// Long enough for a browser to follow the redirect.
const AFTER_REDIRECT_SECONDS = 5;

/** Sends webhooks and callbacks to the merchant, by the plan of each transaction. */
export class WebhookSender {
  readonly #scheduler: Scheduler;
  readonly #journal: Journal;
  readonly #context: BuilderContext;
  readonly #webhookUrl: () => string | null;
  /** Resolves when the last queued delivery of a tx_ref has ended. Deliveries of one transaction stay in order. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #held = new Map<string, PaymentEvent[]>();
  readonly #firstSuccess = new Map<string, Webhook>();

  /** @param parts.webhookUrl returns the current URL for webhooks; null means that none are sent */
  constructor(parts: {
    scheduler: Scheduler;
    journal: Journal;
    context: BuilderContext;
    webhookUrl: () => string | null;
  }) {
    this.#scheduler = parts.scheduler;
    this.#journal = parts.journal;
    this.#context = parts.context;
    this.#webhookUrl = parts.webhookUrl;
  }

  /** Sends or schedules the deliveries about `paymentEvent`. */
  announce(transaction: Transaction, paymentEvent: PaymentEvent): void {
    const { txRef } = transaction.order;
    if (transaction.plan.reorder === "success-before-failed") {
      const held = this.#held.get(txRef) ?? [];
      this.#held.set(txRef, held);
      if (paymentEvent.kind === "failed" && transaction.captures.length === 0) return void held.push(paymentEvent);
      this.#start(transaction, paymentEvent);
      for (const late of held.splice(0)) this.#start(transaction, late);
    } else {
      this.#start(transaction, paymentEvent);
    }
  }

  /** Resolves when all deliveries about this transaction that are under way have ended. */
  async settled(txRef: string): Promise<void> {
    await this.#tails.get(txRef);
  }

  #start(transaction: Transaction, paymentEvent: PaymentEvent): void {
    const { plan, order } = transaction;
    const webhooks = this.#webhooksOf(transaction, paymentEvent);
    const isEarly = plan.callback?.order === "before";
    const delay = (plan.delay ?? 0) + (plan.reorder === "after-redirect" ? AFTER_REDIRECT_SECONDS : 0);
    const due = paymentEvent.at + delay * 1000;
    const round = async (): Promise<void> => {
      for (const webhook of webhooks) await this.#deliver(transaction, webhook, due);
      if (!isEarly) await this.#callbacks(transaction, paymentEvent);
    };
    if (isEarly) void this.#queue(order.txRef, () => this.#callbacks(transaction, paymentEvent));
    if (delay === 0) void this.#queue(order.txRef, round);
    else this.#scheduler.at(due, () => this.#queue(order.txRef, round));
  }

  #queue(txRef: string, task: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(txRef);
    const tail = this.#scheduler.run(async () => {
      await before;
      await task();
    });
    this.#tails.set(txRef, tail);
    return tail;
  }

  /** All webhooks about one event: the webhook, its copies and variants, and a replay. */
  #webhooksOf(transaction: Transaction, paymentEvent: PaymentEvent): Webhook[] {
    const { plan, order } = transaction;
    const webhook = buildWebhook(transaction, paymentEvent, this.#context);
    const copies = Array.from({ length: plan.duplicate ?? 0 }, () => webhook);
    const variants = Array.from({ length: plan.duplicateVariant ?? 0 }, (_, index) =>
      buildWebhook(transaction, { ...paymentEvent, at: paymentEvent.at + (index + 1) * 1000 }, this.#context),
    );
    if (paymentEvent.kind === "success" && !this.#firstSuccess.has(order.txRef)) {
      this.#firstSuccess.set(order.txRef, { ...webhook, body: ownBytes(webhook.body) });
    }
    const old = this.#firstSuccess.get(order.txRef);
    const wentBack = paymentEvent.kind === "refunded" || paymentEvent.kind === "reversed";
    return [webhook, ...copies, ...variants, ...(plan.replay && wentBack && old ? [old] : [])];
  }

  async #deliver(transaction: Transaction, webhook: Webhook, due: number): Promise<void> {
    const parallel = Array.from({ length: transaction.plan.concurrent ?? 1 }, () =>
      this.#tryWebhook({ transaction, webhook, attempt: 1, due }),
    );
    await Promise.all(parallel);
  }

  async #tryWebhook(delivery: {
    transaction: Transaction;
    webhook: Webhook;
    attempt: number;
    due: number;
  }): Promise<void> {
    const { transaction, webhook, attempt, due } = delivery;
    const { plan, order } = transaction;
    const { event, headers, body } = webhook;
    const url = this.#webhookUrl();
    const entry = this.#record({ kind: "webhook", txRef: order.txRef, event, url, attempt, headers, body });
    if (plan.dropAll) return this.#end(entry, "dropped");
    if (!url) return this.#end(entry, "no address");
    if (attempt <= (plan.drop ?? 0)) this.#end(entry, "lost");
    else this.#end(entry, await this.#send({ method: "POST", url, headers, body, slowMs: plan.slowSend }));
    if (entry.outcome === 200 || entry.outcome === "aborted" || attempt > RETRIES) return;
    const next = due + RETRY_AFTER_MS;
    this.#scheduler.at(next, () => this.#tryWebhook({ ...delivery, attempt: attempt + 1, due: next }));
  }

  async #callbacks(transaction: Transaction, paymentEvent: PaymentEvent): Promise<void> {
    const { order, plan } = transaction;
    const callback = plan.callback ?? {};
    const wanted =
      paymentEvent.kind === "success" || (paymentEvent.kind === "failed" && (callback.onFailure || callback.status));
    if (!order.callbackUrl || !wanted || callback.send === "off") return;
    const facts = {
      trx_ref: order.txRef,
      ref_id: paymentEvent.reference,
      status: callback.status ?? paymentEvent.kind,
    };
    for (let time = 1; time <= (callback.times ?? 1); time++) {
      const place = this.#context.profile.trait("callback", order.txRef);
      const url = new URL(order.callbackUrl);
      if (place === "query" || place === "both") {
        for (const [name, value] of Object.entries(facts)) url.searchParams.append(name, value);
      }
      const inBody = place === "body" || place === "both";
      const body = Buffer.from(inBody ? JSON.stringify(facts) : "");
      const headers: Record<string, string> = inBody ? { "content-type": "application/json" } : {};
      const sent = { txRef: order.txRef, event: facts.status, url: url.href, attempt: time, headers, body };
      const entry = this.#record({ kind: "callback", ...sent });
      this.#end(entry, await this.#send({ method: "GET", url: url.href, headers, body }));
    }
  }

  #send(outgoing: Parameters<typeof sendOut>[0]): Promise<Outcome> {
    return sendOut(outgoing, { timeoutMs: TIMEOUT_MS, signal: this.#scheduler.over });
  }

  #record(entry: Omit<DeliveryEntry, "at" | "outcome">): DeliveryEntry {
    return this.#journal.add({ ...entry, at: this.#scheduler.now(), outcome: "under way" });
  }

  #end(entry: DeliveryEntry, outcome: DeliveryEntry["outcome"]): void {
    entry.outcome = outcome;
    this.#journal.ended(entry);
  }
}
