import { parseTxRef } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import type { SimulatorState } from "../../local/chapa/state.ts";
import { shownCapture, stateOf, type Transaction } from "../../local/chapa/transactions.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { isRejected } from "../invariants/invariants.ts";
import type { Answer, Book, Reading, Taken, World } from "../invariants/world.ts";
import type { ChapaBehaviour } from "./chapa-behaviour.ts";
import type { Scheduler } from "./scheduler.ts";

/** Money that Chapa took; `step` and `at` (epoch ms): when that was; `createdAt`: when its checkout was opened. */
export type Landed = Taken & { step: number; at: number; createdAt: number };

/** Why nothing finds a capture any more. Each is a limit that `docs/reliability.md` names. */
export type Unfindable =
  | "it came more than nine days before the comparison of books"
  | "its checkout is older than the list that is compared"
  | "its checkout was opened long before its row says so"
  | "Chapa's list shows another account"
  | "no key reads it, and a person is called";

/** What Chapa has. */
export const CHAPA = "chapa";
/** What the invariants see that hold between any two steps. */
export const SEEN = "seen";
const READINGS = "readings";
const NAMED = "named money";
type Verified = { askedAt: number; status: number; word: string | undefined };

// Chapa's words for money that we know.
const MONEY_WORDS = ["success", "refunded", "reversed"];

/** All payments of the one fee of a run. */
export const THE_FEE = "the fee";

/** What really happened in a run. The code under test does not see it. */
export class Ledger implements World {
  readonly #chapa: SimulatorState;
  readonly #scheduler: Scheduler;
  readonly #given = new Set<string>();
  readonly #taken: Landed[] = [];
  /** Captures that came when nothing was left to find them, and why. */
  readonly unfindable = new Map<Landed, Unfindable>();
  /** Chapa references that the reconciliation has flagged. */
  readonly reported = new Set<string>();
  /** Names of metrics that were counted. */
  readonly counted = new Set<string>();
  /** Why presses were refused, where that is right, and how often. */
  readonly excused = new Map<string, number>();
  readonly #behaviour: ChapaBehaviour;
  readonly #verifies = new Map<string, number>();
  readonly #readings = new Map<string, Reading[]>();
  readonly #cancels = new Map<string, string>();
  readonly #knownCancels = new Set<string>();
  readonly #cancelTries = new Map<string, number>();
  /** When a signed webhook has first named it, by our clock and in steps. */
  readonly #announced = new Map<Landed, { at: number; step: number }>();
  /** The step of the latest write of a row that notes a webhook about a checkout. */
  readonly #noted = new Map<string, number>();
  /** Money of which Chapa has told us in an answer to verify. */
  readonly #named = new Set<Landed>();
  readonly #shown = new Map<string, { txRef: string; reference: string }[]>();
  readonly #notices = new Set<string>();
  readonly #books = new Map<string, Book>();
  readonly #lost = new Set<string>();

  constructor(chapa: SimulatorState, scheduler: Scheduler, behaviour: ChapaBehaviour) {
    this.#chapa = chapa;
    this.#behaviour = behaviour;
    this.#scheduler = scheduler;
  }

  /** Records that a payer got a URL. */
  given({ txRef }: Pick<Answer, "txRef">): void {
    this.#scheduler.touch(SEEN, "change");
    this.#given.add(txRef);
  }

  /** Links that payers have. */
  links(): Transaction[] {
    return this.#chapa.ledger.all().filter(({ order }) => this.#given.has(order.txRef));
  }

  /** Runs `act` and records its captures. */
  landing(link: Transaction, act: () => void): boolean {
    this.#scheduler.touch(CHAPA, "change");
    this.#scheduler.touch(SEEN, "change");
    const before = link.captures.length;
    const state = stateOf(link, this.#scheduler.latest);
    act();
    const { ref = "", attempt = 0 } = parseTxRef(link.order.txRef, TX_STAGE) ?? {};
    for (const capture of link.captures.slice(before)) {
      const { amount, currency, mode, reference } = capture;
      // Chapa's list is sorted by the time of the capture, which is random here.
      capture.at = this.#scheduler.latest;
      const isOpen = state === "OPEN" || state === "ATTEMPTING";
      this.#taken.push({
        txRef: link.order.txRef,
        ref,
        attempt,
        reference,
        amount,
        currency,
        mode,
        isOpen,
        isPlay: false,
        step: this.#scheduler.steps,
        at: this.#scheduler.now,
        createdAt: link.createdAt,
      });
    }
    this.#book();
    this.goLive();
    return link.captures.length > before;
  }

  /** Chapa or a bank does something. */
  happens(act: () => void): void {
    this.#scheduler.touch(CHAPA, "change");
    this.#scheduler.touch(SEEN, "change");
    act();
    this.#book();
  }

  /** The latest time of any clock. */
  get time(): number {
    return this.#scheduler.latest;
  }

  /** Chapa's books of one capture; undefined if it has none under this reference. */
  bookOf(reference: string): Book | undefined {
    return this.#books.get(reference);
  }

  /** A signed webhook speaks of this capture as it is now. */
  bookAnnounced(reference: string): void {
    const book = this.#books.get(reference);
    if (book) this.#books.set(reference, { ...book, isAnnounced: true });
  }

  #book(): void {
    for (const { reference, amount, refunded, reversed } of this.#chapa.ledger
      .all()
      .flatMap(({ captures }) => captures)) {
      const known = this.#books.get(reference);
      if (known?.refunded === refunded && known.isReversed === reversed) continue;
      const wasRefunded = known?.wasRefunded === true || refunded >= amount;
      this.#books.set(reference, { refunded, isReversed: reversed, wasRefunded, isAnnounced: false });
    }
  }

  /** Once the stage sells for real, test money is play money. */
  goLive(): void {
    if (!this.#behaviour.isLive) return;
    for (const taken of this.#taken)
      if (this.#chapa.ledger.find(taken.txRef)?.mode === "test") Object.assign(taken, { isOpen: false, isPlay: true });
  }

  /** A signed webhook names all money on this checkout. */
  announced(txRef: string): void {
    this.#scheduler.touch(CHAPA);
    this.#scheduler.touch(NAMED, "add");
    for (const taken of this.#taken) {
      if (taken.txRef !== txRef) continue;
      const { now, steps } = this.#scheduler;
      if (!this.#announced.has(taken)) this.#announced.set(taken, { at: now, step: steps });
    }
  }

  /** A row now notes that a webhook about this checkout waits. */
  webhookNoted(txRef: string): void {
    this.#scheduler.touch(NAMED, "change");
    this.#noted.set(txRef, this.#scheduler.steps);
  }

  /** When a signed webhook has first named it; undefined if none has. */
  announcedAt(taken: Landed): number | undefined {
    return this.#announced.get(taken)?.at;
  }

  /** Whether a webhook that named it is noted on its row, or whether Chapa's verify has shown it. */
  isNamed(taken: Taken, by: "webhook" | "verify"): boolean {
    this.#scheduler.touch(NAMED);
    const noted = this.#noted.get(taken.txRef) ?? -1;
    const isNoted = (landed: Landed) => (this.#announced.get(landed)?.step ?? Number.POSITIVE_INFINITY) < noted;
    const isOf = (landed: Landed) => (by === "verify" ? this.#named.has(landed) : isNoted(landed));
    return this.#taken.some((landed) => landed === taken && isOf(landed));
  }

  /** The money that Chapa's verify has shown to a task, each under Chapa's reference for it. */
  shownTo(task: string): readonly { txRef: string; reference: string }[] {
    return this.#shown.get(task) ?? [];
  }

  /** Whether a key of ours reads what Chapa has under this reference. */
  isReadable(txRef: string): boolean {
    const link = this.#chapa.ledger.find(txRef);
    return !link || this.#behaviour.reads(link);
  }

  /** Whether Chapa's list, as our current key reads it, can show what it has under this reference. */
  isListed(txRef: string): boolean {
    const link = this.#chapa.ledger.find(txRef);
    return !link || this.#behaviour.lists(link);
  }

  isBurnt(txRef: string): boolean {
    return this.#behaviour.isBurnt(txRef);
  }

  /** Nothing is left that would find this money. The first reason stays. */
  forget(money: Landed, why: Unfindable): void {
    this.unfindable.set(money, this.unfindable.get(money) ?? why);
  }

  excuse(reason: string): void {
    this.excused.set(reason, (this.excused.get(reason) ?? 0) + 1);
  }

  captures(): readonly Landed[] {
    this.#scheduler.touch(CHAPA);
    return this.#taken;
  }

  capturesOf(ref: string): Landed[] {
    return this.captures().filter((taken) => taken.ref === ref);
  }

  /** References that were paid while their link was open and not lapsed, so without a payment in flight. */
  openlyPaid(payment: Payment): string[] {
    return this.capturesOf(payment.ref).flatMap((taken) => {
      const { txRef, isOpen, attempt } = taken;
      const isLapsed = payment.attempts[attempt]?.end === "lapsed";
      return isOpen && attempt <= payment.attempt && !isLapsed && !isRejected(taken, payment) ? [txRef] : [];
    });
  }

  /** The table has lost the row of this checkout. */
  lost(txRef: string): void {
    this.#lost.add(txRef);
  }

  /** Every reference of ours that Chapa has opened, without those whose row is lost. */
  opened(): string[] {
    this.#scheduler.touch(CHAPA);
    return this.#chapa.ledger
      .all()
      .map(({ order }) => order.txRef)
      .filter((txRef) => parseTxRef(txRef, TX_STAGE) && !this.#lost.has(txRef));
  }

  /** Links of a fee that payers have and that can be paid now. */
  payableLinks(of: string): string[] {
    this.#scheduler.touch(CHAPA);
    this.#scheduler.touch(SEEN);
    return this.links().flatMap((link) => {
      const { txRef } = link.order;
      const isOf = of === THE_FEE ? !this.#lost.has(txRef) : txRef.startsWith(of);
      if (!isOf || (link.mode === "test" && this.#behaviour.isLive)) return [];
      const state = stateOf(link, this.#scheduler.latest);
      return state === "OPEN" || state === "ATTEMPTING" ? [link.order.txRef] : [];
    });
  }

  urlOf(txRef: string): string | undefined {
    this.#scheduler.touch(CHAPA);
    const link = this.#chapa.ledger.find(txRef);
    return link && this.#chapa.checkoutUrl(link);
  }

  /**
   * Chapa answered a verify. @param askedAt by our clock, when the call was made
   * @param word what it says of the transaction
   */
  verified(task: string, txRef: string, { askedAt, status, word }: Verified): void {
    this.#scheduler.touch(CHAPA);
    this.#scheduler.touch(NAMED, "add");
    // They may be added in any order.
    this.#scheduler.touch(READINGS, "add");
    if (status >= 500 || status === 401) return;
    this.#verifies.set(`${task} ${txRef}`, this.#scheduler.steps);
    const link = this.#chapa.ledger.find(txRef);
    const paid = word === undefined ? [] : this.#taken.filter((taken) => taken.txRef === txRef);
    for (const taken of paid) this.#named.add(taken);
    const capture = link && shownCapture(link);
    if (capture && MONEY_WORDS.includes(word ?? ""))
      this.#shown.set(task, [...this.shownTo(task), { txRef, reference: capture.reference }]);
    if (this.#taken.some((taken) => taken.txRef === txRef)) return;
    const known = this.#readings.get(txRef) ?? [];
    this.#readings.set(txRef, [...known, { askedAt, answeredAt: this.#scheduler.now }]);
  }

  /** When Chapa answered that a checkout is unpaid. */
  readings(txRef: string): readonly Reading[] {
    this.#scheduler.touch(READINGS);
    return this.#readings.get(txRef) ?? [];
  }

  /** Whether this task asked Chapa to cancel, and has verified since. */
  verifiedAfterCancel(task: string, txRef: string): boolean {
    const tried = this.#cancelTries.get(`${task} ${txRef}`);
    return tried !== undefined && (this.#verifies.get(`${task} ${txRef}`) ?? 0) > tried;
  }

  lastVerify(task: string, txRef: string): number | undefined {
    return this.#verifies.get(`${task} ${txRef}`);
  }

  /** A task asks Chapa to cancel, whatever comes of it. */
  cancelTried(task: string, txRef: string): void {
    this.#cancelTries.set(`${task} ${txRef}`, this.#scheduler.steps);
  }

  cancelled(task: string, txRef: string): void {
    const isClosed = this.#chapa.ledger.find(txRef)?.cancelledBy === "merchant";
    if (isClosed && !this.#cancels.has(txRef)) this.#cancels.set(txRef, task);
  }

  /** A task hears what its cancel came to. */
  cancelAnswered(task: string, txRef: string): void {
    if (this.#cancels.get(txRef) === task) this.#knownCancels.add(`${task} ${txRef}`);
  }

  /** Whether this task has closed the checkout at Chapa and has heard so. */
  hasClosed(task: string, txRef: string): boolean {
    this.#scheduler.touch(CHAPA);
    return this.#knownCancels.has(`${task} ${txRef}`);
  }

  cancelledBy(txRef: string): string | undefined {
    this.#scheduler.touch(CHAPA);
    return this.#cancels.get(txRef);
  }

  /** Records that the stream has published that this payment is paid, and that the record was not lost. */
  published(ref: string): void {
    this.#notices.add(ref);
  }

  /** Forgets the message about this payment, because every try to deliver it has failed. */
  undeliverable(ref: string): void {
    this.#notices.delete(ref);
  }

  owesNotice(ref: string): boolean {
    return this.#notices.has(ref);
  }

  /** Everything that really happened, to compare two simulations. */
  print(): string {
    return JSON.stringify([
      [...this.#given].sort(),
      this.#taken.map(({ step: _, at: __, ...taken }) => taken),
      [...this.#cancels].sort(),
      [...this.#notices].sort(),
      [...this.reported].sort(),
      this.#chapa.ledger
        .all()
        .map(({ order, captures, cancelledBy, inFlight, failedAttempts, createdAt }) => [
          order.txRef,
          captures,
          cancelledBy,
          inFlight,
          failedAttempts,
          createdAt,
        ]),
    ]);
  }
}
