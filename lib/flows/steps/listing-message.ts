import type { ListingMessage } from "../../contract/queues.ts";
import { eventIdOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import type { Outgoing } from "../../queue/send.ts";

/**
 * Returns the message that has the listing informed of a payment. Those about one property are handled one after the
 * other, and of two about one version the queue drops the second.
 * @param repeat what makes it another message than those about the same version before
 */
export function listingMessage({ ref, version, propertyId }: Payment, repeat?: string): Outgoing<ListingMessage> {
  const event = eventIdOf(ref, version);
  return {
    message: { ref, version },
    fifo: { group: propertyId ?? ref, deduplication: repeat === undefined ? event : `${event}.${repeat}` },
  };
}
