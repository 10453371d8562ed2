import { randomUUID } from "node:crypto";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { documentClient } from "../../lib/table/client.ts";
import { tableIdentityKey } from "../../lib/table/keys.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { TABLE_NAME } from "../../local/environment.ts";
import { sign } from "../../local/services/tokens.ts";
import { USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";

const LIMIT = 10;
// The second is less than Chapa takes.
const PRICE_BOOK = '{"listing_fee":{"amounts":["500.00"]},"too_small":{"amounts":["0.50"]}}';
const HOUR_MS = 3_600_000;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: String(LIMIT), PRICE_BOOK });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const PROPERTY = "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22";

function initiate(body: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<HttpResponse> {
  return stage.caller.initiate({ property_id: PROPERTY, ...body }, { headers });
}

async function nothingHappened(): Promise<void> {
  expect(await stage.cloud.rows.keys()).toEqual([]);
  expect(stage.cloud.chapa?.transactions()).toEqual([]);
}

test.each<[string, Record<string, unknown>, string]>([
  ["a property that is no UUID", { property_id: "house 7" }, "property_id"],
  ["no property", { property_id: undefined }, "property_id"],
  ["a property of another type", { property_id: 7 }, "property_id"],
  ["no user", { user_id: undefined }, "user_id"],
  ["a request id that is no UUID", { request_id: "first" }, "request_id"],
  ["an amount of another type", { amount: { birr: 500 } }, "amount"],
  ["an amount that is no number", { amount: "five hundred" }, "amount"],
  ["an amount with three decimals", { amount: "500.001" }, "amount"],
  ["a currency of another type", { currency: 230 }, "currency"],
  ["a purpose that is no text", { purpose: ["listing_fee"] }, "purpose"],
])("a wrong field is answered 422 naming the field: %s", async (_, body, field) => {
  const answer = await initiate(body);
  expect(answer.status).toBe(422);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body).toMatchObject({
    code: "input_invalid",
    errors: [{ pointer: `/${field}`, loc: ["body", field] }],
  });
  expect(answer.body["detail"]).toMatch(new RegExp(`^The request is not valid: ${field}: .+\\.$`));
  await nothingHappened();
});

test.each(["{not json", "", "[1", "null", '"text"', "[]", "7"])(
  "an unreadable body is answered 422: %j",
  async (text) => {
    const { token } = stage.cloud.address.users.owner;
    const answer = await stage.caller.post("/api/v1/payments/initiate", text, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ loc: ["body"] }] } });
    await nothingHappened();
  },
);

test("an answer 422 names every wrong field at once", async () => {
  const { body } = await initiate({ property_id: "x", request_id: "y", amount: false });
  const errors = body["errors"] as { pointer: string }[];
  expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/amount", "/property_id", "/request_id"]);
});

test("a refused body leaves its request id usable", async () => {
  const request_id = randomUUID();
  expect((await initiate({ request_id, amount: 1 })).status).toBe(422);
  expect((await initiate({ request_id })).status).toBe(202);
});

test("extra keys that callers send are tolerated", async () => {
  const answer = await initiate({ currency: "ETB", is_test_mode: true, amount: 500.0, whatever: { deep: [1] } });
  expect(answer.status).toBe(202);
});

test("a UUID in any textual form means the same payment", async () => {
  const spelled = [PROPERTY, PROPERTY.toUpperCase(), PROPERTY.replaceAll("-", "")];
  const forms = [...spelled, `{${PROPERTY}}`, `urn:uuid:${PROPERTY}`, ` ${PROPERTY} `];
  const answers = await Promise.all(forms.map((property_id) => initiate({ property_id })));
  expect(answers.map(({ status }) => status)).toEqual(forms.map(() => 202));
  expect(new Set(answers.map(({ body }) => body["id"])).size).toBe(1);
  expect(answers.map(({ body }) => body["property_id"])).toEqual(forms.map(() => PROPERTY));
});

test.each([
  ["too little", 499.99],
  ["too much", "500.01"],
  ["nothing", 0],
  ["less than nothing", -500],
])("an amount that is not the price is answered 422 naming the price: %s", async (_, amount) => {
  const answer = await initiate({ amount });
  expect(answer.status).toBe(422);
  expect(answer.body["detail"]).toMatch(amount === -500 ? /amount/ : /500\.00 ETB/);
  await nothingHappened();
});

test("an unknown purpose is answered 422 naming the known ones", async () => {
  const answer = await initiate({ purpose: "rent" });
  expect(answer).toMatchObject({ status: 422, body: { code: "purpose_unknown" } });
  expect(answer.body["detail"]).toContain("listing_fee");
});

test("a user cannot pay in another user's name", async () => {
  const answer = await initiate({ user_id: USERS.owner2.id });
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
  await nothingHappened();
});

test("a request id sent again gives the same answer, and says so", async () => {
  const request_id = randomUUID();
  const [first, again] = [await initiate({ request_id }), await initiate({ request_id })];
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(again.body).toEqual(first.body);
});

test("a request id used for something else is answered 422 naming what differs", async () => {
  const request_id = randomUUID();
  expect((await initiate({ request_id })).status).toBe(202);
  const other = await initiate({ request_id, property_id: randomUUID() });
  expect(other).toMatchObject({ status: 422, body: { code: "request_differs" } });
  expect(other.body["detail"]).toContain("property_id");
  expect(stage.cloud.chapa?.transactions()).toHaveLength(1);
});

test("a request id may come as Idempotency-Key, and must not differ from the body's", async () => {
  const key = randomUUID();
  const first = await initiate({}, { "idempotency-key": key });
  const again = await initiate({ request_id: key });
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(again.body["id"]).toBe(first.body["id"]);
  const differs = await initiate({ request_id: randomUUID() }, { "idempotency-key": key });
  expect(differs).toMatchObject({ status: 422, body: { errors: [{ pointer: "/request_id" }] } });
});

describe("callers of initiate", () => {
  const token = (change: Record<string, unknown>) => {
    const now = stage.cloud.clock.now();
    const { id, role, email } = USERS.owner;
    const claims = { sub: id, role, email, ...change };
    return sign(claims, stage.cloud.address.jwtSecret, now - 1000, now + HOUR_MS);
  };

  test.each<[string, () => Promise<string>]>([
    ["is missing", async () => ""],
    ["is another scheme", async () => `Basic ${Buffer.from("a:b").toString("base64")}`],
    [
      "is a refresh token",
      async () => `Bearer ${await stage.cloud.services.users?.tokenFor(USERS.owner.id, { kind: "refresh" })}`,
    ],
    ["names nobody", async () => `Bearer ${await token({ sub: randomUUID() })}`],
  ])("a call is refused when the token %s, and the answer says how to open it", async (_, authorization) => {
    const answer = await initiate({}, { authorization: await authorization() });
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    await nothingHappened();
  });

  test("a tenant is refused, whatever their token claims", async () => {
    const { id } = USERS.tenant;
    const claimed = `Bearer ${await token({ sub: id, role: "owner" })}`;
    const honest = await stage.caller.initiate({ property_id: PROPERTY }, { as: "tenant" });
    const lying = await initiate({ user_id: id }, { authorization: claimed });
    expect([honest.status, lying.status]).toEqual([403, 403]);
    await nothingHappened();
  });

  test("a call is answered 503 while the user service cannot be asked, and nothing is lost", async () => {
    await stage.cloud.fault("users", "503");
    const during = await initiate();
    expect(during.status).toBe(503);
    expect(during.headers.get("retry-after")).toBe("5");
    await stage.cloud.fault("users", null);
    expect((await initiate()).status).toBe(202);
  });
});

test("the eleventh request of a minute is answered 429, and opens nothing to pay", async () => {
  for (let count = 0; count < LIMIT; count++) expect((await initiate({ property_id: randomUUID() })).status).toBe(202);
  const request_id = randomUUID();
  const refused = await initiate({ property_id: randomUUID(), request_id });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(refused.body).toMatchObject({ code: "rate_limited" });
  expect(await stage.cloud.rows.payments()).toHaveLength(LIMIT);
  expect(stage.cloud.chapa?.transactions()).toHaveLength(LIMIT);

  const flood = await Promise.all(Array.from({ length: 30 }, () => initiate({ property_id: randomUUID() })));
  expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([429]));
  const keys = await stage.cloud.rows.keys();
  expect(keys.filter((key) => key.startsWith("P#"))).toHaveLength(LIMIT);

  await stage.cloud.clock.advance(60_000);
  expect((await initiate({ property_id: randomUUID(), request_id })).status).toBe(202);
});

test("the limit lets a caller read the answer to an accepted request", async () => {
  const request_id = randomUUID();
  const first = await initiate({ request_id });
  for (let count = 0; count < LIMIT; count++) await initiate({ property_id: randomUUID() });
  const again = await initiate({ request_id });
  expect(again.status).toBe(202);
  expect(again.body["checkout_url"]).toBe(first.body["checkout_url"]);
});

test("each user has a limit of their own", async () => {
  for (let count = 0; count <= LIMIT; count++) await initiate({ property_id: randomUUID() });
  const other = await stage.caller.initiate({ property_id: PROPERTY }, { as: "owner2" });
  expect(other.status).toBe(202);
});

test("when Chapa refuses the data, the answer is 400 in our words, and stays so for this request", async () => {
  const request_id = randomUUID();
  const first = await initiate({ request_id, purpose: "too_small" });
  const detail = "The payment gateway refused this payment: it does not accept the amount.";
  expect(first).toMatchObject({ status: 400, body: { code: "gateway_refused", detail } });
  expect(await initiate({ request_id, purpose: "too_small" })).toMatchObject({ status: 400, body: { detail } });
  const [payment] = await stage.cloud.rows.payments();
  expect(payment).toMatchObject({ state: "FAILED", captures: [] });
});

test.each(["401burst", "apiDisabled", "cannotReceive"])(
  "when Chapa refuses us (%s), the answer is 503, nothing is given up and the request id stays usable",
  async (fault) => {
    const request_id = randomUUID();
    await stage.cloud.fault("chapa", { fault, route: "initialize" });
    const during = await initiate({ request_id });
    expect(during).toMatchObject({ status: 503, body: { code: "gateway_misconfigured" } });
    expect((await stage.cloud.rows.payments())[0]?.state).toBe("CREATED");
    await stage.cloud.fault("chapa", null);
    await stage.cloud.clock.advance(31_000);
    expect((await initiate({ request_id })).status).toBe(202);
  },
);

test("when Chapa is down, the answer is 503 with Retry-After, and the same attempt is used when it is back", async () => {
  const request_id = randomUUID();
  await stage.cloud.fault("chapa", "down");
  const during = await initiate({ request_id });
  expect(during).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
  expect(Number(during.headers.get("retry-after"))).toBeGreaterThan(0);
  await stage.cloud.fault("chapa", null);
  const after = await initiate({ request_id });
  expect(after.status).toBe(202);
  const [payment] = await stage.cloud.rows.payments();
  expect(payment?.attempt).toBe(0);
});

test.each(["500", "502", "malformedJson", "wrongContentType", "nullData", "resetAfterEffect", "resetMidBody"])(
  "when Chapa answers %s once, the owner still gets one checkout, and no other that was opened can be paid",
  async (fault) => {
    await stage.cloud.fault("chapa", { fault, route: "initialize", times: 1 });
    const answer = await initiate();
    expect(answer.status).toBe(202);
    await stage.cloud.settle();
    const live = stage.cloud.chapa?.transactions().filter(({ state }) => state === "OPEN") ?? [];
    expect(live.map(({ txRef }) => txRef)).toEqual([answer.body["chapa_tx_ref"]]);
  },
);

test("when Chapa answers with a checkout on a host that only looks like Chapa's, no payer is sent there", async () => {
  await stage.cloud.fault("chapa", { fault: "evilCheckoutHost", route: "initialize" });
  const answer = await initiate();
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body)).not.toContain("pay-here");
});

test("when Chapa refuses only the person's data, the checkout is opened without them", async () => {
  await stage.cloud.fault("chapa", { fault: "refusedEmail", route: "initialize", times: 1 });
  expect((await initiate()).status).toBe(202);
  const [withContact, without] = initializeBodies();
  expect(withContact).toContain(USERS.owner.email);
  expect(without).not.toContain(USERS.owner.email);
  expect(stage.cloud.chapa?.transactions()).toHaveLength(1);
});

test("when Chapa refuses the person's data for ever, the answer names them", async () => {
  await stage.cloud.fault("chapa", { fault: "refusedEmail", route: "initialize" });
  const answer = await initiate();
  expect(answer.status).toBe(400);
  expect(answer.body["detail"]).toContain("the e-mail address");
  expect(answer.text).not.toContain(USERS.owner.email);
  expect(initializeBodies()).toHaveLength(2);
});

function initializeBodies(): string[] {
  return (stage.cloud.chapa?.journal() ?? []).flatMap((entry) =>
    entry.kind === "request" && entry.path === "/v1/transaction/initialize" ? [entry.body.toString("utf8")] : [],
  );
}

describe("a table that is not the one of before", () => {
  const changeIdentity = (changes: Record<string, string>) =>
    documentClient().send(
      new UpdateCommand({
        TableName: TABLE_NAME,
        Key: tableIdentityKey,
        UpdateExpression: `SET ${Object.keys(changes).map((name) => `#${name} = :${name}`)}`,
        ExpressionAttributeNames: Object.fromEntries(Object.keys(changes).map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(changes).map(([name, value]) => [`:${name}`, value]),
        ),
      }),
    );
  const changeNamespace = async (namespace: string) => {
    stage.cloud.rotate("auth", { namespace });
    await stage.cloud.clock.advance(5 * 60_000);
  };

  test.each<[string, (isBack: boolean) => Promise<unknown>]>([
    [
      "the namespace in the secret is changed by hand",
      (isBack) => changeNamespace(isBack ? "local-namespace" : "changed-by-hand"),
    ],
    [
      "the table is restored under another name",
      async (isBack) => {
        await changeIdentity({ table: isBack ? TABLE_NAME : "payments-before" });
        await stage.cloud.clock.advance(30_000);
      },
    ],
  ])("a paid fee is not sold again after %s: presses are answered 503 until it is put back", async (_, change) => {
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "pay");
    const [paid] = await stage.cloud.rows.payments();
    const property_id = paid?.propertyId;
    await change(false);
    for (let times = 0; times < 2; times++) {
      const refused = await initiate({ property_id });
      expect(refused).toMatchObject({ status: 503, body: { code: "initiate_paused" } });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(stage.cloud.chapa?.transactions()).toHaveLength(1);
    expect(await stage.cloud.rows.payments()).toHaveLength(1);

    await change(true);
    expect(await initiate({ property_id })).toMatchObject({
      status: 202,
      body: { id: checkout.id, status: "SUCCESS" },
    });
  });
});

test("a field that is not known is ignored, and the answer names it; without such a field there are no warnings", async () => {
  const misspelt = await initiate({ ammount: 500, currency: "ETB", is_test_mode: true });
  expect([misspelt.status, misspelt.body["amount"]]).toEqual([202, 500]);
  expect(misspelt.body["warnings"]).toMatchObject([{ code: "unknown_field", field: "ammount" }]);
  const known = await initiate({ amount: 500, is_test_mode: true });
  expect([known.status, Object.hasOwn(known.body, "warnings")]).toEqual([202, false]);
});
