import { BatchGetCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { parseTxRef, paymentIdOf } from "../../lib/domain/ids.ts";
import { openFlags } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { log } from "../../lib/runtime/logger.ts";
import { type Item, toItem } from "../../lib/table/payment-item.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { onlyPaymentOf, openStage, paidUnnoticed, SILENT, simulatedChapa } from "../support/stage.ts";

let stage: Stage;
let named: Record<string, unknown>[];
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
});
beforeEach(async () => {
  await stage.cloud.reset();
  named = [];
  const note = (message: string, fields = {}) => {
    if (message.startsWith("row_")) named.push({ message, ...fields });
  };
  vi.spyOn(log, "error").mockImplementation(note);
  vi.spyOn(log, "warn").mockImplementation(note);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

const keyOf = ({ txRef }: Checkout) => `P#${parseTxRef(txRef, TX_STAGE)?.ref}`;
const asOwner = () => ({ authorization: `Bearer ${stage.cloud.address.users.owner.token}` });
const asAdmin = () => ({ authorization: `Bearer ${stage.cloud.address.users.admin.token}` });
const read = (path: string) => stage.caller.get(`/api/v1/payments${path}`, asOwner());
const payments = () => stage.cloud.rows.payments();

async function stateOf({ id }: Checkout): Promise<string | undefined> {
  return (await payments()).find(({ ref }) => paymentIdOf(ref) === id)?.state;
}

/** An open checkout whose row another release has changed, and what stood there before. */
async function changed(attributes: Item): Promise<{ bad: Checkout; whole: Item }> {
  stage.plan(SILENT);
  const bad = await stage.checkout(stage.addProperty());
  const row = toItem(await onlyPaymentOf(stage));
  await stage.cloud.rows.change(keyOf(bad), attributes);
  const names = Object.keys(attributes);
  return { bad, whole: Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name))) };
}

const ids = ({ body }: HttpResponse) => (body["data"] as { id: string }[]).map(({ id }) => id).toSorted();

test.each<[string, Item]>([
  ["attention code", { attention: [{ code: "frozen", subject: "AP1", at: 1_795_000_000_000 }] }],
  ["transition in its history", { history: ["claim 1795000000000 initiate", "freeze 1795000000001 operator x"] }],
])(
  "a payment whose webhook was lost is found within three minutes although another row holds an unknown %s",
  async (_, newer) => {
    const { bad } = await changed(newer);
    const paid = await paidUnnoticed(stage);
    await stage.cloud.advance(3 * MINUTE_MS);
    expect(await stateOf(paid)).toBe("SUCCESS");
    expect(named).toContainEqual(expect.objectContaining({ message: "row_word_unknown", payment_id: bad.id }));

    const list = await read("");
    expect(list.status).toBe(200);
    expect(ids(list)).toEqual([bad.id, paid.id].toSorted());
    expect(list.body).not.toHaveProperty("warning");
    expect((await read(`/${bad.id}`)).status).toBe(200);

    // The payment with the unknown word goes on, too, and keeps the word through each step of this release.
    await stage.act(bad, "close-tab");
    await stage.cloud.advance(HOUR_MS);
    expect(await stateOf(bad)).toBe("SUCCESS");
    const row = (await payments()).find(({ ref }) => paymentIdOf(ref) === bad.id);
    expect(row && [...openFlags(row), ...row.history.map(({ transition }) => transition)]).toEqual(
      expect.arrayContaining([newer["attention"] ? "frozen" : "freeze"]),
    );
  },
);

test.each<[string, Item]>([
  ["is of a newer schema", { schema: 2 }],
  ["has an unknown state", { state: "HELD" }],
  ["has text for a number", { version: "two" }],
  ["has null for its attempts", { attempts: null }],
])(
  "a payment whose webhook was lost is found within three minutes although another row %s, which stays as it is",
  async (_, damage) => {
    const { bad, whole } = await changed(damage);
    const [before] = await stage.cloud.rows.unreadable();
    const paid = await paidUnnoticed(stage);
    await stage.act(bad, "close-tab");
    await stage.cloud.advance(3 * MINUTE_MS);
    expect(await stateOf(paid)).toBe("SUCCESS");
    expect(named).toContainEqual(expect.objectContaining({ message: "row_unreadable", payment_id: bad.id }));

    const list = await read("");
    expect([list.status, ids(list)]).toEqual([200, [paid.id]]);
    expect(list.body["warning"]).toMatchObject({ code: "payment_unreadable", payment_ids: [bad.id] });

    await stage.cloud.advance(2 * DAY_MS);
    const { due_at, ...others } = (await stage.cloud.rows.unreadable())[0] ?? {};
    expect({ ...others, due_at: before?.["due_at"] }).toEqual(before);
    const now = stage.cloud.clock.now();
    expect(due_at).toBeGreaterThan(now);
    expect(due_at).toBeLessThanOrEqual(now + HOUR_MS);
    // Chapa's list holds its money, too.
    expect(await stage.cloud.functions.invoke("reconcile-payments", {})).toMatchObject({ kind: "done" });
    expect(await stage.cloud.rows.unreadable()).toEqual([{ ...others, due_at }]);

    // The newer release is back. The payment is found when its row is due again.
    await stage.cloud.rows.change(keyOf(bad), whole);
    await stage.cloud.advance(HOUR_MS + 2 * MINUTE_MS);
    expect(await stateOf(bad)).toBe("SUCCESS");
  },
);

test("every call about one unreadable payment is answered 503 payment_unreadable, and calls Chapa for nothing", async () => {
  const property = stage.addProperty();
  const requestId = "5f0c6a40-6a3e-4d2b-9a53-3f1c1b7b8f10";
  stage.plan(SILENT);
  const bad = await stage.checkout(property, requestId);
  await stage.cloud.rows.change(keyOf(bad), { schema: 2 });
  const { length } = simulatedChapa(stage).journal();
  const answers = [
    await stage.press(property),
    await stage.press(property, requestId),
    await stage.status(bad),
    await read(`/${bad.id}`),
    await read(`/by-request/${requestId}`),
    await stage.caller.post(`/api/v1/payments/${bad.id}/cancel`, "", asOwner()),
    await stage.caller.post(`/api/v1/payments/${bad.id}/verify`, "", asAdmin()),
  ];
  expect(answers.map(({ status, body }) => [status, body["code"]])).toEqual(
    answers.map(() => [503, "payment_unreadable"]),
  );
  expect(answers.every(({ headers }) => Number(headers.get("retry-after")) > 0)).toBe(true);
  expect(simulatedChapa(stage).journal()).toHaveLength(length);
});

test("a list and the counters are answered 503 while the table leaves their keys unprocessed, and never without their rows", async () => {
  stage.plan(SILENT);
  const { id } = await stage.checkout(stage.addProperty());
  await stage.cloud.settle();
  // The waits between the tries have a random length, here none.
  vi.spyOn(Math, "random").mockReturnValue(0);
  const real = DynamoDBDocumentClient.prototype.send;
  const send = vi.spyOn(DynamoDBDocumentClient.prototype, "send");
  const nothing = async (command: unknown) =>
    command instanceof BatchGetCommand ? { UnprocessedKeys: command.input.RequestItems } : undefined;
  send.mockImplementation(async function (this: DynamoDBDocumentClient, command: Parameters<typeof real>[0]) {
    return (await nothing(command)) ?? Reflect.apply(real, this, [command]);
  });
  const [list, metrics] = [await read(""), await stage.caller.get("/metrics")];
  expect([list.status, list.body["code"]]).toEqual([503, "dependency_unavailable"]);
  expect([metrics.status, metrics.body["code"]]).toEqual([503, "dependency_unavailable"]);
  send.mockRestore();
  expect(ids(await read(""))).toEqual([id]);
});
