import { whatListingHears } from "../domain/events.ts";
import { paymentIdOf, type Ref, type Uuid } from "../domain/ids.ts";
import { awaitsListing, type Policy } from "../domain/looks.ts";
import { type Act, attend, listingAnswered, listingAsked } from "../domain/moves.ts";
import { type Payment, shownTxRef } from "../domain/payment.ts";
import { clamp, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import type { Handled } from "../queue/worker.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { ListingAnswer, ListingService } from "../services/listing.ts";
import type { PaymentTable } from "../table/payments.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type NotifyListingPorts = {
  payments: Pick<PaymentTable, "find" | "save">;
  listing: Pick<ListingService, "confirm" | "isPublicOrReserved">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
  policy: Policy;
};

// While a confirm may still be running there, its probe is blind: nothing is asked for this long after a send.
const QUIET_AFTER_SEND_MS = MINUTE_MS;
const FIRST_BACKOFF_MS = 10 * SECOND_MS;
const LONGEST_BACKOFF_MS = 15 * MINUTE_MS;
// A payment that changes while it is told is told again; more than a few times in one run would be a fault.
const ROUNDS = 4;

type News = "SUCCESS" | "FAILED";
/** `sentBefore`: an earlier send has not come to a definite end. */
type Told = { payment: Payment; propertyId: Uuid; news: News; backoff: Handled; sentBefore: boolean };
/** `moved`: the payment is not what it was; nothing may be concluded from this round. */
type Step = Handled | "moved";

/**
 * Brings the listing to the payment's current state. One call at a time for each property (the queue's groups see to
 * that); never skipped on redelivery; acknowledged only by an answer that leaves no doubt.
 * @param receives how often this message has been received
 */
export async function notifyListing(ports: NotifyListingPorts, ref: Ref, receives: number): Promise<Handled> {
  const backoffMs = clamp(FIRST_BACKOFF_MS * 2 ** (receives - 1), FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
  const backoff = { later: backoffMs / SECOND_MS };
  let heard: News | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    // Read before each send and after it: a send that was overtaken is followed by the newer one.
    const payment = await ports.payments.find(ref);
    const news = payment && newsOf(payment, ports.policy);
    if (!payment?.propertyId || !news || news === heard) return "done";
    const quietMs = (payment.listingSentAt ?? Number.NEGATIVE_INFINITY) + QUIET_AFTER_SEND_MS - ports.clock.now();
    if (quietMs > 0) return { later: quietMs / SECOND_MS };
    const sentBefore = payment.listingSentAt !== undefined;
    const step = await tell(ports, { payment, propertyId: payment.propertyId, news, backoff, sentBefore });
    if (step === "done") heard = news;
    else if (step !== "moved") return step;
  }
  return backoff;
}

function newsOf(payment: Payment, policy: Policy): News | undefined {
  const news = whatListingHears(payment);
  if (news === "SUCCESS") return awaitsListing(payment) ? news : undefined;
  return policy.listingHearsFailed ? news : undefined;
}

async function tell(ports: NotifyListingPorts, told: Told): Promise<Step> {
  const probe = await ask(ports, told, "PENDING");
  // A probe has no effect, so one that got lost leaves nothing unknown.
  if (probe.answer === "unknown") return told.backoff;
  if (probe.answer !== "received") return judge(ports, told, probe);
  // A success confirmed for a deleted property would publish it again.
  if (probe.propertyStatus === "DELETED") return closed(ports, told, "listing_closed");
  if (probe.propertyStatus === "REJECTED" && told.news === "SUCCESS") return closed(ports, told, "listing_closed");

  const asked = await ports.payments.save(told.payment, listingAsked(told.payment, actOf(ports)));
  if (!asked.won || !asked.payment) return "moved";
  return judge(ports, { ...told, payment: asked.payment }, await ask(ports, told, told.news));
}

async function ask(ports: NotifyListingPorts, told: Told, status: News | "PENDING"): Promise<ListingAnswer> {
  const { payment, propertyId } = told;
  const answer = await ports.listing.confirm({
    propertyId,
    paymentId: paymentIdOf(payment.ref),
    status,
    txRef: shownTxRef(payment),
    errorMessage: status === "FAILED" ? "The listing fee was not paid in time." : undefined,
  });
  ports.log.info("listing_answered", { ref: payment.ref, asked: status, answer: answer.answer });
  return answer;
}

async function judge(ports: NotifyListingPorts, told: Told, answer: ListingAnswer): Promise<Step> {
  switch (answer.answer) {
    case "received":
      if (told.news === "FAILED") return ended(ports, told, "told");
      if (answer.propertyStatus === "APPROVED" && answer.paymentStatus === "SUCCESS")
        return ended(ports, told, "heard");
      return again(ports, told);
    case "already_processed":
      return judgeFinal(ports, told);
    case "not_found":
      return closed(ports, told, "listing_closed");
    case "invalid":
      throw new Error(`the listing cannot read a confirmation of payment ${told.payment.ref}`);
    case "key_refused":
      ports.count("ListingRefusedKey");
      await again(ports, told);
      return { later: LONGEST_BACKOFF_MS / SECOND_MS };
    case "unavailable":
      return again(ports, told);
    case "unknown":
      return { later: QUIET_AFTER_SEND_MS / SECOND_MS };
  }
}

/** It is final there, and only what can be seen of the property tells in which way. */
async function judgeFinal(ports: NotifyListingPorts, told: Told): Promise<Step> {
  if (told.news === "FAILED") return ended(ports, told, "told");
  const isApproved = await ports.listing.isPublicOrReserved(told.propertyId);
  if (isApproved === undefined) return told.backoff;
  if (isApproved) return ended(ports, told, "heard");
  return closed(ports, told, told.sentBefore ? "listing_unclear" : "listing_closed");
}

/** Paid, and the listing takes no success any more: a person must look. A failure needs nobody. */
async function closed(
  ports: NotifyListingPorts,
  told: Told,
  code: "listing_closed" | "listing_unclear",
): Promise<Step> {
  if (told.news === "FAILED") return ended(ports, told, "told");
  await updatePayment(ports.payments, told.payment, (current) =>
    awaitsListing(current) ? attend(current, code, actOf(ports)) : undefined,
  );
  return "done";
}

/** A definite end. `heard` is written for good and never judged again. */
async function ended(ports: NotifyListingPorts, told: Told, how: "heard" | "told"): Promise<Step> {
  await answered(ports, told, how === "heard");
  return "done";
}

/** A definite answer that is not the end: the same news goes out again after a while. */
async function again(ports: NotifyListingPorts, told: Told): Promise<Step> {
  // What an earlier send came to stays unknown, whatever this answer says.
  if (!told.sentBefore && told.payment.listingSentAt !== undefined) await answered(ports, told, false);
  return told.backoff;
}

function answered(ports: NotifyListingPorts, told: Told, isHeard: boolean): Promise<unknown> {
  return updatePayment(ports.payments, told.payment, (current) => listingAnswered(current, isHeard, actOf(ports)));
}

function actOf(ports: NotifyListingPorts): Act {
  return { now: ports.clock.now(), by: "notify-listing", policy: ports.policy };
}
