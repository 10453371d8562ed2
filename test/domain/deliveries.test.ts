import { expect, test } from "vitest";
import { finalise, flag } from "../../lib/domain/apply.ts";
import { DELIVERY } from "../../lib/domain/attention.ts";
import { listingDelivery } from "../../lib/domain/deliveries.ts";
import { deliveryEnded, deliverySent } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import {
  aConfirmed,
  aContext,
  anOpened,
  aReviewed,
  aSettled,
  CLOSED_LISTING,
  LATER,
  POLICY,
  T0,
} from "../support/payments.ts";

const MUCH_LATER = aContext(T0 + 8 * DAY_MS);
const delivery = (payment: Payment) => listingDelivery(payment, POLICY);

test("a success waits for the listing until it acknowledges it, and then hears no more", () => {
  const paid = aConfirmed();
  expect(delivery(paid)).toEqual({ outcome: "waiting", at: paid.settledAt, nextAt: paid.dueAt });
  const sent = deliverySent(paid, LATER);
  expect(delivery(sent)).toEqual({ outcome: "unanswered", at: LATER.now, nextAt: sent.dueAt });
  expect(delivery(deliveryEnded(sent, true, LATER))).toEqual({ outcome: "acknowledged", at: LATER.now });
});

test("a success that the listing does not take is refused or unclear, also after a person has answered it", () => {
  expect(delivery(flag(aConfirmed(), CLOSED_LISTING, LATER))).toEqual({ outcome: "refused", at: LATER.now });
  const unclear = flag(aConfirmed(), { code: "listing_unclear", subject: DELIVERY }, LATER);
  expect(delivery(unclear)).toEqual({ outcome: "unclear", at: LATER.now });
});

test("the listing hears FAILED once the payment is finalised, and nothing while it is open or under review", () => {
  for (const payment of [anOpened(), aReviewed(), aSettled()])
    expect(delivery(payment)).toEqual({ outcome: "nothing" });
  expect(delivery({ ...aSettled(), finalised: true, history: [] })).toEqual({ outcome: "failed_sent", at: undefined });
  const finalised = finalise(aSettled(), 0, MUCH_LATER);
  const noted = flag(finalised, { code: "duplicate", subject: "AP7" }, aContext(MUCH_LATER.now + 1));
  for (const payment of [finalised, noted])
    expect(delivery(payment)).toEqual({ outcome: "failed_sent", at: MUCH_LATER.now });
});

test("money on a stage that sells for real is not delivered if it was only a test", () => {
  expect(listingDelivery(aConfirmed(), { ...POLICY, expectedMode: "live" })).toEqual({ outcome: "nothing" });
});
