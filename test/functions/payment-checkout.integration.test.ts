import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { onlyPaymentOf, openStage, simulatedChapa } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const pathOf = ({ id }: Pick<Checkout, "id">) => `/api/v1/payments/${id}/checkout`;
const follow = (checkout: Checkout, headers: Record<string, string> = {}) =>
  stage.caller.get(pathOf(checkout), { accept: "text/html", ...headers });
const press = async (checkout: Checkout): Promise<HttpResponse> => {
  const answer = await stage.caller.post(pathOf(checkout), "", { accept: "text/html" });
  await stage.cloud.settle();
  return answer;
};
const sent = () => stage.cloud.services.notification?.sent() ?? [];
const initiated = () => sent().filter(({ eventType }) => eventType === "payment_initiated");
const opened = () => simulatedChapa(stage).transactions().length;
const BUTTON = /<form method="post" action="\?lang=en"><button>/;

test("the payer gets one message with the link, and the link leads to the live checkout", async () => {
  const checkout = await stage.checkout();
  await stage.cloud.advance(2 * MINUTE_MS);
  const messages = initiated().map(({ message }) => message ?? "");
  expect(messages).toEqual([expect.stringContaining(`${stage.cloud.address.api}${pathOf(checkout)}`)]);

  const answer = await follow(checkout);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, checkout.url]);
});

test("a payer who has paid before the message is sent does not get it", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.cloud.advance(5 * MINUTE_MS);
  expect(sent().map(({ eventType }) => eventType)).toEqual(["payment_success"]);
});

test("a renewed checkout sends no second message, and the link leads to the new one", async () => {
  const first = await stage.checkout();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  const second = await stage.checkout();
  await stage.cloud.advance(5 * MINUTE_MS);
  expect(second.url).not.toBe(first.url);
  expect(initiated()).toHaveLength(1);
  expect((await follow(first)).headers.get("location")).toBe(second.url);
});

test("a program that only reads the link opens nothing; its button opens the next checkout", async () => {
  const first = await stage.checkout();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  for (let reads = 0; reads < 3; reads++) {
    const page = await follow(first);
    expect(page.status).toBe(200);
    expect(page.text).toMatch(BUTTON);
    expect(page.headers.get("content-security-policy")).toContain(`form-action 'self' ${stage.cloud.address.chapa}`);
  }
  expect(opened()).toBe(1);

  const pressed = await press(first);
  expect(pressed.status).toBe(303);
  expect(opened()).toBe(2);
  expect((await follow(first)).headers.get("location")).toBe(pressed.headers.get("location"));
});

test("after a try that Chapa calls cancelled the link shows a button, and the press renews at once", async () => {
  const first = await stage.checkout();
  await stage.act(first, "cancel");
  await stage.returnFromChapa(first);
  await stage.cloud.settle();
  expect((await follow(first)).text).toMatch(BUTTON);
  const pressed = await press(first);
  expect(pressed.status).toBe(303);
  expect(pressed.headers.get("location")).not.toBe(first.url);
});

test("the link of a paid payment says so without a button, and a press opens nothing", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  for (const page of [await follow(checkout), await press(checkout)]) {
    expect(page.status).toBe(200);
    expect(page.text).toContain("We have received this payment");
    expect(page.text).not.toContain("<form");
  }
  expect(opened()).toBe(1);
});

test("a payment takes five presses an hour by its link; the sixth waits, and the owner's own press does not", async () => {
  const checkout = await stage.checkout();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  await stage.cloud.fault("chapa", "down");
  for (let presses = 0; presses < 5; presses++) expect((await press(checkout)).status).toBe(503);
  await stage.cloud.fault("chapa", null);
  const sixth = await press(checkout);
  expect(sixth.status).toBe(429);
  expect(Number(sixth.headers.get("retry-after"))).toBeGreaterThan(60);
  expect(sixth.text).toContain("please do not pay again");
  expect((await stage.press()).status).toBe(202);
  await stage.cloud.clock.advance(HOUR_MS);
  expect((await press(checkout)).status).toBe(303);
});

test("the page of the link is in the payer's language, and knows no other payment", async () => {
  const checkout = await stage.checkout();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  expect((await follow(checkout, { "accept-language": "am-ET,en" })).text).toContain('<html lang="am">');
  const unknown = await follow({ ...checkout, id: "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22" });
  expect([unknown.status, unknown.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
});

test("the fee that a link presses stays one payment, paid once", async () => {
  const first = await stage.checkout();
  await stage.cloud.clock.advance(2 * HOUR_MS);
  const url = (await press(first)).headers.get("location") ?? "";
  await stage.act({ ...first, url }, "pay");
  expect(await onlyPaymentOf(stage)).toMatchObject({ state: "SUCCESS", attention: [] });
});
