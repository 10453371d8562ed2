import type { Payment } from "../../lib/domain/payment.ts";
import type { Policy } from "../../lib/domain/verification-schedule.ts";
import type { State } from "../../lib/domain/vocabulary.ts";

/** Money that Chapa took, under a `reference` of Chapa's. `isOpen`: the payer paid while the link could be paid. */
export type Taken = {
  txRef: string;
  ref: string;
  attempt: number;
  reference: string;
  amount: number;
  currency: string;
  mode: string;
  isOpen: boolean;
  /** Test money on a stage that sells for real. */
  isPlay?: boolean;
};

/** Chapa answered that a checkout is unpaid; by our clock, epoch ms. */
export type Reading = { askedAt: number; answeredAt: number };

/** What really happened outside of the service. Each harness knows it in its own way. */
export type World = {
  captures(): readonly Taken[];
  capturesOf(ref: string): readonly Taken[];
  /** The references of every checkout that Chapa has opened. */
  opened(): readonly string[];
  urlOf(txRef: string): string | undefined;
  /** An answer with a URL has reached somebody who can pay. */
  given(answer: Answer): void;
  /** The references, of one payment or one fee, that were given out and can be paid now. */
  payableLinks(of: string): string[];
};

/** One write of a payment's row. */
export type Change = { before: Payment | undefined; after: Payment; cause?: Cause };

/** What only a harness that runs one call at a time knows about the piece of work that has written. */
export type Cause = {
  /** When the request was first recorded for which this is done, epoch ms. */
  recordedAt: number | undefined;
  /** Whether this money was there when the work asked Chapa about its checkout for the last time. */
  couldSee: (taken: Taken) => boolean;
  /** Whether Chapa has told us of this money, in a signed webhook or in an answer to verify. */
  isNamed: (taken: Taken, by: "webhook" | "verify") => boolean;
  /** When Chapa said of a checkout that nobody has paid it. */
  readings: (txRef: string) => readonly Reading[];
  /** Whether the work asked Chapa to cancel it, and verified it after that. */
  isVerifiedAfterCancel: (txRef: string) => boolean;
  /** Whether a press has closed it at Chapa. */
  isCancelledByPress: (txRef: string) => boolean;
  /** Whether Chapa has it, or refuses to open it because its reference was used before. */
  isUsed: (txRef: string) => boolean;
  /** What a person has decided by this work. */
  decision?: Decision | undefined;
  refunds?: Refunded;
  policy: Policy;
  /** The latest time of any clock. */
  now: number;
};

/** A person's decision, about the version that they saw. `about`: a refund's id, or an entry of attention. */
export type Decision = {
  kind: "refund" | "outcome" | "accept" | "reject" | "answer" | "release";
  version: number;
  about: string;
};

/** What a harness knows of refunds; `misjudged`: captures, of a refund of which a person has said wrongly what became. */
export type Refunded = { booked: readonly BookedRefund[]; misjudged: ReadonlySet<string> };

/**
 * Chapa's books of one capture. `wasRefunded`: all of it, at some time. `isAnnounced`: a signed webhook has spoken of it since
 * they last changed.
 */
export type Book = { refunded: number; isReversed: boolean; wasRefunded: boolean; isAnnounced: boolean };

/** A refund as Chapa has it, under our reference of it; `capture` is Chapa's of the money, `taken` its whole amount. */
export type BookedRefund = {
  capture: string;
  taken: number;
  reference: string;
  amount: number;
  status: "open" | "settled" | "reversed";
};

/** What a caller was given. `fee` is what its links are counted by. */
export type Answer = {
  txRef: string;
  fee: string;
  state: State;
  checkoutUrl?: string | undefined;
  /** Whether the caller asked for something to pay. */
  isPress: boolean;
  /** The references of money that its caller had openly paid before they asked. */
  paid: readonly string[];
  /** Whether this checkout was cancelled by the work that gave it out. */
  isCancelledByGiver?: boolean;
  /** Whether a duplicate on an earlier payment of the fee has been unanswered since before the caller asked. */
  isBesideDuplicate?: boolean;
};

/** Everything works, and nothing is owed any more. */
export type Rest = {
  payments: readonly Payment[];
  /** What became of a payment's property at the listing service, and whether a person approved it there. */
  listing: (payment: Payment) => { status: string | undefined; isByHand: boolean };
  /** Whether the payer was told, or need not be. */
  isPayerNotified: (payment: Payment) => boolean;
  /** References of Chapa's about which the comparison of books has called a person. */
  reported: ReadonlySet<string>;
  /** What the gauge of open attention shows; undefined where the harness does not read it. */
  openAttention?: number | undefined;
  /** Money that nobody could find any more. */
  unfindable: ReadonlySet<Taken>;
  /** What only a harness knows that counts metrics: the time, and whether a missed deadline was counted. */
  waiting?: { now: number; policy: Policy; isCounted: boolean };
};
