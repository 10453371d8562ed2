import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { describe, expect, test } from "vitest";
import { paymentKey } from "../../lib/table/keys.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import { TABLE_NAME } from "../../local/environment.ts";
import type { FaultInput } from "../../local/faults.ts";
import { SILENT } from "../support/stage.ts";
import { openShop } from "./shop.ts";

const shop = openShop();

/** Presses again as often as `Retry-After` says, for this long. @returns the waits in seconds */
async function pressUntil(end: number): Promise<number[]> {
  const waits: number[] = [];
  while (shop().now < end) {
    const { status, code, retryAfterSeconds } = await shop().press();
    expect([status, code]).toEqual([503, "gateway_unavailable"]);
    waits.push(retryAfterSeconds);
    await shop().pass(retryAfterSeconds * 1000);
  }
  return waits;
}

describe.each<[string, FaultInput]>([
  ["answers 503", { fault: "503", route: "initialize" }],
  ["cuts the connection before it has done anything", { fault: "resetBeforeHeaders", route: "initialize" }],
  ["answers what nobody can read", { fault: "502", route: "initialize", body: "html" }],
])("an initialize that %s", (_, fault) => {
  test("an outage costs no attempt, and the fee can be paid within five minutes after it", async () => {
    await shop().fault(fault);
    const waits = await pressUntil(shop().now + HOUR_MS);
    expect(waits.slice(0, 5)).toEqual([30, 60, 120, 240, 300]);
    expect(Math.max(...waits)).toBe(300);
    for (let day = 0; day < 7; day++) {
      await shop().pass(DAY_MS);
      expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_unavailable" });
    }
    expect(await shop().payment()).toMatchObject({ state: "CREATED", attempt: 0 });
    await shop().fault(null);
    await shop().pass(5 * MINUTE_MS);
    expect(await shop().press()).toMatchObject({ status: 202, state: "PENDING" });
    expect(shop().payable()).toHaveLength(1);
  });
});

test("an outage in which verify does not answer either spends nothing", async () => {
  await shop().fault("503");
  await pressUntil(shop().now + 2 * MINUTE_MS);
  await shop().fault(null);
  await shop().pass(5 * MINUTE_MS);
  expect(await shop().press()).toMatchObject({ status: 202 });
  expect(await shop().payment()).toMatchObject({ state: "PENDING", attempt: 0 });
});

test("a checkout that was opened while its answer was lost is closed, and the next one is the only one that can be paid", async () => {
  await shop().fault({ fault: "resetAfterEffect", route: "initialize", times: 1 });
  expect(await shop().press()).toMatchObject({ status: 202 });
  expect(shop().payable()).toHaveLength(1);
  expect(await shop().payment()).toMatchObject({ state: "PENDING", attempt: 1 });
});

test("a lost checkout that was paid all the same is the payment's success", async () => {
  await shop().fault({ fault: "resetAfterEffect", route: "initialize", times: 1 });
  shop().stage.plan({ ...SILENT, reorder: "before-initialize-answer" });
  await shop().press();
  expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
  expect(shop().payable()).toEqual([]);
});

test("a checkout that Chapa books a minute after its answer was lost is found and closed", async () => {
  await shop().fault({ fault: "bookedLate", route: "initialize", ms: MINUTE_MS, times: 2 });
  const { code, retryAfterSeconds } = await shop().press();
  expect(code).toBe("gateway_unavailable");
  expect(shop().payable()).toHaveLength(1);
  await shop().pass(Math.max(retryAfterSeconds * 1000, MINUTE_MS + 1_000));
  expect(await shop().press()).toMatchObject({ status: 202 });
  expect(shop().payable()).toHaveLength(1);
  expect(await shop().payment()).toMatchObject({ state: "PENDING", attempt: 1 });
});

test("a reference that is burnt, although verify does not know it, costs one attempt and no time", async () => {
  await shop().fault({ fault: "usedBefore", route: "initialize", times: 1 });
  expect(await shop().press()).toMatchObject({ status: 202 });
  expect(await shop().payment()).toMatchObject({ state: "PENDING", attempt: 1 });
});

describe("a row that is gone while Chapa knows its checkout", () => {
  async function loseRow(): Promise<void> {
    const { ref } = await shop().payment();
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    await client.send(new DeleteCommand({ TableName: TABLE_NAME, Key: paymentKey(ref) }));
  }

  test("a lost row is paid by what its checkout took, and no second link is opened", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    await loseRow();
    expect(await shop().press()).toMatchObject({ status: 202, state: "SUCCESS" });
    expect(await shop().payment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0 }] });
    expect(shop().payable()).toEqual([]);
  });

  test("a lost row goes on with the next link, and the unpaid old one is closed", async () => {
    const old = await shop().checkout();
    await loseRow();
    const { status, url } = await shop().press();
    expect([status, url === old.url]).toEqual([202, false]);
    expect(shop().payable()).toHaveLength(1);
  });

  test("a lost row waits while Chapa says used before and no verify answers", async () => {
    shop().stage.plan(SILENT);
    const old = await shop().checkout();
    await shop().stage.act(old, "pay");
    await loseRow();
    await shop().fault({ fault: "503", route: "verify" });
    expect(await shop().press()).toMatchObject({ status: 503, code: "gateway_unavailable" });
    expect(shop().payable()).toEqual([]);
    await shop().fault(null);
    await shop().pass(5 * MINUTE_MS);
    expect(await shop().press()).toMatchObject({ state: "SUCCESS" });
  });
});
