import { openEntries } from "./attention.ts";
import { isEmptied, openFlags, type Payment, paidAt } from "./payment.ts";
import type { Instant } from "./time.ts";
import {
  awaitsAcknowledgement,
  confirmsListing,
  isPastWindow,
  type Policy,
  timeoutAt,
  windowEndOf,
} from "./verification-schedule.ts";

/**
 * Explains a payment to a person in plain English: what is known, what happens next and when, and what they can do. It
 * never says that nobody paid; only that no payment was found so far.
 */
export function explanationOf(payment: Payment, now: Instant, policy: Policy): string {
  return [
    ...stateOf(payment, now, policy),
    ...(payment.next === undefined ? [] : ["The fee goes on with another payment, which `next_payment_id` names."]),
    ...silenceOf(payment),
    ...attentionOf(payment),
  ].join(" ");
}

function stateOf(payment: Payment, now: Instant, policy: Policy): string[] {
  switch (payment.state) {
    case "CREATED":
      return created(payment, now);
    case "PENDING":
      return pending(payment, now, policy);
    case "SUCCESS":
      return success(payment, policy);
    case "REVIEW":
      return [
        "Money came, but it differs from what was asked, or nobody knows for what it came.",
        "An operator accepts or rejects it with `POST …/review`; until then nothing can be paid here.",
      ];
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return settled(payment, policy);
  }
}

function created({ lease, failureReason }: Payment, now: Instant): string[] {
  if (failureReason !== undefined) return [`No checkout is open: ${failureReason}.`];
  if (lease && lease.until > now) return [`A checkout is being opened; that ends by ${at(lease.until)} at the latest.`];
  const lost = lease?.lost ? " Chapa's last answer was lost, so Chapa is asked about it first." : "";
  return [`No checkout is open. The owner's next press opens one.${lost}`];
}

function pending(payment: Payment, now: Instant, policy: Policy): string[] {
  const end = windowEndOf(payment, policy);
  const opened = payment.attempts[payment.attempt];
  const later = `Chapa is asked again at ${at(payment.dueAt ?? now)}.`;
  if (opened?.lastRead === "failed") {
    return [
      "The last try at Chapa failed or was cancelled. The owner's next press opens a new checkout at once.",
      later,
    ];
  }
  if (!isPastWindow(payment, now, policy) && end !== undefined) {
    return [`A checkout is open and can be paid until ${at(end)}.`, later];
  }
  const expiry = `Without a payment it expires at ${at(timeoutAt(payment, policy))}.`;
  return [
    "No payment was found so far, and the checkout's time is over. The owner's next press opens a new one.",
    later,
    expiry,
  ];
}

function success(payment: Payment, policy: Policy): string[] {
  const paid = `Paid at ${at(paidAt(payment) ?? payment.settledAt ?? 0)}${payment.late ? ", after it had been settled unpaid" : ""}.`;
  if (isEmptied(payment, policy.expectedMode)) {
    return [paid, "Nothing of the money is left: it went back. A new press starts a new payment for the fee."];
  }
  if (!confirmsListing(payment, policy)) return [paid, "The listing service is not concerned."];
  if (payment.acknowledgedAt !== undefined) {
    return [paid, `The listing service acknowledged it at ${at(payment.acknowledgedAt)}. Nothing is left to do.`];
  }
  if (!awaitsAcknowledgement(payment, policy)) return [paid, "The listing service does not take it."];
  const again = payment.dueAt === undefined ? "" : ` It hears it again at ${at(payment.dueAt)} at the latest.`;
  return [paid, `The listing service has not acknowledged it yet.${again}`];
}

function settled(payment: Payment, policy: Policy): string[] {
  const how = { FAILED: "failed", EXPIRED: "expired", CANCELLED: "was cancelled" }[payment.state as "FAILED"];
  const reason = payment.failureReason === undefined ? "" : ` (${payment.failureReason})`;
  const first = `It ${how} at ${at(payment.settledAt ?? payment.updatedAt)}${reason}. A payment that is found later still counts.`;
  if (payment.finalised) {
    const listing = confirmsListing(payment, policy) ? " The listing service has heard so." : "";
    return [first, `It can no longer be paid.${listing}`];
  }
  return [first, "The owner's next press opens a new checkout."];
}

function silenceOf({ unreachableSince }: Payment): string[] {
  return unreachableSince === undefined
    ? []
    : [`Chapa has given no usable answer about it since ${at(unreachableSince)}.`];
}

function attentionOf(payment: Payment): string[] {
  const codes = [...new Set(openFlags(payment))];
  const [oldest] = openEntries(payment);
  if (codes.length === 0 || !oldest) return [];
  return [
    `A person must look at it since ${at(oldest.at)} (${codes.join(", ")}) and answer with \`POST …/attention/{entry}\`.`,
  ];
}

function at(instant: Instant): string {
  return new Date(instant).toISOString().replace(/:\d\d\.\d{3}Z$/, "Z");
}
