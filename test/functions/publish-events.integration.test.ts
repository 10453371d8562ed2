import type { DynamoDBRecord } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { documentClient } from "../../lib/table/client.ts";
import { paymentKey } from "../../lib/table/keys.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { DAY_MS, MINUTE_MS, type Stage } from "../../local/demo/stage.ts";
import { dynamo } from "../../local/dynamo/requests.ts";
import { TABLE_NAME } from "../../local/environment.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";

const table = <Answer>(action: string, input: object) =>
  dynamo<Answer>(process.env["AWS_ENDPOINT_URL_DYNAMODB"] ?? "", action, input);

type Item = Record<string, unknown>;

let stage: Stage;
let propertyId: string;
beforeAll(async () => {
  stage = await openStage();
  const { functions } = stage.cloud;
  const invoke = functions.invoke;
  vi.spyOn(functions, "invoke").mockImplementation((name, event) => {
    if (name === "publish-events") records.push(...Event.parse(event).Records);
    return invoke(name, event);
  });
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.cloud.reset();
  records.length = 0;
  propertyId = stage.addProperty();
});

/** Every change that the function has been given. */
const records: DynamoDBRecord[] = [];
const Event = z.object({ Records: z.array(z.custom<DynamoDBRecord>()) });

async function publishAgain(): Promise<void> {
  const { pk } = paymentKey((await onlyPaymentOf(stage)).ref);
  const Records = records.filter(({ dynamodb }) => dynamodb?.Keys?.["pk"]?.S === pk);
  expect(await stage.cloud.functions.invoke("publish-events", { Records })).toEqual({ batchItemFailures: [] });
  await notifyPayers();
}

async function notifyPayers(): Promise<void> {
  await stage.cloud.functions.invoke("notify-user", {});
  await stage.cloud.settle();
}

async function sums() {
  const { total, pending, success, failed, revenue } = await new TotalsTable(documentClient(), TABLE_NAME).all(
    stage.cloud.clock.now(),
  );
  return { total, pending, success, failed, revenue };
}

const ownersToken = () => ({ authorization: `Bearer ${stage.cloud.address.users.owner.token}` });
const ONE_PAID = { total: 1, pending: 0, success: 1, failed: 0, revenue: 50_000 };
const sent = () => stage.cloud.services.notification?.sent().map(({ eventType }) => eventType);

async function storedRow(): Promise<Item> {
  const { ref } = await onlyPaymentOf(stage);
  const { Item } = await table<{ Item: Item }>("GetItem", {
    TableName: TABLE_NAME,
    Key: { pk: { S: paymentKey(ref).pk } },
    ConsistentRead: true,
  });
  return Item;
}

/** Removes the payment's row and writes `row` instead, as a restore by hand does. */
async function putBack(row: Item): Promise<void> {
  await stage.cloud.rows.remove(paymentKey((await onlyPaymentOf(stage)).ref).pk);
  await table("PutItem", { TableName: TABLE_NAME, Item: row });
  await stage.cloud.settle();
  await notifyPayers();
}

test("a stream batch that is handled again, at once or a day later, sends the payer one message and counts once", async () => {
  await stage.act(await stage.checkout(propertyId), "pay");
  await notifyPayers();
  await publishAgain();
  expect(sent()).toEqual(["payment_success"]);
  expect(await sums()).toEqual(ONE_PAID);

  await stage.cloud.advance(DAY_MS);
  await publishAgain();
  expect(sent()).toEqual(["payment_success"]);
  expect(await sums()).toEqual(ONE_PAID);
});

test("a stream batch that is handled again before its messages are sent leads to one message", async () => {
  const checkout = await stage.checkout(propertyId);
  expect((await stage.caller.post(`/api/v1/payments/${checkout.id}/cancel`, "", ownersToken())).status).toBe(200);
  await stage.cloud.settle();
  await publishAgain();
  await notifyPayers();
  expect(sent()).toEqual(["payment_failed"]);
  expect(await sums()).toEqual({ ...ONE_PAID, success: 0, failed: 1, revenue: 0 });
});

test("a paid payment that is removed and put back, also after its marks have expired, repeats no message and no count", async () => {
  await stage.act(await stage.checkout(propertyId), "pay");
  await notifyPayers();
  const row = await storedRow();
  await putBack(row);
  expect(sent()).toEqual(["payment_success"]);
  expect(await sums()).toEqual(ONE_PAID);

  await stage.cloud.advance(40 * DAY_MS);
  await putBack(row);
  expect(sent()).toEqual(["payment_success"]);
  expect(await sums()).toEqual(ONE_PAID);
});

test("a payment that is put back as it was before it was paid is confirmed again, and its payer gets one message", async () => {
  // The day's comparison rewrites the totals. It is done before the row is put back, not beside it.
  await stage.cloud.advance(MINUTE_MS);
  const checkout = await stage.checkout(propertyId);
  const unpaid = await storedRow();
  await stage.act(checkout, "pay");
  await notifyPayers();
  await putBack(unpaid);
  expect((await onlyPaymentOf(stage)).state).toBe("PENDING");

  await stage.cloud.advance(3 * MINUTE_MS);
  expect((await onlyPaymentOf(stage)).state).toBe("SUCCESS");
  await notifyPayers();
  expect(sent()).toEqual(["payment_success"]);
  expect(await sums()).toEqual(ONE_PAID);
});

test("a message whose calls get no answer is sent three times, two minutes apart, however many copies it has", async () => {
  await stage.cloud.fault("notification", "resetAfterEffect");
  await stage.act(await stage.checkout(propertyId), "pay");
  await publishAgain();
  const counts: (number | undefined)[] = [];
  for (let minute = 0; minute < 12; minute++) {
    counts.push(sent()?.length);
    await stage.cloud.advance(MINUTE_MS);
  }
  expect(counts.filter((count, index) => count !== counts[index - 1])).toEqual([1, 2, 3]);
  const at = stage.cloud.services.notification?.sent().map((message) => message.at) ?? [];
  for (const [index, time] of at.entries()) expect(time - (at[index - 1] ?? 0)).toBeGreaterThanOrEqual(2 * MINUTE_MS);
  const { ref, version } = await onlyPaymentOf(stage);
  expect(stage.cloud.queues.state("notification").dead).toContainEqual({ ref, version, event: "paid" });
});

test("a call that the notification service refuses for its limit does not count as a try", async () => {
  await stage.cloud.fault("notification", "429");
  await stage.act(await stage.checkout(propertyId), "pay");
  for (let round = 0; round < 5; round++) await stage.cloud.advance(16 * MINUTE_MS);
  await stage.cloud.fault("notification", null);
  expect(sent()).toEqual([]);
  await stage.cloud.advance(16 * MINUTE_MS);
  expect(sent()).toEqual(["payment_success"]);
});

test("a payer whose success was published to nobody gets one message, and the listing approves the property", async () => {
  const checkout = await stage.checkout(propertyId);
  stage.cloud.stream.lose(true);
  await stage.act(checkout, "pay");
  stage.cloud.stream.lose(false);
  await notifyPayers();
  expect(sent()).toEqual([]);

  for (let quarter = 0; quarter < 3; quarter++) await stage.cloud.advance(16 * MINUTE_MS);
  expect(sent()).toEqual(["payment_success"]);
  expect(stage.cloud.services.listing?.property(propertyId)?.status).toBe("APPROVED");
});

test("a payer whose success the listing does not acknowledge for a month gets one message", async () => {
  await stage.cloud.fault("listing", "503");
  await stage.act(await stage.checkout(propertyId), "pay");
  for (let days = 0; days < 35; days += 5) await stage.cloud.advance(5 * DAY_MS);
  expect((await onlyPaymentOf(stage)).acknowledgedAt).toBeUndefined();
  expect(sent()).toEqual(["payment_success"]);
});
