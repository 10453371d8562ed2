import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { checkoutOf, DAY_MS, type Stage } from "../../local/demo/stage.ts";
import type { UserKey } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";

// The listing in the tests would close an unpaid property by itself after 14 days.
const BEFORE_IT_CLOSES_MS = 13 * DAY_MS;
const PRICE_BOOK = JSON.stringify({
  listing_fee: { amounts: ["500.00"] },
  boost: { amounts: ["50.00"] },
  fast_listing: { amounts: ["700.00"], confirms: "listing" },
});

let stage: Stage;
let propertyId: string;
beforeAll(async () => {
  stage = await openStage({ PRICE_BOOK, RATE_LIMIT_INITIATE: "1000", LISTING_FAILED_AFTER_DAYS: "7" });
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.cloud.reset();
  propertyId = stage.addProperty();
});

async function press(as: UserKey, purpose?: string) {
  const checkout = checkoutOf(await stage.caller.initiate({ property_id: propertyId, purpose }, { as }));
  await stage.cloud.settle();
  return checkout;
}

/** What the listing got, without the preflights. */
const sentStatuses = () =>
  stage.cloud.services.listing
    ?.confirms()
    .flatMap(({ body }) => (body["status"] === "PENDING" ? [] : [body["status"]]));
const propertyStatus = () => stage.cloud.services.listing?.property(propertyId)?.status;

async function paymentOf(id: { txRef: string }): Promise<Payment> {
  const payment = (await stage.cloud.rows.payments()).find(({ ref }) => id.txRef.startsWith(ref));
  if (!payment) throw new Error("the payment is gone");
  return payment;
}

test("the listing gets no FAILED for a user who did not pay while another user's payment of the property is open", async () => {
  const unpaid = await press("owner2");
  await stage.cloud.advance(5 * DAY_MS);
  const open = await press("owner");
  await stage.cloud.advance(3 * DAY_MS);
  await stage.cloud.advance(DAY_MS);
  expect(await paymentOf(unpaid)).toMatchObject({ state: "EXPIRED", finalised: true });
  expect((await paymentOf(open)).state).toBe("PENDING");
  expect(sentStatuses()).toEqual([]);

  await stage.act(await press("owner"), "pay");
  expect(sentStatuses()).toEqual(["SUCCESS"]);
  expect(propertyStatus()).toBe("APPROVED");
});

test("the listing gets no FAILED for a user who did not pay while another payment of the property cannot be read", async () => {
  const unpaid = await press("owner2");
  const { ref } = await paymentOf(await press("owner"));
  await stage.cloud.rows.change(`P#${ref}`, { schema: 2 });
  await stage.cloud.advance(8 * DAY_MS);
  await stage.cloud.advance(DAY_MS);
  expect((await paymentOf(unpaid)).finalised).toBe(true);
  expect(sentStatuses()).toEqual([]);
});

test("the listing gets one FAILED for a property that two users did not pay, when the last of them can pay no more", async () => {
  const first = await press("owner2");
  await stage.cloud.advance(4 * DAY_MS);
  const last = await press("owner");
  for (let days = 4; days < 13; days++) {
    await stage.cloud.advance(DAY_MS);
    if (!(await paymentOf(last)).finalised) expect(sentStatuses()).toEqual([]);
  }
  expect([(await paymentOf(first)).finalised, (await paymentOf(last)).finalised]).toEqual([true, true]);
  expect(sentStatuses()).toEqual(["FAILED"]);
});

test("the listing gets no FAILED for a property that another user has paid", async () => {
  await press("owner2");
  await stage.act(await press("owner"), "pay");
  await stage.cloud.advance(8 * DAY_MS);
  await stage.cloud.advance(DAY_MS);
  expect(sentStatuses()).toEqual(["SUCCESS"]);
});

test("two users who pay for one property are called to a person's attention, on the payment that was paid later", async () => {
  const [opened, later] = [await press("owner2"), await press("owner")];
  await stage.act(later, "pay");
  expect(openFlags(await paymentOf(later))).toEqual([]);
  await stage.act(opened, "pay");
  expect(openFlags(await paymentOf(opened))).toEqual(["paid_twice_property"]);
  expect(openFlags(await paymentOf(later))).toEqual([]);
  const { settledAt, acknowledgedAt } = await paymentOf(opened);
  expect(acknowledgedAt).toBeGreaterThanOrEqual(settledAt ?? Number.POSITIVE_INFINITY);
});

test("one user who pays for a listing and another who pays for an addition raise no attention", async () => {
  const [listing, boost] = [await press("owner"), await press("owner2", "boost")];
  await stage.act(listing, "pay");
  await stage.act(boost, "pay");
  for (const paid of [listing, boost]) expect(openFlags(await paymentOf(paid))).toEqual([]);
});

test("a payment of a purpose that confirms nothing does not approve the listing, and waits for no acknowledgement", async () => {
  const boost = await press("owner", "boost");
  await stage.act(boost, "pay");
  const payment = await paymentOf(boost);
  expect(payment).toMatchObject({ state: "SUCCESS", sentAt: undefined });
  // Only the last verification is left.
  expect(payment.dueAt).toBe((payment.settledAt ?? 0) + 60 * DAY_MS);
  await stage.cloud.advance(2 * DAY_MS);
  expect(stage.cloud.services.listing?.confirms()).toEqual([]);
  expect(propertyStatus()).toBe("PENDING");
  expect(stage.cloud.services.notification?.sent().map(({ eventType }) => eventType)).toEqual(["payment_success"]);
});

test("an unpaid payment of a purpose that confirms nothing ends without FAILED, and can be paid after that", async () => {
  const boost = await press("owner", "boost");
  await stage.cloud.advance(8 * DAY_MS);
  await stage.cloud.advance(BEFORE_IT_CLOSES_MS - 8 * DAY_MS);
  expect(await paymentOf(boost)).toMatchObject({ state: "EXPIRED", finalised: undefined });
  expect(stage.cloud.services.listing?.confirms()).toEqual([]);
  await stage.act(await press("owner", "boost"), "pay");
  expect((await paymentOf(boost)).state).toBe("SUCCESS");
});

test("a purpose whose price says so approves the listing", async () => {
  await stage.act(await press("owner", "fast_listing"), "pay");
  expect(propertyStatus()).toBe("APPROVED");
});
