import { parseTxRef, type Ref, txRefOf } from "../../lib/domain/ids.ts";
import {
  type Capture,
  isSettledUnpaid,
  openedAttempts,
  openFlags,
  type Payment,
  refundableOf,
} from "../../lib/domain/payment.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { combined, NO_TOTALS, shareOf, type Totals } from "../../lib/domain/totals.ts";
import { TRANSITIONS } from "../../lib/domain/transitions.ts";
import { type AttentionCode, type UserEvent, WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import { capturesWithoutCall } from "../support/payments.ts";
import type { Ledger, Taken } from "./ledger.ts";

/** What must hold whatever goes wrong, by the name under which a violation is reported. */
export const LAWS = {
  I1: "each attempt has one URL, and only the stored one is ever given out",
  I2: "money that was captured is recorded by Chapa's reference, or a person is called about it; what is not the one confirmed capture has a call of its own",
  I3: "a success is acknowledged by the listing, or in front of a person",
  I4: "nothing is given up that Chapa, asked at the second verify, would have called paid; nobody who paid while his link was open is told FAILED, nor anybody whose payment is SUCCESS or in REVIEW",
  I5: "a payment becomes SUCCESS once, and its payer is told so, and not before",
  I6: "Chapa has no transaction of which no row speaks",
  I7: "SUCCESS rests on a capture that equals what was asked",
  I8: "whoever asks again gets a URL or a final answer, and everything comes to rest",
  I9: "SUCCESS never goes back",
  I10: "what could be refunded never exceeds what is still with us",
  live: "while a fee is unpaid, at most one link that was given out can be paid",
  left: "no link that was given out can be paid once its payment was given up or the listing was told so, nor is one opened then",
  seal: "a sealed payment stays sealed, and no attempt follows",
  replay: "a request recorded before the settling never opens the payment again",
  answer: "an answer for a payment that awaits money carries a URL that can be paid",
  history: "every change of state is one version with one entry of history that the table of moves has",
  totals: "after the comparison of books a day's totals are the sum of its payments",
  contact: "how to reach a payer is kept for 30 days after the latest checkout, and not longer",
  records: "no key, address or number is logged, or stored in clear text",
} as const;
export type Law = keyof typeof LAWS;

/** A law was broken. */
export class Violation extends Error {
  readonly law: Law;
  readonly how: string;
  constructor(law: Law, how: string) {
    super(`${law}: ${how}`);
    this.law = law;
    this.how = how;
  }
}

const CONTACT_MS = 30 * DAY_MS;
const LOOKED_AT_AFTER_CLOSING_MS = 7 * DAY_MS;
// Clocks are set back during a run, now and then between reading the time and using it.
const SKEW_MS = 10 * MINUTE_MS;
// Attention of a success that the listing did not take.
const UNHEARD: readonly AttentionCode[] = ["listing_closed", "listing_unclear"];
/** In every run the payer's data and the key read like this; none of it may be recorded. */
export const CANARIES = { email: "canary@example.et", phone: "0911000111", name: "Canary Payer" } as const;

/** Holds everything that happens against the laws. `ledger` is what really happened. */
export class Laws {
  readonly #ledger: Ledger;
  readonly #canaries: readonly string[];
  readonly #report: (violation: Violation) => void;
  readonly #urls = new Map<string, string>();
  readonly #toldFailed = new Set<Ref>();

  /** @param report is told at once, because what throws inside an effect may be taken for an outage by the flow */
  constructor(ledger: Ledger, secrets: readonly string[], report: (violation: Violation) => void) {
    this.#ledger = ledger;
    this.#report = report;
    // Numbers are written with a leading 0, with 251, or with neither.
    this.#canaries = [CANARIES.email, CANARIES.name, CANARIES.phone.slice(1), ...secrets];
  }

  #isBroken(law: Law, how: string): never {
    const violation = new Violation(law, how);
    this.#report(violation);
    throw violation;
  }

  /** A payment row was written. @param recordedAt when the request was first heard for which this is done */
  changed(before: Payment | undefined, after: Payment, task: string, recordedAt: number | undefined): void {
    if (before?.state === "SUCCESS" && after.state !== "SUCCESS") this.#isBroken("I9", `it became ${after.state}`);
    if (before?.finalised && (!after.finalised || after.attempt > before.attempt))
      this.#isBroken("seal", `attempt ${before.attempt} → ${after.attempt}`);
    this.#historyOf(before, after);
    if (after.history.at(-1)?.transition === "reopen" && before && before.version < after.version) {
      const settledAt = before.settledAt ?? Number.POSITIVE_INFINITY;
      if (recordedAt === undefined || recordedAt <= settledAt)
        this.#isBroken("replay", `recorded ${settledAt - (recordedAt ?? 0)} ms before it was settled`);
    }
    if (after.state === "SUCCESS" && before?.state !== "SUCCESS") this.#confirmed(after);
    if (isSettledUnpaid(after) && before?.state !== after.state) this.#givenUp(before, after, task);
    this.#refundable(after);
  }

  #historyOf(before: Payment | undefined, after: Payment): void {
    const moved = after.version - (before?.version ?? 0);
    const last = after.history.at(-1);
    const isSame = before !== undefined && before.state === after.state;
    if (moved === 0 && isSame && after.history.length === before.history.length) return;
    if (moved !== 1 || !last || last === before?.history.at(-1))
      this.#isBroken("history", `version ${before?.version} → ${after.version}, ${before?.state} → ${after.state}`);
    const entries = after.history.length - (before?.history.length ?? 0);
    if (entries !== 1) this.#isBroken("history", `${entries} entries for one version`);
    const { from, to } = TRANSITIONS[last.transition] as { from: readonly string[]; to: string };
    const isLegal = from.includes(before?.state ?? "none") && (to === "same" ? isSame : to === after.state);
    if (!isLegal) this.#isBroken("history", `${last.transition} from ${before?.state} to ${after.state}`);
  }

  #confirmed(after: Payment): void {
    if (after.history.filter(({ transition }) => transition === "confirm").length > 1)
      this.#isBroken("I5", "confirmed twice");
    const isMatched = this.#ledger.capturesOf(after).some(({ attempt, amount, currency, mode }) => {
      const terms = after.attempts[attempt] ?? after.terms;
      return amount === terms.amount && currency === terms.currency && mode === terms.mode;
    });
    if (!isMatched) this.#isBroken("I7", "SUCCESS without the money that was asked for");
  }

  #givenUp(before: Payment | undefined, after: Payment, task: string): void {
    const paid = this.#ledger.openlyPaid(after);
    if (paid.length > 0) this.#isBroken("I4", `${after.state}, though ${paid.join()} was paid`);
    const verified = before && this.#ledger.lastVerify(task, txRefOf(before.ref, before.attempt));
    const landed = this.#ledger.capturesOf(after).filter(({ attempt }) => attempt === before?.attempt);
    if (verified !== undefined && landed.some(({ step }) => step < verified))
      this.#isBroken("I4", `${after.state}, though the second verify could have seen the money`);
    const live = this.#ledger.liveLinks(after.ref);
    if (live.length > 0) this.#isBroken("left", `${after.state}, and ${live.join()} can be paid`);
  }

  #refundable(after: Payment): void {
    const { captures, refundable, terms } = after;
    const captured = this.#ledger.capturesOf(after).reduce((all, { amount }) => all + amount, 0);
    if (refundable > captured || refundable !== refundableOf(captures, terms))
      this.#isBroken("I10", `${refundable} of ${captured}`);
    const back = captures.filter(({ reversal }) => reversal).reduce((all, { amount }) => all + (amount ?? 0), 0);
    if (refundable > captured - back) this.#isBroken("I10", `${refundable}, though ${back} went back`);
  }

  /** Between two steps, whatever they were. */
  between(payments: readonly Payment[]): void {
    const rows = new Map(payments.map((payment): [string, Payment] => [payment.ref, payment]));
    for (const txRef of this.#ledger.opened()) {
      const { ref = "", attempt = 0 } = parseTxRef(txRef) ?? {};
      const row = rows.get(ref);
      if (!row || attempt > row.attempt) this.#isBroken("I6", `Chapa has ${txRef}, of which no row speaks`);
    }
    for (const payment of payments) {
      if (payment.state === "SUCCESS" || payment.state === "REVIEW") continue;
      const live = this.#ledger.liveLinks(payment.ref);
      if (live.length > 0 && this.#toldFailed.has(payment.ref))
        this.#isBroken("left", `the listing was told FAILED, and ${live.join()} can be paid now`);
      if (live.length > 1) this.#isBroken("live", `${live.join(" and ")} can both be paid`);
    }
  }

  /** What somebody who asked for its status was shown. */
  shown(payment: Payment): void {
    if (WIRE_STATUS[payment.state] === "FAILED" && this.#ledger.openlyPaid(payment).length > 0)
      this.#isBroken("I4", `told FAILED, though ${this.#ledger.openlyPaid(payment).join()} was paid`);
  }

  /** What a caller of initiate was given. @param me who answered */
  answered(payment: Payment, me: string): void {
    this.shown(payment);
    if (payment.state === "CREATED" || payment.state === "PENDING") this.#link(payment, me);
  }

  #link(payment: Payment, me: string): void {
    const txRef = txRefOf(payment.ref, payment.attempt);
    const { checkoutUrl } = payment;
    if (!checkoutUrl) this.#isBroken("answer", `${txRef} was answered without a URL`);
    const known = this.#urls.get(txRef) ?? this.#ledger.urlOf(txRef);
    if (known !== checkoutUrl) this.#isBroken("I1", `${txRef} was given out as ${checkoutUrl}, it is ${known}`);
    this.#urls.set(txRef, checkoutUrl);
    if (this.#ledger.cancelledBy(txRef) === me) this.#isBroken("answer", `${txRef} was ended by who gave it out`);
    this.#ledger.given(txRef);
  }

  /** The listing is told that nobody paid. */
  toldFailed(payment: Payment): void {
    const live = this.#ledger.liveLinks(payment.ref);
    if (live.length > 0) this.#isBroken("left", `the listing is told FAILED, and ${live.join()} can be paid`);
    if (this.#ledger.openlyPaid(payment).length > 0)
      this.#isBroken("I4", "the listing is told FAILED, and it was paid");
    this.#toldFailed.add(payment.ref);
  }

  /** The payer is told something. @param read the state in which whoever tells him has read the payment */
  toldPayer(event: UserEvent, read: Payment["state"] | undefined): void {
    if (event === "paid" && read !== "SUCCESS") this.#isBroken("I5", `told "paid", and it was read as ${read}`);
    if (event !== "paid" && (read === undefined || read === "SUCCESS" || read === "REVIEW"))
      this.#isBroken("I4", `the payer is told "${event}", and it was read as ${read}`);
  }

  contactStored(row: Record<string, unknown>, now: number): void {
    if (Number(row["ttl"]) * SECOND_MS > now + CONTACT_MS + SKEW_MS) this.#isBroken("contact", "kept for too long");
  }

  /** @param fields of a log entry, or a row as it is stored */
  recorded(fields: unknown): void {
    const text = JSON.stringify(fields, textOfBytes) ?? "";
    const found = this.#canaries.find((canary) => text.includes(canary));
    if (found) this.#isBroken("records", `${found} was recorded`);
  }

  /**
   * Money that nobody knows of and no look is going to find: it landed a week after its checkout was left, or is not
   * the one of two captures on its checkout that verify shows.
   */
  beyondLooks(payments: readonly Payment[]): Taken[] {
    return this.#ledger.captures().filter((taken) => {
      const payment = payments.find(({ ref }) => ref === taken.ref);
      if (this.#isKnown(taken, payment)) return false;
      if (payment?.captures.some(({ attempt }) => attempt === taken.attempt)) return true;
      const { closedAt = Number.POSITIVE_INFINITY, verifyAt } = payment?.attempts[taken.attempt] ?? {};
      return verifyAt === undefined && taken.at > closedAt + LOOKED_AT_AFTER_CLOSING_MS - SKEW_MS;
    });
  }

  /** Whether the row has exactly this money, or a person was called about it. */
  #isKnown({ ref, attempt, reference }: Taken, payment: Payment | undefined): boolean {
    if (this.#ledger.reported.has(reference)) return true;
    const there = this.#ledger.capturesOf({ ref: ref as Ref }).filter((other) => other.attempt === attempt);
    // Not every answer of verify carries a reference.
    const isIt = (capture: Capture) =>
      capture.attempt === attempt && (capture.reference ?? (there.length === 1 ? reference : "")) === reference;
    return payment?.captures.some(isIt) ?? false;
  }

  /** Everything has come to rest, and everything works. */
  atRest(payments: readonly Payment[], listing: string, told: ReadonlySet<string>): void {
    for (const taken of this.#ledger.captures()) {
      const { txRef, ref } = taken;
      const payment = payments.find((candidate) => candidate.ref === ref);
      if (this.#isLost(taken, payment)) continue;
      if (!payment || !this.#isKnown(taken, payment))
        this.#isBroken("I2", `${txRef} took money that nobody here knows of`);
      if (payment.state !== "SUCCESS" && payment.state !== "REVIEW")
        this.#isBroken("I2", `${txRef} was paid and is ${payment.state}`);
    }
    for (const payment of payments) this.#atRest(payment, listing, told);
  }

  /** Nobody could find it any more, and nobody has. */
  #isLost(taken: Taken, payment: Payment | undefined): boolean {
    return this.#ledger.unfindable.has(taken) && !this.#isKnown(taken, payment);
  }

  #atRest(payment: Payment, listing: string, told: ReadonlySet<string>): void {
    const findable = this.#ledger.capturesOf(payment).filter((taken) => !this.#isLost(taken, payment));
    const others = payment.captures.filter(({ kind }) => kind !== "confirmed");
    if (payment.captures.length - others.length > 1) this.#isBroken("I2", "paid twice, and both count");
    for (const { attempt } of capturesWithoutCall(payment))
      this.#isBroken("I2", `attempt ${attempt} took money that a person must see, and nobody is called`);
    if (payment.state === "REVIEW" && others.length === 0) this.#isBroken("I2", "in REVIEW without money to review");
    if (payment.state !== "SUCCESS") return;
    if (findable.length === 0) this.#isBroken("I7", "SUCCESS without money");
    const isHeard = payment.acknowledgedAt !== undefined && listing === "APPROVED";
    const isCalled = openFlags(payment).some((code) => UNHEARD.includes(code));
    if (!isHeard && !isCalled) this.#isBroken("I3", `paid, and the listing is ${listing}`);
    if (this.#ledger.owesNotice(payment.ref) && !told.has(payment.ref)) this.#isBroken("I5", "paid, and not told so");
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
      const found = stored.get(day) ?? NO_TOTALS;
      const wrong = Object.entries(sum).filter(([name, value]) => found[name as keyof Totals] !== value);
      if (wrong.length > 0) this.#isBroken("totals", `${day} has other ${wrong.map(([name]) => name).join()}`);
    }
  }
}

// A buffer makes itself JSON, as a list of numbers, before a replacer sees it.
function textOfBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = this[key];
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : value;
}

/** Attempts of a payment that Chapa may know, opened here or not. */
export function attemptsOf(payment: Payment): number[] {
  const opened = openedAttempts(payment).map(({ number }) => number);
  return [...new Set([...opened, payment.attempt])];
}
