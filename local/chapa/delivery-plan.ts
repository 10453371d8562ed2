import * as z from "zod";

const count = z.number().int().min(1).max(1000);
const seconds = z.number().min(0);
const flag = z.boolean();

/**
 * What goes wrong, or just otherwise, with the messages about one transaction. Everything can be combined. Times are
 * seconds on the clock unless they say otherwise.
 */
export const DeliveryPlan = z.strictObject({
  /** Seconds between what happens and the first try of its webhook. */
  delay: seconds.optional(),
  /** This many more copies, the same to the byte. */
  duplicate: count.optional(),
  /** This many more copies with a later `updated_at`, so other bytes and another signature. */
  duplicateVariant: count.optional(),
  /** This many deliveries of each webhook at the same moment instead of one. */
  concurrent: count.optional(),
  /** When webhooks come, compared with what else the merchant sees. */
  reorder: z
    .enum(["success-before-failed", "before-initialize-answer", "before-redirect", "after-redirect"])
    .optional(),
  /** The first tries of each webhook get lost on the way; the retries come through. */
  drop: count.optional(),
  /** No webhook ever comes. */
  dropAll: flag.optional(),
  /** Signatures that belong to nothing. */
  badSignature: flag.optional(),
  /** Only `chapa-signature`, which is the same for every webhook. */
  onlyConstantHeader: flag.optional(),
  noHeaders: flag.optional(),
  upperCaseHex: flag.optional(),
  /** Each signature in the other one's header. */
  swappedHeaders: flag.optional(),
  /** Signed with the secret from before a rotation: this one, or `old-` and the present one. */
  oldSecret: z.union([flag, z.string().min(1)]).optional(),
  /** Signed with the API key. */
  wrongKey: flag.optional(),
  /** A higher amount, written in after signing. */
  tamperedBody: flag.optional(),
  /** The first half of the JSON, properly signed. */
  truncatedJson: flag.optional(),
  /** More than 256 KiB, properly signed. */
  hugeBody: flag.optional(),
  emptyBody: flag.optional(),
  /** The fields as a form instead of JSON. */
  formBody: flag.optional(),
  /** An event name that nobody knows. */
  unknownEvent: flag.optional(),
  /** About a tx_ref that never existed, properly signed. */
  unknownTxRef: flag.optional(),
  /** About another merchant's transaction, signed with that merchant's secret. */
  otherMerchant: flag.optional(),
  /** `charge.success` with a failed status, and the other way round. */
  statusEventMismatch: flag.optional(),
  /** Real milliseconds over which the body trickles in. */
  slowSend: z.number().int().min(1).max(60_000).optional(),
  /** The first success webhook comes again after a refund or reversal. */
  replay: flag.optional(),
  callback: z
    .strictObject({
      send: z.enum(["on", "off"]).optional(),
      order: z.enum(["before", "after"]).optional(),
      times: count.optional(),
      /** Also after a failed attempt; unless this or `status` is set, only a success calls back. */
      onFailure: flag.optional(),
      /** What it claims, whatever happened. */
      status: z.string().min(1).optional(),
    })
    .optional(),
  /** Which capture verify shows when there are two. */
  verifyShows: z.enum(["first", "last"]).optional(),
  /** How refunds asked for by API end. */
  refunds: z.enum(["refunded", "reversed"]).optional(),
});
export type DeliveryPlan = z.infer<typeof DeliveryPlan>;
