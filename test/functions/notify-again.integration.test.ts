import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
let checkout: Checkout;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  await stage.cloud.reset();
  checkout = await stage.checkout();
});
afterAll(() => stage.close());

const asUser = (user: "owner" | "admin") => ({ authorization: `Bearer ${stage.cloud.address.users[user].token}` });
const Detail = z.looseObject({ version: z.number(), history: z.array(z.looseObject({ transition: z.string() })) });
const read = async () =>
  Detail.parse((await stage.caller.get(`/api/v1/payments/${checkout.id}`, asUser("admin"))).body);
const again = async (asked: Record<string, unknown>, headers: Record<string, string> = asUser("admin")) => {
  const body = JSON.stringify({ reason: "they did not get it", version: (await read()).version, ...asked });
  return stage.caller.post(`/api/v1/payments/${checkout.id}/notifications`, body, headers);
};
const codeOf = ({ status, body }: HttpResponse) => [status, body["code"]];
const sent = async () => (await stage.outcome()).notifications.map(({ eventType }) => eventType);

test("the payer gets the message about the payment's state once more, and the history says who asked and why", async () => {
  await stage.act(checkout, "pay");
  await stage.cloud.advance(3 * MINUTE_MS);
  const before = await sent();
  expect(before.filter((type) => type === "payment_success")).toHaveLength(1);
  const answer = await again({ target: "payer" });
  expect(answer.status).toBe(200);
  expect(Detail.parse(answer.body).history.at(-1)).toMatchObject({
    transition: "notifyAgain",
    by: `user:${stage.cloud.address.users.admin.user_id}`,
    evidence: "payer they did not get it",
  });
  await stage.cloud.advance(10 * MINUTE_MS);
  expect(await sent()).toEqual([...before, "payment_success"]);
});

test("a listing that refused our calls is asked again at once, and one that has acknowledged is asked no more", async () => {
  await stage.disturb("listing", { fault: "500" });
  await stage.act(checkout, "pay");
  expect((await again({ target: "listing" })).status).toBe(200);
  await stage.recover("listing");
  await stage.cloud.advance(20 * MINUTE_MS);
  expect((await stage.outcome()).listings).toMatchObject([{ status: "APPROVED", paymentStatus: "SUCCESS" }]);
  const refused = await again({ target: "listing" });
  expect(codeOf(refused)).toEqual([409, "decision_impossible"]);
  expect(refused.body["detail"]).toContain("has acknowledged it");
});

test("nothing is sent where there is nothing to say, for an old version, without a reason, or for an owner", async () => {
  const before = await read();
  expect(codeOf(await again({ target: "listing" }))).toEqual([409, "decision_impossible"]);
  await stage.act(checkout, "wrong-amount", { amount: "499.00" });
  expect(codeOf(await again({ target: "payer" }))).toEqual([409, "decision_impossible"]);
  expect(codeOf(await again({ target: "payer", version: before.version }))).toEqual([409, "version_changed"]);
  expect(codeOf(await again({ target: "payer", reason: " " }))).toEqual([422, "input_invalid"]);
  expect(codeOf(await again({ target: "everybody" }))).toEqual([422, "input_invalid"]);
  expect(codeOf(await again({ target: "payer" }, asUser("owner")))).toEqual([403, "forbidden"]);
  expect((await read()).history.map(({ transition }) => transition)).not.toContain("notifyAgain");
});
