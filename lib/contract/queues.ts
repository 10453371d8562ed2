import * as z from "zod";
import { TRIGGERS, USER_EVENTS } from "../domain/vocabulary.ts";

/** Resolve queue: look at this checkout. */
export const ResolveMessage = z.object({ tx_ref: z.string().max(64), trigger: z.enum(TRIGGERS) });
export type ResolveMessage = z.infer<typeof ResolveMessage>;

/** Listing queue (FIFO, one group per property): tell the listing the payment's current state. */
export const ListingMessage = z.object({ ref: z.string().length(18), version: z.number().int() });
export type ListingMessage = z.infer<typeof ListingMessage>;

/** Notification queue: tell the payer. `tries` counts sends that may have reached the payer already. */
export const NotificationMessage = z.object({
  ref: z.string().length(18),
  version: z.number().int(),
  event: z.enum(USER_EVENTS),
  tries: z.number().int().min(0),
});
export type NotificationMessage = z.infer<typeof NotificationMessage>;

/**
 * The queues as they are created. A message is hidden for `visibilitySeconds` while it is handled (at least six times
 * the function's time where a mapping hands it over) and goes to the dead-letter queue after `maxReceives`.
 */
export const QUEUES = {
  resolve: { fifo: false, visibilitySeconds: 360, maxReceives: 5 },
  listing: { fifo: true, visibilitySeconds: 600, maxReceives: 10 },
  notification: { fifo: false, visibilitySeconds: 120, maxReceives: 30 },
} as const;
export type QueueName = keyof typeof QUEUES;
