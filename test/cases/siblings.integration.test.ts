import { describe, expect, test } from "vitest";
import { openFlags } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import type { ListingDouble } from "../../local/services/listing.ts";
import type { NotificationDouble } from "../../local/services/notification.ts";
import { USERS } from "../../local/users.ts";
import { openShop, type Shop } from "./shop.ts";

const SECRET_FRESH_MS = 6 * MINUTE_MS;
const shop = openShop();

function listingOf({ stage }: Shop): ListingDouble {
  const { listing } = stage.cloud.services;
  if (!listing) throw new Error("these tests need the double");
  return listing;
}

function notificationOf({ stage }: Shop): NotificationDouble {
  const { notification } = stage.cloud.services;
  if (!notification) throw new Error("these tests need the double");
  return notification;
}

const dead = (queue: "listing" | "notification") => shop().stage.cloud.queues.state(queue).dead.length;
const results = () =>
  listingOf(shop())
    .confirms()
    .flatMap(({ body }) => (body["status"] === "PENDING" ? [] : body["status"]));
const confirmed = { route: "POST /api/v1/payments/confirm" };

describe("User Management", () => {
  test.each(["500", "502"])("a press succeeds although User Management answers %s once", async (fault) => {
    await shop().stage.cloud.fault("users", { fault, route: "verify", times: 1 });
    expect(await shop().press()).toMatchObject({ status: 202 });
  });

  test("a press is answered 503 if User Management fails twice", async () => {
    await shop().stage.cloud.fault("users", { fault: "500", route: "verify", times: 2 });
    expect(await shop().press()).toMatchObject({ status: 503, code: "dependency_unavailable" });
  });

  test("a program that pays for an owner succeeds although User Management fails once to look them up", async () => {
    await shop().stage.cloud.fault("users", { fault: "500", route: "/admin/users/", times: 1 });
    const body = { user_id: USERS.owner.id, property_id: shop().propertyId };
    expect((await shop().stage.caller.initiateByKey(body)).status).toBe(202);
  });
});

describe("the listing service", () => {
  /** A paid fee of a property that the listing has closed by itself after a week. */
  async function paidTooLate(): Promise<void> {
    const checkout = await shop().checkout();
    await shop().pass(8 * DAY_MS);
    listingOf(shop()).closeOld();
    await shop().stage.act(checkout, "pay-late");
  }

  test("a fee that is paid after the listing closed the property calls a person", async () => {
    await paidTooLate();
    expect(openFlags(await shop().payment())).toEqual(["listing_closed"]);
    expect(dead("listing")).toBe(0);
  });

  test("a fee that is paid after the listing closed the property calls a person although other properties are reserved", async () => {
    for (let n = 0; n < 3; n++) listingOf(shop()).reserveProperty(shop().stage.addProperty());
    await paidTooLate();
    expect(openFlags(await shop().payment())).toEqual(["listing_closed"]);
  });

  test("a listing that cannot say which properties are reserved is a missed deadline after a day, and no dead letter", async () => {
    const other = shop().stage.addProperty();
    listingOf(shop()).reserveProperty(other);
    listingOf(shop()).spoilProperty(other);
    await paidTooLate();
    for (let hours = 0; hours < 50; hours += 2) await shop().pass(2 * HOUR_MS);
    expect(openFlags(await shop().payment())).toEqual([]);
    expect(dead("listing")).toBe(0);
    expect(shop().counted("DeadlineMissed")).toBeGreaterThan(0);
    expect(listingOf(shop()).confirms().length).toBeLessThan(20);
    listingOf(shop()).repairProperty(other);
    await shop().pass(DAY_MS, DAY_MS);
    expect(openFlags(await shop().payment())).toEqual(["listing_closed"]);
  });

  /** A paid fee whose success the listing took, but whose answer was lost; then the property is reserved. */
  async function reservedAtOnce(): Promise<void> {
    const checkout = await shop().checkout();
    await shop().stage.cloud.fault("listing", { fault: "resetAfterEffect", ...confirmed, nth: 2, times: 1 });
    await shop().stage.act(checkout, "pay");
    listingOf(shop()).reserveProperty(shop().propertyId);
  }

  test("a success whose answer was lost is acknowledged although the property was reserved at once", async () => {
    await reservedAtOnce();
    await shop().pass(2 * MINUTE_MS);
    expect((await shop().payment()).acknowledgedAt).toEqual(expect.any(Number));
    expect(results()).toEqual(["SUCCESS"]);
  });

  test("a success whose answer was lost is acknowledged although thousands of properties are reserved", async () => {
    await reservedAtOnce();
    for (let n = 0; n < 3_000; n++) listingOf(shop()).reserveProperty(shop().stage.addProperty());
    await shop().pass(2 * MINUTE_MS);
    expect((await shop().payment()).acknowledgedAt).toEqual(expect.any(Number));
  });

  test("an unpaid payment is not messages to the listing after eight days: its owner can pay late, and press again", async () => {
    const old = await shop().checkout();
    await shop().pass(8 * DAY_MS);
    expect(results()).toEqual([]);
    await shop().pressed();
    await shop().stage.act(old, "pay-late");
    expect(results()).toEqual(["SUCCESS"]);
    expect(listingOf(shop()).property(shop().propertyId)?.status).toBe("APPROVED");
  });

  test("an unpaid payment is messages to the listing as FAILED after fourteen days, if the property still waits", async () => {
    await shop().checkout();
    await shop().pass(8 * DAY_MS, 5 * DAY_MS + 23 * HOUR_MS);
    expect(results()).toEqual([]);
    await shop().pass(HOUR_MS + MINUTE_MS);
    expect(results()).toEqual(["FAILED"]);
  });

  test("an unpaid payment is not messages to a listing that has closed the property by itself", async () => {
    await shop().checkout();
    await shop().pass(8 * DAY_MS);
    listingOf(shop()).closeOld();
    await shop().pass(7 * DAY_MS);
    expect(await shop().payment()).toMatchObject({ state: "EXPIRED", finalised: true });
    expect(results()).toEqual([]);
    expect(await shop().attention()).toEqual([]);
  });

  test("a key that the listing refuses is an error with its status, and is counted", async () => {
    shop().stage.cloud.rotate("gateway", { listing_api_key: "wrong" });
    await shop().pass(SECRET_FRESH_MS);
    await shop().stage.act(await shop().checkout(), "pay");
    expect(shop().counted("ListingRefusedKey")).toBe(1);
    expect(shop().errors("listing_refused_key")).toMatchObject([{ status: 403, payment_id: expect.any(String) }]);
  });

  test("an address of the listing that is wrong does not look like a property that is gone", async () => {
    await shop().stage.cloud.redeploy({ PROPERTY_LISTING_SERVICE_URL: `${listingOf(shop()).origin}/wrong` });
    await shop().stage.act(await shop().checkout(), "pay");
    await shop().pass(HOUR_MS);
    expect(await shop().attention()).toEqual([]);
  });
});

describe("Chapa", () => {
  test("a key that Chapa refuses is an error, is counted, and the owner is messages that the fault is ours", async () => {
    shop().chapa.setKeys({ secretKey: "CHASECK_TEST-simanother" });
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_misconfigured" });
    expect(shop().counted("ChapaMisconfigured")).toBe(1);
    expect(shop().errors("checkout_not_opened")).toMatchObject([{ outcome: "key_refused" }]);
  });
});

describe("the notification service", () => {
  /** Pays so many fees. */
  async function pay(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await shop().stage.act(await shop().stage.checkout(shop().stage.addProperty()), "pay");
    }
  }
  const queued = () => {
    const states = (["notification", "success"] as const).map((name) => shop().stage.cloud.queues.state(name));
    return states.reduce((sum, { ready, delayed, hidden }) => sum + ready + delayed + hidden, 0);
  };

  test("a payer whose money came hears it before twenty others hear that they have begun", async () => {
    for (let time = 0; time < 20; time++) await shop().stage.checkout(shop().stage.addProperty());
    await pay(1);
    await shop().pass(MINUTE_MS);
    const messages = notificationOf(shop()).sent();
    expect(messages[0]).toMatchObject({ eventType: "payment_success" });
    expect(messages.length).toBeLessThan(20);
  });

  test("a notification service that refuses our token gets one message in ten minutes, and the others wait", async () => {
    shop().stage.cloud.rotate("gateway", { notification_bearer: "revoked" });
    await shop().pass(SECRET_FRESH_MS);
    await pay(3);
    for (let minute = 0; minute < 30; minute++) await shop().pass(MINUTE_MS);
    expect(notificationOf(shop()).refusals.length).toBeLessThanOrEqual(4);
    expect(shop().counted("NotificationRefused")).toBe(notificationOf(shop()).refusals.length);
    expect(shop().errors("notification_refused")).toContainEqual(expect.objectContaining({ status: 401 }));
    // Behind each success waits the message that its checkout is open, which is dropped unsent.
    expect([queued(), dead("notification")]).toEqual([6, 0]);

    shop().stage.cloud.rotate("gateway", { notification_bearer: shop().stage.cloud.services.notificationBearer });
    await shop().pass(SECRET_FRESH_MS, 10 * MINUTE_MS, MINUTE_MS);
    expect(notificationOf(shop()).sent()).toHaveLength(3);
  });

  test.each<[string, "role" | "address", number]>([
    ["refuses our role", "role", 403],
    ["is not at its address", "address", 404],
  ])("a notification service that %s pauses the messages, too", async (_, what, status) => {
    if (what === "role") {
      const { token } = shop().stage.cloud.address.users.owner;
      shop().stage.cloud.rotate("gateway", { notification_bearer: token });
      await shop().pass(SECRET_FRESH_MS);
    } else {
      await shop().stage.cloud.redeploy({ NOTIFICATION_SERVICE_URL: `${notificationOf(shop()).origin}/wrong` });
    }
    await pay(2);
    await shop().pass(MINUTE_MS, MINUTE_MS);
    expect(shop().errors("notification_refused")).toMatchObject([{ status }]);
    expect(queued()).toBeGreaterThanOrEqual(2);
    expect(dead("notification")).toBe(0);
  });

  test("an empty address of the notification service turns messages to payers off, and payments go on", async () => {
    await shop().stage.cloud.redeploy({ NOTIFICATION_SERVICE_URL: "" });
    await pay(2);
    await shop().pass(MINUTE_MS);
    expect((await shop().stage.cloud.rows.payments()).map(({ state }) => state)).toEqual(["SUCCESS", "SUCCESS"]);
    expect([queued(), dead("notification"), shop().counted("NotificationRefused")]).toEqual([0, 0, 0]);
    expect(notificationOf(shop()).sent()).toEqual([]);
  });
});
