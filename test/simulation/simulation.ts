import type { GaugeName } from "../../lib/contract/metrics.ts";
import type { ListingMessage, NotificationMessage, ResolveMessage } from "../../lib/contract/queues.ts";
import { TABLE } from "../../lib/contract/table.ts";
import type { RefundCommand } from "../../lib/domain/commands.ts";
import { PaymentError } from "../../lib/domain/errors.ts";
import { parseTxRef, paymentIdOf, Ref, requestHash, txRefOf } from "../../lib/domain/ids.ts";
import { Santim, toBirr } from "../../lib/domain/money.ts";
import { openedAttempts, type Payment } from "../../lib/domain/payment.ts";
import { SECOND_MS } from "../../lib/domain/time.ts";
import type { Trigger } from "../../lib/domain/vocabulary.ts";
import { answerAttention } from "../../lib/flows/answer-attention.ts";
import { cancel } from "../../lib/flows/cancel.ts";
import { decideReview, type ReviewDecision } from "../../lib/flows/decide-review.ts";
import { initiate } from "../../lib/flows/initiate.ts";
import { notifyListing } from "../../lib/flows/notify-listing.ts";
import { notifyUsers } from "../../lib/flows/notify-user.ts";
import { publish } from "../../lib/flows/publish.ts";
import { publishAttention } from "../../lib/flows/publish-attention.ts";
import { readRepair } from "../../lib/flows/read-repair.ts";
import { reconcile } from "../../lib/flows/reconcile.ts";
import { type RefundOutcome, recordRefundOutcome, refundPayment } from "../../lib/flows/refund-payment.ts";
import { releasePayment } from "../../lib/flows/release.ts";
import { comesBackAfter, resolve } from "../../lib/flows/resolve.ts";
import { advanceRefunds } from "../../lib/flows/steps/advance-refunds.ts";
import { keepSignedNotice } from "../../lib/flows/steps/refund-reports.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import type { Confirmation, ListingAnswer } from "../../lib/services/listing.ts";
import type { Delivery, Notice } from "../../lib/services/notification.ts";
import { notificationPauseKey } from "../../lib/table/keys.ts";
import { fromItem } from "../../lib/table/payment-item.ts";
import type { Action, ActParams } from "../../local/chapa/actions.ts";
import { ActionRefused } from "../../local/chapa/actions.ts";
import { FIRST_ACCOUNT } from "../../local/chapa/api.ts";
import type { ProfileName } from "../../local/chapa/profiles.ts";
import type { Booked } from "../../local/chapa/refunds.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import { EVERY_TX_REF, SimulatorState } from "../../local/chapa/state.ts";
import type { Transaction } from "../../local/chapa/transactions.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { besideDuplicateSince, CANARIES, Invariants, linesOf } from "../invariants/invariants.ts";
import type { BookedRefund, Cause, Decision, Refunded } from "../invariants/world.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { FEE, POLICY, TERMS } from "../support/payments.ts";
import { ChapaBehaviour, KEYS } from "./chapa-behaviour.ts";
import { Ledger, SEEN, THE_FEE } from "./ledger.ts";
import { LOST_REF, NAMESPACE, type Ports, portsOf, type RefundPosted } from "./ports.ts";
import { type Scheduler, TABLE_TRIES } from "./scheduler.ts";

type Row = Record<string, unknown>;
type Waiting<Message> = { message: Message; notBefore: number; receives: number };

const RESOLVE_BACK_MS = 360 * SECOND_MS;
const LISTING_BACK_SECONDS = 600;
// The share of messages that the notification service refuses during faults.
const REFUSED_NOTICES = 0.4;
const FUNCTION_LIFE_MS = 60 * SECOND_MS;

// What steps touch beside the items of the table. Resolve messages come in any order.
const RESOLVE_QUEUE = "resolve queue";
const NOTIFICATION_QUEUE = "notification queue";
const LISTING_QUEUE = "listing queue";
const LISTING = "listing";
const MESSAGES = "messages";
const MARKS = "N#";
const CONTACT = "C#";
// More than one page of Chapa's list.
const SALES = 12;

/** The result of one press: a payment, the name of an error, or nothing. */
export type Pressed = { payment?: Payment; error?: PaymentError };

/** One fee, its owner, Chapa, the siblings, and the real flows between them. */
export class Simulation {
  readonly scheduler: Scheduler;
  readonly table: MemoryTable;
  readonly simulator: SimulatorState;
  readonly behaviour: ChapaBehaviour;
  readonly ledger: Ledger;
  readonly invariants: Invariants;
  ports: Ports;
  readonly resolveMessages: Waiting<ResolveMessage>[] = [];
  readonly listingMessages: Waiting<ListingMessage>[] = [];
  readonly notificationMessages: Waiting<NotificationMessage>[] = [];
  readonly changes: { before: Payment | undefined; after: Payment }[] = [];
  /** Money in flight. It arrives even if its link is closed. */
  readonly inFlight: { link: Transaction; land: () => void }[] = [];
  readonly notified = new Set<string>();
  /** Whether an addition to the totals got no answer. The client's own retry may then add twice. */
  isTotalUncertain = false;
  /** Whether a person approved the property in the listing service. */
  isApprovedByHand = false;
  /** What Chapa and the payers' banks still do about refunds, in the order in which it may happen. */
  readonly refundSteps: { ref: string; run: () => void }[] = [];
  /** The ids under which people have asked for refunds. */
  readonly refundIds = new Set<string>();
  /** Refunds, by Chapa's reference of their money, that a person wrongly said had come to nothing. */
  readonly misjudged = new Set<string>();
  readonly #decisions = new Map<string, Decision>();
  /** What the gauge of open attention showed last. */
  openAttention: number | undefined;
  listing: "PENDING" | "APPROVED" | "FAILED" | "DELETED" = "PENDING";
  /** Whether the faults have ended. Then no request is refused. */
  isWorking = false;
  /** Number of transitions. */
  moves = 0;
  /** Number of tasks that gave up after too many lost races. They are repeated. */
  outraced = 0;
  #isTelling = false;
  #links: Transaction | undefined;
  #parsed = new WeakMap<Row, Payment>();
  readonly #requests = new Map<string, string>();
  /** Each payment as each task has read it last, and as it has seen it last: read, written, or refused a write. */
  readonly #read = new Map<string, Payment | undefined>();
  readonly #seen = new Map<string, Payment | undefined>();
  /** When each request was last recorded. A refused request is recorded again. */
  readonly #recorded = new Map<string, number>();
  readonly #answeredMarks = new Set<string>();
  readonly #started = new Map<string, number>();
  readonly #begunAt = new Map<string, number>();
  /** Presses that began beside an unanswered duplicate on an earlier payment. */
  readonly #beganBeside = new Set<string>();
  #sold = 0;

  /**
   * @param chapa how long it lets a checkout be paid, and which of two captures on one checkout its verify shows
   */
  constructor(
    scheduler: Scheduler,
    seed: number,
    profile: ProfileName,
    chapa: { windowMinutes?: number | undefined; verifyShows?: "first" | "last" } = {},
  ) {
    this.scheduler = scheduler;
    const { windowMinutes = CHAPA_DEFAULTS.retryWindowMinutes, verifyShows = "first" } = chapa;
    this.simulator = this.#makeWorld(seed, profile, windowMinutes);
    // Nothing leaves the process: webhooks and callbacks are the run's to send.
    this.simulator.plan(EVERY_TX_REF, { dropAll: true, callback: { send: "off" }, verifyShows });
    this.behaviour = new ChapaBehaviour(scheduler.choices, this.simulator);
    this.ledger = new Ledger(this.simulator, scheduler, this.behaviour);
    this.invariants = new Invariants(this.ledger, KEYS, (violation) => {
      // What throws inside an effect may be taken for an outage by the flow.
      scheduler.fail(violation);
      throw violation;
    });
    this.table = new MemoryTable((site, about, effect) => this.#tableCall(site, about, effect));
    this.table.onChange = (before, after) => this.#changed(before, after);
    this.ports = this.#portsNow();
  }

  payments(): Payment[] {
    return [...this.table.rows.values()].flatMap((row) => this.#paymentOf(row) ?? []);
  }

  /** The outage of this run begins or ends. A stage that goes live is deployed anew; work under way ends as it was. */
  turn(): void {
    this.behaviour.turn();
    this.ledger.goLive();
    this.deploy();
  }

  /** The stage gets the settings that it should have now. */
  deploy(): void {
    this.ports = this.#portsNow();
  }

  #portsNow(): Ports {
    return portsOf({ ...this, outside: this.#outside(), isWorking: () => this.isWorking });
  }

  /** The payer's stored contact, if it has not expired. */
  async contactOf(ref: Ref): Promise<unknown> {
    let contact: unknown;
    this.#start(this.#name("contact"), async () => {
      contact = await this.ports.contacts.find(ref, this.scheduler.now);
    });
    while (await this.scheduler.step());
    return contact;
  }

  /** An owner presses; a request id that was used before repeats that request. */
  press(client: string, requestId: string, budgetMs = 11 * SECOND_MS): Pressed {
    const me = this.#name(`press ${client}`);
    const { now } = this.scheduler;
    if (this.#isBesideDuplicate()) this.#beganBeside.add(me);
    this.#requests.set(me, requestHash(NAMESPACE, FEE.userId, requestId));
    const pressed: Pressed = {};
    const command = {
      userId: FEE.userId,
      propertyId: FEE.propertyId,
      purpose: undefined,
      amount: undefined,
      currency: undefined,
      requestId,
      contact: CANARIES,
      caller: "owner",
    };
    const run = { me, deadline: now + budgetMs, leaseUntil: now + budgetMs + 6 * SECOND_MS };
    this.#start(me, async () => {
      const { payment, replayed: _ } = await initiate(this.ports.initiate, command, run);
      await this.scheduler.tells(() => this.#answered(payment, me));
      pressed.payment = payment;
    }).onError((error) => {
      pressed.error = error;
    });
    return pressed;
  }

  /** A caller reads the status. */
  read({ ref }: Payment): void {
    this.#start(this.#name("read"), async () => {
      const payment = await this.ports.payments.find(ref);
      if (!payment) return;
      this.#answered(payment);
      await readRepair(this.ports.readRepair, payment);
    });
  }

  giveUp(payment: Payment): void {
    const me = this.#name("cancel");
    this.#start(me, async () => {
      await cancel(this.ports.cancel, payment, "owner", this.scheduler.now + 11 * SECOND_MS);
    });
  }

  /** The payer acts on one of their links. @returns whether money was captured now */
  pay(link: Transaction, action: Action, params: ActParams = {}): boolean {
    let isDone = false;
    const tookMoney = this.ledger.landing(link, () => {
      this.#links = link;
      // The world's payer acts at once and refuses at once; only its return is asynchronous.
      this.simulator.act(link, action, params).then(
        () => undefined,
        (error: unknown) => {
          if (!(error instanceof ActionRefused)) throw error;
        },
      );
      isDone = true;
      this.#links = undefined;
    });
    return isDone && tookMoney;
  }

  /** A person or a program sends money back. */
  refund({ ref }: Payment, asked: RefundCommand): void {
    this.refundIds.add(asked.id);
    this.#decide(ref, { kind: "refund", version: asked.version, about: asked.id }, (payment, deadline) =>
      refundPayment(this.ports.refunds, payment, asked, deadline),
    );
  }

  /** A person says what became of a refund. */
  judgeRefund({ ref }: Payment, id: string, outcome: RefundOutcome): void {
    this.#decide(ref, { kind: "outcome", version: outcome.version, about: id }, (payment) =>
      recordRefundOutcome(this.ports.refunds, payment, id, outcome),
    );
  }

  /** A person decides about the money under review. @returns what they are told, once they are */
  review({ ref }: Payment, decision: ReviewDecision): { error?: Error } {
    for (const { refundId } of decision.returned) this.refundIds.add(refundId);
    return this.#decide(ref, { kind: decision.decision, version: decision.version, about: "" }, (payment, deadline) =>
      decideReview({ ...this.ports.refunds, ...this.ports.resolve }, payment, decision, deadline),
    );
  }

  answerFlag({ ref, version }: Payment, entry: string, by: string): void {
    this.#decide(ref, { kind: "answer", version, about: entry }, (payment) =>
      answerAttention(this.ports.decisions, payment, { entry, reason: `${by} has seen it`, version, by }),
    );
  }

  release({ ref, version }: Payment, by: string): void {
    this.#decide(ref, { kind: "release", version, about: "" }, (payment) =>
      releasePayment(this.ports.decisions, payment, { reason: `${by} says so`, version, by }),
    );
  }

  /** A person decides, by what they saw of a payment some time ago. */
  #decide(ref: Ref, decision: Decision, act: (payment: Payment, deadline: number) => Promise<Payment>) {
    const decided: { error?: Error } = {};
    const me = this.#name(`person ${decision.kind}`);
    this.#decisions.set(me, decision);
    const deadline = this.scheduler.now + 11 * SECOND_MS;
    this.#start(me, async () => {
      const payment = await this.ports.payments.find(ref);
      if (!payment) return;
      await act(payment, deadline);
      this.invariants.decided(
        this.payments().find((known) => known.ref === ref),
        decision,
      );
    }).onError((error) => {
      decided.error = error;
    });
    return decided;
  }

  /** The next step of a refund at Chapa. @param isPaidOut whether it reaches the payer, if it ends now */
  stepRefund(index: number, isPaidOut: boolean): Transaction | undefined {
    const [step] = this.refundSteps.splice(index, 1);
    const refund = this.simulator.refunds.all().find(({ ref }) => ref === step?.ref);
    if (!step || !refund) return undefined;
    const { transaction } = refund;
    transaction.plan = { ...transaction.plan, refunds: isPaidOut ? "refunded" : "reversed" };
    this.ledger.happens(() => step.run());
    return transaction;
  }

  /** A refund that was paid out comes back to the merchant. */
  undoRefund(ref: string): void {
    this.ledger.happens(() => this.simulator.refunds.returnPaid(ref));
  }

  /** Money in flight arrives. */
  land(): Transaction | undefined {
    const entry = this.inFlight.shift();
    if (!entry) return undefined;
    this.ledger.landing(entry.link, entry.land);
    return entry.link;
  }

  ask(tx_ref: string, trigger: Trigger): void {
    if (trigger === "webhook") this.ledger.announced(tx_ref);
    this.#enqueue({ tx_ref, trigger });
  }

  /** Chapa's signed webhook about what happened last on a checkout. */
  announce({ order: { txRef }, captures }: Transaction): void {
    this.ledger.announced(txRef);
    const last = captures.at(-1);
    if (last) this.ledger.bookAnnounced(last.reference);
    const event = last?.reversed ? "charge.reversed" : last && last.refunded > 0 ? "charge.refunded" : "charge.success";
    this.#enqueue({ tx_ref: txRef, trigger: "webhook", ...(last ? { reference: last.reference, event } : {}) });
  }

  /** Chapa's signed webhook about one refund. */
  announceRefund({ transaction, capture, amount, status }: Booked): void {
    const { txRef } = transaction.order;
    this.ledger.announced(txRef);
    this.ledger.bookAnnounced(capture.reference);
    const event = status === "reversed" ? "refund.reversed" : "charge.refunded";
    const birr = toBirr(Santim.parse(amount));
    this.#enqueue({ tx_ref: txRef, trigger: "webhook", reference: capture.reference, event, amount: birr });
  }

  get #opening() {
    return { mode: this.behaviour.isLive ? "live" : "test", account: FIRST_ACCOUNT } as const;
  }

  #enqueue(message: ResolveMessage, delayMs = 0, receives = 0): void {
    this.scheduler.touch(RESOLVE_QUEUE, "add");
    this.resolveMessages.push({ message, notBefore: this.scheduler.now + Math.ceil(delayMs), receives });
  }

  /** Chapa has a checkout of another fee, which a payer has, and the table has lost its row. */
  loseRow(): void {
    const txRef = txRefOf({ ref: LOST_REF, txStage: TX_STAGE }, 0);
    this.ledger.lost(txRef);
    void this.simulator.open(orderOf(txRef, TERMS.amount), this.#opening);
    this.ledger.given({ txRef });
  }

  /** Another program on the same account of Chapa's sells more than one page of its list. */
  sellElsewhere(): void {
    for (let sale = 0; sale < SALES; sale++) {
      const order = orderOf(`SHOP-${++this.#sold}`, 1_000 + this.#sold);
      void this.simulator.open(order, this.#opening).then(({ transaction }) => {
        this.simulator.ledger.capture(transaction, { method: "telebirr", at: this.scheduler.latest });
      });
    }
  }

  /** A message of the resolve queue is handled. @param isRepeated it stays in the queue, too */
  resolve(entry: Waiting<ResolveMessage>, isRepeated = false): void {
    if (!isRepeated) this.resolveMessages.splice(this.resolveMessages.indexOf(entry), 1);
    const { message } = entry;
    const { tx_ref, trigger } = message;
    const receives = entry.receives + 1;
    const back = () => this.#enqueue(message, RESOLVE_BACK_MS);
    this.#start(
      this.#name(`verify ${trigger}`),
      async () => {
        const checkout = parseTxRef(tx_ref, TX_STAGE);
        if (!checkout) return;
        const deadline = this.scheduler.now + 60 * SECOND_MS;
        const resolved = await resolve(this.ports.resolve, checkout, trigger, deadline);
        if (trigger === "webhook") await keepSignedNotice(this.ports.resolve, checkout, message);
        if (resolved.kind === "verified" && resolved.payment?.refunds) {
          const payment = await this.ports.payments.find(checkout.ref);
          const isAnswered = resolved.result?.kind !== "unavailable";
          if (payment) await advanceRefunds(this.ports.refunds, payment, isAnswered, deadline);
        }
        if (resolved.kind === "suppressed") this.#enqueue(message, resolved.afterMs);
        const seconds = comesBackAfter(resolved, receives);
        if (seconds !== undefined) this.#enqueue(message, seconds * SECOND_MS, receives);
      },
      back,
    ).onError(back);
  }

  /** One confirmation at a time for the property, as the queue's groups see to. */
  notifyListing(): boolean {
    const [entry] = this.listingMessages;
    if (!entry || this.#isTelling || entry.notBefore > this.scheduler.now) return false;
    this.#isTelling = true;
    entry.receives++;
    const later = (seconds: number) => {
      this.#isTelling = false;
      entry.notBefore = this.scheduler.now + Math.ceil(seconds * SECOND_MS);
    };
    const work = async () => {
      const handled = await notifyListing(this.ports.notifyListing, Ref.parse(entry.message.ref), entry.receives);
      if (handled.kind === "retry") return later(handled.delaySeconds);
      this.listingMessages.splice(this.listingMessages.indexOf(entry), 1);
      this.#isTelling = false;
    };
    const back = () => later(LISTING_BACK_SECONDS);
    this.#start(this.#name("tell"), work, back).onError(back);
    return true;
  }

  /** Some changes of the table are published, or lost. */
  publish(most: number, isLost = false): void {
    const batch = this.changes.splice(0, most);
    for (const { before, after } of batch) {
      if (after.state !== "SUCCESS" || before?.state === "SUCCESS") continue;
      if (isLost) this.ledger.undeliverable(after.ref);
      else this.ledger.published(after.ref);
    }
    if (batch.length === 0 || isLost) return;
    const back = () => void this.changes.unshift(...batch);
    this.#start(this.#name("publish"), () => publish(this.ports.publish, batch), back).onError(back);
  }

  sweep(): void {
    this.#start(
      this.#name("sweep"),
      async () => void (await sweep(this.ports.sweep, this.scheduler.now + 50 * SECOND_MS)),
    );
  }

  publishAttention(): void {
    this.#start(this.#name("gauge"), () => publishAttention(this.ports.attention));
  }

  /** Until then no message leaves, because the notification service has refused us. */
  get notificationsRestUntil(): number {
    return Number(this.table.rows.get(notificationPauseKey.pk)?.["until"] ?? 0);
  }

  notifyUsers(): void {
    const work = async () => void (await notifyUsers(this.ports.notifyUsers, this.scheduler.now + 60 * SECOND_MS));
    this.#start(this.#name("notify"), work);
  }

  reconcile(): void {
    const work = async () => void (await reconcile(this.ports.reconcile, this.scheduler.now + 600 * SECOND_MS));
    this.#start(this.#name("reconcile"), work);
  }

  /** Everything that can be told apart by anybody, in a form in which two simulations can be compared. */
  print(): string {
    const rows = [...this.table.rows].sort(([a], [b]) => (a < b ? -1 : 1));
    const queues = [
      this.resolveMessages.map((message) => JSON.stringify(message)).sort(),
      this.listingMessages,
      this.notificationMessages,
      this.changes.map(({ after }) => [after.ref, after.version]),
    ];
    const rest = [this.listing, this.#isTelling, [...this.notified], this.inFlight.map(({ link }) => link.order.txRef)];
    return JSON.stringify(
      [this.scheduler.now, rows, queues, rest, this.ledger.print(), this.scheduler.minds()],
      textOfBytes,
    );
  }

  /** Names count up, so that each piece of work has its own and the same run gives the same names. */
  #name(kind: string): string {
    const number = (this.#started.get(kind) ?? 0) + 1;
    this.#started.set(kind, number);
    return `${kind} #${number}`;
  }

  /**
   * Starts work whose failures are those that its caller or queue expects: an outage, or races lost so often that it
   * gives up to come again.
   */
  #start(name: string, work: () => Promise<void>, onDeath: () => void = () => undefined) {
    let failed: (error: PaymentError | undefined) => void = () => undefined;
    const guarded = async () => {
      try {
        await work();
        const shown = this.ledger.shownTo(name);
        if (shown.length > 0) this.scheduler.touch(SEEN);
        this.invariants.workEnded(this.payments(), shown);
      } catch (error) {
        const isOutraced = error instanceof Error && /changed \d+ times/.test(error.message);
        if (isOutraced) this.outraced++;
        else if (!(error instanceof PaymentError)) throw error;
        failed(error instanceof PaymentError ? error : undefined);
      }
    };
    this.#begunAt.set(name, this.scheduler.now);
    this.scheduler.start(name, guarded, onDeath);
    return {
      onError: (then: (error: PaymentError) => void) => {
        failed = (error) => then(error ?? (new Error("outraced") as PaymentError));
      },
    };
  }

  async #tableCall<Result>(site: string, about: string, effect: () => Result): Promise<Result> {
    const away = () => Object.assign(new Error("no answer"), { name: "TimeoutError" });
    const noted = () => {
      const isContact = site === "table.Put" && about.startsWith(CONTACT);
      if (site === "table.Query") this.scheduler.touch(about);
      else if (!isContact) for (const item of about.split(" ")) this.scheduler.touch(itemOf(item));
      try {
        return effect();
      } finally {
        const row = this.table.rows.get(about);
        // It is written without a condition.
        if (isContact) this.scheduler.touch(about, `write ${JSON.stringify(row, textOfBytes)}`);
        const key = `${this.scheduler.current?.name} ${about}`;
        this.#seen.set(key, row && this.#paymentOf(row));
        if (site === "table.Get") this.#read.set(key, this.#seen.get(key));
      }
    };
    // The SDK's own tries: a write whose answer was lost is sent again and meets itself.
    for (let tries = 1; ; tries++) {
      try {
        return await this.scheduler.call(site, about, noted, away);
      } catch (error) {
        if (about.startsWith("T#")) this.isTotalUncertain = true;
        if (!(error instanceof Error) || error.name !== "TimeoutError" || tries === TABLE_TRIES) throw error;
      }
    }
  }

  #paymentOf(row: Row): Payment | undefined {
    if (!String(row["pk"]).startsWith("P#")) return undefined;
    const known = this.#parsed.get(row) ?? fromItem(row, TX_STAGE);
    this.#parsed.set(row, known);
    return known;
  }

  #changed(before: Row | undefined, after: Row | undefined): void {
    this.#touched(before, after);
    if (!after) return;
    this.invariants.recorded(after);
    const pk = String(after["pk"]);
    // Clocks are set back meanwhile.
    if (pk.startsWith("R#"))
      this.#recorded.set(pk, Math.max(this.#recorded.get(pk) ?? 0, Number(after["recorded_at"])));
    if (after["sent_at"] !== undefined && pk.startsWith("N#")) this.#answeredMarks.add(pk);
    if (pk.startsWith("C#")) this.invariants.contactStored(after, this.scheduler.time);
    const payment = this.#paymentOf(after);
    if (!payment) return;
    this.scheduler.touch(SEEN, "change");
    const old = before && this.#paymentOf(before);
    for (const { number, webhookAt } of openedAttempts(payment))
      if (webhookAt !== undefined && webhookAt !== old?.attempts[number]?.webhookAt)
        this.ledger.webhookNoted(txRefOf(payment, number));
    this.invariants.changed({ before: old, after: payment, cause: this.#cause() });
    if (old?.version !== payment.version) this.moves++;
    this.changes.push({ before: old, after: payment });
  }

  /** An index is another only if its keys are, because it has nothing else. */
  #touched(before: Row | undefined, after: Row | undefined): void {
    const pk = String((after ?? before)?.["pk"]);
    if (!after || !pk.startsWith(CONTACT)) this.scheduler.touch(itemOf(pk), "change");
    for (const { name, partitionKey, sortKey } of TABLE.indexes) {
      const keys = [partitionKey.name, sortKey.name];
      if (keys.every((key) => before?.[key] === after?.[key])) continue;
      for (const row of [before, after])
        if (row?.[partitionKey.name] !== undefined) this.scheduler.touch(`${name} ${row[partitionKey.name]}`, "change");
    }
  }

  /** @param pressedBy the task that opened or found the checkout, if an owner asked for it */
  #answered(payment: Payment, pressedBy?: string): void {
    const { state } = payment;
    const txRef = txRefOf(payment, payment.attempt);
    const isPress = pressedBy !== undefined;
    this.invariants.answered({
      txRef,
      fee: THE_FEE,
      state,
      checkoutUrl: isPress && (state === "CREATED" || state === "PENDING") ? payment.checkoutUrl : undefined,
      isPress,
      paid: this.ledger.openlyPaid(payment),
      isBesideDuplicate: isPress && this.#beganBeside.has(pressedBy) && this.#isBesideDuplicate(),
      isCancelledByGiver: isPress && this.ledger.hasClosed(pressedBy, txRef),
    });
  }

  #isBesideDuplicate(): boolean {
    const { expectedMode } = this.ports.initiate.policy;
    const lines = linesOf(this.payments());
    for (const { ref } of lines.flat()) this.scheduler.touch(itemOf(`P#${ref}`));
    return lines.some((line) => besideDuplicateSince(line, expectedMode) !== undefined);
  }

  #cause(): Cause {
    const task = this.scheduler.current?.name ?? "";
    const request = `R#${this.#requests.get(task)}`;
    const { scheduler } = this;
    const recorded = this.#recorded;
    return {
      get recordedAt() {
        scheduler.touch(request);
        return recorded.get(request);
      },
      readings: (txRef) => this.ledger.readings(txRef),
      isVerifiedAfterCancel: (txRef) => this.ledger.verifiedAfterCancel(task, txRef),
      isCancelledByPress: (txRef) => this.ledger.cancelledBy(txRef)?.startsWith("press") ?? false,
      isUsed: (txRef) => this.ledger.isBurnt(txRef) || this.ledger.opened().includes(txRef),
      decision: this.#decisions.get(task),
      refunds: this.refunded(),
      policy: POLICY,
      now: this.scheduler.latest,
      isNamed: (taken, by) => this.ledger.isNamed(taken, by),
      couldSee: (taken) => {
        const verified = this.ledger.lastVerify(task, taken.txRef) ?? 0;
        return this.ledger.captures().some((landed) => landed === taken && landed.step < verified);
      },
    };
  }

  #outside() {
    const { scheduler } = this;
    const waiting = <Message>(message: Message) => ({ message, notBefore: scheduler.now, receives: 0 });
    return {
      asked: ({ tx_ref, trigger }: ResolveMessage) => this.ask(tx_ref, trigger),
      listingMessages: (message: ListingMessage) => {
        scheduler.touch(LISTING_QUEUE, "change");
        this.listingMessages.push(waiting(message));
      },
      note: (message: NotificationMessage) => {
        scheduler.touch(NOTIFICATION_QUEUE, "change");
        this.notificationMessages.push(waiting(message));
      },
      nextNote: () => {
        scheduler.touch(NOTIFICATION_QUEUE, "change");
        const entry = this.notificationMessages.find(({ notBefore }) => notBefore <= scheduler.now);
        if (!entry) return undefined;
        // Hidden while it is handled; if its work dies, time gives it back.
        entry.notBefore = scheduler.now + 120 * SECOND_MS;
        entry.receives++;
        const { message, receives } = entry;
        return {
          message,
          receives,
          done: () => {
            scheduler.touch(NOTIFICATION_QUEUE, "change");
            this.notificationMessages.splice(
              this.notificationMessages.indexOf(entry),
              this.notificationMessages.includes(entry) ? 1 : 0,
            );
          },
          later: (seconds: number) => {
            scheduler.touch(NOTIFICATION_QUEUE, "change");
            entry.notBefore = scheduler.now + Math.ceil(seconds * SECOND_MS);
          },
        };
      },
      confirm: (confirmation: Confirmation) => this.#confirm(confirmation),
      isApproved: () => {
        scheduler.touch(LISTING);
        return this.listing === "APPROVED";
      },
      notified: ({ event, txRef }: Notice): Delivery => {
        const { ref = "" } = parseTxRef(txRef, TX_STAGE) ?? {};
        scheduler.touch(MARKS);
        scheduler.touch(MESSAGES, "change");
        const asRead = (of: string) => this.#read.get(`${scheduler.current?.name} P#${of}`);
        const line = linesOf(this.payments()).find((payments) => payments.some((payment) => payment.ref === ref)) ?? [];
        const earlier = line.slice(
          0,
          line.findIndex((payment) => payment.ref === ref),
        );
        this.invariants.notifiedPayer(
          event,
          ref,
          asRead(ref),
          earlier.flatMap((one) => asRead(one.ref) ?? one),
        );
        if (!this.isWorking && scheduler.choices.whim(REFUSED_NOTICES))
          return { kind: scheduler.choices.whim(0.5) ? "refused" : "not_allowed" };
        // No function lives longer than a minute. One that slept through days sends what another has sent meanwhile.
        if (!this.#isOver()) this.invariants.messageSent(event, ref, this.#marksOf(ref, event));
        if (event === "paid") this.notified.add(ref);
        return { kind: "sent" };
      },
      isOver: () => this.#isOver(),
      refundPosted: (capture: string, { reference, amount }: RefundPosted) => {
        this.invariants.refundPosted(
          { capture, reference, amount },
          this.payments().find(({ ref }) => reference.startsWith(ref)),
          { ...this.refunded(), asked: this.refundIds },
        );
      },
      gauge: (name: GaugeName, value: number) => {
        if (name === "OpenAttention") this.openAttention = value;
      },
      dropped: ({ ref, event }: NotificationMessage) => {
        if (event === "paid") this.ledger.undeliverable(ref);
      },
    };
  }

  /** Whether the task that acts now is older than any function gets. */
  #isOver(): boolean {
    const { now, current } = this.scheduler;
    return now - (this.#begunAt.get(current?.name ?? "") ?? now) > FUNCTION_LIFE_MS;
  }

  /** The refunds of Chapa's books, and where a person was wrong about one. */
  refunded(): Refunded {
    return { booked: this.#bookedRefunds(), misjudged: this.misjudged };
  }

  #bookedRefunds(): BookedRefund[] {
    return this.simulator.refunds.all().map(({ capture, amount, ref, reference, status }) => ({
      capture: capture.reference,
      taken: capture.amount,
      reference: reference ?? ref,
      amount,
      status: status === "refunded" ? "settled" : status === "reversed" ? "reversed" : "open",
    }));
  }

  #marksOf(ref: string, event: string): { isAnswered: boolean }[] {
    const keys = [...this.table.rows.keys()].filter((pk) => pk.startsWith(`N#${ref}#`) && pk.endsWith(`#${event}`));
    return keys.map((pk) => ({ isAnswered: this.#answeredMarks.has(pk) }));
  }

  /** The first final status wins, as in the real listing service. */
  #confirm({ status, paymentId }: Confirmation): ListingAnswer {
    this.scheduler.touch(LISTING, "change");
    this.scheduler.touch(SEEN, "change");
    if (this.listing === "APPROVED" || this.listing === "FAILED") return { kind: "already_processed" };
    if (status === "PENDING") {
      const propertyStatus = this.listing === "DELETED" ? "DELETED" : "PENDING";
      return { kind: "received", propertyStatus, paymentStatus: "PENDING" };
    }
    const payment = this.payments().find(({ ref }) => paymentIdOf(ref) === paymentId);
    const seen = payment && this.#seen.get(`${this.scheduler.current?.name} P#${payment.ref}`);
    if (payment) this.invariants.notifiedListing(status, payment, seen);
    this.listing = status === "SUCCESS" ? "APPROVED" : "FAILED";
    const propertyStatus = status === "SUCCESS" ? "APPROVED" : "REJECTED";
    return { kind: "received", propertyStatus, paymentStatus: status };
  }

  #makeWorld(seed: number, profile: ProfileName, windowMinutes: number): SimulatorState {
    return new SimulatorState({
      clock: {
        now: () => this.scheduler.latest,
        // What was to happen later happens when the run says so: money in flight may land at any moment.
        schedule: (_at: number, task: () => void) => {
          const link = this.#links;
          if (link) this.inFlight.push({ link, land: task });
          const refund = link ? undefined : this.simulator.refunds.all().at(-1);
          if (refund) this.refundSteps.push({ ref: refund.ref, run: task });
          return () => undefined;
        },
        advance: async () => undefined,
        stop: () => undefined,
      },
      seed,
      secretKey: CHAPA_DEFAULTS.secretKey,
      otherKeys: new Map(),
      publicKey: CHAPA_DEFAULTS.publicKey,
      webhookSecret: CHAPA_DEFAULTS.webhookSecret,
      retryWindowMinutes: windowMinutes,
      isAutopilot: false,
      hasScenarios: false,
      log: () => undefined,
      profile,
      webhookUrl: null,
      origin: "https://checkout.chapa.co",
    });
  }
}

/** What is touched with an item. A message's marks are looked for among all marks. */
function itemOf(pk: string): string {
  return pk.startsWith(MARKS) ? MARKS : pk;
}

function textOfBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

function orderOf(txRef: string, amount: number): Transaction["order"] {
  return {
    txRef,
    amount,
    currency: "ETB",
    email: null,
    firstName: null,
    lastName: null,
    phone: null,
    callbackUrl: null,
    returnUrl: null,
    title: null,
    description: null,
    logo: null,
    meta: null,
  };
}
