import { createHmac, randomUUID } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { TRIPS } from "../../bench/trips.ts";
import type { FunctionName } from "../../lib/contract/functions.ts";
import { gatewayKeyOf } from "../../lib/contract/routes.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { SECRETS } from "../../local/environment.ts";
import { USERS } from "../../local/users.ts";
import { anEvent } from "../support/events.ts";
import { openStage, paidUnnoticed, SILENT } from "../support/stage.ts";
import { expectTrips } from "../support/trips.ts";

const SECRET = "a-webhook-secret";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ CHAPA_WEBHOOK_SECRET: SECRET, RATE_LIMIT_INITIATE: "1000000" });
});
afterAll(() => stage.close());
beforeEach(async () => {
  vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  await stage.cloud.reset();
  stage.plan(SILENT);
  // Another process has confirmed the owner, and the table knows what it is.
  await stage.checkout(stage.addProperty());
});
afterEach(() => void vi.unstubAllEnvs());

const cold = () => stage.cloud.functions.forget();
const invoke = async (name: FunctionName, event: unknown): Promise<unknown> =>
  stage.cloud.functions.invoke(name, event);
const owner = () => ({ authorization: `Bearer ${stage.cloud.address.users.owner.token}` });

function press(propertyId: string, requestId: string = randomUUID()): Promise<unknown> {
  const body = JSON.stringify({ user_id: USERS.owner.id, property_id: propertyId, request_id: requestId });
  return answered(
    202,
    "initiate-payment",
    anEvent({ ...at("POST", "/api/v1/payments/initiate"), headers: owner(), body }),
  );
}

/** Warms the function without a user. */
function pressByKey(propertyId: string): Promise<unknown> {
  const body = JSON.stringify({ user_id: USERS.owner.id, property_id: propertyId });
  const headers = { "x-api-key": stage.cloud.address.apiKey };
  return answered(202, "initiate-payment", anEvent({ ...at("POST", "/api/v1/payments/initiate"), headers, body }));
}

const status = (checkout: Checkout) => read(checkout, 200);

function read({ id }: Checkout, code: number): Promise<unknown> {
  const route = at("GET", "/api/v1/payments/{payment_id}/status");
  return answered(
    code,
    "get-payment-status",
    anEvent({ ...route, headers: owner(), pathParameters: { payment_id: id } }),
  );
}

function webhook({ txRef }: Checkout): Promise<unknown> {
  const body = JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success" });
  const headers = { "x-chapa-signature": createHmac("sha256", SECRET).update(body).digest("hex") };
  return answered(200, "chapa-webhook", anEvent({ ...at("POST", "/api/v1/webhook/chapa"), headers, body }));
}

const at = (method: Parameters<typeof gatewayKeyOf>[0]["method"], path: string) => {
  const { requestContext } = anEvent({ method });
  const routeKey = gatewayKeyOf({ method, path });
  return { method, routeKey, rawPath: path, requestContext: { ...requestContext, routeKey } };
};

async function answered(code: number, name: FunctionName, event: APIGatewayProxyEventV2): Promise<unknown> {
  const answer = await invoke(name, event);
  expect(answer).toMatchObject({ statusCode: code });
  return answer;
}

const noticed = (txRef: string) => ({
  Records: [
    {
      messageId: "1",
      receiptHandle: "1",
      body: JSON.stringify({ tx_ref: txRef, trigger: "webhook", event: "charge.success" }),
      attributes: { ApproximateReceiveCount: "1" },
    },
  ],
});

describe("initiate", () => {
  test("a cold press makes five trips", async () => {
    await cold();
    await expectTrips(() => press(stage.addProperty()), TRIPS.initiate.cold);
  });

  test("a warm press of a user whom another process confirmed makes four trips, and the next one three", async () => {
    await cold();
    await pressByKey(stage.addProperty());
    await expectTrips(() => press(stage.addProperty()), TRIPS.initiate.unknown);
    await expectTrips(() => press(stage.addProperty()), TRIPS.initiate.known);
  });

  test("one more read before a press is one trip above the budget", async () => {
    const checkout = await stage.checkout();
    await press(stage.addProperty());
    await status(checkout);
    const slow = async () => {
      await status(checkout);
      await press(stage.addProperty());
    };
    await expectTrips(slow, TRIPS.initiate.known + 1);
  });

  test("a replay makes one trip", async () => {
    const [property, request] = [stage.addProperty(), randomUUID()];
    // A function of its own, so that nothing is in it that another test has left.
    await cold();
    await press(property, request);
    await expectTrips(() => press(property, request), TRIPS.replay.known);
  });

  test("a refused write is not repeated after the clock was moved", async () => {
    const [property, request] = [stage.addProperty(), randomUUID()];
    await stage.pass(10 * MINUTE_MS, "nothing happens");
    await cold();
    await press(property, request);
    await expectTrips(() => press(property, request), TRIPS.replay.known);
  });
});

describe("status", () => {
  test("a cold read makes three trips", async () => {
    const checkout = await stage.checkout();
    await cold();
    await expectTrips(() => status(checkout), TRIPS.status.cold);
  });

  test("a warm read makes one trip, also of a user whom another process confirmed", async () => {
    const checkout = await stage.checkout();
    await cold();
    await status(checkout);
    await expectTrips(() => status(checkout), TRIPS.status.known);
  });
});

test("a webhook makes two trips cold and one warm", async () => {
  const checkout = await stage.checkout();
  await cold();
  await expectTrips(() => webhook(checkout), TRIPS.webhook.cold);
  await expectTrips(() => webhook(checkout), TRIPS.webhook.known);
});

describe("resolve", () => {
  test.each(["cold", "known"] as const)("a verification that finds nothing new makes four trips, %s", async (how) => {
    const { txRef } = await stage.checkout();
    await invoke("resolve-payment", noticed((await stage.checkout(stage.addProperty())).txRef));
    if (how === "cold") await cold();
    await expectTrips(() => invoke("resolve-payment", noticed(txRef)), TRIPS["resolve, nothing new"][how]);
  });

  test.each(["cold", "known"] as const)("a verification that finds money makes five trips, %s", async (how) => {
    const { txRef } = await paidUnnoticed(stage);
    await invoke("resolve-payment", noticed((await stage.checkout(stage.addProperty())).txRef));
    if (how === "cold") await cold();
    await expectTrips(() => invoke("resolve-payment", noticed(txRef)), TRIPS["resolve, money"][how]);
    expect(await stage.cloud.rows.payments()).toContainEqual(expect.objectContaining({ state: "SUCCESS" }));
  });
});

test("a function whose reads failed while it started answers once they succeed", async () => {
  const checkout = await stage.checkout();
  const secret = stage.cloud.secrets.get(SECRETS.auth) ?? {};
  await cold();
  stage.cloud.secrets.delete(SECRETS.auth);
  await read(checkout, 503);
  stage.cloud.secrets.set(SECRETS.auth, secret);
  await read(checkout, 200);
});
