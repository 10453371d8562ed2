import type { Outcome } from "./outcome.ts";

/** One checked claim of a scenario. `got` is the real value as JSON. */
export type Finding = { claim: string; holds: boolean; got: string };

export function claim(text: string, holds: boolean, got: unknown): Finding {
  return { claim: text, holds, got: JSON.stringify(got) ?? "nothing" };
}

type Expected = { state: string; late?: boolean; attention?: string[]; opened?: number; captured?: number };

/** Checks that there is one payment, and its end. */
export function onePayment(outcome: Outcome, expected: Expected): Finding {
  const { payments } = outcome;
  const [payment] = payments;
  const want = { late: false, attention: [], ...expected };
  const holds =
    payments.length === 1 &&
    payment !== undefined &&
    payment.state === want.state &&
    payment.late === want.late &&
    payment.attention.join() === want.attention.join() &&
    (want.opened === undefined || payment.opened.length === want.opened) &&
    (want.captured === undefined || payment.captured.length === want.captured);
  const details = [
    want.state,
    want.late ? "late" : "",
    want.attention.length > 0 ? `with attention: ${want.attention.join(", ")}` : "",
  ];
  return claim(`there is one payment, and it ended ${details.filter(Boolean).join(" ")}`, holds, payments);
}

/** Checks that exactly the captures at Chapa are recorded. */
export function everyCaptureAccounted({ captures, payments }: Outcome): Finding {
  const moved = [...new Set(captures.map(({ txRef }) => txRef))].sort();
  const known = payments.flatMap(({ captured }) => captured).sort();
  return claim(
    moved.length > 0
      ? "every capture at Chapa is recorded, and no other"
      : "no money was captured, and none is recorded",
    moved.join() === known.join(),
    { moved, known },
  );
}

/** Checks how many checkouts at Chapa can still be paid. */
export function liveCheckouts({ transactions }: Outcome, count: number): Finding {
  const live = transactions.filter(({ state }) => state === "OPEN" || state === "ATTEMPTING");
  const text = count === 0 ? "no checkout at Chapa can still be paid" : `${count} checkout at Chapa can still be paid`;
  return claim(text, live.length === count, transactions);
}

/** Checks the property's status and the statuses that the listing service received. */
export function listingIs({ listings, confirms }: Outcome, status: string, expected: string[]): Finding {
  const [property] = listings;
  const delivered = confirms.map((confirm) => confirm.status);
  const text = expected.length > 0 ? `, and got ${expected.join(", then ")}` : ", and got nothing";
  return claim(`the listing is ${status}${text}`, property?.status === status && delivered.join() === expected.join(), {
    property,
    delivered,
  });
}

/** Checks the event types of the payer's messages, in order. The link to pay counts only where it is expected. */
export function payerWasNotified({ notifications }: Outcome, events: string[]): Finding {
  const text = events.length > 0 ? `the payer got ${events.join(", then ")}` : "the payer got no message of a result";
  const types = notifications.map(({ eventType }) => eventType);
  const got = types.filter((type) => type !== "payment_initiated" || events.includes(type));
  return claim(text, got.join() === events.join(), notifications);
}

/** All answers to one kind of request, in order. */
export function answersTo(outcome: Outcome, asked: string): Outcome["answers"] {
  return outcome.answers.filter((answer) => answer.asked === asked);
}
