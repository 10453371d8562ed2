import * as z from "zod";

const count = z.number().int().min(1).max(1000);
const seconds = z.number().min(0);
const flag = z.boolean();

/**
 * How the webhooks and callbacks about one transaction differ from normal ones. All options can be combined. Times are
 * seconds on the clock unless noted.
 */
export const DeliveryPlan = z.strictObject({
  /** Seconds between an event and the first try of its webhook. */
  delay: seconds.optional(),
  /** Number of additional identical copies. */
  duplicate: count.optional(),
  /** Number of additional copies with a later `updated_at`, so with other bytes and another signature. */
  duplicateVariant: count.optional(),
  /** Number of simultaneous deliveries of each webhook. */
  concurrent: count.optional(),
  /** When webhooks arrive, compared with other messages to the merchant. */
  reorder: z
    .enum(["success-before-failed", "before-initialize-answer", "before-redirect", "after-redirect"])
    .optional(),
  /** Number of first tries of each webhook that are lost. Later tries arrive. */
  drop: count.optional(),
  /** No webhook arrives. */
  dropAll: flag.optional(),
  /** Random signatures. */
  badSignature: flag.optional(),
  /** Sends only the header `chapa-signature`, which is the same for every webhook. */
  onlyConstantHeader: flag.optional(),
  noHeaders: flag.optional(),
  upperCaseHex: flag.optional(),
  /** Swaps the two signature headers. */
  swappedHeaders: flag.optional(),
  /** Signed with an earlier secret: this one, or with `true` the present one with the prefix `old-`. */
  oldSecret: z.union([flag, z.string().min(1)]).optional(),
  /** Signed with the API key. */
  wrongKey: flag.optional(),
  /** The amount is increased after signing. */
  tamperedBody: flag.optional(),
  /** The first half of the JSON, properly signed. */
  truncatedJson: flag.optional(),
  /** More than 256 KiB, properly signed. */
  hugeBody: flag.optional(),
  emptyBody: flag.optional(),
  /** The fields as a form instead of JSON. */
  formBody: flag.optional(),
  /** An event name that does not exist. */
  unknownEvent: flag.optional(),
  /** About a tx_ref that does not exist, properly signed. */
  unknownTxRef: flag.optional(),
  /** About another merchant's transaction, signed with that merchant's secret. */
  otherMerchant: flag.optional(),
  /** `charge.success` with a failed status, and the other way round. */
  statusEventMismatch: flag.optional(),
  /** Sends the body slowly, over this many real milliseconds. */
  slowSend: z.number().int().min(1).max(60_000).optional(),
  /** Repeats the first success webhook after a refund or reversal. */
  replay: flag.optional(),
  callback: z
    .strictObject({
      send: z.enum(["on", "off"]).optional(),
      order: z.enum(["before", "after"]).optional(),
      times: count.optional(),
      /** Also after a failed attempt. Unless this or `status` is set, only a success causes a callback. */
      onFailure: flag.optional(),
      /** The status in the callback, in place of the real one. */
      status: z.string().min(1).optional(),
    })
    .optional(),
  /** Which of two captures verify shows. */
  verifyShows: z.enum(["first", "last"]).optional(),
  /** The list of transactions names the tx_ref, as nobody has seen it do. */
  namedInList: flag.optional(),
  /** How refunds by API end. */
  refunds: z.enum(["refunded", "reversed"]).optional(),
  /** Refunds by API are refused: the balance is too low, or in words that say nothing definite. */
  refundRefused: z.enum(["balance", "generic"]).optional(),
});
export type DeliveryPlan = z.infer<typeof DeliveryPlan>;
