import type { DeliveriesResponse } from "../contract/reports.ts";
import type { ListingDelivery } from "../domain/deliveries.ts";
import type { Instant } from "../domain/time.ts";
import { isoOrNull } from "./iso.ts";

type Message = Pick<DeliveriesResponse["payer"][number], "event" | "version" | "tries"> & {
  triedAt?: Instant | undefined;
  sentAt?: Instant | undefined;
};

export function toDeliveries(listing: ListingDelivery, messages: readonly Message[]): DeliveriesResponse {
  return {
    listing: toListing(listing),
    payer: messages.map(({ event, version, tries, triedAt, sentAt }) => ({
      event,
      version,
      outcome: sentAt === undefined ? "tried" : "sent",
      tries,
      tried_at: isoOrNull(triedAt),
      sent_at: isoOrNull(sentAt),
    })),
  };
}

export function toListing({ outcome, at, nextAt }: ListingDelivery): DeliveriesResponse["listing"] {
  return { outcome, at: isoOrNull(at), next_at: isoOrNull(nextAt) };
}
