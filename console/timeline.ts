import type { PaymentDetail } from "../lib/contract/api.ts";
import type { DeliveriesResponse } from "../lib/contract/reports.ts";
import { money, plain } from "./text.ts";
import { listingText, transitionText } from "./words.ts";

/** One thing that happened to a payment. `by` is who did it, where that is known. */
export type Happening = { at: string; what: string; by: string; detail: string };

type Described = Pick<PaymentDetail, "history" | "attempts" | "captures" | "refunds" | "attention" | "currency">;

/** Returns everything that is known of a payment in the order in which it happened, the latest last. */
export function timelineOf(payment: Described, deliveries: DeliveriesResponse | undefined): Happening[] {
  const { history, attempts, captures, refunds, attention, currency } = payment;
  const all: Happening[] = [
    ...history.map(({ transition, at, by, evidence }) => ({
      at,
      what: transitionText(transition),
      by,
      detail: evidence ?? "",
    })),
    ...attempts.map(({ number, chapa_tx_ref, opened_at, amount }) => ({
      at: opened_at,
      what: `checkout ${number} opened`,
      by: "",
      detail: `${money(amount, currency)}, ${chapa_tx_ref}`,
    })),
    ...captures.map(({ attempt, at, kind, amount, currency: paid, method, reference }) => ({
      at,
      what: `money came (${plain(kind)})`,
      by: method ?? "",
      detail: [amount === null ? "amount unknown" : money(amount, paid ?? ""), `checkout ${attempt}`, reference ?? ""]
        .filter(Boolean)
        .join(", "),
    })),
    ...refunds.flatMap(({ id, amount, at, by, reason, state, settled_at }) => [
      { at, what: "refund", by: by ?? "", detail: `${money(amount, currency)}, ${id}: ${reason ?? ""}` },
      ...(settled_at === null
        ? []
        : [{ at: settled_at, what: `refund ${plain(state)}`, by: "", detail: `${money(amount, currency)}, ${id}` }]),
    ]),
    ...attention.flatMap(({ code, subject, at, answered }) => [
      { at, what: `needs a person: ${plain(code)}`, by: "", detail: subject },
      ...(answered
        ? [{ at: answered.at, what: `answered: ${plain(code)}`, by: answered.by, detail: answered.reason }]
        : []),
    ]),
    ...delivered(deliveries),
  ];
  return all.toSorted((one, other) => one.at.localeCompare(other.at));
}

function delivered(deliveries: DeliveriesResponse | undefined): Happening[] {
  if (!deliveries) return [];
  const { listing, payer } = deliveries;
  return [
    ...(listing.at === null
      ? []
      : [{ at: listing.at, what: `listing: ${listingText(listing.outcome)}`, by: "", detail: "" }]),
    ...payer.flatMap(({ event, outcome, sent_at, tried_at, tries }) => {
      const at = sent_at ?? tried_at;
      return at === null
        ? []
        : [{ at, what: `message to the payer: ${event}`, by: "", detail: `${outcome}, tries: ${tries}` }];
    }),
  ];
}
