import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { Santim } from "../../lib/domain/money.ts";
import { requestRefund } from "../../lib/domain/refunds.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { documentClient } from "../../lib/table/client.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { TABLE_NAME, TX_STAGE } from "../../local/environment.ts";
import { aContext } from "../support/payments.ts";
import { onlyPaymentOf, openStage, simulatedChapa } from "../support/stage.ts";

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
const Detail = z.looseObject({
  state: z.string(),
  version: z.number(),
  captures: z.array(z.looseObject({ reference: z.string() })),
  refunds: z.array(z.looseObject({ id: z.string(), state: z.string() })),
});
const post = (path: string, body: Record<string, unknown>, headers: Record<string, string> = asUser("admin")) =>
  stage.caller.post(`/api/v1/${path}`, JSON.stringify(body), headers);
const read = async () =>
  Detail.parse((await stage.caller.get(`/api/v1/payments/${checkout.id}`, asUser("admin"))).body);
const refund = async (refund_id = "r-1") =>
  post(`payments/${checkout.id}/refunds`, {
    refund_id,
    amount: 100,
    reason: "paid by mistake",
    version: (await read()).version,
  });
const codeOf = ({ status, body }: HttpResponse) => [status, body["code"]];
const sentToChapa = () =>
  simulatedChapa(stage)
    .journal()
    .filter((entry) => entry.kind === "request" && entry.method === "POST" && entry.path.startsWith("/v1/refund/"));
const cachedRowsExpire = () => stage.cloud.clock.advance(30 * SECOND_MS);

const nameTable = (table: string) => stage.cloud.rows.change("H#table", { table });
/** The rows come from another table, as after a restore. */
async function restore(): Promise<void> {
  await nameTable("payments-before");
  await cachedRowsExpire();
}

describe("refunds of a restored table", () => {
  test("a restored table sends nobody's money back: a new refund is 503 with the reason, is stored nowhere, and is accepted later", async () => {
    await stage.act(checkout, "pay");
    await restore();
    const refused = await refund();
    expect(codeOf(refused)).toEqual([503, "refunds_paused"]);
    expect(refused.body["detail"]).toContain("copy of another one");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await read()).refunds).toEqual([]);

    await nameTable(TABLE_NAME);
    await cachedRowsExpire();
    expect((await refund()).status).toBe(200);
    expect(sentToChapa()).toHaveLength(1);
  });

  test("a restored table answers a refund that was requested before", async () => {
    await stage.act(checkout, "pay");
    const first = await refund();
    await restore();
    const again = await refund();
    expect([again.status, Detail.parse(again.body).refunds]).toEqual([200, Detail.parse(first.body).refunds]);
    expect(sentToChapa()).toHaveLength(1);
  });

  test("a restored table lets nobody reject money that goes back, and lets them reject money that is kept", async () => {
    await stage.act(checkout, "wrong-amount", { amount: "499.00" });
    const { captures, version } = await read();
    const capture = captures[0]?.reference;
    await restore();
    const reject = (end: Record<string, string>) =>
      post(`payments/${checkout.id}/review`, {
        decision: "reject",
        reason: "one birr is missing",
        version,
        captures: [{ capture, ...end }],
      });
    expect(codeOf(await reject({ refund_id: "r-1" }))).toEqual([503, "refunds_paused"]);
    expect(await read()).toMatchObject({ state: "REVIEW", version, refunds: [] });
    expect((await reject({ keep: "moved to another fee" })).status).toBe(200);
  });

  test("a restored table does not send a refund that it holds as requested, and sends it once after it was resumed", async () => {
    await stage.act(checkout, "pay");
    const paid = await onlyPaymentOf(stage);
    const capture = paid.captures[0]?.reference ?? "";
    const asked = { id: "r-1", capture, amount: Santim.parse(10_000), reason: "paid by mistake" };
    const context = { ...aContext(stage.cloud.clock.now()), by: "user:1" };
    await new PaymentTable(documentClient(), TABLE_NAME, TX_STAGE).save(paid, requestRefund(paid, asked, context));
    await restore();
    await stage.cloud.advance(10 * MINUTE_MS);
    expect([(await read()).refunds, sentToChapa()]).toMatchObject([[{ state: "REQUESTED" }], []]);

    await nameTable(TABLE_NAME);
    await stage.cloud.advance(HOUR_MS);
    expect([(await read()).refunds, sentToChapa()]).toMatchObject([[{ state: "SENT" }], [{ kind: "request" }]]);
  });
});

describe("the pause", () => {
  const pause = (body: Record<string, unknown> = {}, headers?: Record<string, string>) =>
    post("pause", { reason: "the table is being restored", ...body }, headers);
  const resume = (body: Record<string, unknown> = {}, headers?: Record<string, string>) =>
    post("resume", { reason: "compared with Chapa", ...body }, headers);
  const admin = () => `user:${stage.cloud.address.users.admin.user_id}`;
  const press = () => stage.press(stage.addProperty());
  const shown = async () => (await stage.caller.get("/api/v1/overview", asUser("admin"))).body["payments"];

  test("a pause stops payments and refunds within 30 seconds, money still comes in, and the overview shows who and why", async () => {
    const other = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    const paused = await pause();
    const words = { stopped: "paused", by: admin(), reason: "the table is being restored", until: null, resumed: null };
    expect([paused.status, paused.body]).toMatchObject([200, words]);
    expect(await shown()).toEqual(paused.body);
    await cachedRowsExpire();
    expect(codeOf(await press())).toEqual([503, "initiate_paused"]);
    const refused = await refund();
    expect(codeOf(refused)).toEqual([503, "refunds_paused"]);
    expect(refused.body["detail"]).toContain("a person has paused");
    await stage.act(other, "pay");
    expect((await stage.cloud.rows.payments()).map(({ state }) => state)).toEqual(["SUCCESS", "SUCCESS"]);

    const resumed = await resume();
    expect([resumed.status, resumed.body]).toMatchObject([
      200,
      { stopped: null, by: null, reason: null, resumed: { by: admin(), reason: "compared with Chapa" } },
    ]);
    await cachedRowsExpire();
    expect((await press()).status).toBe(202);
    expect((await refund()).status).toBe(200);
  });

  test("a pause ends by itself at the moment that it names, and one that names a moment that is over is refused", async () => {
    const now = stage.cloud.clock.now();
    expect(codeOf(await pause({ until: new Date(now - MINUTE_MS).toISOString() }))).toEqual([422, "input_invalid"]);
    expect((await pause({ until: new Date(now + 10 * MINUTE_MS).toISOString() })).status).toBe(200);
    await cachedRowsExpire();
    expect(codeOf(await press())).toEqual([503, "initiate_paused"]);
    await stage.cloud.clock.advance(10 * MINUTE_MS);
    expect((await press()).status).toBe(202);
    expect(await shown()).toMatchObject({ stopped: null, by: null });
  });

  test("a pause is refused without a reason and to owners, and a program may make one", async () => {
    expect(codeOf(await pause({ reason: "   " }))).toEqual([422, "input_invalid"]);
    expect(codeOf(await pause({ reason: "x".repeat(501) }))).toEqual([422, "input_invalid"]);
    expect(codeOf(await pause({}, asUser("owner")))).toEqual([403, "forbidden"]);
    expect(codeOf(await resume({}, asUser("owner")))).toEqual([403, "forbidden"]);
    expect((await pause({}, { "x-api-key": stage.cloud.address.apiKey })).body["by"]).toMatch(/^service:/);
  });

  test("two people who pause at once make one pause, and one resume ends it", async () => {
    const both = await Promise.all(["one", "two"].map((reason) => pause({ reason })));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(["one", "two"]).toContain((await resume()).status === 200 ? both[0]?.body["reason"] : undefined);
    expect(await shown()).toMatchObject({ stopped: null });
  });

  test("a pause does not hide that a table is a copy, and only a person who says that they compared it lets it go on", async () => {
    await restore();
    expect(codeOf(await pause())).toEqual([409, "pause_impossible"]);
    const refused = await resume();
    expect(codeOf(refused)).toEqual([409, "pause_impossible"]);
    expect(refused.body["detail"]).toContain("resume with `restored`");
    expect(await shown()).toMatchObject({ stopped: "other_table" });
    expect((await resume({ restored: true })).body).toMatchObject({ stopped: null, resumed: { by: admin() } });
    await cachedRowsExpire();
    expect((await press()).status).toBe(202);
  });

  test("a stop cannot be ended while the namespace is another one, also not as a restored table", async () => {
    await stage.cloud.rows.change("H#table", { table: "payments-before", namespace: "another" });
    await cachedRowsExpire();
    expect(codeOf(await resume())).toEqual([409, "pause_impossible"]);
    expect((await resume({ restored: true })).body).toMatchObject({ stopped: "other_namespace" });
    expect(codeOf(await resume({ restored: true }))).toEqual([409, "pause_impossible"]);
    expect(codeOf(await press())).toEqual([503, "initiate_paused"]);
  });
});
