import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { aRef } from "../support/payments.ts";
import { openStage, paidUnnoticed, SILENT, simulatedChapa } from "../support/stage.ts";

const WEBHOOK = "/api/v1/webhook/chapa";
const MARK = "\ufeff";
const PROCESSED = { message: "Webhook processed successfully" };
const NOT_FOUND = { message: "Payment not found, no action taken" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000", RATE_LIMIT_TRIGGERS: "1000" });
});
beforeEach(async () => {
  await stage.cloud.reset();
  stage.plan({});
});
afterAll(() => stage.close());

const states = async () => (await stage.cloud.rows.payments()).map(({ state }) => state);
const claimOf = (txRef: string) => JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success" });

async function signed(body: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
  const answer = await stage.caller.webhook(body, { secret: CHAPA_DEFAULTS.webhookSecret, headers });
  await stage.cloud.settle();
  return answer;
}

async function constant(body: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
  const secret = CHAPA_DEFAULTS.webhookSecret;
  const signature = createHmac("sha256", secret).update(secret).digest("hex");
  const answer = await stage.caller.webhook(body, { headers: { "chapa-signature": signature, ...headers } });
  await stage.cloud.settle();
  return answer;
}

async function got(path: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
  const answer = await stage.caller.get(path, headers);
  await stage.cloud.settle();
  return answer;
}

async function asked(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${stage.cloud.address.api}${path}`, { method, redirect: "manual", ...init });
}

const bearer = () => ({ authorization: `Bearer ${stage.cloud.address.users.owner.token}` });

describe.each([
  ["signed", signed],
  ["with the constant header only", constant],
])("a webhook %s", (_, send) => {
  test.each<[string, (txRef: string) => string, Record<string, string>]>([
    ["a form", (txRef) => `event=charge.success&tx_ref=${txRef}&status=success`, FORM],
    ["a form that is called JSON, with the other name", (txRef) => `trx_ref=${txRef}`, {}],
    ["JSON behind a byte order mark", (txRef) => `${MARK}${claimOf(txRef)}`, {}],
    ["a form behind a byte order mark", (txRef) => `${MARK}tx_ref=${txRef}`, FORM],
    ["JSON that is called a form", claimOf, FORM],
  ])("a webhook that is %s is read as any other", async (_shape, bodyOf, headers) => {
    const { txRef } = await paidUnnoticed(stage);
    expect(await send(bodyOf(txRef), headers)).toMatchObject({ status: 200, body: PROCESSED });
    expect(await states()).toEqual(["SUCCESS"]);
  });
});

test.each(['{"event":"payout.success"}', '{"tx_ref":"ORDER-7f3a9c20"}', "event=transfer.approved", `tx_ref=${aRef()}`])(
  "a signed webhook %s that names none of our payments is answered with the sentence that is true",
  async (body) => {
    expect(await signed(body)).toMatchObject({ status: 200, body: NOT_FOUND });
  },
);

test.each<[string, (txRef: string) => string]>([
  ["joined with a comma", (txRef) => `trx_ref=${txRef},${txRef}`],
  ["sent twice", (txRef) => `trx_ref=${txRef}&trx_ref=${txRef}`],
  ["sent three times under the other name", (txRef) => `tx_ref=${txRef}&tx_ref=${txRef}&tx_ref=${txRef}`],
])("a callback whose reference is %s is about the one payment", async (_, queryOf) => {
  const { txRef } = await paidUnnoticed(stage);
  expect(await got(`${WEBHOOK}?${queryOf(txRef)}`)).toMatchObject({ status: 200, body: PROCESSED });
  expect(await states()).toEqual(["SUCCESS"]);
});

test("a callback that names two references is about neither", async () => {
  const [one, other] = [await stage.checkout(stage.addProperty()), await stage.checkout(stage.addProperty())];
  expect((await got(`${WEBHOOK}?trx_ref=${one.txRef},${other.txRef}`)).body).toEqual(NOT_FOUND);
});

test("a filter that is sent twice filters once", async () => {
  await stage.checkout(stage.addProperty());
  const { status, body } = await got("/api/v1/payments?status=PENDING&status=PENDING&limit=1&limit=1", bearer());
  expect([status, body["data"]]).toEqual([200, [expect.objectContaining({ status: "PENDING" })]]);
});

describe.each(["GET", "HEAD"])("the function's own URL asked with %s", (method) => {
  test("the address of the webhook is reachable to a check without a reference", async () => {
    const answer = await fetch(stage.cloud.address.webhook, { method });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(method === "HEAD" ? "" : '{"message":"Chapa\'s webhooks are received here"}');
  });
});

test("the function's own URL refuses other methods, and a callback there is read", async () => {
  const answer = await fetch(stage.cloud.address.webhook, { method: "PUT", body: "{}" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  const { txRef } = await paidUnnoticed(stage);
  await fetch(`${stage.cloud.address.webhook}?trx_ref=${txRef}`);
  await stage.cloud.settle();
  expect(await states()).toEqual(["SUCCESS"]);
});

describe("a request behind a byte order mark", () => {
  const property = () => ({ property_id: stage.addProperty(), user_id: USERS.owner.id });
  test("initiate reads a body with a byte order mark", async () => {
    const answer = await stage.caller.post("/api/v1/payments/initiate", MARK + JSON.stringify(property()), bearer());
    expect(answer).toMatchObject({ status: 202, body: { status: "PENDING" } });
  });

  test("initiate reads it also where the gateway delivers bytes", async () => {
    const headers = { ...bearer(), "content-type": "application/octet-stream" };
    const answer = await stage.caller.post("/api/v1/payments/initiate", MARK + JSON.stringify(property()), headers);
    expect(answer.status).toBe(202);
  });
});

describe("an Idempotency-Key in quotes", () => {
  const id = "4b6f7f1e-8a2d-4a5b-9a55-0d6a4b0f1c11";
  const press = (property_id: string, key: string, body: object = {}) =>
    stage.caller.initiate({ property_id, ...body }, { headers: { "idempotency-key": key } });

  test("a quoted key beside the same request_id is the same request", async () => {
    const answer = await press(stage.addProperty(), `"${id}"`, { request_id: id });
    expect(answer).toMatchObject({ status: 202, body: { request_id: id } });
  });

  test("a key is the same request with quotes and without", async () => {
    const propertyId = stage.addProperty();
    const [first, second] = [await press(propertyId, "order-7"), await press(propertyId, '"order-7"')];
    expect([first.status, second.status, second.headers.get("idempotent-replayed")]).toEqual([202, 202, "true"]);
    expect((await got("/api/v1/payments/by-request/%22order-7%22", bearer())).status).toBe(200);
  });

  test.each(['""', '"a b"', 'a"b c'])("the key %s is none, and is refused", async (key) => {
    expect((await press(stage.addProperty(), key)).status).toBe(422);
  });
});

describe("a login form", () => {
  const boundary = "----geckoformboundary";
  const part = ([name, value]: [string, string]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const multipart = (fields: Record<string, string>) =>
    `${Object.entries(fields).map(part).join("")}--${boundary}--\r\n`;
  const fields = { grant_type: "password", username: USERS.owner.email, password: PASSWORD };
  const type = `multipart/form-data; boundary=${boundary}`;

  test.each<[string, string, string]>([
    ["multipart", multipart(fields), type],
    ["multipart behind a byte order mark", MARK + multipart(fields), type],
    ["multipart in other capitals", multipart(fields), `Multipart/Form-Data; Boundary="${boundary}"`],
    ["urlencoded", new URLSearchParams(fields).toString(), "application/x-www-form-urlencoded;charset=UTF-8"],
    ["urlencoded behind a byte order mark", MARK + new URLSearchParams(fields).toString(), FORM["content-type"]],
  ])("a login is read from a form that is %s", async (_, body, contentType) => {
    const answer = await stage.caller.post("/token", body, { "content-type": contentType });
    expect(answer).toMatchObject({ status: 200, body: { token_type: "bearer" } });
  });

  test("a wrong password in a multipart form is a wrong login", async () => {
    const answer = await stage.caller.post("/token", multipart({ ...fields, password: "wrong" }), {
      "content-type": type,
    });
    expect(answer.status).toBe(401);
  });

  test.each([
    ["without its boundary", multipart(fields), "multipart/form-data"],
    ["that ends early", multipart(fields).slice(0, 150), type],
    ["without fields", `--${boundary}--\r\n`, type],
    ["whose user name has a NUL", multipart({ ...fields, username: "a\0b" }), type],
    ["whose password has a NUL", multipart({ ...fields, password: "a\0b" }), type],
  ])("a multipart form %s is refused with 422", async (_, body, contentType) => {
    expect((await stage.caller.post("/token", body, { "content-type": contentType })).status).toBe(422);
  });

  test("a multipart form that is too large is refused before it is read", async () => {
    const body = multipart({ ...fields, note: "x".repeat(9_000) });
    expect((await stage.caller.post("/token", body, { "content-type": type })).status).toBe(413);
  });
});

describe("HEAD", () => {
  test.each(["/health", "/metrics", "/openapi.json", "/api/v1/health"])(
    "HEAD %s is as GET, without a body",
    async (path) => {
      const [head, get] = [await asked("HEAD", path), await asked("GET", path)];
      expect([head.status, await head.text()]).toEqual([get.status, ""]);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    },
  );

  test("HEAD of a payment needs the same caller as GET, and gives the same tag", async () => {
    const { id } = await stage.checkout(stage.addProperty());
    const path = `/api/v1/payments/${id}/status`;
    expect((await asked("HEAD", path)).status).toBe(401);
    const [head, get] = [
      await asked("HEAD", path, { headers: bearer() }),
      await asked("GET", path, { headers: bearer() }),
    ];
    expect([head.status, head.headers.get("etag")]).toEqual([200, get.headers.get("etag")]);
  });

  test("HEAD of an address that only takes POST is refused, and so is every other method of one that is read", async () => {
    const answers = [
      await asked("HEAD", "/token"),
      await asked("DELETE", "/health"),
      await asked("OPTIONS", "/health"),
      await asked("PUT", "/api/v1/payments/initiate"),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get("allow")])).toEqual([
      [405, "POST"],
      [405, "GET, HEAD"],
      [405, "GET, HEAD"],
      [405, "POST"],
    ]);
  });
});

describe("a slash too many", () => {
  test.each([
    ["/metrics/", "/metrics"],
    ["/health/?a=1&b=2", "/health?a=1&b=2"],
    ["/api/v1/payments/", "/api/v1/payments"],
    ["/api/v1/payments/by-request/a%20b/", "/api/v1/payments/by-request/a%20b"],
  ])("%s leads to the address without it", async (path, location) => {
    const answer = await asked("GET", path);
    expect([answer.status, answer.headers.get("location")]).toEqual([308, location]);
  });

  test("the return page with a slash too many leads the browser to the same page", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    const page = await fetch(`${stage.cloud.address.api}/api/v1/payments/return/${checkout.txRef}/`);
    expect([page.status, page.redirected]).toEqual([200, true]);
    expect(await page.text()).toContain(checkout.txRef);
  });

  test("initiate with a slash too many keeps its method and body", async () => {
    const body = JSON.stringify({ property_id: stage.addProperty(), user_id: USERS.owner.id });
    const headers = { "content-type": "application/json", ...bearer() };
    const answer = await asked("POST", "/api/v1/payments/initiate/", { headers, body, redirect: "follow" });
    expect(answer.status).toBe(202);
  });

  test.each(["//", "/metrics//", "//evil.example/", "/nowhere/", "/api/v1/payments//"])(
    "%s leads nowhere else",
    async (path) => {
      const { status, headers } = await asked("GET", path);
      expect([status, headers.get("location")]).toEqual([404, null]);
    },
  );
});

describe("a front end whose routes are behind a hash", () => {
  test.each([
    ["https://app.rental.et/#/payment/success", "https://app.rental.et/#/payment/success?"],
    ["https://app.rental.et/?v=2#/done?from=chapa", "https://app.rental.et/?v=2#/done?from=chapa&"],
    ["https://app.rental.et/#!/done/", "https://app.rental.et/#!/done/?"],
    ["https://app.rental.et/#/", "https://app.rental.et/#/?"],
    ["https://app.rental.et/done#top", "https://app.rental.et/done?"],
  ])("the parameters of %s stand where the front end reads them", async (FRONTEND_REDIRECT_URL, beginning) => {
    await stage.cloud.redeploy({ FRONTEND_REDIRECT_URL, FRONTEND_ORIGINS: "https://app.rental.et" });
    stage.plan(SILENT);
    const checkout = await stage.checkout(stage.addProperty());
    await stage.act(checkout, "close-tab");
    const page = await asked("GET", `/api/v1/payments/return/${checkout.txRef}`);
    const location = page.headers.get("location") ?? "";
    expect([page.status, location.slice(0, beginning.length)]).toEqual([303, beginning]);
    expect(location).toContain(`tx_ref=${checkout.txRef}`);
    await stage.cloud.redeploy({ FRONTEND_REDIRECT_URL: "https://app.rental.et/done" });
  });
});

describe("a preflight", () => {
  const origin = "http://localhost:5173";
  test.each(["x-requested-with", "authorization, x-request-id, cache-control"])(
    "a browser may send %s",
    async (names) => {
      const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": names };
      const answer = await asked("OPTIONS", "/api/v1/payments/initiate", { headers });
      const allowed = answer.headers.get("access-control-allow-headers")?.split(",") ?? [];
      expect([answer.status, names.split(", ").filter((name) => !allowed.includes(name))]).toEqual([204, []]);
    },
  );
});

test.each(["tx_ref", "states", "attentions", "property", "user-id"])(
  "a list asked with %s, which is no filter, is refused and never shows other people's payments",
  async (name) => {
    await stage.checkout(stage.addProperty());
    const headers = { authorization: `Bearer ${stage.cloud.address.users.admin.token}` };
    const { status, body } = await got(`/api/v1/payments?${name}=x`, headers);
    expect([status, body["errors"]]).toEqual([
      422,
      [expect.objectContaining({ loc: ["query", name], msg: "unknown" })],
    ]);
  },
);

const initialized = () =>
  simulatedChapa(stage)
    .journal()
    .flatMap((entry) =>
      entry.kind === "request" && entry.path === "/v1/transaction/initialize" ? [entry.body.toString("utf8")] : [],
    );

test.each(["00251911223344", "0911.22.33.44", "\u202a+251 911 22 33 44\u202c"])(
  "the phone %j of a payer is sent to Chapa in the form that it reads",
  async (phone_number) => {
    const user_id = USERS.owner.id;
    const body = { property_id: stage.addProperty(), user_id, customer: { phone_number } };
    expect((await stage.caller.initiateByKey(body)).status).toBe(202);
    expect(initialized()).toEqual([expect.stringContaining('"phone_number":"0911223344"')]);
  },
);

describe("a refusal of contact data", () => {
  test.each([
    "The email must be a valid email address.",
    "validation.email",
    "validation.required",
    "Phone number is not supported",
    "The last name format is invalid.",
  ])("the checkout is opened without contact data after Chapa refuses it with %j", async (word) => {
    await stage.cloud.fault("chapa", { fault: "refusedInWords", route: "initialize", word, times: 1 });
    expect(await stage.press(stage.addProperty())).toMatchObject({ status: 202, body: { status: "PENDING" } });
    expect(initialized().map((body) => body.includes(USERS.owner.email))).toEqual([true, false]);
  });

  test("a refusal that is not about contact data is final at once", async () => {
    const word = "The amount must not exceed 1000000.";
    await stage.cloud.fault("chapa", { fault: "refusedInWords", route: "initialize", word });
    expect((await stage.press(stage.addProperty())).status).toBe(400);
    expect(initialized()).toHaveLength(1);
  });

  test("a refusal in words that name contact data is no fault of the payer's after the try without it", async () => {
    const word = "Write to our e-mail address, your account is suspended";
    await stage.cloud.fault("chapa", { fault: "refusedInWords", route: "initialize", word });
    expect((await stage.press(stage.addProperty())).body["code"]).toBe("gateway_misconfigured");
    expect(initialized()).toHaveLength(2);
    expect(await states()).toEqual(["CREATED"]);
  });

  test("a refusal of contact data after a lost answer is not final, and the next press goes on without it", async () => {
    const propertyId = stage.addProperty();
    await stage.cloud.fault("chapa", { fault: "resetBeforeHeaders", route: "initialize", times: 1 });
    await stage.cloud.fault("chapa", { fault: "refusedEmail", route: "initialize", times: 2 });
    expect((await stage.press(propertyId)).status).toBe(503);
    expect(await states()).toEqual(["CREATED"]);
    await stage.cloud.clock.advance(5_000);
    expect((await stage.press(propertyId)).status).toBe(202);
  });
});
