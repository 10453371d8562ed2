import type { Random } from "./random.ts";

export const PROFILE_NAMES = ["observed", "documented", "hostile"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Everything in which Chapa's answers were observed, or reported, to vary. */
export type Traits = {
  /** The HTTP status of a verify for an unknown reference. */
  unknownReference: 400 | 404;
  /** The HTTP status of a verify for an unpaid transaction. */
  unpaid: 200 | 404;
  /** The top-level `status` if `unpaid` is 404. */
  unpaidStatus: null | "null";
  detailsMessage: string;
  /** The top-level `status` of a successful verify. */
  topStatus: "always success" | "the payment's";
  /** The JSON type of amount and charge in verify. */
  amounts: "number" | "text";
  failedInVerify: string;
  failedInWebhook: string;
  failedEvent: string;
  refundEvent: "charge.refunded" | "refund.success";
  /** How a webhook shows personal fields that the merchant did not send. */
  absent: "null" | "empty" | "missing";
  failureReason: "sent" | "left out";
  strangeFields: "none" | "some";
  fieldOrder: "wire" | "shuffled";
  /** PHP escapes slashes and non-ASCII characters; JavaScript does not. */
  encoder: "php" | "js";
  /** What the signature of a webhook covers: its bytes, or its JSON after JavaScript has parsed and written it again. */
  signs: "raw" | "reserialised";
  callback: "query" | "body" | "both" | "neither";
  redirect: "appended" | "bare" | "wrong" | "doubled";
  /** The id that a refund request may use. */
  refundBy: "either" | "reference" | "tx_ref";
  refundAnswer: "long" | "short" | "without reference";
  currencies: "numbers" | "words";
  /** The reaction to a cancel request with a body. */
  cancelBody: "ignored" | "refused";
  cancelPaid: string;
  /** Whether the list of transactions names the merchant's tx_ref. */
  listNames: "nothing" | "the tx_ref";
};

type Range = { readonly [K in keyof Traits]: readonly Traits[K][] };

const observed: Range = {
  unknownReference: [400],
  unpaid: [200],
  unpaidStatus: [null],
  detailsMessage: ["Payment details fetched successfully"],
  topStatus: ["always success"],
  amounts: ["number"],
  failedInVerify: ["failed"],
  failedInWebhook: ["failed/cancelled"],
  failedEvent: ["charge.failed/cancelled"],
  refundEvent: ["charge.refunded"],
  absent: ["null"],
  failureReason: ["sent"],
  strangeFields: ["none"],
  fieldOrder: ["wire"],
  encoder: ["php"],
  signs: ["raw"],
  callback: ["query"],
  redirect: ["appended"],
  refundBy: ["either"],
  refundAnswer: ["long"],
  currencies: ["numbers"],
  cancelBody: ["ignored"],
  // This answer was never observed. A merchant must verify after any 4xx.
  cancelPaid: ["Payment already completed"],
  listNames: ["nothing"],
};

// `observed` is how real answers in test mode were, `documented` is what Chapa's documentation says, and `hostile` is
// everything that merchants have reported, chosen at random each time.
const PROFILES: Record<ProfileName, Range> = {
  observed,
  documented: {
    ...observed,
    unknownReference: [404],
    unpaid: [404],
    detailsMessage: ["Payment details"],
    topStatus: ["the payment's"],
    failedInVerify: ["failed/cancelled"],
    absent: ["empty"],
    failureReason: ["left out"],
    encoder: ["js"],
    signs: ["reserialised"],
    callback: ["body"],
    redirect: ["bare"],
    refundBy: ["tx_ref"],
    refundAnswer: ["short"],
    currencies: ["words"],
  },
  hostile: {
    unknownReference: [400, 404],
    unpaid: [200, 404],
    unpaidStatus: [null, "null"],
    detailsMessage: ["Payment details fetched successfully", "Payment details"],
    topStatus: ["always success", "the payment's"],
    amounts: ["number", "text"],
    failedInVerify: ["cancelled", "Failed", "failed/cancelled"],
    failedInWebhook: ["cancelled", "Failed", "failed"],
    failedEvent: ["charge.failed/cancelled", "charge.failed", "charge.cancelled"],
    refundEvent: ["charge.refunded", "refund.success"],
    absent: ["missing"],
    failureReason: ["sent", "left out"],
    strangeFields: ["some"],
    fieldOrder: ["shuffled"],
    encoder: ["php", "js"],
    signs: ["raw", "reserialised"],
    callback: ["both", "neither"],
    redirect: ["wrong", "doubled"],
    refundBy: ["reference"],
    refundAnswer: ["without reference"],
    currencies: ["numbers", "words"],
    cancelBody: ["refused"],
    cancelPaid: ["Payment already completed", "Payment link already expired"],
    listNames: ["nothing", "the tx_ref"],
  },
};

const TAKEN_IN_TURN: readonly (keyof Traits)[] = ["unknownReference", "unpaid"];

/** The behaviour of this Chapa, by its current profile. */
export class Profile {
  readonly #name: () => ProfileName;
  readonly #random: Random;

  /** @param name returns the current profile */
  constructor(name: () => ProfileName, random: Random) {
    this.#name = name;
    this.#random = random;
  }

  /** @param about the subject of the answer, usually a tx_ref. Each has its own sequence of random values. */
  trait<K extends keyof Traits>(key: K, about: string): Traits[K] {
    const range = PROFILES[this.#name()][key];
    const label = `${key}:${about}`;
    return TAKEN_IN_TURN.includes(key) ? this.#random.turn(label, range) : this.#random.pick(label, range);
  }
}
