import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, createClock } from "../../../local/clock.ts";
import { type NotificationDouble, startNotification } from "../../../local/services/notification.ts";
import { sign } from "../../../local/services/tokens.ts";

const SECRET = "shared-by-the-siblings";
const BODY = {
  user_id: "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
  event_type: "payment_success",
  context: { amount: "500.00 ETB" },
};

let clock: Clock;
let notification: NotificationDouble;
beforeEach(async () => {
  clock = createClock();
  notification = await startNotification({ clock, jwtSecret: SECRET });
});
afterEach(async () => {
  clock.stop();
  await notification.close();
});

async function send(body: object, options: { role?: string; from?: string; bearer?: string; url?: string } = {}) {
  const claims = { sub: "service", role: options.role ?? "Internal" };
  const bearer = options.bearer ?? (await sign(claims, SECRET, clock.now(), clock.now() + 1e6));
  return fetch(`${options.url ?? notification.baseUrl}/notifications/send`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
      ...(options.from ? { "x-forwarded-for": options.from } : {}),
    },
    body: JSON.stringify(body),
  });
}

test("the notification service takes the keys that it needs among any others, and answers with a record", async () => {
  const response = await send({ ...BODY, email: "abebe@rental.et", subject: "s", message: "m" });
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({ user_id: BODY.user_id, status: "SENT", context: BODY.context });
  expect(notification.sent()).toMatchObject([{ userId: BODY.user_id, eventType: "payment_success", subject: "s" }]);
});

test.each([
  { email: "abebe@rental.et", message: "m", subject: "s" },
  { ...BODY, user_id: "x" },
  { ...BODY, context: undefined },
  { ...BODY, event_type: 5 },
])("the notification service refuses %j", async (body) => {
  expect((await send(body)).status).toBe(422);
  expect(notification.sent()).toEqual([]);
});

test.each([
  ["admin", 403],
  ["internal", 403],
  ["Admin", 202],
  ["Internal", 202],
])("the notification service answers a token of the role %s with %d", async (role, status) => {
  expect((await send(BODY, { role })).status).toBe(status);
});

test("the notification service answers no token and a bad one with 401", async () => {
  for (const bearer of ["nonsense", ""]) expect((await send(BODY, { bearer })).status).toBe(401);
});

test("the notification service sends a message whose event name is too long, and then breaks", async () => {
  expect((await send({ ...BODY, event_type: "x".repeat(51) })).status).toBe(500);
  expect(notification.sent()).toHaveLength(1);
});

test("the notification service sends the same message as often as it is asked", async () => {
  await send(BODY);
  await send(BODY);
  expect(notification.sent()).toHaveLength(2);
});

test("the notification service answers the eleventh call a minute from one address with 500, counted before anybody is authenticated", async () => {
  for (let n = 0; n < 10; n++) expect((await send(BODY, { bearer: "nonsense" })).status).toBe(401);
  expect((await send(BODY)).status).toBe(500);
  expect((await send(BODY, { from: "10.0.0.9, 10.0.0.1" })).status).toBe(202);
  expect(notification.sent()).toHaveLength(1);
  await clock.advance(60_000);
  expect((await send(BODY)).status).toBe(202);
});

test("the notification service needs no token where it is set up so", async () => {
  const open = await startNotification({ clock, jwtSecret: SECRET, auth: "none" });
  expect((await send(BODY, { bearer: "", url: open.baseUrl })).status).toBe(202);
  await open.close();
});
