import { flag } from "../domain/apply.ts";
import { captureSubject, DELIVERY } from "../domain/attention.ts";
import { listingStatusOf, mayBeListed } from "../domain/events.ts";
import { paymentIdOf, type Ref, type Uuid } from "../domain/ids.ts";
import { deliveryEnded, deliverySent } from "../domain/notes.ts";
import { type Flag, isEmptied, isSettledUnpaid, type Payment, shownTxRef } from "../domain/payment.ts";
import { clamp, MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import { isAllowed, type TransitionContext } from "../domain/transitions.ts";
import { awaitsAcknowledgement, confirmsListing, type Policy } from "../domain/verification-schedule.ts";
import type { FinalStatus } from "../domain/vocabulary.ts";
import type { Handled } from "../queue/worker.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { ListingAnswer, ListingService } from "../services/listing.ts";
import type { PaymentTable } from "../table/payments.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type NotifyListingPorts = {
  payments: Pick<PaymentTable, "find" | "findAll" | "openedForProperty" | "save">;
  listing: Pick<ListingService, "confirm" | "isPublicOrReserved">;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
  policy: Policy;
};

// While a confirm may still be running at the listing, a preflight does not see its effect. So no call follows a send
// for this long.
const QUIET_AFTER_SEND_MS = MINUTE_MS;
const FIRST_BACKOFF_MS = 10 * SECOND_MS;
const LONGEST_BACKOFF_MS = 15 * MINUTE_MS;
// A payment that changes during its delivery is delivered again. More rounds than this in one run would be a defect.
const ROUNDS = 4;
// More payments of one property are not read. Only an attack makes so many.
const MOST_PAYMENTS = 1000;

/** What is delivered. `sentBefore`: the outcome of an earlier send is unknown. */
type Delivery = {
  payment: Payment;
  propertyId: Uuid;
  status: FinalStatus;
  backoff: Handled;
  sentBefore: boolean;
};
/** `changed`: another request changed the payment, so this round proves nothing. */
type Step = Handled | { kind: "changed" };

/**
 * Delivers the payment's current state to the listing. The queue's groups allow one call at a time for each property. A
 * delivery is repeated until the listing acknowledges it beyond doubt.
 * @param receives how often this message has been received
 * @returns whether the delivery is done, or the delay in seconds before the next one
 * @throws Error if the listing rejects the data of a confirm
 */
export async function notifyListing(ports: NotifyListingPorts, ref: Ref, receives: number): Promise<Handled> {
  const backoffMs = clamp(FIRST_BACKOFF_MS * 2 ** (receives - 1), FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
  const backoff: Handled = { kind: "retry", delaySeconds: backoffMs / SECOND_MS };
  let delivered: FinalStatus | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    // Read before and after each send, so that a newer state follows an outdated send.
    const payment = await ports.payments.find(ref);
    const status = payment && statusToDeliver(payment, ports);
    if (!payment?.propertyId || !status || status === delivered) return { kind: "done" };
    const { others, unreadable } = await othersOf(ports, ref, payment.propertyId);
    // A payment that cannot be read may be open or paid.
    if (status === "FAILED" && (unreadable > 0 || others.some(isOpenOrPaid))) return withheld(ports, payment);
    if (status === "SUCCESS" && (await flagPaidTwice(ports, payment, others))) continue;
    const quietMs = (payment.sentAt ?? Number.NEGATIVE_INFINITY) + QUIET_AFTER_SEND_MS - ports.clock.now();
    if (quietMs > 0) return { kind: "retry", delaySeconds: quietMs / SECOND_MS };
    const sentBefore = payment.sentAt !== undefined;
    const step = await deliver(ports, { payment, propertyId: payment.propertyId, status, backoff, sentBefore });
    if (step.kind === "done") delivered = status;
    else if (step.kind !== "changed") return step;
  }
  return backoff;
}

function statusToDeliver(payment: Payment, { policy }: NotifyListingPorts): FinalStatus | undefined {
  if (!mayBeListed(payment, policy)) return undefined;
  const status = listingStatusOf(payment);
  if (status === "SUCCESS") return awaitsAcknowledgement(payment, policy) ? status : undefined;
  return policy.listingHearsFailed && confirmsListing(payment, policy) ? status : undefined;
}

type Others = { others: Payment[]; unreadable: number };

/** Returns the other payments that would confirm this property: of other users, or earlier ones of the same fee. */
async function othersOf(ports: NotifyListingPorts, ref: Ref, propertyId: Uuid): Promise<Others> {
  const always = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const keys = await ports.payments.openedForProperty(propertyId, always, MOST_PAYMENTS);
  const refs = keys.flatMap((key) => (key.ref === ref ? [] : [key.ref]));
  const { payments, unreadable } = await ports.payments.findAll(refs);
  return { others: payments.filter((other) => confirmsListing(other, ports.policy)), unreadable: unreadable.length };
}

function isOpenOrPaid(payment: Payment): boolean {
  return !isSettledUnpaid(payment);
}

/** Another payment may still confirm the property. If it is not paid, its own FAILED follows. */
function withheld(ports: NotifyListingPorts, payment: Payment): Handled {
  ports.log.info("listing_delivery_withheld", paymentFields(payment));
  return { kind: "done" };
}

/**
 * Calls for a person if another user has paid for the same property: on the payment that was paid later.
 * @returns whether `payment` changed
 */
async function flagPaidTwice(ports: NotifyListingPorts, payment: Payment, others: Payment[]): Promise<boolean> {
  const context = contextOf(ports);
  let isChanged = false;
  for (const other of others) {
    if (other.userId === payment.userId || other.state !== "SUCCESS") continue;
    if (isEmptied(other, ports.policy.expectedMode)) continue;
    const later = isPaidLater(payment, other) ? payment : other;
    const { stepped } = await updatePayment(ports.payments, later, (current) => {
      const paidTwice = paidTwiceFlag(current);
      return isAllowed("flag", current, { ...context, ...paidTwice }) ? flag(current, paidTwice, context) : undefined;
    });
    isChanged ||= stepped && later === payment;
  }
  return isChanged;
}

/** It is about the capture, so that a refund of it answers the flag. */
function paidTwiceFlag({ captures, attempt }: Payment): Flag {
  const confirmed = captures.find(({ kind }) => kind === "confirmed");
  return { code: "paid_twice_property", subject: captureSubject(confirmed ?? { attempt }) };
}

function isPaidLater(payment: Payment, other: Payment): boolean {
  const [at = 0, otherAt = 0] = [payment.settledAt, other.settledAt];
  return at === otherAt ? payment.ref > other.ref : at > otherAt;
}

async function deliver(ports: NotifyListingPorts, delivery: Delivery): Promise<Step> {
  const preflight = await send(ports, delivery, "PENDING");
  // A preflight has no effect, so a lost answer leaves nothing unknown.
  if (preflight.kind === "unknown") return delivery.backoff;
  if (preflight.kind !== "received") return judge(ports, delivery, preflight);
  // The listing would publish a deleted property again if it got a success.
  if (preflight.propertyStatus === "DELETED") return closed(ports, delivery, "listing_closed");
  if (preflight.propertyStatus === "REJECTED" && delivery.status === "SUCCESS") {
    return closed(ports, delivery, "listing_closed");
  }

  const { payment } = delivery;
  const sent = await ports.payments.save(payment, deliverySent(payment, contextOf(ports)));
  if (!sent.won || !sent.payment) return { kind: "changed" };
  return judge(ports, { ...delivery, payment: sent.payment }, await send(ports, delivery, delivery.status));
}

async function send(
  ports: NotifyListingPorts,
  { payment, propertyId }: Delivery,
  status: FinalStatus | "PENDING",
): Promise<ListingAnswer> {
  const answer = await ports.listing.confirm({
    propertyId,
    paymentId: paymentIdOf(payment.ref),
    status,
    txRef: shownTxRef(payment),
    errorMessage: status === "FAILED" ? "The listing fee was not paid in time." : undefined,
  });
  ports.log.info("listing_answered", { ...paymentFields(payment), sent: status, received: answer.kind });
  return answer;
}

async function judge(ports: NotifyListingPorts, delivery: Delivery, answer: ListingAnswer): Promise<Step> {
  switch (answer.kind) {
    case "received":
      if (delivery.status === "FAILED") return ended(ports, delivery, false);
      if (answer.propertyStatus === "APPROVED" && answer.paymentStatus === "SUCCESS")
        return ended(ports, delivery, true);
      return again(ports, delivery);
    case "already_processed":
      return judgeFinal(ports, delivery);
    case "not_found":
      return closed(ports, delivery, "listing_closed");
    case "invalid":
      throw new Error(`the listing cannot read a confirmation of payment ${delivery.payment.ref}`);
    case "key_refused":
      ports.count("ListingRefusedKey");
      ports.log.error("listing_refused_key", { ...paymentFields(delivery.payment), status: answer.httpStatus });
      await again(ports, delivery);
      return { kind: "retry", delaySeconds: LONGEST_BACKOFF_MS / SECOND_MS };
    case "unavailable":
      return again(ports, delivery);
    case "unknown":
      return { kind: "retry", delaySeconds: QUIET_AFTER_SEND_MS / SECOND_MS };
  }
}

/** The listing already has a final state. Only the property shows which one. */
async function judgeFinal(ports: NotifyListingPorts, delivery: Delivery): Promise<Step> {
  if (delivery.status === "FAILED") return ended(ports, delivery, false);
  const isApproved = await ports.listing.isPublicOrReserved(delivery.propertyId);
  // One bad row of the listing can hide this for long, so the schedule asks again; after a day it is a missed deadline.
  if (isApproved === undefined) return undecided(ports, delivery);
  if (isApproved) return ended(ports, delivery, true);
  return closed(ports, delivery, delivery.sentBefore ? "listing_unclear" : "listing_closed");
}

function undecided({ log }: NotifyListingPorts, { payment }: Delivery): Step {
  log.warn("listing_approval_unknown", paymentFields(payment));
  return { kind: "done" };
}

/**
 * The payment is paid, but the listing accepts no success any more, so a person must decide. A failure needs no
 * decision.
 */
async function closed(
  ports: NotifyListingPorts,
  delivery: Delivery,
  code: "listing_closed" | "listing_unclear",
): Promise<Step> {
  if (delivery.status === "FAILED") return ended(ports, delivery, false);
  await updatePayment(ports.payments, delivery.payment, (current) =>
    awaitsAcknowledgement(current, ports.policy)
      ? flag(current, { code, subject: DELIVERY }, contextOf(ports))
      : undefined,
  );
  return { kind: "done" };
}

/** Ends the delivery. An acknowledged success is never delivered again. */
async function ended(ports: NotifyListingPorts, delivery: Delivery, isAcknowledged: boolean): Promise<Step> {
  await record(ports, delivery, isAcknowledged);
  return { kind: "done" };
}

/** The answer is definite but not final: the same status is delivered again later. */
async function again(ports: NotifyListingPorts, delivery: Delivery): Promise<Step> {
  // This answer does not tell how an earlier send ended.
  if (!delivery.sentBefore && delivery.payment.sentAt !== undefined) await record(ports, delivery, false);
  return delivery.backoff;
}

function record(ports: NotifyListingPorts, { payment }: Delivery, isAcknowledged: boolean): Promise<unknown> {
  return updatePayment(ports.payments, payment, (current) => deliveryEnded(current, isAcknowledged, contextOf(ports)));
}

function contextOf(ports: NotifyListingPorts): TransitionContext {
  return { now: ports.clock.now(), by: "notify-listing", policy: ports.policy };
}
