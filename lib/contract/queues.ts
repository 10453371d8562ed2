import * as z from "zod";
import { TRIGGERS, USER_EVENTS } from "../domain/vocabulary.ts";

/**
 * Resolve queue: verify this checkout. The other fields are what a signed webhook says: Chapa's own reference, the event,
 * and an amount in birr.
 */
export const ResolveMessage = z.object({
  tx_ref: z.string().max(64),
  trigger: z.enum(TRIGGERS),
  reference: z.string().max(64).optional(),
  event: z.string().max(64).optional(),
  amount: z.string().max(64).optional(),
});
export type ResolveMessage = z.infer<typeof ResolveMessage>;

/** Listing queue (FIFO, one group per property): deliver the payment's current state to the listing. */
export const ListingMessage = z.object({ ref: z.string().length(16), version: z.number().int() });
export type ListingMessage = z.infer<typeof ListingMessage>;

/** Notification and success queue: send the payer a message about this version. Its mark in the table counts the calls. */
export const NotificationMessage = z.object({
  ref: z.string().length(16),
  version: z.number().int(),
  event: z.enum(USER_EVENTS),
});
export type NotificationMessage = z.infer<typeof NotificationMessage>;

/**
 * The queues as the stack creates them. A message is hidden for `visibilitySeconds` while it is handled; AWS asks for
 * at least six times the timeout of a function that a mapping invokes. After `maxReceives` it goes to the dead-letter
 * queue.
 */
export const QUEUES = {
  // A day of asking about a reference without a row while Chapa is silent.
  resolve: { fifo: false, visibilitySeconds: 360, maxReceives: 13 },
  listing: { fifo: true, visibilitySeconds: 600, maxReceives: 10 },
  notification: { fifo: false, visibilitySeconds: 120, maxReceives: 30 },
  // Messages to payers whose money came. They are sent before all others, which wait when there are too many.
  success: { fifo: false, visibilitySeconds: 120, maxReceives: 30 },
} as const;
export type QueueName = keyof typeof QUEUES;
