import type { Random } from "./random.ts";

export const PROFILE_NAMES = ["observed", "documented", "hostile"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Everything in which Chapa was seen, or is said, to differ from itself. */
export type Traits = {
  /** How verify says that it does not know a reference, by HTTP status. */
  unknownReference: 400 | 404;
  /** How verify says that nobody has paid, by HTTP status. */
  unpaid: 200 | 404;
  /** The top-level `status` of the 404 above. */
  unpaidStatus: null | "null";
  detailsMessage: string;
  /** What the top-level `status` of a good verify repeats. */
  topStatus: "always success" | "the payment's";
  /** The JSON type of amount and charge in verify. */
  amounts: "number" | "text";
  failedInVerify: string;
  failedInWebhook: string;
  failedEvent: string;
  refundEvent: "charge.refunded" | "refund.success";
  /** What a webhook says of a person's fields that were never sent. */
  absent: "null" | "empty" | "missing";
  failureReason: "sent" | "left out";
  strangeFields: "none" | "some";
  fieldOrder: "wire" | "shuffled";
  /** PHP escapes slashes and everything beyond ASCII; JavaScript does not. */
  encoder: "php" | "js";
  /** What the signature of a webhook covers: its bytes, or the same JSON written again by JavaScript. */
  signs: "raw" | "reserialised";
  callback: "query" | "body" | "both" | "neither";
  redirect: "appended" | "bare" | "wrong" | "doubled";
  /** What a refund may be asked by. */
  refundBy: "either" | "reference" | "tx_ref";
  refundAnswer: "long" | "short" | "without reference";
  currencies: "numbers" | "words";
  /** What a cancel request with a body gets. */
  cancelBody: "ignored" | "refused";
  cancelPaid: string;
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
  // Nobody has seen this answer; any 4xx has to make a merchant verify.
  cancelPaid: ["Payment already completed"],
};

// `observed` is what real test-mode answers looked like, `documented` what Chapa's pages promise, `hostile` anything
// that some merchant has reported, drawn anew each time.
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
  },
};

const TAKEN_IN_TURN: readonly (keyof Traits)[] = ["unknownReference", "unpaid"];

/** How this Chapa behaves today. */
export class Profile {
  readonly #name: () => ProfileName;
  readonly #random: Random;

  /** @param name which profile is set at this moment */
  constructor(name: () => ProfileName, random: Random) {
    this.#name = name;
    this.#random = random;
  }

  /** @param about what the answer is about, usually a tx_ref: each has its own sequence of draws */
  trait<K extends keyof Traits>(key: K, about: string): Traits[K] {
    const range = PROFILES[this.#name()][key];
    const label = `${key}:${about}`;
    return TAKEN_IN_TURN.includes(key) ? this.#random.turn(label, range) : this.#random.pick(label, range);
  }
}
