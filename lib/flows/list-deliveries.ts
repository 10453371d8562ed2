import { type ListingDelivery, listingDelivery } from "../domain/deliveries.ts";
import type { Payment } from "../domain/payment.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { MarkedMessage, MarkTable, MessageMark } from "../table/marks.ts";

export type ListDeliveriesPorts = { marks: Pick<MarkTable, "messagesOf">; policy: Policy };

// A payment has few versions. Of one with more, messages about older ones are not shown.
const VERSIONS = 40;

/** Returns what the listing and the payer have heard about a payment; messages about its latest versions first. */
export async function listDeliveries(
  { marks, policy }: ListDeliveriesPorts,
  payment: Payment,
): Promise<{ listing: ListingDelivery; messages: (MarkedMessage & MessageMark)[] }> {
  const count = Math.min(payment.version, VERSIONS);
  const versions = Array.from({ length: count }, (_, back) => payment.version - back);
  const messages = await marks.messagesOf(payment.ref, versions);
  return { listing: listingDelivery(payment, policy), messages };
}
