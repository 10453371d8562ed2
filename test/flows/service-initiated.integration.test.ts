import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Stage } from "../../local/demo/stage.ts";
import { USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const aBody = (change: Record<string, unknown> = {}) => ({
  user_id: USERS.owner.id,
  property_id: randomUUID(),
  request_id: randomUUID(),
  ...change,
});

function ordersAtChapa(): Record<string, unknown>[] {
  return (stage.cloud.chapa?.journal() ?? []).flatMap((entry) =>
    entry.kind === "request" && entry.path === "/v1/transaction/initialize" ? [JSON.parse(String(entry.body))] : [],
  );
}

test("a program that acts for a user by its key gets the user's payment", async () => {
  const body = aBody();
  const program = await stage.caller.initiateByKey(body);
  expect(program.status).toBe(202);
  const owner = await stage.caller.initiate({ property_id: body.property_id });
  expect([owner.body["id"], owner.body["checkout_url"]]).toEqual([program.body["id"], program.body["checkout_url"]]);
  const status = await stage.caller.status(String(program.body["id"]));
  expect(status.body["user_id"]).toBe(USERS.owner.id);
});

test("a program that acts for a user by its AWS identity gets the payment, and no caller without one does", async () => {
  const body = aBody();
  const signed = await stage.caller.initiateSigned(body);
  expect(signed.status).toBe(202);
  const unsigned = await stage.caller.post("/internal/v1/payments/initiate", JSON.stringify(body), {
    authorization: `Bearer ${stage.cloud.address.users.admin.token}`,
    "x-api-key": stage.cloud.address.apiKey,
  });
  expect([unsigned.status, unsigned.body]).toEqual([403, { message: "Forbidden" }]);
  expect(stage.cloud.chapa?.transactions()).toHaveLength(1);
});

test("a program may give a user's contact data, and then User Management is not asked", async () => {
  const customer = { email: "somebody@mail.et", phone_number: "+251911000000", full_name: "Almaz Bekele" };
  await stage.cloud.fault("users", "down");
  const answer = await stage.caller.initiateByKey(aBody({ customer, user_id: randomUUID() }));
  expect(answer.status).toBe(202);
  expect(ordersAtChapa()[0]).toMatchObject({
    email: "somebody@mail.et",
    phone_number: "0911000000",
    first_name: "Almaz",
    last_name: "Bekele",
  });
});

test("a program need not give contact data: the user is read with the service's own login", async () => {
  expect((await stage.caller.initiateByKey(aBody())).status).toBe(202);
  expect(ordersAtChapa()[0]).toMatchObject({ email: USERS.owner.email, phone_number: "0911223344" });
});

test("a program that names an unknown user is answered 404 in the original's words, and nothing is opened", async () => {
  const answer = await stage.caller.initiateByKey(aBody({ user_id: randomUUID() }));
  expect([answer.status, answer.body["code"], answer.body["detail"]]).toEqual([
    404,
    "user_unknown",
    "User details not found for the provided user_id",
  ]);
  expect(await stage.cloud.rows.keys()).toEqual([]);
});

test("a program is served while the user service is down, since a payment needs no contact data", async () => {
  await stage.cloud.fault("users", "down");
  expect((await stage.caller.initiateByKey(aBody())).status).toBe(202);
  expect(ordersAtChapa()[0]).not.toHaveProperty("email");
});

test("a program with a wrong key is refused", async () => {
  const answer = await stage.caller.initiateByKey(aBody(), "wrong");
  expect([answer.status, answer.body["code"]]).toEqual([401, "unauthenticated"]);
});

test("a user cannot give an e-mail address of their own", async () => {
  const customer = { email: "somebody-else@mail.et" };
  expect((await stage.caller.initiate(aBody({ customer }))).status).toBe(202);
  expect(ordersAtChapa()[0]).toMatchObject({ email: USERS.owner.email });
});

describe("browsers of other origins", () => {
  const preflight = (origin: string) =>
    fetch(`${stage.cloud.address.api}/api/v1/payments/initiate`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });

  test("a browser may call from the frontend's origin and read what it needs, errors included", async () => {
    const asked = await preflight("http://localhost:5173");
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
    expect(asked.headers.get("access-control-allow-headers")).toContain("authorization");
    const unknown = await stage.caller.get("/nowhere", { origin: "http://localhost:5173" });
    const refused = await stage.caller.get(`/api/v1/payments/${randomUUID()}/status`, {
      origin: "http://localhost:5173",
    });
    expect([unknown.status, refused.status]).toEqual([404, 401]);
    for (const { headers } of [unknown, refused]) {
      expect(headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
      expect(headers.get("access-control-expose-headers")).toContain("retry-after");
    }
  });

  test.each(["https://evil.example", "http://localhost:51730", "null", "http://localhost:5173.evil.example"])(
    "a browser may not call from %s",
    async (origin) => {
      const asked = await preflight(origin);
      const answered = await stage.caller.get("/nowhere", { origin });
      expect(asked.headers.get("access-control-allow-origin")).toBeNull();
      expect(answered.headers.get("access-control-allow-origin")).toBeNull();
    },
  );
});
