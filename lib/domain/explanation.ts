import { openEntries } from "./attention.ts";
import { hasEnded, isEmptied, mayBePaid, openFlags, type Payment, paidAt, shownTerms } from "./payment.ts";
import { lastSupportLink } from "./support-links.ts";
import type { Instant } from "./time.ts";
import {
  awaitsAcknowledgement,
  confirmsListing,
  finaliseAt,
  isPastWindow,
  isPlayMoney,
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
    ...supportOf(payment),
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
      return settled(payment, now, policy);
  }
}

function created(payment: Payment, now: Instant): string[] {
  const { lease, failureReason } = payment;
  if (lease && lease.until > now) return [`A checkout is being opened; that ends by ${at(lease.until)} at the latest.`];
  const reason = failureReason === undefined ? "" : `: ${failureReason}`;
  const lost = lease?.lost ? ["Chapa's last answer was lost, so Chapa is asked about it first."] : [];
  return [`No checkout is open${reason}.`, ...afterPress(payment, "opens one"), ...lost];
}

function pending(payment: Payment, now: Instant, policy: Policy): string[] {
  const end = windowEndOf(payment, policy);
  const opened = payment.attempts[payment.attempt];
  const later = laterAsked(payment, now);
  if (hasEnded(payment, payment.attempt)) {
    return ["No payment was found so far, and no checkout is open.", ...afterPress(payment, "opens one"), ...later];
  }
  if (opened?.lastRead === "failed") {
    const failed = "The last try at Chapa failed or was cancelled.";
    return [failed, ...afterPress(payment, "opens a new checkout at once"), ...later];
  }
  if (!isPastWindow(payment, now, policy) && end !== undefined) {
    return [`A checkout is open and can be paid until ${at(end)}.`, ...afterMoneyWord(payment), ...later];
  }
  const over = "No payment was found so far, and the checkout's time is over.";
  const expiry = timeoutAt(payment, policy);
  const expires = expiry > now ? [`Without a payment it expires at ${at(expiry)}.`] : [];
  return [over, ...afterPress(payment, "opens a new one"), ...later, ...expires];
}

function laterAsked({ dueAt }: Payment, now: Instant): string[] {
  if (dueAt === undefined) return [];
  return [dueAt > now ? `Chapa is asked again at ${at(dueAt)}.` : "Chapa is asked again within minutes."];
}

/** What a press does. It opens nothing while money may have come, and another payment if the fee has gone on. */
function afterPress(payment: Payment, does: string): string[] {
  if (mayBePaid(payment)) return afterMoneyWord(payment);
  return payment.next === undefined ? [`The owner's next press ${does}.`] : [];
}

function afterMoneyWord(payment: Payment): string[] {
  return mayBePaid(payment)
    ? ["Chapa has spoken of money, and has not confirmed it yet: nobody should pay again until it has answered."]
    : [];
}

function success(payment: Payment, policy: Policy): string[] {
  const paid = `Paid at ${at(paidAt(payment) ?? payment.settledAt ?? 0)}${payment.late ? ", after it had been settled unpaid" : ""}.`;
  if (isEmptied(payment, policy.expectedMode)) {
    return [
      paid,
      "Nothing of the money is left: it went back.",
      ...afterPress(payment, "starts a new payment for the fee"),
    ];
  }
  if (isPlayMoney(shownTerms(payment), policy))
    return [paid, "It was test money, of which nobody hears on this stage."];
  if (!confirmsListing(payment, policy)) return [paid, "The listing service is not concerned."];
  if (payment.acknowledgedAt !== undefined) {
    return [paid, `The listing service acknowledged it at ${at(payment.acknowledgedAt)}. Nothing is left to do.`];
  }
  if (!awaitsAcknowledgement(payment, policy)) return [paid, "The listing service does not take it."];
  const again = payment.dueAt === undefined ? "" : ` It hears it again at ${at(payment.dueAt)} at the latest.`;
  return [paid, `The listing service has not acknowledged it yet.${again}`];
}

function settled(payment: Payment, now: Instant, policy: Policy): string[] {
  const how = { FAILED: "failed", EXPIRED: "expired", CANCELLED: "was cancelled" }[payment.state as "FAILED"];
  const reason = payment.failureReason === undefined ? "" : ` (${payment.failureReason})`;
  const first = `It ${how} at ${at(payment.settledAt ?? payment.updatedAt)}${reason}. A payment that is found later still counts.`;
  if (payment.finalised) {
    const hears = confirmsListing(payment, policy) ? ["The listing service hears that it failed."] : [];
    return [first, "No checkout can follow.", ...hears];
  }
  const final = finaliseAt(payment, policy);
  const hears =
    final !== undefined && final > now
      ? [`Unless money is found, the listing service hears at ${at(final)} that it failed.`]
      : [];
  return [first, ...afterPress(payment, "opens a new checkout"), ...hears];
}

function supportOf(payment: Payment): string[] {
  const link = lastSupportLink(payment);
  return link
    ? [`Support asked for its link in the owner's name at ${at(link.at)}, with this reason: “${link.reason}”.`]
    : [];
}

function silenceOf({ unreachableSince }: Payment): string[] {
  return unreachableSince === undefined
    ? []
    : [`Chapa has given no usable answer about it since ${at(unreachableSince)}.`];
}

function attentionOf(payment: Payment): string[] {
  const codes = [...new Set(openFlags(payment))];
  const [oldest] = openEntries(payment);
  if (!oldest) return [];
  const release = codes.includes("stuck") ? " `POST …/release` lets it go on." : "";
  return [
    `It has waited since ${at(oldest.at)} for a person to look at it (${codes.join(", ")}) and answer with \`POST …/attention/{entry}\`.${release}`,
  ];
}

function at(instant: Instant): string {
  return new Date(instant).toISOString().replace(/:\d\d\.\d{3}Z/, "Z");
}
