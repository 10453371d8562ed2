import { attemptSubject, captureSubject, entryIdOf } from "../../lib/domain/attention.ts";
import { missedDeadlines } from "../../lib/domain/deadlines.ts";
import { isMadeSince } from "../../lib/domain/decisions.ts";
import { listingStatusOf } from "../../lib/domain/events.ts";
import { parseTxRef, type Ref, refundReferenceOf, txRefOf } from "../../lib/domain/ids.ts";
import { toBirr } from "../../lib/domain/money.ts";
import {
  type Attention,
  backOf,
  type Capture,
  isRefundOpen,
  isSettledUnpaid,
  leftOf,
  netOf,
  openedAttempts,
  openFlags,
  type Payment,
  paidAt,
  type Refund,
  refundableOf,
  refundedOf,
  termsOf,
} from "../../lib/domain/payment.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { combined, NO_TOTALS, shareOf, type Totals } from "../../lib/domain/totals.ts";
import { TRANSITIONS } from "../../lib/domain/transitions.ts";
import { type Mode, type UserEvent, WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { type Invariant, Violation } from "./catalogue.ts";
import type {
  Answer,
  Book,
  BookedRefund,
  Cause,
  Change,
  Decision,
  Reading,
  Refunded,
  Rest,
  Taken,
  World,
} from "./world.ts";

const LEGAL: Readonly<Record<string, { from: readonly string[]; to: string } | undefined>> = TRANSITIONS;
const CONTACT_MS = 30 * DAY_MS;
const READINGS_APART_MS = 10 * MINUTE_MS;
const CALLS_PER_MESSAGE = 3;
/** Clocks are set back during a run, now and then between reading the time and using it. */
export const SKEW_MS = 10 * MINUTE_MS;
// Attention of a success that the listing did not take.
const NOT_ACKNOWLEDGED: readonly Attention["code"][] = ["listing_closed", "listing_unclear"];
const ABOUT_MONEY: readonly Attention["code"][] = [
  "mismatch",
  "duplicate",
  "unmatched",
  "refunded_outside",
  "reversed",
];
/** In every run the payer's data reads like this; none of it may be recorded. */
export const CANARIES = { email: "canary@example.et", phone: "0911000111", name: "Canary Payer" } as const;

/** Compares what happens with the invariants. */
export class Invariants {
  readonly #world: World;
  readonly #canaries: readonly string[];
  readonly #report: (violation: Violation) => void;
  readonly #urls = new Map<string, string>();
  readonly #notifiedFailed = new Set<Ref>();
  readonly #rows = new Map<string, Payment>();
  readonly #paidCalls = new Map<string, number>();
  readonly #posted = new Set<string>();

  /** @param report may throw, which ends what has broken the invariant, or keep the violation and go on */
  constructor(world: World, secrets: readonly string[], report: (violation: Violation) => void) {
    this.#world = world;
    this.#report = report;
    // Numbers are written with a leading 0, with 251, or with neither.
    this.#canaries = [CANARIES.email, CANARIES.name, CANARIES.phone.slice(1), ...secrets];
  }

  #broken(invariant: Invariant, of: string, how: string): void {
    this.#report(new Violation(invariant, of, how));
  }

  /** A payment row was written. */
  changed({ before, after, cause }: Change): void {
    const { ref } = after;
    this.#rows.set(ref, after);
    if (before?.state === "SUCCESS" && after.state !== "SUCCESS") this.#broken("I9", ref, `it became ${after.state}`);
    const paid = before && paidAt(before);
    if (paid !== undefined && paidAt(after) !== paid) this.#broken("I9", ref, `paid at ${paid}, then ${paidAt(after)}`);
    if (before?.finalised && (!after.finalised || after.attempt > before.attempt))
      this.#broken("finalise", ref, `attempt ${before.attempt} → ${after.attempt}`);
    this.#historyOf(before, after);
    if (cause && before && before.version < after.version && after.history.at(-1)?.transition === "reopen")
      this.#reopened(before, cause);
    if (cause && before) this.#attemptsMoved(before, after, cause);
    if (cause && before) this.#decidedOn(before, after, cause);
    if (cause?.refunds) this.#leftAtChapa(after, cause.refunds);
    if (before) this.#left(before, after, cause);
    if (after.state === "SUCCESS" && before?.state !== "SUCCESS") this.#confirmed(after);
    if (isSettledUnpaid(after) && before?.state !== after.state) this.#givenUp(before, after, cause);
    if (after.finalised && !before?.finalised) this.#informed(after, "the listing may be told FAILED", cause);
    if (after.captures.length !== before?.captures.length) this.#takenAsRecorded(after);
    this.#stillWithUs(after);
  }

  #historyOf(before: Payment | undefined, after: Payment): void {
    const { ref } = after;
    const moved = after.version - (before?.version ?? 0);
    const last = after.history.at(-1);
    const isSame = before !== undefined && before.state === after.state;
    if (moved === 0 && isSame && after.history.length === before.history.length) return;
    if (moved !== 1 || !last || last === before?.history.at(-1)) {
      this.#broken("history", ref, `version ${before?.version} → ${after.version}, ${before?.state} → ${after.state}`);
      return;
    }
    const entries = after.history.length - (before?.history.length ?? 0);
    if (entries !== 1) this.#broken("history", ref, `${entries} entries for one version`);
    const legal = LEGAL[last.transition];
    const isLegal =
      legal?.from.includes(before?.state ?? "none") && (legal.to === "same" ? isSame : legal.to === after.state);
    if (!isLegal) this.#broken("history", ref, `${last.transition} from ${before?.state} to ${after.state}`);
  }

  #reopened({ ref, settledAt = Number.POSITIVE_INFINITY }: Payment, { recordedAt }: Cause): void {
    if (recordedAt === undefined || recordedAt <= settledAt)
      this.#broken("replay", ref, `recorded ${settledAt - (recordedAt ?? 0)} ms before it was settled`);
  }

  #decidedOn(before: Payment, after: Payment, { decision }: Cause): void {
    const { ref } = after;
    for (const { code, subject, answered } of before.attention) {
      if (!answered || !isPerson(answered.by)) continue;
      const kept = after.attention.find((entry) => entry.code === code && entry.subject === subject);
      const isKept = kept?.answered?.by === answered.by && kept.answered.reason === answered.reason;
      // A condition ends, and comes back.
      if (!isKept && code !== "stuck") this.#broken("decision", ref, `the answer to ${code} is gone`);
    }
    const made = after.version > before.version ? after.history.at(-1)?.transition : undefined;
    if (made === "capturedAgain") this.#capturedAgain(before, after);
    if (made === "refundRefused" || made === "refundUndone") this.#cameToNothing(before, after);
    if (made === "refundSettled" || made === "wentBack") this.#answeredByRefund(before, after);
    if (!made || (!PERSONS.includes(made) && !(decision && OUTCOMES.includes(made)))) return;
    const makes = decision ? MADE_BY[decision.kind] : [];
    if (!decision || !makes.includes(made)) {
      if (PERSONS.includes(made)) this.#broken("decision", ref, `${made} is nobody's decision`);
    } else if (decision.version !== before.version)
      this.#broken("decision", ref, `${made} of version ${before.version}, and a person saw ${decision.version}`);
  }

  /** The money of such a refund is here, and a person is called in the same write. */
  #cameToNothing(before: Payment, after: Payment): void {
    for (const { id, state, capture } of after.refunds ?? []) {
      const known = before.refunds?.find((refund) => refund.id === id);
      if (known?.state === state) continue;
      const isCalled = after.attention.some(
        ({ code, subject }) =>
          (subject === id && (code === "refund_refused" || code === "refund_undone")) ||
          (code === "duplicate" && isOf({ subject }, capture)),
      );
      if (!isCalled) this.#broken("books", after.ref, `${id} is ${state}, and nobody is called`);
    }
  }

  /** A refund answers what was raised about its money only once nothing of it is left. */
  #answeredByRefund(before: Payment, after: Payment): void {
    for (const capture of after.captures) {
      const isAnswered = ({ code, subject, answered }: Attention) =>
        ABOUT_MONEY.includes(code) &&
        isOf({ subject }, captureSubject(capture)) &&
        answered !== undefined &&
        before.attention.some((entry) => entry.code === code && entry.subject === subject && !entry.answered);
      if (leftOf(after, capture) > 0 && after.attention.some(isAnswered))
        this.#broken("books", after.ref, `nobody is called about ${captureSubject(capture)}, and some of it is left`);
    }
  }

  /** Money that the bank has returned pays its fee, or is in front of a person. */
  #capturedAgain(before: Payment, after: Payment): void {
    if (after.state === "REVIEW" && after.next === undefined) return;
    for (const capture of after.captures) {
      const known = before.captures.find(({ reference }) => reference === capture.reference);
      if (!known?.back?.reversed || capture.back?.reversed) continue;
      if (after.state === "SUCCESS" && after.next === undefined && capture.kind === "confirmed") continue;
      const subject = captureSubject(capture);
      const isCalled = after.attention.some(
        (entry) => !entry.answered && ABOUT_MONEY.includes(entry.code) && isOf(entry, subject),
      );
      if (!isCalled) this.#broken("books", after.ref, `${subject} came back, and nobody is called`);
    }
  }

  /** What could be sent back, and what is being sent back, are not more than came in. */
  #leftAtChapa(payment: Payment, { booked, misjudged }: Refunded): void {
    for (const capture of payment.captures) {
      const { reference = "", amount } = capture;
      if (amount !== undefined && refundedOf(payment, capture) > amount)
        this.#broken("books", payment.ref, `${refundedOf(payment, capture)} of ${amount} went back of ${reference}`);
      if (amount === undefined || misjudged.has(reference)) continue;
      const sent = sumOf(booked.filter((one) => one.capture === reference && one.status !== "reversed"));
      const left = leftOf(payment, capture);
      if (left > 0 && left + sent > amount)
        this.#broken("back", payment.ref, `${left} of ${reference} count as left, and Chapa sends ${sent} back`);
    }
  }

  /**
   * Chapa has got a request to send money back, and has booked it or not.
   * @param row the payment as it is stored now
   * @param asked the ids under which people have asked
   */
  refundPosted(
    posted: { capture: string; reference: string; amount: string },
    row: Payment | undefined,
    { asked, booked, misjudged }: Refunded & { asked: ReadonlySet<string> },
  ): void {
    const { capture, reference, amount } = posted;
    const of = row?.ref ?? reference;
    const refund = row?.refunds?.find(({ id }) => reference === refundReferenceOf(row.ref, id));
    if (refund?.state === undefined || refund.state === "REQUESTED")
      this.#broken("sentOnce", of, `${reference} is sent, and the row has it as ${refund?.state}`);
    if (refund && !asked.has(refund.id)) this.#broken("sentOnce", of, `nobody asked for the refund ${refund.id}`);
    if (refund && (refund.capture !== capture || toBirr(refund.amount) !== amount))
      this.#broken("sentOnce", of, `${amount} of ${capture} is sent, and ${refund.amount} of ${refund.capture} asked`);
    if (this.#posted.has(reference)) this.#broken("sentOnce", of, `${reference} is sent to Chapa again`);
    this.#posted.add(reference);
    const sent = booked.filter((one) => one.capture === capture && one.status !== "reversed");
    const [{ taken } = { taken: Number.POSITIVE_INFINITY }] = sent;
    if (sumOf(sent) > taken && !misjudged.has(capture))
      this.#broken("back", of, `${sumOf(sent)} of ${taken} go back of ${capture}`);
  }

  /** A person hears that their decision is made. @param row the payment as it is stored now */
  decided(row: Payment | undefined, { kind, version, about }: Decision): void {
    if (!row) {
      this.#broken("decision", "", `${kind} was made, and the row is gone`);
      return;
    }
    const refund = row.refunds?.find(({ id }) => id === about);
    const entry = row.attention.find((known) => entryIdOf(known) === about);
    const stands: Record<Decision["kind"], () => boolean> = {
      refund: () => refund !== undefined,
      outcome: () => refund !== undefined && refund.state !== "REQUESTED" && refund.state !== "SENT",
      answer: () => entry?.answered !== undefined,
      accept: () => isMadeSince(row, "acceptReview", version),
      reject: () => isMadeSince(row, "rejectReview", version),
      release: () => isMadeSince(row, "release", version),
    };
    if (!stands[kind]()) this.#broken("decision", row.ref, `${kind} ${about} was made, and the row does not have it`);
  }

  /** A person says that they want none of the money under review, and hears that this is not possible. */
  undecidable(of: string, how: string): void {
    this.#broken("decision", of, `money under review can never be decided about: ${how}`);
  }

  /** @param now a time by which whoever waits for a day has called somebody */
  refundsWait({ ref, refunds = [], attention }: Payment, now: number): void {
    for (const { id, state, sentAt: at = now } of refunds) {
      const isCalled = attention.some(({ code, subject }) => code === "refund_unclear" && subject === id);
      if (state === "SENT" && now >= at + DAY_MS && !isCalled)
        this.#broken("books", ref, `nobody knows since ${at} what became of ${id}, and nobody is called`);
    }
  }

  /**
   * Compares refunds and captures with Chapa's books, when a day has passed since those changed.
   * @param books of a capture, by Chapa's reference
   */
  booksCompared(
    payment: Payment,
    { booked, misjudged }: Refunded,
    books: (reference: string) => Book | undefined,
  ): void {
    const { ref, refunds = [], captures } = payment;
    for (const refund of refunds) {
      const there = booked.find(({ reference }) => reference === refundReferenceOf(ref, refund.id));
      const flaw = misjudged.has(refund.capture)
        ? undefined
        : flawOf(payment, refund, there?.status, books(refund.capture));
      if (flaw) this.#broken("books", ref, `${refund.id} is ${refund.state}, and at Chapa ${there?.status}: ${flaw}`);
    }
    for (const capture of captures) {
      const { reference = "", amount = 0 } = capture;
      const book = books(reference);
      if (!book || misjudged.has(reference)) continue;
      const ours = backOf(capture).reversed > 0 ? amount : refundedOf(payment, capture);
      // What is stored is the largest total that was reported: a reversal of money that had all gone back is no more of it.
      const isAllBack = book.isReversed && book.wasRefunded && ours === amount;
      const isSame = book.isReversed === backOf(capture).reversed > 0 && (book.isReversed || book.refunded === ours);
      const isEqual = isSame || isAllBack;
      // Two who send money back do not see each other's in Chapa's words.
      const mine = booked.filter((one) => one.capture === reference && one.status === "settled");
      const isMixed = mine.length > 0 && book.refunded !== sumOf(mine);
      const isPending = refunds.some((refund) => refund.capture === reference && isRefundOpen(refund));
      if (isEqual || isPending || isMixed || !book.isAnnounced || isBookCalled(payment, capture)) continue;
      this.#broken("books", ref, `${ours} of ${reference} went back, and at Chapa ${JSON.stringify(book)}`);
    }
  }

  #left(before: Payment, after: Payment, cause: Cause | undefined): void {
    const { ref, next } = before;
    const made = after.version > before.version ? after.history.at(-1)?.transition : undefined;
    if (next !== undefined && after.next !== next)
      this.#broken("followed", ref, `next was ${next}, then ${after.next}`);
    if (next !== undefined && after.spentAt !== before.spentAt)
      this.#broken("followed", ref, `spent at ${before.spentAt}, then ${after.spentAt}`);
    if (next !== undefined && made && !AFTER_FOLLOW.includes(made))
      this.#broken("followed", ref, `${made} after it was left`);
    // A success of test money alone is no success of a live stage, whatever went back of it later.
    const isLive = cause?.policy?.expectedMode === "live";
    const isPlay = isLive && this.#world.capturesOf(ref).every((taken) => taken.isPlay);
    const spentAt = (isPlay ? before.settledAt : before.spentAt) ?? before.settledAt ?? 0;
    const isPaid = before.state === "SUCCESS" || before.state === "REVIEW";
    if (made === "follow" && isPaid && cause?.recordedAt !== undefined && cause.recordedAt <= spentAt)
      this.#broken("replay", ref, `recorded ${spentAt - cause.recordedAt} ms before it was spent`);
  }

  #attemptsMoved(before: Payment, after: Payment, cause: Cause): void {
    const { ref, attempt } = before;
    const made = after.version > before.version ? after.history.at(-1)?.transition : undefined;
    for (const { number, lapsedAt, openedAt } of openedAttempts(after)) {
      if (lapsedAt === undefined || before.attempts[number]?.lapsedAt !== undefined || made === "release") continue;
      const flaw = this.#flawOfLapse(txRefOf(after, number), openedAt, cause);
      if (flaw) this.#broken("lapse", txRefOf(after, number), `it lapsed ${flaw}`);
    }
    const txRef = txRefOf(before, attempt);
    const isKeyKept = before.terms.key === after.terms.key;
    if (made === "takeOver" && after.attempt > attempt && isKeyKept && !cause.isUsed(txRef))
      this.#broken("spent", txRef, "Chapa has booked nothing under it, and the next attempt begins");
    if (made === "open" && cause.isCancelledByPress(txRef))
      this.#broken("answer", ref, `${txRef} is stored after another press has closed it`);
  }

  #flawOfLapse(txRef: string, openedAt: number, { readings, policy, now, ...cause }: Cause): string | undefined {
    const windowEnd = openedAt + policy.checkoutTtlMs;
    if (now < windowEnd + policy.lapseMs) return "before its lapse was over";
    if (!cause.isVerifiedAfterCancel(txRef)) return "without a cancel and a verify after it";
    const isEarlier = ({ askedAt, answeredAt }: Reading) =>
      Math.max(askedAt, answeredAt) >= windowEnd && now >= askedAt + READINGS_APART_MS;
    if (!readings(txRef).some(isEarlier)) return "without an earlier reading past its window";
    const seen = this.#world.captures().filter((taken) => taken.txRef === txRef && !taken.isPlay);
    return seen.some(cause.couldSee) ? "though the last verify could have seen the money" : undefined;
  }

  #confirmed(after: Payment): void {
    if (after.history.filter(({ transition }) => transition === "confirm").length > 1)
      this.#broken("I5", after.ref, "confirmed twice");
    const isMatched = this.#world.capturesOf(after.ref).some(({ attempt, amount, currency, mode }) => {
      const terms = termsOf(after, attempt);
      return amount === terms.amount && currency === terms.currency && mode === terms.mode;
    });
    const isAccepted = after.history.at(-1)?.transition === "acceptReview";
    if (!isMatched && !isAccepted) this.#broken("I7", after.ref, "SUCCESS without the money that was asked for");
  }

  #givenUp(before: Payment | undefined, after: Payment, cause: Cause | undefined): void {
    const paid = this.#openlyPaid(after).filter((txRef) => !this.#isLapsed(txRef));
    if (paid.length > 0) this.#broken("I4", after.ref, `${after.state}, though ${paid.join()} was paid`);
    if (cause) this.#informed(after, `it becomes ${after.state}`, cause);
    const landed = this.#world
      .capturesOf(after.ref)
      .filter((taken) => taken.attempt === before?.attempt && !taken.isPlay && !isRejected(taken, after));
    if (cause && landed.some(cause.couldSee))
      this.#broken("I4", after.ref, `${after.state}, though the second verify could have seen the money`);
    // The change may be heard of late, when another attempt has begun.
    const payable = this.#world
      .payableLinks(after.ref)
      .filter((txRef) => !this.#isLapsed(txRef))
      .filter((txRef) => (parseTxRef(txRef, TX_STAGE)?.attempt ?? 0) <= after.attempt);
    if (payable.length > 0) this.#broken("left", after.ref, `${after.state}, and ${payable.join()} can be paid`);
  }

  /** Chapa did not close it, so it may be payable beside another. */
  #isLapsed(txRef: string): boolean {
    const { ref = "", attempt = -1 } = parseTxRef(txRef, TX_STAGE) ?? {};
    return this.#rows.get(ref)?.attempts[attempt]?.end === "lapsed";
  }

  /** Chapa has spoken of money on it, and has not been asked successfully since. */
  #informed(payment: Payment, how: string, cause?: Cause): void {
    for (const taken of this.#world.capturesOf(payment.ref)) {
      const { attempt, txRef, isPlay } = taken;
      const { webhookAt, lastRead } = payment.attempts[attempt] ?? {};
      // The webhook, or the word, was about something else if the money came later.
      const isNoted = webhookAt !== undefined && cause?.isNamed(taken, "webhook") !== false;
      const isRead = lastRead === "maybe_money" && cause?.isNamed(taken, "verify") !== false;
      if (isPlay || !(isNoted || isRead)) continue;
      this.#broken("informed", txRef, `${how}, and Chapa has spoken of money on it`);
    }
  }

  #takenAsRecorded(payment: Payment): void {
    const { ref, captures } = payment;
    const taken = this.#world.capturesOf(ref);
    for (const { attempt } of captures)
      if (!taken.some((money) => money.attempt === attempt))
        this.#broken("I7", txRefOf(payment, attempt), "its row names money that Chapa did not take");
  }

  #stillWithUs(payment: Payment): void {
    const { ref, captures, refunds = [] } = payment;
    const refundable = refundableOf(payment);
    const captured = this.#world.capturesOf(ref).reduce((all, { amount }) => all + amount, 0);
    if (refundable > captured) this.#broken("I10", ref, `${refundable} of ${captured}`);
    const back = captures.reduce((all, { amount = 0, back, reference }) => {
      const of = (state: string) => sumOf(refunds.filter((one) => one.capture === reference && one.state === state));
      const refunded = Math.max((back?.refunded ?? 0) - of("UNDONE"), of("SETTLED"));
      return all + Math.min(amount, refunded + (back?.reversed ?? 0));
    }, 0);
    if (refundable > captured - back) this.#broken("I10", ref, `${refundable}, though ${back} went back`);
    if (netOf(payment) > captured - back) this.#broken("I10", ref, `net ${netOf(payment)}, though ${back} went back`);
  }

  /** References that were paid while their link was open: nothing about them was in flight. */
  #openlyPaid(payment: Payment): string[] {
    const isOpen = (taken: Taken) => taken.isOpen && taken.attempt <= payment.attempt && !isRejected(taken, payment);
    return this.#world.capturesOf(payment.ref).flatMap((taken) => (isOpen(taken) ? [taken.txRef] : []));
  }

  /** Chapa has a checkout, or is about to open it. @param row the payment's, as it is stored now */
  opened(txRef: string, row: Payment | undefined): void {
    if (!row) this.#broken("I6", txRef, `Chapa has ${txRef}, of which no row speaks`);
    else if ((parseTxRef(txRef, TX_STAGE)?.attempt ?? 0) > row.attempt)
      this.#broken("I6", txRef, `Chapa has ${txRef}, and its row is at ${row.attempt}`);
  }

  /** Between two steps, whatever they were. */
  between(payments: readonly Payment[]): void {
    const rows = new Map(payments.map((payment): [string, Payment] => [payment.ref, payment]));
    for (const txRef of this.#world.opened()) this.opened(txRef, rows.get(parseTxRef(txRef, TX_STAGE)?.ref ?? ""));
    for (const { ref, state } of payments) {
      if (state === "SUCCESS" || state === "REVIEW") continue;
      const payable = this.#world.payableLinks(ref);
      if (payable.length > 0 && this.#notifiedFailed.has(ref))
        this.#broken("left", ref, `the listing was told FAILED, and ${payable.join()} can be paid now`);
      this.#onePayable(ref, payable);
    }
    for (const line of linesOf(payments)) {
      const unpaid = line.filter(
        ({ state, next }) => next !== undefined || (state !== "SUCCESS" && state !== "REVIEW"),
      );
      this.#onePayable(
        line[0]?.ref ?? "",
        unpaid.flatMap(({ ref }) => this.#world.payableLinks(ref)),
      );
    }
  }

  #onePayable(of: string, links: readonly string[]): void {
    const payable = links.filter((txRef) => !this.#isLapsed(txRef));
    if (payable.length > 1) this.#broken("live", payable[0] ?? of, `${payable.join(" and ")} can both be paid`);
  }

  /** What somebody who asked for a payment, or for its status, was given. */
  answered(answer: Answer): void {
    const { txRef, state, paid, checkoutUrl, isPress } = answer;
    if (WIRE_STATUS[state] === "FAILED" && paid.length > 0)
      this.#broken("I4", txRef, `told FAILED, though ${paid.join()} was paid`);
    if (checkoutUrl) this.#link(answer, checkoutUrl);
    else if (isPress && (state === "CREATED" || state === "PENDING"))
      this.#broken("answer", txRef, `${txRef} was answered without a URL`);
  }

  #link(answer: Answer, checkoutUrl: string): void {
    const { txRef, fee } = answer;
    const known = this.#urls.get(txRef) ?? this.#world.urlOf(txRef);
    if (known !== checkoutUrl) this.#broken("I1", txRef, `${txRef} was given out as ${checkoutUrl}, it is ${known}`);
    this.#urls.set(txRef, known ?? checkoutUrl);
    if (answer.isBesideDuplicate)
      this.#broken("beside", txRef, `${txRef} was given out beside a duplicate that was there before the press`);
    if (answer.isCancelledByGiver) this.#broken("answer", txRef, `${txRef} was ended by who gave it out`);
    this.#world.given(answer);
    this.#onePayable(txRef, this.#world.payableLinks(fee));
  }

  /** The listing is told how a payment stands. @param seen the row as its teller has last seen it */
  notifiedListing(status: "SUCCESS" | "FAILED", payment: Payment, seen: Payment | undefined): void {
    const { ref, state } = payment;
    if (seen?.sentAt === undefined || listingStatusOf(seen) !== status)
      this.#broken("delivery", ref, `the listing is told ${status}, and its teller has seen ${seen?.state}`);
    if (status === "SUCCESS") {
      if (state !== "SUCCESS") this.#broken("I3", ref, `the listing is told SUCCESS, and it is ${state}`);
      return;
    }
    const payable = this.#world.payableLinks(ref);
    if (payable.length > 0) this.#broken("left", ref, `the listing is told FAILED, and ${payable.join()} can be paid`);
    if (this.#openlyPaid(payment).length > 0) this.#broken("I4", ref, "the listing is told FAILED, and it was paid");
    this.#notifiedFailed.add(ref);
  }

  /**
   * The payer is told something.
   * @param row the payment as the teller has read it
   * @param earlier the earlier payments of the fee, read by the teller or stored now
   */
  notifiedPayer(event: UserEvent, ref: string, row: Payment | undefined, earlier: readonly Payment[] = []): void {
    const read = row?.state;
    if (event === "paid" && read !== "SUCCESS") this.#broken("I5", ref, `told "paid", and it was read as ${read}`);
    if (event === "initiated" && read !== "PENDING")
      this.#broken("I5", ref, `told "initiated", and it was read as ${read}`);
    if (event === "refunded") {
      const isSettled = row?.refunds?.some(({ state, before }) => state === "SETTLED" && before === undefined);
      if (!isSettled) this.#broken("I5", ref, 'told "refunded", and no refund has settled');
      return;
    }
    if (event !== "paid" && (read === undefined || read === "SUCCESS" || read === "REVIEW"))
      this.#broken("I4", ref, `the payer is told "${event}", and it was read as ${read}`);
    if (event === "paid" || !row) return;
    for (const payment of [row, ...earlier]) this.#informed(payment, `the payer is told "${event}"`);
    if (row.next !== undefined) this.#broken("followed", ref, `the payer is told "${event}" after it was left`);
    if (earlier.some((payment) => openFlags(payment).includes("duplicate")))
      this.#broken("informed", ref, `the payer is told "${event}" beside a duplicate on an earlier payment`);
  }

  /**
   * A message is on its way to the payer.
   * @param marks what is stored of it now, one for each version that it may be about
   */
  messageSent(event: UserEvent, ref: string, marks: readonly { isAnswered: boolean }[]): void {
    if (marks.every(({ isAnswered }) => isAnswered))
      this.#broken(
        "once",
        ref,
        `"${event}" is sent, and ${marks.length === 0 ? "has no mark" : "was answered before"}`,
      );
    if (event !== "paid") return;
    const calls = (this.#paidCalls.get(ref) ?? 0) + 1;
    this.#paidCalls.set(ref, calls);
    if (calls > CALLS_PER_MESSAGE) this.#broken("once", ref, `"paid" was sent ${calls} times`);
  }

  /** @param stored the sum of all days, in a run in which nothing has rewritten them */
  countedOnce(payments: readonly Payment[], stored: Pick<Totals, "success" | "revenue">): void {
    const most = payments.map(shareOf).reduce((sum, share) => combined(sum, share), NO_TOTALS);
    // What went back may be counted by nobody, if its work dies between the mark and the count.
    const isBack = ({ transition }: Payment["history"][number]) =>
      transition === "wentBack" || transition === "refundRequested";
    const isAllHere = payments.every(({ history }) => !history.some(isBack));
    if (stored.success > most.success || (isAllHere && stored.revenue > most.revenue))
      this.#broken("once", "", `${stored.success} successes are counted of ${most.success}`);
  }

  contactStored(row: Record<string, unknown>, now: number): void {
    if (Number(row["ttl"]) * SECOND_MS > now + CONTACT_MS + SKEW_MS) this.#broken("contact", "", "kept for too long");
  }

  /** @param fields of a log entry, or a row as it is stored */
  recorded(fields: unknown): void {
    const text = JSON.stringify(fields, textOfBytes) ?? "";
    const found = this.#canaries.find((canary) => text.includes(canary));
    if (found) this.#broken("records", "", `${found} was recorded`);
  }

  /** A piece of work has ended well. @param shown what verify has shown it, each under Chapa's reference */
  workEnded(payments: readonly Payment[], shown: readonly { txRef: string; reference: string }[]): void {
    for (const { txRef, reference } of shown) {
      const taken = this.#world.captures().find((money) => money.reference === reference);
      const payment = payments.find(({ ref }) => ref === taken?.ref);
      if (taken && !taken.isPlay && !this.isKnown(taken, payment, new Set()))
        this.#broken("kept", txRef, `verify has shown ${reference}, and the row does not have it`);
    }
  }

  /** Chapa has answered for hours since a signed webhook has named this money. */
  unheard(taken: Taken): void {
    this.#broken("webhook", taken.txRef, `a signed webhook has named ${taken.reference}, and nobody knows it`);
  }

  /** Whether the row has exactly this money, or a person was called about it. */
  isKnown({ ref, attempt, reference }: Taken, payment: Payment | undefined, reported: ReadonlySet<string>): boolean {
    if (reported.has(reference)) return true;
    const there = this.#world.capturesOf(ref).filter((other) => other.attempt === attempt);
    // Not every answer of verify carries a reference.
    const isIt = (capture: Capture) =>
      capture.attempt === attempt && (capture.reference ?? (there.length === 1 ? reference : "")) === reference;
    return payment?.captures.some(isIt) ?? false;
  }

  /** Everything has come to rest, and everything works. */
  atRest(rest: Rest): void {
    const { payments } = rest;
    this.between(payments);
    for (const taken of this.#world.captures()) {
      const { txRef, ref } = taken;
      const payment = payments.find((candidate) => candidate.ref === ref);
      if (taken.isPlay || this.#isLost(taken, payment, rest)) continue;
      if (!this.isKnown(taken, payment, rest.reported))
        this.#broken("I2", txRef, `${txRef} took money that nobody here knows of`);
      const isOnRow = this.isKnown(taken, payment, new Set());
      if (
        payment?.next === undefined &&
        payment &&
        isOnRow &&
        payment.state !== "SUCCESS" &&
        payment.state !== "REVIEW" &&
        !isRejected(taken, payment)
      )
        this.#broken("I2", txRef, `${txRef} was paid and is ${payment.state}`);
    }
    const flagged = payments.filter((payment) => openFlags(payment).length > 0).length;
    if (rest.openAttention !== undefined && rest.openAttention !== flagged)
      this.#broken("witness", "", `the gauge shows ${rest.openAttention} of ${flagged} payments that need a person`);
    for (const payment of payments) {
      this.#moneyAtRest(payment, rest);
      this.#waitsAtRest(payment, rest);
      this.#deliveredAtRest(payment, rest);
    }
  }

  /** Nobody could find it any more, and nobody has. */
  #isLost(taken: Taken, payment: Payment | undefined, { unfindable, reported }: Rest): boolean {
    return unfindable.has(taken) && !this.isKnown(taken, payment, reported);
  }

  #moneyAtRest(payment: Payment, rest: Rest): void {
    const { ref, state, captures } = payment;
    this.#takenAsRecorded(payment);
    const findable = this.#world.capturesOf(ref).filter((taken) => !this.#isLost(taken, payment, rest));
    const others = captures.filter(({ kind }) => kind !== "confirmed");
    // A person accepts several captures at once.
    const isAccepted = payment.history.some(({ transition }) => transition === "acceptReview");
    if (captures.length - others.length > 1 && !isAccepted) this.#broken("I2", ref, "paid twice, and both count");
    for (const { attempt } of capturesWithoutCall(payment))
      this.#broken("I2", txRefOf(payment, attempt), "it took money that a person must see, and nobody is called");
    if (state === "REVIEW" && others.length === 0) this.#broken("I2", ref, "in REVIEW without money to review");
    if ((state === "SUCCESS" || state === "REVIEW") && findable.length === 0)
      this.#broken("I7", ref, `${state} without money`);
  }

  #waitsAtRest(payment: Payment, { waiting }: Rest): void {
    if (!waiting || waiting.isCounted || openFlags(payment).length > 0) return;
    const missed = missedDeadlines(payment, waiting.now, waiting.policy);
    if (missed.length > 0) this.#broken("witness", payment.ref, `it waits in vain for its ${missed.join()}`);
  }

  #deliveredAtRest(payment: Payment, { payments, listing, isPayerNotified }: Rest): void {
    const { ref, propertyId, state } = payment;
    const { status, isByHand } = listing(payment);
    const isPaid = payments.some((other) => other.propertyId === propertyId && other.state === "SUCCESS");
    if (!isPaid && status === "APPROVED" && !isByHand) this.#broken("I3", ref, `${state}, and the listing approved it`);
    if (state !== "SUCCESS" || this.#world.capturesOf(ref).every(({ isPlay }) => isPlay)) return;
    const isAcknowledged = payment.acknowledgedAt !== undefined && status === "APPROVED";
    const isCalled = openFlags(payment).some((code) => NOT_ACKNOWLEDGED.includes(code));
    if (!isAcknowledged && !isCalled) this.#broken("I3", ref, `paid, and the listing is ${status}`);
    if (!isPayerNotified(payment)) this.#broken("I5", ref, "paid, and not told so");
  }

  /** Everything works, and an owner asked once more. @param outcome what they were told, when it was nothing final */
  askedAgain(of: string, isFinal: boolean, outcome: string): void {
    if (!isFinal) this.#broken("I8", of, `an owner who asks again is told ${outcome}`);
  }

  /** Links that Chapa would cancel can still be paid two days after the fee was paid. */
  besidePaid(of: string, payable: readonly string[]): void {
    if (payable.length > 0) this.#broken("left", of, `SUCCESS for two days, and ${payable.join()} can be paid`);
  }

  /** Links that Chapa would cancel can still be paid two days after a duplicate was raised on an earlier payment. */
  besideDuplicate(of: string, payable: readonly string[]): void {
    if (payable.length > 0) this.#broken("beside", of, `${payable.join()} can be paid two days after a duplicate`);
  }

  /** An owner asked, waited for the lapse, and asked again. */
  refusedTwice(of: string, how: string): void {
    this.#broken("payable", of, how);
  }

  /** @param stored the totals of each day that was compared */
  compared(payments: readonly Payment[], stored: ReadonlyMap<string, Totals>, dayOf: (at: number) => string): void {
    const sums = new Map<string, Totals>([...stored.keys()].map((day) => [day, NO_TOTALS]));
    for (const payment of payments) {
      const day = payment.firstOpenedAt === undefined ? undefined : dayOf(payment.firstOpenedAt);
      const known = day === undefined ? undefined : sums.get(day);
      if (day !== undefined && known) sums.set(day, combined(known, shareOf(payment)));
    }
    for (const [day, sum] of sums) {
      const found = new Map(Object.entries(stored.get(day) ?? NO_TOTALS));
      const wrong = Object.entries(sum).filter(([name, value]) => found.get(name) !== value);
      if (wrong.length > 0) this.#broken("totals", "", `${day} has other ${wrong.map(([name]) => name).join()}`);
    }
  }
}

// The transitions that only a person's decision makes.
const MADE_BY: Record<Decision["kind"], readonly string[]> = {
  refund: ["refundRequested"],
  outcome: ["refundSettled", "refundRefused"],
  accept: ["acceptReview"],
  reject: ["rejectReview"],
  answer: ["answer"],
  release: ["release"],
};
const OUTCOMES = MADE_BY.outcome;
const PERSONS = Object.values(MADE_BY)
  .flat()
  .filter((made) => !OUTCOMES.includes(made));

/** People of a harness are called so. */
export const PERSON = "person";

function isPerson(by: string): boolean {
  return by.startsWith(PERSON);
}

function isOf({ subject }: Pick<Attention, "subject">, capture: string): boolean {
  return subject === capture || subject.startsWith(`${capture}.`);
}

function sumOf(refunds: readonly { amount: number }[]): number {
  return refunds.reduce((sum, { amount }) => sum + amount, 0);
}

/** A person has decided that this money does not pay the fee. */
export function isRejected({ attempt, reference }: Taken, { state, captures }: Payment): boolean {
  if (state === "REVIEW" || state === "SUCCESS") return false;
  return captures.some(
    (capture) =>
      capture.kind === "reviewed" && capture.attempt === attempt && (capture.reference ?? reference) === reference,
  );
}

/** What is wrong with how a refund stands, beside Chapa's `status` of it; undefined if nothing is. */
function flawOf(
  { attention }: Payment,
  { id, state, before }: Refund,
  status: BookedRefund["status"] | undefined,
  book: Book | undefined,
): string | undefined {
  const isCalled = attention.some(({ code, subject }) => code === "refund_unclear" && subject === id);
  // With nothing left of the money, whatever was under way is over.
  const isGone = book === undefined || book.isReversed || book.wasRefunded;
  // The bank has returned the money, and nobody has told us.
  const isUnheard = before !== undefined && book?.isAnnounced === false;
  switch (state) {
    case "REQUESTED":
      return "it was never sent";
    case "SENT":
      return status === "open" || isCalled ? undefined : "nobody is called";
    case "SETTLED":
      return status === "settled" || isGone || isUnheard ? undefined : "it never arrived";
    case "REFUSED":
      return status === "open" || status === "settled" ? "it was sent" : undefined;
    case "UNDONE":
      return status === "reversed" ? undefined : "it was sent";
    default:
      return "nobody knows this state";
  }
}

/** Whether a person was called about what went back of a capture, or about a refund of it. */
function isBookCalled({ attention, refunds = [] }: Payment, capture: Capture): boolean {
  const of = refunds.filter((refund) => refund.capture === capture.reference).map(({ id }) => id);
  return attention.some(
    ({ code, subject }) =>
      (ABOUT_BACK.includes(code) && subject.includes(captureSubject(capture))) ||
      of.some((id) => subject === id || subject === `${id}.settled`),
  );
}

const ABOUT_BACK: readonly Attention["code"][] = ["refund_unconfirmed", "refunded_outside", "reversed", "duplicate"];

// What may still happen to a payment that was left.
const AFTER_FOLLOW: readonly string[] = [
  "fail",
  "expire",
  "cancel",
  "modeChanged",
  "release",
  "end",
  "duplicate",
  "flag",
  "answer",
  "wentBack",
  "capturedAgain",
  "rejectReview",
  "refundRequested",
  "refundSent",
  "refundSettled",
  "refundRefused",
  "refundUndone",
];

/** The payments of each fee that has more than one, the earliest first. */
export function linesOf(payments: readonly Payment[]): Payment[][] {
  const byRef = new Map<string, Payment>(payments.map((payment) => [payment.ref, payment]));
  const lineFrom = (payment: Payment): Payment[] => {
    const next = payment.next && byRef.get(payment.next);
    return next ? [payment, ...lineFrom(next)] : [payment];
  };
  const first = payments.filter(({ next, previous }) => next !== undefined && previous === undefined);
  return first.map(lineFrom);
}

/**
 * Since when the last payment of a fee stands beside a duplicate on an earlier one; undefined if it does not, or if the
 * fee is paid by a later one.
 */
export function besideDuplicateSince(line: readonly Payment[], expectedMode: Mode): number | undefined {
  const isPaid = (payment: Payment) =>
    payment.state === "SUCCESS" &&
    payment.captures.some(
      (capture) =>
        capture.kind === "confirmed" &&
        leftOf(payment, capture) > 0 &&
        payment.attempts[capture.attempt]?.mode === expectedMode,
    );
  const since = line.flatMap(({ next, attention }, index) =>
    next === undefined || line.slice(index + 1).some(isPaid)
      ? []
      : attention.flatMap(({ code, at, answered }) => (code === "duplicate" && !answered ? [at] : [])),
  );
  return since.length > 0 ? Math.min(...since) : undefined;
}

/** Money beside the one confirmed capture about which nobody is called. */
function capturesWithoutCall({ captures, attention }: Payment): Payment["captures"] {
  const isCalled = (capture: Capture) =>
    attention.some(
      ({ code, subject }) =>
        ABOUT_MONEY.includes(code) && [captureSubject(capture), attemptSubject(capture.attempt)].includes(subject),
    );
  return captures.filter((capture) => capture.kind !== "confirmed" && !isCalled(capture));
}

// A buffer makes itself JSON, as a list of numbers, before a replacer sees it.
function textOfBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = this[key];
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : value;
}
