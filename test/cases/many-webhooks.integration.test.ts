import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Stage } from "../../local/demo/stage.ts";
import { FaultPlan } from "../../local/faults.ts";
import type { Request } from "../../local/serve.ts";
import { openStage, paidUnnoticed } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(() => stage.cloud.reset());
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

/** What Chapa and the table are asked from now on, in order: `verify`, or the action and the row's kind. */
function watched(): string[] {
  const asked: string[] = [];
  const around = FaultPlan.prototype.around;
  vi.spyOn(FaultPlan.prototype, "around").mockImplementation(function (this: FaultPlan, request, outgoing, effect) {
    const what = labelOf(request);
    if (what) asked.push(what);
    return around.call(this, request, outgoing, effect);
  });
  return asked;
}

function labelOf({ path, headers, body }: Request): string | undefined {
  if (path.includes("/verify/")) return "verify";
  const action = /DynamoDB_\d+\.(PutItem|UpdateItem|DeleteItem)/.exec(String(headers["x-amz-target"]))?.[1];
  return action && `${action} ${/"pk":\{"S":"(\w)#/.exec(body.toString("utf8"))?.[1]}`;
}

const webhook = (event: string, txRef: string, more: object = {}) =>
  stage.caller.webhook(JSON.stringify({ event, tx_ref: txRef, status: "success", amount: "500.00", ...more }), {
    secret: "sim-webhook-secret",
  });

test.each([
  ["a success", "charge.success", {}],
  ["a refund", "charge.refunded", { status: "refunded", reference: "AP9" }],
])("a webhook about %s writes nothing before Chapa has been asked", async (_, event, more) => {
  const { txRef } = await paidUnnoticed(stage);
  await stage.cloud.settle();
  const asked = watched();
  await webhook(event, txRef, more);
  await stage.cloud.settle();
  expect(asked[0]).toBe("verify");
  expect(asked.slice(1)).toContain("UpdateItem P");
});

test("webhooks that are handled together are counted by one write, which comes last", async () => {
  const paid = [];
  for (let count = 0; count < 5; count++) paid.push(await paidUnnoticed(stage, stage.addProperty()));
  await stage.cloud.settle();
  const asked = watched();
  const Records = paid.map(({ txRef }, index) => ({
    messageId: String(index),
    receiptHandle: String(index),
    body: JSON.stringify({ tx_ref: txRef, trigger: "webhook" }),
    attributes: { ApproximateReceiveCount: "1" },
  }));
  await stage.cloud.functions.invoke("resolve-payment", { Records });
  const verified = asked.lastIndexOf("verify");
  const counts = asked.flatMap((what, index) => (what === "UpdateItem T" ? index : []));
  // The stream counts the payments themselves, each on its own.
  expect(counts.filter((index) => index < verified)).toEqual([]);
  const calls = await stage.caller.get("/api/v1/metrics", {
    authorization: `Bearer ${stage.cloud.address.users.admin.token}`,
  });
  expect(calls.body).toMatchObject({ webhook_calls: 5 });
});
