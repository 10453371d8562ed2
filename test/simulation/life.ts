import { ChapaClient } from "../../lib/chapa/client.ts";
import type { ListingMessage, ResolveMessage } from "../../lib/contract/queues.ts";
import { DependencyUnavailable, PaymentError } from "../../lib/domain/errors.ts";
import { Ref, txRefOf, Uuid } from "../../lib/domain/ids.ts";
import { openAttention, openedAttempts, type Payment } from "../../lib/domain/payment.ts";
import { PriceBook } from "../../lib/domain/prices.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { WIRE_STATUS } from "../../lib/domain/transitions.ts";
import { type InitiatePorts, initiate } from "../../lib/flows/initiate.ts";
import { notifyListing } from "../../lib/flows/notify-listing.ts";
import { publish } from "../../lib/flows/publish.ts";
import { resolve } from "../../lib/flows/resolve.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import type { Confirmation, ListingAnswer } from "../../lib/peers/listing.ts";
import { type Call, CallFailed } from "../../lib/runtime/call.ts";
import { ContactTable } from "../../lib/table/contacts.ts";
import { DUE_SHARDS } from "../../lib/table/keys.ts";
import { fromItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { answerApi } from "../../local/chapa/api.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import { stateOf } from "../../local/chapa/transactions.ts";
import { World } from "../../local/chapa/world.ts";
import { POLICY, T0 } from "../support/payments.ts";
import { MemoryTable } from "./memory-client.ts";
import { Scheduler } from "./scheduler.ts";

/** A deliberate fault of the design, switched into the ports of the real flows. */
export type Mutant = {
  name: string;
  table?: (table: MemoryTable) => void;
  chapa?: (chapa: ChapaClient) => Partial<Pick<ChapaClient, "verify" | "cancel" | "initialize">>;
  payments?: (payments: PaymentTable) => Partial<Pick<PaymentTable, "create" | "save" | "find">>;
  /** Parts that do nothing. */
  without?: ("sweep" | "stream" | "republish")[];
};

/** A law was broken; `said` tells which and how. */
export class Violation extends Error {}

const FEE = {
  userId: Uuid.parse("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11"),
  propertyId: Uuid.parse("0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22"),
};
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const NAMELESS = { name: "simulation", limit: 1, windowSeconds: 60, remaining: 1, resetSeconds: 60 };
const STEPS = 220;
const CLIENTS = 3;
const HEAL_ROUNDS = 400;

/** What one life came to. */
export type Lived = { scheduler: Scheduler; payments: Payment[]; captures: number };

/**
 * One fee's life under one seed: owners press, pay, and press again; everything between them and the table goes wrong;
 * then everything works again, and what is owed must be there.
 * @throws Violation
 */
export async function live(seed: number, mutant?: Mutant): Promise<Lived> {
  const life = new Life(seed, mutant);
  await life.run();
  return { scheduler: life.scheduler, payments: life.payments(), captures: life.captured().length };
}

class Life {
  readonly scheduler: Scheduler;
  readonly #mutant: Mutant | undefined;
  readonly #table: MemoryTable;
  readonly #world: World;
  readonly #ports;
  readonly #looks: { message: ResolveMessage; notBefore: number }[] = [];
  readonly #news: { message: ListingMessage; notBefore: number; receives: number }[] = [];
  #changes: { before: Payment | undefined; after: Payment }[] = [];
  #isTelling = false;
  #listing: { status: "PENDING" | "APPROVED" | "FAILED" } = { status: "PENDING" };
  readonly #shown = new Set<string>();
  readonly #inFlight = new Set<string>();
  #isHealing = false;

  constructor(seed: number, mutant: Mutant | undefined) {
    this.#mutant = mutant;
    this.scheduler = new Scheduler(seed, T0);
    this.scheduler.faultRate = 0.12;
    this.#table = new MemoryTable((site, effect) => this.#tableCall(site, effect));
    this.#table.onChange = (before, after) => this.#heard(before, after);
    mutant?.table?.(this.#table);
    this.#world = new World({
      clock: {
        now: () => this.scheduler.now,
        schedule: () => () => undefined,
        advance: async () => undefined,
        stop: () => undefined,
      },
      seed,
      secretKey: CHAPA_DEFAULTS.secretKey,
      publicKey: CHAPA_DEFAULTS.publicKey,
      webhookSecret: CHAPA_DEFAULTS.webhookSecret,
      retryWindowMinutes: CHAPA_DEFAULTS.retryWindowMinutes,
      isAutopilot: false,
      hasScenarios: false,
      log: () => undefined,
      profile: seed % 3 === 0 ? "hostile" : "observed",
      webhookUrl: null,
      origin: "https://checkout.chapa.co",
    });
    this.#ports = this.#makePorts();
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.#happen();
      this.#mustHoldAlways();
    }
    await this.#heal();
    this.#mustHoldAtTheEnd();
  }

  payments(): Payment[] {
    return [...this.#table.rows.values()]
      .filter((row) => String(row["pk"]).startsWith("P#"))
      .map((row) => fromItem(row));
  }

  /** References that took money, with what they took. */
  captured(): { txRef: string; amount: number }[] {
    return this.#world.book
      .all()
      .flatMap(({ order, captures }) => captures.map(({ amount }) => ({ txRef: order.txRef, amount })));
  }

  // ---- the world around the flows

  async #happen(): Promise<void> {
    const dice = this.scheduler.random();
    if (dice < 0.62 && !this.scheduler.isQuiet) return void (await this.scheduler.step());
    if (dice < 0.72) return this.#press(this.scheduler.below(CLIENTS));
    if (dice < 0.79) return this.#pay();
    if (dice < 0.86) return this.#look();
    if (dice < 0.9) return this.#tell();
    if (dice < 0.94) return this.#publish();
    if (dice < 0.97) return this.#sweep();
    this.scheduler.now +=
      [SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, 2 * HOUR_MS, DAY_MS, 3 * DAY_MS][this.scheduler.below(6)] ?? 0;
  }

  /** An owner presses; each of them has one request id, and another one now and then. */
  #press(client: number): void {
    const me = `press-${this.scheduler.steps}-${client}-${this.scheduler.below(1e9)}`;
    const now = this.scheduler.now;
    const again = this.scheduler.random() < 0.3 ? `-${this.scheduler.below(3)}` : "";
    const command = {
      ...FEE,
      purpose: undefined,
      amount: undefined,
      requestId: `request-${client}${again}`,
      contact: {},
      caller: "owner",
    };
    const run = { me, deadline: now + 11 * SECOND_MS, leaseUntil: now + 17 * SECOND_MS };
    const work = async () => {
      try {
        const { payment } = await initiate(this.#ports.initiate, command, run);
        this.#answered(payment);
      } catch (error) {
        if (!(error instanceof PaymentError)) throw error;
      }
    };
    this.scheduler.start(me, work, () => undefined);
  }

  /** What the owner reads. @throws Violation when he has paid and is told that he has not */
  #answered(payment: Payment): void {
    if (payment.checkoutUrl) this.#shown.add(txRefOf(payment.ref, payment.attempt));
    if (WIRE_STATUS[payment.state] === "FAILED" && this.#openlyPaid(payment).length > 0) {
      throw new Violation(`told FAILED, though ${this.#openlyPaid(payment).join()} was paid`);
    }
  }

  /** References of a payment that were paid while their link was open: nothing about them was in flight. */
  #openlyPaid(payment: Payment): string[] {
    const mine = openedAttempts(payment).map(({ number }): string => txRefOf(payment.ref, number));
    return this.captured().flatMap(({ txRef }) => (mine.includes(txRef) && !this.#inFlight.has(txRef) ? [txRef] : []));
  }

  #pay(): void {
    const links = this.#world.book.all().filter(({ order }) => this.#shown.has(order.txRef));
    const link = links[this.scheduler.below(links.length)];
    if (!link) return;
    const isLate = this.scheduler.random() < 0.15;
    const isWrong = this.scheduler.random() < 0.08;
    const before = link.captures.length;
    this.#world
      .act(link, isLate ? "pay-late" : isWrong ? "wrong-amount" : "pay", isWrong ? { amount: "5.00" } : {})
      .catch(() => undefined);
    if (link.captures.length === before) return;
    if (isLate) this.#inFlight.add(link.order.txRef);
    // Chapa's webhook: lost, once, or twice.
    for (let times = this.scheduler.below(3); times > 0; times--)
      this.#ask({ tx_ref: link.order.txRef, trigger: "webhook" });
  }

  #ask(message: ResolveMessage, delayMs = 0): void {
    this.#looks.push({ message, notBefore: this.scheduler.now + Math.ceil(delayMs) });
  }

  #look(): void {
    const ready = this.#looks.filter(({ notBefore }) => notBefore <= this.scheduler.now);
    const entry = ready[this.scheduler.below(ready.length)];
    if (!entry) return;
    // Sometimes a queue delivers twice.
    if (this.#isHealing || this.scheduler.random() > 0.1) this.#looks.splice(this.#looks.indexOf(entry), 1);
    const { message } = entry;
    const back = () => this.#ask(message, 6 * MINUTE_MS);
    const work = async () => {
      try {
        const resolved = await resolve(
          this.#ports.resolve,
          message.tx_ref,
          message.trigger,
          this.scheduler.now + 60 * SECOND_MS,
        );
        if (resolved.came === "suppressed") this.#ask(message, resolved.afterMs);
      } catch (error) {
        if (!(error instanceof PaymentError)) throw error;
        back();
      }
    };
    this.scheduler.start(`look ${message.tx_ref}`, work, back);
  }

  /** One confirmation at a time, as the queue's groups see to. */
  #tell(): void {
    const [entry] = this.#news;
    if (!entry || this.#isTelling || entry.notBefore > this.scheduler.now) return;
    this.#isTelling = true;
    const later = (seconds: number) => {
      this.#isTelling = false;
      entry.receives++;
      entry.notBefore = this.scheduler.now + Math.ceil(seconds * SECOND_MS);
    };
    const work = async () => {
      try {
        const handled = await notifyListing(this.#ports.listing, Ref.parse(entry.message.ref), entry.receives);
        if (handled !== "done") return later(handled.later);
        this.#news.splice(this.#news.indexOf(entry), 1);
        this.#isTelling = false;
      } catch (error) {
        if (!(error instanceof PaymentError)) throw error;
        later(600);
      }
    };
    this.scheduler.start("tell", work, () => later(600));
  }

  #heard(before: Record<string, unknown> | undefined, after: Record<string, unknown> | undefined): void {
    if (!after || !String(after["pk"]).startsWith("P#")) return;
    const change = { before: before && fromItem(before), after: fromItem(after) };
    this.#mustHoldBetween(change.before, change.after);
    this.#changes.push(change);
  }

  #publish(): void {
    const batch = this.#changes.splice(0, 1 + this.scheduler.below(5));
    const isLost = this.#mutant?.without?.includes("stream") || (!this.#isHealing && this.scheduler.random() < 0.2);
    if (batch.length === 0 || isLost) return;
    const back = () => this.#changes.unshift(...batch);
    this.scheduler.start(
      "publish",
      () =>
        publish(this.#ports.publish, batch).catch((error: unknown) =>
          error instanceof PaymentError ? void back() : Promise.reject(error),
        ),
      back,
    );
  }

  #sweep(): void {
    if (this.#mutant?.without?.includes("sweep")) return;
    const work = async () => {
      await sweep(this.#ports.sweep).catch((error: unknown) =>
        error instanceof PaymentError ? undefined : Promise.reject(error),
      );
    };
    this.scheduler.start("sweep", work, () => undefined);
  }

  /** Everything works; time passes until nothing is due any more, and the owner asks once more. */
  async #heal(): Promise<void> {
    this.#isHealing = true;
    this.scheduler.faultRate = 0;
    await this.#drain();
    for (let round = 0; round < HEAL_ROUNDS; round++) {
      const due = this.payments().flatMap(({ dueAt }) => dueAt ?? []);
      const waiting = [...this.#looks, ...this.#news.slice(0, 1)].map(({ notBefore }) => notBefore);
      const next = Math.min(...due, ...waiting);
      if (next === Number.POSITIVE_INFINITY) break;
      if (this.#mutant?.without?.includes("sweep") && waiting.length === 0) break;
      this.scheduler.now = Math.max(this.scheduler.now, next) + MINUTE_MS;
      this.#sweep();
      await this.#drain();
    }
    this.#press(0);
    await this.#drain();
  }

  async #drain(): Promise<void> {
    for (let round = 0; round < 5_000; round++) {
      if (await this.scheduler.step()) continue;
      const count = this.#looks.length + this.#news.length + this.#changes.length;
      if (this.#changes.length > 0) this.#publish();
      this.#look();
      this.#tell();
      const isReady = [...this.#looks, ...this.#news.slice(0, 1)].some(
        ({ notBefore }) => notBefore <= this.scheduler.now,
      );
      if (this.scheduler.isQuiet && count === 0) return;
      if (this.scheduler.isQuiet && !isReady && this.#changes.length === 0) {
        if (!(await this.scheduler.step())) return;
      }
    }
    throw new Violation("it never comes to rest");
  }

  // ---- what must hold

  #mustHoldBetween(before: Payment | undefined, after: Payment): void {
    const moved = after.version - (before?.version ?? 0);
    const entries = after.history.length - (before?.history.length ?? 0);
    if (this.#table.ignoredCondition === undefined && (moved !== entries || moved < 0 || moved > 1)) {
      throw new Violation(`version ${before?.version} → ${after.version} with ${entries} entries of history`);
    }
    if (before?.state === "SUCCESS" && after.state !== "SUCCESS") throw new Violation(`SUCCESS became ${after.state}`);
    if (before?.sealed && (!after.sealed || after.attempt > before.attempt))
      throw new Violation("a sealed payment was opened");
    const isGivenUp = WIRE_STATUS[after.state] === "FAILED" && before?.state !== after.state;
    if (isGivenUp && this.#openlyPaid(after).length > 0) throw new Violation(`${after.state}, though it was paid`);
  }

  #mustHoldAlways(): void {
    const rows = new Map(this.payments().map((payment): [string, Payment] => [payment.ref, payment]));
    const links = this.#world.book.all();
    for (const { order } of links) {
      const payment = rows.get(order.txRef.slice(0, 18));
      const isOurs =
        payment &&
        openedAttempts({ ...payment, attempts: {} }).length === 0 &&
        order.txRef <= txRefOf(payment.ref, payment.attempt);
      if (!isOurs) throw new Violation(`Chapa has ${order.txRef}, of which no row speaks`);
    }
    const live = links.filter(
      (link) => this.#shown.has(link.order.txRef) && ["OPEN", "ATTEMPTING"].includes(stateOf(link, this.scheduler.now)),
    );
    const isPaid = [...rows.values()].some(({ state }) => state === "SUCCESS" || state === "REVIEW");
    if (live.length > 1 && !isPaid) throw new Violation(`${live.length} links that were given out can be paid`);
  }

  #mustHoldAtTheEnd(): void {
    const payments = this.payments();
    for (const { txRef, amount } of this.captured()) {
      const payment = payments.find(({ ref }) => txRef.startsWith(ref));
      const isKnown = payment?.captures.some(({ attempt }) => txRefOf(payment.ref, attempt) === txRef);
      if (!payment || !isKnown) throw new Violation(`${txRef} took money that nobody here knows of`);
      if (payment.state !== "SUCCESS" && payment.state !== "REVIEW")
        throw new Violation(`${txRef} was paid and is ${payment.state}`);
      if (amount !== 50_000 && payment.state === "SUCCESS" && this.captured().length === 1)
        throw new Violation("a wrong amount was taken for the fee");
    }
    for (const payment of payments) {
      if (payment.state !== "SUCCESS") continue;
      if (this.captured().every(({ txRef }) => !txRef.startsWith(payment.ref)))
        throw new Violation("SUCCESS without money");
      const captures = new Set(this.captured().map(({ txRef }) => txRef));
      if (captures.size > 1 && openAttention(payment).length === 0)
        throw new Violation("paid twice, and nobody is called");
      const isHeard = this.#listing.status === "APPROVED" && payment.listingHeardAt !== undefined;
      if (!isHeard && openAttention(payment).length === 0)
        throw new Violation("paid, and the listing has not heard it");
    }
  }

  // ---- ports

  async #tableCall<Result>(site: string, effect: () => Result): Promise<Result> {
    const away = () => Object.assign(new Error("no answer"), { name: "TimeoutError" });
    // The SDK's own tries: a write whose answer was lost is sent again and meets itself.
    for (let tries = 1; ; tries++) {
      try {
        return await this.scheduler.call(site, effect, away);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "TimeoutError" || tries === 3) throw error;
      }
    }
  }

  async #chapaCall({ method, url, headers = {}, body = "" }: Call) {
    const { pathname, searchParams } = new URL(url);
    const site = `chapa.${pathname.split("/")[3] ?? pathname}`;
    const request = { method, path: pathname, query: searchParams, headers, body: Buffer.from(body) };
    const answer = await this.scheduler.call(
      site,
      () => answerApi(this.#world, request),
      (hadEffect) => new CallFailed(hadEffect ? "ECONNRESET" : "ECONNREFUSED", hadEffect),
    );
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    return { status: answer.status, text };
  }

  /** First final status wins, as at the real listing service. */
  #confirm({ status }: Confirmation): ListingAnswer {
    if (status === "PENDING") {
      if (this.#listing.status !== "PENDING") return { answer: "already_processed" };
      return { answer: "received", propertyStatus: "PENDING", paymentStatus: "PENDING" };
    }
    if (this.#listing.status !== "PENDING") return { answer: "already_processed" };
    this.#listing = { status: status === "SUCCESS" ? "APPROVED" : "FAILED" };
    return {
      answer: "received",
      propertyStatus: status === "SUCCESS" ? "APPROVED" : "REJECTED",
      paymentStatus: status,
    };
  }

  #makePorts() {
    const { scheduler } = this;
    const { client } = this.#table;
    const away = () => new DependencyUnavailable("The queue");
    const clock = {
      now: () => scheduler.now,
      sleep: (ms: number) => scheduler.call("clock.sleep", () => scheduler.pass(ms), away).catch(() => undefined),
    };
    const real = new PaymentTable(client, "payments");
    const payments = mutated<PaymentTable>(real, this.#mutant?.payments?.(real) ?? {});
    const realChapa = new ChapaClient({
      baseUrl: "https://api.chapa.co/v1",
      checkoutOrigins: ["https://checkout.chapa.co"],
      secretKey: { get: async () => CHAPA_DEFAULTS.secretKey, renewed: async () => CHAPA_DEFAULTS.secretKey },
      send: (call) => this.#chapaCall(call),
    });
    const chapa = mutated<ChapaClient>(realChapa, this.#mutant?.chapa?.(realChapa) ?? {});
    const common = { payments, chapa, clock, log: QUIET, count: () => undefined, policy: POLICY };
    const totals = new TotalsTable(client, "payments");
    const send = <Message>(site: string, take: (message: Message) => void) => ({
      sendAll: (all: readonly { message: Message }[]) =>
        all.length === 0
          ? Promise.resolve()
          : scheduler.call(site, () => all.forEach(({ message }) => void take(message)), away),
    });
    const news = (site: string) =>
      send<ListingMessage>(site, (message) => this.#news.push({ message, notBefore: scheduler.now, receives: 1 }));
    const initiatePorts: InitiatePorts = {
      ...common,
      requests: new RequestTable(client, "payments"),
      contacts: new ContactTable(
        client,
        "payments",
        async () => ({ current: "k", keys: { k: Buffer.alloc(32, 1) } }),
        (bytes) => new Uint8Array(bytes),
      ),
      customers: { find: async () => undefined },
      limiter: { take: async () => ({ allowed: true, quota: NAMELESS }), refused: () => undefined },
      namespace: async () => "simulation",
      priceBook: PriceBook.parse({ listing_fee: { amounts: ["500.00"] } }),
      paused: false,
      baseUrl: "https://pay.rental.et",
    };
    return {
      initiate: initiatePorts,
      resolve: common,
      sweep: {
        ...common,
        shards: DUE_SHARDS,
        resolve: send<ResolveMessage>("queue.resolve", (message) => this.#ask(message)),
        listing: this.#mutant?.without?.includes("republish")
          ? { sendAll: async () => undefined }
          : news("queue.listing"),
      },
      publish: {
        listing: news("queue.listing"),
        notification: { sendAll: async () => undefined },
        totals,
        clock,
        log: QUIET,
        count: () => undefined,
      },
      listing: {
        ...common,
        listing: {
          confirm: (confirmation: Confirmation) =>
            scheduler
              .call("listing.confirm", () => this.#confirm(confirmation), away)
              .catch((): ListingAnswer => ({ answer: "unknown" })),
          isPublicOrReserved: () =>
            scheduler.call("listing.public", () => this.#listing.status === "APPROVED", away).catch(() => undefined),
        },
      },
    };
  }
}

/** The real thing with some of its methods replaced. */
function mutated<Target extends object>(target: Target, change: Partial<Target>): Target {
  return new Proxy(target, {
    get: (inner, name) => {
      const replaced: unknown = Reflect.get(change, name);
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(inner, name);
      return typeof value === "function" ? value.bind(inner) : value;
    },
  });
}
