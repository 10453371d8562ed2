import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { onlyPaymentOf, openStage, simulatedChapa } from "../support/stage.ts";

let stage: Stage;
let checkout: Checkout;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
});
beforeEach(async () => {
  await stage.cloud.reset();
  checkout = await stage.checkout();
});
afterAll(() => stage.close());

const asUser = (user: "owner" | "admin") => ({ authorization: `Bearer ${stage.cloud.address.users[user].token}` });
const asProgram = () => ({ "x-api-key": stage.cloud.address.apiKey });
const Detail = z.looseObject({
  state: z.string(),
  version: z.number(),
  refundable: z.number(),
  attention: z.array(z.looseObject({ id: z.string(), code: z.string(), answered: z.unknown() })),
  captures: z.array(z.looseObject({ reference: z.string(), back: z.array(z.unknown()) })),
  refunds: z.array(
    z.looseObject({
      id: z.string(),
      amount: z.number(),
      state: z.string(),
      by: z.string().nullable(),
      reason: z.string().nullable(),
      refusal: z.string().nullable(),
    }),
  ),
});
const read = async (headers: Record<string, string> = asUser("admin"), { id } = checkout) =>
  Detail.parse((await stage.caller.get(`/api/v1/payments/${id}`, headers)).body);
const states = async () => (await read()).refunds.map(({ state }) => state);
const open = async () => (await read()).attention.filter(({ answered }) => answered === null).map(({ code }) => code);

type Asked = Record<string, unknown>;
const post = (path: string, body: Asked, headers: Record<string, string> = asUser("admin"), { id } = checkout) =>
  stage.caller.post(`/api/v1/payments/${id}/${path}`, JSON.stringify(body), headers);
/** A refund for the version as it is now, unless `asked` names another one. */
async function refund(asked: Asked, headers = asUser("admin") as Record<string, string>): Promise<HttpResponse> {
  return post(
    "refunds",
    { refund_id: "r-1", reason: "paid by mistake", version: (await read()).version, ...asked },
    headers,
  );
}
const codeOf = ({ status, body }: HttpResponse) => [status, body["code"]];
const sentToChapa = () =>
  simulatedChapa(stage)
    .journal()
    .filter((entry) => entry.kind === "request" && entry.method === "POST" && entry.path.startsWith("/v1/refund/"));

test("a refund of all the money settles, leaves nothing, and tells the payer once", async () => {
  await stage.act(checkout, "pay");
  const answer = await refund({});
  expect(answer.status).toBe(200);
  expect(Detail.parse(answer.body)).toMatchObject({ refundable: 0, refunds: [{ amount: 500, state: "SENT" }] });
  await stage.cloud.advance(30 * HOUR_MS);
  expect(await read()).toMatchObject({ state: "SUCCESS", refundable: 0, refunds: [{ state: "SETTLED" }] });
  expect(await open()).toEqual([]);
  expect(sentToChapa()).toHaveLength(1);
  await stage.cloud.advance(10 * MINUTE_MS);
  const { notifications } = await stage.outcome();
  expect(notifications.filter(({ eventType }) => eventType === "payment_refunded")).toHaveLength(1);
  const metrics = await stage.caller.get("/api/v1/metrics", {});
  expect(metrics.body["total_revenue"]).toBe(0);
});

test("a refund in two parts settles in two parts, and the second names what is left of the money by default", async () => {
  await stage.act(checkout, "pay");
  await refund({ amount: "120.50" });
  const second = Detail.parse((await refund({ refund_id: "r-2" })).body);
  expect(second.refunds.map(({ amount }) => amount)).toEqual([120.5, 379.5]);
  await stage.cloud.advance(30 * HOUR_MS);
  expect(await states()).toEqual(["SETTLED", "SETTLED"]);
  expect((await read()).captures[0]?.back).toEqual([]);
  expect(simulatedChapa(stage).captures()).toMatchObject([{ refunded: 50_000 }]);
  const { notifications } = await stage.outcome();
  expect(
    notifications.filter(({ eventType }) => eventType === "payment_refunded").map(({ message }) => message),
  ).toEqual([expect.stringContaining("120.50 ETB"), expect.stringContaining("379.50 ETB")]);
});

test("a refund of more than is left, of nothing, of less than a santim, of an unpaid or an unknown payment, or by an owner is refused", async () => {
  expect(codeOf(await refund({}))).toEqual([409, "decision_impossible"]);
  await stage.act(checkout, "pay");
  await refund({ amount: 200 });
  const above = await refund({ refund_id: "r-2", amount: 300.01 });
  expect(codeOf(above)).toEqual([422, "refund_above_left"]);
  expect(above.body["detail"]).toContain("300.00");
  for (const amount of [0, "0.00", 0.001, -1, "1e2", "many"]) {
    expect(codeOf(await refund({ refund_id: "r-2", amount })), String(amount)).toEqual([422, "input_invalid"]);
  }
  expect(codeOf(await refund({ refund_id: "r-2", capture: "APNONE" }))).toEqual([422, "capture_unclear"]);
  expect(codeOf(await refund({ refund_id: "r-2" }, asUser("owner")))).toEqual([403, "forbidden"]);
  const unknown = { ...checkout, id: "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22" };
  const nowhere = await post("refunds", { refund_id: "r-1", reason: "none", version: 1 }, asUser("admin"), unknown);
  expect(codeOf(nowhere)).toEqual([404, "payment_not_found"]);
  expect(await states()).toEqual(["SENT"]);
});

test("a refund needs an id, and a reason of 1 to 500 characters that is kept as text", async () => {
  await stage.act(checkout, "pay");
  for (const wrong of [{ refund_id: undefined }, { refund_id: "a b" }, { reason: " " }, { reason: "x".repeat(501) }]) {
    expect(codeOf(await refund(wrong)), JSON.stringify(wrong)).toEqual([422, "input_invalid"]);
  }
  const reason = "<script>alert('x')</script> & ሰላም";
  const { version } = await read();
  const named = await stage.caller.post(
    `/api/v1/payments/${checkout.id}/refunds`,
    JSON.stringify({ reason, version, amount: 1 }),
    { ...asUser("admin"), "idempotency-key": "from-header" },
  );
  expect(Detail.parse(named.body).refunds).toMatchObject([{ id: "from-header", reason }]);
});

test("the same refund id is the same refund, whatever the version, and with other content is refused", async () => {
  await stage.act(checkout, "pay");
  const { version } = await read();
  await refund({ amount: 200 });
  const again = await refund({ amount: "200.00", version });
  expect([again.status, Detail.parse(again.body).refunds.length]).toEqual([200, 1]);
  const other = await refund({ amount: 100, reason: "another" });
  expect(codeOf(other)).toEqual([422, "request_differs"]);
  expect(other.body["detail"]).toContain("amount, reason");
  expect(sentToChapa()).toHaveLength(1);
});

test("two people who send all of one capture back at once: one succeeds and the other learns what changed", async () => {
  await stage.act(checkout, "pay");
  const { version } = await read();
  const ask = (refund_id: string, headers: Record<string, string>) =>
    post("refunds", { refund_id, reason: "paid twice", version }, headers);
  const answers = await Promise.all([ask("r-1", asUser("admin")), ask("r-2", asProgram())]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const lost = answers.findIndex(({ status }) => status === 409);
  expect(answers[lost]?.body["changes"]).toContainEqual(expect.objectContaining({ transition: "refundRequested" }));
  const repeated = await refund({ refund_id: `r-${lost + 1}` });
  expect(codeOf(repeated)).toEqual([422, "refund_above_left"]);
  expect(repeated.body["detail"]).toContain("0.00");
  expect(sentToChapa()).toHaveLength(1);
});

test("one person may send 5,000 birr back in a day, and what Chapa refused does not count; a second person may send more", async () => {
  const pay = async () => {
    checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
  };
  simulatedChapa(stage).plan("*", { refundRefused: "balance" });
  await pay();
  await refund({});
  expect(await states()).toEqual(["REFUSED"]);
  simulatedChapa(stage).plan("*", {});
  for (let times = 0; times < 10; times++) {
    await pay();
    expect((await refund({})).status, String(times)).toBe(200);
  }
  await pay();
  expect(codeOf(await refund({}))).toEqual([403, "refund_limit"]);
  expect(await states()).toEqual([]);
  expect((await refund({}, asProgram())).status).toBe(200);
});

test("two captures need a name, and each is sent back by itself", async () => {
  simulatedChapa(stage).plan(checkout.txRef, { verifyShows: "first" });
  await stage.act(checkout, "pay-twice");
  simulatedChapa(stage).plan(checkout.txRef, { verifyShows: "last" });
  await stage.cloud.advance(MINUTE_MS);
  await post("verify", {});
  const [first, second] = (await read()).captures.map(({ reference }) => reference);
  const unclear = await refund({});
  expect(codeOf(unclear)).toEqual([422, "capture_unclear"]);
  expect(unclear.body["detail"]).toContain(String(second));
  expect((await refund({ capture: second })).status).toBe(200);
  await stage.cloud.advance(30 * HOUR_MS);
  expect(await states()).toEqual(["SETTLED"]);
  expect(await open()).toEqual([]);
  expect((await refund({ refund_id: "r-2" })).status).toBe(200);
  expect((await onlyPaymentOf(stage)).refunds?.map(({ capture }) => capture)).toEqual([second, first]);
});

test("a refund that Chapa refuses is REFUSED in our words, its money can be sent back again, and a person is called", async () => {
  simulatedChapa(stage).plan(checkout.txRef, { refundRefused: "balance" });
  await stage.act(checkout, "pay");
  const { refunds, refundable } = Detail.parse((await refund({})).body);
  expect(refunds).toMatchObject([{ state: "REFUSED", refusal: "the balance at Chapa is too low" }]);
  expect(refundable).toBe(500);
  expect(await open()).toEqual(["refund_refused"]);
});

test.each([
  ["words that say nothing", async () => simulatedChapa(stage).plan(checkout.txRef, { refundRefused: "generic" })],
  ["silence", () => stage.disturb("chapa", { fault: "500", route: "POST /v1/refund" })],
])(
  "after %s a refund stays SENT, is asked about, never sent again, and calls a person after a day, who ends it",
  async (_what, disturb) => {
    await stage.act(checkout, "pay");
    await disturb();
    await refund({});
    expect(await states()).toEqual(["SENT"]);
    await stage.cloud.advance(25 * HOUR_MS);
    await stage.cloud.advance(DAY_MS);
    expect(await states()).toEqual(["SENT"]);
    expect(await open()).toEqual(["refund_unclear"]);
    expect(sentToChapa()).toHaveLength(1);
    const { version } = await read();
    const decide = (body: Asked, headers: Record<string, string> = asUser("admin")) =>
      post("refunds/r-1", { reason: "not in the dashboard", version, ...body }, headers);
    expect(codeOf(await decide({ outcome: "gone" }))).toEqual([422, "input_invalid"]);
    expect(codeOf(await decide({ outcome: "refused" }, asUser("owner")))).toEqual([403, "forbidden"]);
    expect(codeOf(await decide({ outcome: "refused", version: version - 1 }))).toEqual([409, "version_changed"]);
    expect(codeOf(await post("refunds/r-9", { outcome: "refused", reason: "none", version }))).toEqual([
      404,
      "refund_not_found",
    ]);
    expect((await decide({ outcome: "refused" })).status).toBe(200);
    expect((await decide({ outcome: "refused" })).status).toBe(200);
    expect(codeOf(await decide({ outcome: "settled", version: version + 1 }))).toEqual([409, "decision_impossible"]);
    expect(await states()).toEqual(["REFUSED"]);
    expect(await open()).toEqual(["refund_refused"]);
  },
);

test("a refund whose answer was lost settles by Chapa's own word, and is sent once", async () => {
  await stage.act(checkout, "pay");
  await stage.disturb("chapa", { fault: "resetAfterEffect", route: "POST /v1/refund", times: 1 });
  await refund({ amount: 200 });
  expect(await states()).toEqual(["SENT"]);
  await stage.cloud.advance(31 * HOUR_MS);
  expect(await states()).toEqual(["SETTLED"]);
  expect(sentToChapa()).toHaveLength(1);
});

test("a refund that comes to nothing at Chapa is REFUSED", async () => {
  simulatedChapa(stage).plan(checkout.txRef, { refunds: "reversed" });
  await stage.act(checkout, "pay");
  await refund({ amount: 200 });
  await stage.cloud.advance(31 * HOUR_MS);
  expect(await read()).toMatchObject({ refundable: 500, refunds: [{ state: "REFUSED" }] });
  expect(await open()).toEqual(["refund_refused"]);
});

test("an owner reads what went back to them, and neither who sent it nor why", async () => {
  await stage.act(checkout, "pay");
  await refund({ amount: 200 });
  expect((await read(asUser("owner"))).refunds).toMatchObject([{ amount: 200, state: "SENT", by: null, reason: null }]);
});
