import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import type { UserKey } from "../../local/users.ts";
import { openStage, paidUnnoticed, simulatedChapa, verifiedAt } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const Page = z.object({
  data: z.array(z.looseObject({ id: z.string(), user_id: z.string(), status: z.string() })),
  has_more: z.boolean(),
  next_cursor: z.string().nullable(),
});

const bearer = (as: UserKey) => ({ authorization: `Bearer ${stage.cloud.address.users[as].token}` });
const key = () => ({ "x-api-key": stage.cloud.address.apiKey });
const read = (path: string, headers: Record<string, string> = bearer("owner")) =>
  stage.caller.get(`/api/v1/payments${path}`, headers);
const post = (path: string, headers: Record<string, string>) =>
  stage.caller.post(`/api/v1/payments${path}`, "", headers);

async function opened(as: UserKey = "owner", body: Record<string, unknown> = {}): Promise<HttpResponse> {
  const response = await stage.caller.initiate({ property_id: randomUUID(), ...body }, { as });
  expect(response.status).toBe(202);
  return response;
}

function listed(response: HttpResponse) {
  expect(response.status).toBe(200);
  return Page.parse(response.body);
}

/** Follows every page of a list. */
async function pages(path: string, headers: Record<string, string>): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null, n = 0; n < 50; n++) {
    const separator: string = path.includes("?") ? "&" : "?";
    const page = listed(await read(`${path}${cursor === null ? "" : `${separator}cursor=${cursor}`}`, headers));
    ids.push(...page.data.map(({ id }) => id));
    expect(page.has_more).toBe(page.next_cursor !== null);
    cursor = page.next_cursor;
    if (cursor === null) return ids;
  }
  throw new Error("the list does not end");
}

test("a list of payments shows owners their own, latest first, page by page, each once", async () => {
  const mine: string[] = [];
  for (let n = 0; n < 7; n++) mine.push(String((await opened()).body["id"]));
  await opened("owner2", { user_id: stage.cloud.address.users.owner2.user_id });

  expect(await pages("?limit=3", bearer("owner"))).toEqual(mine.toReversed());
  expect(await pages("?limit=7", bearer("owner"))).toEqual(mine.toReversed());
  const { headers } = await read("?limit=3");
  expect(headers.get("link")).toMatch(/^<\/api\/v1\/payments\?limit=3&cursor=[\w.%-]+>; rel="next"$/);
});

test("a list of payments shows administrators and programs all payments over several days, or one user's", async () => {
  const { owner, owner2 } = stage.cloud.address.users;
  const first = String((await opened()).body["id"]);
  await stage.cloud.clock.advance(2 * DAY_MS);
  const second = String((await opened("owner2", { user_id: owner2.user_id })).body["id"]);
  await stage.cloud.clock.advance(DAY_MS);
  const third = String((await opened()).body["id"]);

  expect(await pages("?limit=1", bearer("admin"))).toEqual([third, second, first]);
  expect(await pages("", key())).toEqual([third, second, first]);
  expect(await pages(`?user_id=${owner2.user_id}`, key())).toEqual([second]);
  expect(await pages(`?user_id=${owner.user_id.toUpperCase()}&limit=1`, bearer("admin"))).toEqual([third, first]);
  expect((await read(`?user_id=${owner.user_id}`, bearer("owner2"))).status).toBe(403);
  expect(await pages("", bearer("tenant"))).toEqual([]);
});

test("a list of payments can be narrowed to a status and to days or moments", async () => {
  const paid = await stage.checkout(stage.addProperty());
  await stage.act(paid, "pay");
  const before = new Date(stage.cloud.clock.now() + 1).toISOString();
  await stage.cloud.clock.advance(DAY_MS);
  const open = String((await opened()).body["id"]);
  const today = new Date(stage.cloud.clock.now() + 3 * 60 * MINUTE_MS).toISOString().slice(0, 10);

  expect(await pages("?status=SUCCESS", bearer("owner"))).toEqual([paid.id]);
  expect(await pages("?status=FAILED", bearer("owner"))).toEqual([]);
  expect(await pages(`?from=${today}`, bearer("owner"))).toEqual([open]);
  expect(await pages(`?to=${before}`, bearer("admin"))).toEqual([paid.id]);
  expect(await pages(`?from=${before}&status=PENDING`, key())).toEqual([open]);
  expect(await pages("?from=2020-01-01&to=2020-01-31", bearer("admin"))).toEqual([]);
});

test.each([
  ["limit=0", "limit"],
  ["limit=101", "limit"],
  ["limit=x", "limit"],
  ["status=PAID", "status"],
  ["from=yesterday", "from"],
  ["user_id=7", "user_id"],
  ["cursor=abc", "cursor"],
  ["cursor=WyJhIiwxXQ.AAAAAAAAAAAAAAAAAAAAAA", "cursor"],
])("a list of payments is refused with 422 naming the field: %s", async (query, field) => {
  expect(await read(`?${query}`)).toMatchObject({ status: 422, body: { errors: [{ loc: ["query", field] }] } });
});

test("a list of payments gives cursors that are good for the very same list only", async () => {
  for (let n = 0; n < 3; n++) await opened();
  const { next_cursor } = listed(await read("?limit=1"));
  expect((await read(`?limit=2&cursor=${next_cursor}`)).status).toBe(200);
  expect((await read(`?status=PENDING&cursor=${next_cursor}`)).status).toBe(422);
  expect((await read(`?cursor=${next_cursor}`, bearer("owner2"))).status).toBe(422);
  expect((await read(`?cursor=${next_cursor}`, bearer("admin"))).status).toBe(422);
});

test("the status of a payment has its state, where it can be paid, its reference and when to ask again, for all who may read it", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  for (const headers of [bearer("owner"), bearer("admin"), key()]) {
    const { status, body } = await read(`/${checkout.id}/status`, headers);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: checkout.id, status: "PENDING", state: "PENDING", amount: 500, currency: "ETB" });
    expect(body).toMatchObject({ chapa_tx_ref: "********", reference: checkout.txRef, checkout_url: checkout.url });
    expect(body).toMatchObject({ failure_code: null, retry_after: 3 });
  }
  const other = await read(`/${checkout.id}/status`, bearer("owner2"));
  expect(other.status).toBe(403);
  expect(JSON.stringify(other.body)).not.toContain(checkout.txRef);
});

test("the status gives out no link of a checkout past its window or of a paid payment, and then names no time to ask again", async () => {
  const late = await stage.checkout(stage.addProperty());
  await stage.cloud.clock.advance(60 * MINUTE_MS);
  expect((await stage.status(late)).body).toMatchObject({ status: "PENDING", checkout_url: null, retry_after: 60 });
  const paid = await stage.checkout(stage.addProperty());
  await stage.act(paid, "pay");
  expect((await stage.status(paid)).body).toMatchObject({ status: "SUCCESS", checkout_url: null, retry_after: null });
});

test("a failed try has a code in the status and in the detail, gives out no link, and is forgotten once it is paid", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "fail");
  const failed = { status: "PENDING", failure_code: "try_failed", failure_reason: expect.any(String) };
  expect((await stage.status(checkout)).body).toMatchObject({ ...failed, checkout_url: null });
  expect((await read(`/${checkout.id}`)).body).toMatchObject(failed);
  await stage.act(checkout, "pay");
  expect((await stage.status(checkout)).body).toMatchObject({ failure_code: null, failure_reason: null });
});

test("the status of an unknown payment is 404 in the original's words", async () => {
  const body = { detail: "Payment not found", code: "payment_not_found" };
  expect(await stage.caller.status(randomUUID())).toMatchObject({ status: 404, body });
});

test("the type of an error leads to the explanation of its code, on the same address as the API", async () => {
  const { api } = stage.cloud.address;
  for (const { body } of [await stage.caller.status(randomUUID()), await read("", {}), await read("?limit=x")]) {
    const { type, code } = z.object({ type: z.string(), code: z.string() }).parse(body);
    const { pathname, hash } = new URL(type, api);
    const page = await stage.caller.browse(`${api}${pathname}`);
    expect([page.status, hash]).toEqual([200, `#${code}`]);
    expect(page.text).toContain(`<h2 id="${code}">`);
  }
});

test("the status of a payment names the path's parameter when it is no UUID", async () => {
  const body = { errors: [{ loc: ["path", "payment_id"] }] };
  expect(await stage.caller.status("not-a-uuid")).toMatchObject({ status: 422, body });
});

test("one payment shows its whole history; references and evidence only to administrators and programs", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.act(checkout, "pay");
  const own = await read(`/${checkout.id}`);
  expect(own.body).toMatchObject({
    id: checkout.id,
    status: "SUCCESS",
    chapa_tx_ref: "********",
    expires_at: null,
    attempts: [{ number: 0, chapa_tx_ref: "********", amount: 500, end: "paid" }],
    captures: [{ attempt: 0, kind: "confirmed", amount: 500, currency: "ETB", reference: "********" }],
    history: [{ transition: "claim" }, { transition: "open" }, { transition: "confirm", evidence: null }],
  });
  for (const headers of [bearer("admin"), key()]) {
    const { body } = await read(`/${checkout.id}`, headers);
    expect(body).toMatchObject({ chapa_tx_ref: checkout.txRef, attempts: [{ chapa_tx_ref: checkout.txRef }] });
    expect(JSON.stringify(body["history"])).toMatch(/paid AP/);
  }
  expect((await read(`/${checkout.id}`, bearer("owner2"))).status).toBe(403);
  expect((await read(`/${randomUUID()}`)).status).toBe(404);
});

test("one payment is found by its request id, with its checkout for the caller who may pay it", async () => {
  const { owner } = stage.cloud.address.users;
  const request_id = randomUUID();
  const { body: made } = await opened("owner", { request_id });
  const path = `/by-request/${request_id.toUpperCase()}`;
  expect((await read(path)).body).toMatchObject({ id: made["id"], request_id, checkout_url: made["checkout_url"] });
  expect((await read(`${path}?user_id=${owner.user_id}`, key())).body).toMatchObject({
    id: made["id"],
    checkout_url: made["checkout_url"],
  });
  const forAdmin = await read(`${path}?user_id=${owner.user_id}`, bearer("admin"));
  expect(forAdmin.body).toMatchObject({ id: made["id"], checkout_url: null, request_id });
  const others = [
    await read(path, bearer("owner2")),
    await read(`${path}?user_id=${owner.user_id}`, bearer("owner2")),
    await read(path, key()),
    await read(`/by-request/${randomUUID()}`),
  ];
  expect(others.map(({ status }) => status)).toEqual([404, 403, 422, 404]);
});

test("a request id that is no UUID names a payment as well", async () => {
  const response = await stage.caller.initiate(
    { property_id: randomUUID() },
    { headers: { "idempotency-key": "order/7?x" } },
  );
  expect((await read(`/by-request/${encodeURIComponent("order/7?x")}`)).body["id"]).toBe(response.body["id"]);
});

test.each(["", "/status"])("one payment is not sent again to a caller who has it: %s", async (suffix) => {
  const checkout = await stage.checkout(stage.addProperty());
  const path = `/${checkout.id}${suffix}`;
  const etag = (await read(path)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const same = await read(path, { ...bearer("owner"), "if-none-match": etag });
  expect([same.status, same.text, same.headers.get("etag")]).toEqual([304, "", etag]);
  expect((await read(path, { ...bearer("owner"), "if-none-match": `"x", W/${etag}` })).status).toBe(304);
  await stage.act(checkout, "pay");
  const changed = await read(path, { ...bearer("owner"), "if-none-match": etag });
  expect([changed.status, changed.body["status"]]).toEqual([200, "SUCCESS"]);
  expect(changed.headers.get("cache-control")).toBe("private, no-cache");
});

test("an administrator answers one entry of attention by its id and the version that they saw, and the alarm's gauge falls", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "wrong-amount", { amount: "5.00" });
  const { body } = await read(`/${checkout.id}`, bearer("admin"));
  const [{ id }] = z.tuple([z.looseObject({ id: z.string(), answered: z.null() })]).parse(body["attention"]);
  expect((await stage.outcome()).gauges.OpenAttention).toBe(1);
  const answer = (entry: string, version: unknown, headers = bearer("admin")) =>
    stage.caller.post(
      `/api/v1/payments/${checkout.id}/attention/${entry}`,
      JSON.stringify({ reason: "refunded in the dashboard", version }),
      headers,
    );
  const codeOf = async (response: Promise<HttpResponse>) => (await response).body["code"];
  expect(await codeOf(answer("mismatch-OTHER", body["version"]))).toBe("entry_not_found");
  expect(await codeOf(answer(id, Number(body["version"]) - 1))).toBe("version_changed");
  expect(await codeOf(answer(id, "1"))).toBe("input_invalid");
  expect(await codeOf(answer(id, body["version"], bearer("owner")))).toBe("forbidden");

  const answered = await answer(id, body["version"]);
  expect(answered.status).toBe(200);
  expect(answered.body).toMatchObject({
    state: "REVIEW",
    version: Number(body["version"]) + 1,
    attention: [
      { id, answered: { by: `user:${stage.cloud.address.users.admin.user_id}`, reason: "refunded in the dashboard" } },
    ],
  });
  expect((await stage.outcome()).gauges.OpenAttention).toBe(0);
  const again = await answer(id, body["version"]);
  expect([again.status, again.body["version"]]).toEqual([200, answered.body["version"]]);
});

test("an owner sees that a person is called, not about which reference", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "wrong-amount", { amount: "5.00" });
  const { body } = await read(`/${checkout.id}`);
  expect(body["attention"]).toMatchObject([{ id: "********", code: "mismatch", subject: "********", answered: null }]);
});

test("a manual verification is answered with Chapa's present result, to administrators and programs", async () => {
  const checkout = await paidUnnoticed(stage);
  expect((await stage.status(checkout)).body["status"]).toBe("PENDING");
  const verified = await post(`/${checkout.id}/verify`, bearer("admin"));
  expect(verified).toMatchObject({ status: 200, body: { status: "SUCCESS", captures: [{ kind: "confirmed" }] } });
  expect(verified.headers.get("ratelimit")).toMatch(/^"verify";r=29;t=\d+$/);
  expect((await post(`/${checkout.id}/verify`, bearer("owner"))).status).toBe(403);
});

test("a manual verification asks Chapa at most once in five seconds, and is 503 when Chapa does not answer", async () => {
  const checkout = await stage.checkout(stage.addProperty());
  const answers = [await post(`/${checkout.id}/verify`, key()), await post(`/${checkout.id}/verify`, key())];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(verifiedAt(stage)).toEqual([checkout.txRef]);
  await stage.cloud.fault("chapa", "down");
  await stage.cloud.clock.advance(6 * SECOND_MS);
  expect((await post(`/${checkout.id}/verify`, key())).status).toBe(503);
});

test("a read of a state that is not fresh causes a verification and does not wait for it", async () => {
  const checkout = await paidUnnoticed(stage);
  await stage.status(checkout);
  await stage.cloud.settle();
  expect((await stage.status(checkout)).body["status"]).toBe("PENDING");
  await stage.cloud.clock.advance(16 * SECOND_MS);
  expect((await stage.status(checkout)).body["status"]).toBe("PENDING");
  await stage.cloud.settle();
  expect((await stage.status(checkout)).body["status"]).toBe("SUCCESS");
});

test("a cancellation closes its checkout at Chapa, tells the payer, and lets them begin anew", async () => {
  const property = stage.addProperty();
  const checkout = await stage.checkout(property);
  const cancelled = await post(`/${checkout.id}/cancel`, bearer("owner"));
  expect([cancelled.status, cancelled.body["status"], cancelled.body["state"]]).toEqual([200, "FAILED", "CANCELLED"]);
  expect(stage.cloud.chapa?.transaction(checkout.txRef)?.state).toBe("CANCELLED");
  expect((await post(`/${checkout.id}/cancel`, bearer("admin"))).status).toBe(200);
  await stage.cloud.settle();
  await stage.cloud.sweep();
  expect(stage.cloud.services.notification?.sent().map(({ eventType }) => eventType)).toEqual(["payment_failed"]);
  const again = await stage.checkout(property);
  expect([again.id, again.url === checkout.url]).toEqual([checkout.id, false]);
});

test("a cancellation is refused when the payment was paid, even if no webhook has come", async () => {
  const checkout = await paidUnnoticed(stage);
  const refused = await post(`/${checkout.id}/cancel`, bearer("owner"));
  expect([refused.status, refused.body["code"]]).toEqual([409, "payment_taken"]);
  expect((await stage.status(checkout)).body["status"]).toBe("SUCCESS");
  expect((await post(`/${checkout.id}/cancel`, bearer("admin"))).status).toBe(409);
});

test.each([
  ["verify", "gateway_unavailable"],
  ["cancel", "checkout_closing"],
])("a cancellation changes nothing while Chapa does not answer its %s", async (route, code) => {
  const checkout = await stage.checkout(stage.addProperty());
  await stage.cloud.fault("chapa", { fault: "503", route: `/transaction/${route}` });
  const refused = await post(`/${checkout.id}/cancel`, bearer("owner"));
  expect([refused.status, refused.body["code"]]).toEqual([503, code]);
  expect((await stage.cloud.rows.payments())[0]).toMatchObject({ state: "PENDING", version: 2 });
});

test("a cancellation and a payment in the same moment end in one final state", async () => {
  for (let round = 0; round < 5; round++) {
    const checkout = await stage.checkout(stage.addProperty());
    const [cancelled] = await Promise.all([
      post(`/${checkout.id}/cancel`, bearer("owner")),
      stage.caller.act(checkout.url, "pay"),
    ]);
    await stage.cloud.settle();
    await stage.cloud.clock.advance(6 * SECOND_MS);
    await stage.cloud.settle();
    const isPaid = (stage.cloud.chapa?.captures() ?? []).some(({ txRef }) => txRef === checkout.txRef);
    const { body } = await stage.status(checkout);
    expect(body["status"]).toBe(isPaid ? "SUCCESS" : "FAILED");
    if (isPaid && cancelled?.status === 200) expect(body["state"]).toBe("SUCCESS");
  }
});

test("status names the request that began the payment; initiate and by-request name the caller's own", async () => {
  const [property_id, first, second] = [randomUUID(), randomUUID(), randomUUID()];
  const began = await opened("owner", { property_id, request_id: first });
  const again = await opened("owner", { property_id, request_id: second });
  expect([began.body["request_id"], again.body["request_id"]]).toEqual([first, second]);
  const { id } = again.body;
  for (const path of [`/${id}/status`, `/${id}`]) expect((await read(path)).body).toMatchObject({ request_id: first });
  for (const request of [first, second]) {
    expect((await read(`/by-request/${request}`)).body).toMatchObject({ id, request_id: request });
  }
});

test("status names no request if the payment began with an Idempotency-Key that is no UUID", async () => {
  const owner = stage.cloud.address.users.owner.user_id;
  const body = JSON.stringify({ property_id: randomUUID(), user_id: owner });
  const headers = { ...bearer("owner"), "content-type": "application/json", "idempotency-key": "press-1" };
  const { status, body: began } = await stage.caller.post("/api/v1/payments/initiate", body, headers);
  expect([status, began["request_id"]]).toEqual([202, "press-1"]);
  expect((await read(`/${began["id"]}/status`)).body["request_id"]).toBeNull();
});

test("Chapa's dashboard shows the payment id and the property beside each transaction", async () => {
  const property_id = randomUUID();
  const { id } = (await opened("owner", { property_id })).body;
  const asked = simulatedChapa(stage)
    .journal()
    .flatMap((entry) => (entry.kind === "request" && entry.path === "/v1/transaction/initialize" ? [entry.body] : []));
  expect(asked.map((body) => JSON.parse(String(body)).meta)).toEqual([{ payment_id: id, property_id }]);
});

test("a list can be narrowed by state, property and who waits for a person, the oldest of these first", async () => {
  const first = await stage.checkout(stage.addProperty());
  await stage.act(first, "wrong-amount", { amount: "5.00" });
  await stage.cloud.clock.advance(MINUTE_MS);
  const property = stage.addProperty();
  const second = await stage.checkout(property);
  await stage.act(second, "wrong-amount", { amount: "6.00" });
  const third = await stage.checkout(stage.addProperty());

  expect(await pages("?state=REVIEW", bearer("admin"))).toEqual([second.id, first.id]);
  expect(await pages("?state=PENDING", bearer("admin"))).toEqual([third.id]);
  expect(await pages(`?property_id=${property}`, bearer("admin"))).toEqual([second.id]);
  expect(await pages(`?property_id=${property.toUpperCase()}`, bearer("owner"))).toEqual([second.id]);
  expect(await pages("?attention=open&limit=1", key())).toEqual([first.id, second.id]);
  expect(await pages("?attention=mismatch", bearer("admin"))).toEqual([first.id, second.id]);
  expect(await pages("?attention=duplicate", bearer("admin"))).toEqual([]);
  expect(await pages("?attention=open&to=2026-01-01", bearer("admin"))).toEqual([]);
  expect((await read("?attention=open", bearer("owner"))).status).toBe(403);
  for (const query of ["?state=PAID", "?attention=all", "?property_id=x", "?sate=REVIEW"]) {
    const { status, body } = await read(query, bearer("admin"));
    expect([query, status, body["code"]]).toEqual([query, 422, "input_invalid"]);
  }
});

test("a row of a list shows the reference, who is called and the listing's answer; an owner sees no reference", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  await stage.cloud.settle();
  const row = async (headers: Record<string, string>) => listed(await read("", headers)).data[0];
  expect(await row(bearer("admin"))).toMatchObject({
    chapa_tx_ref: checkout.txRef,
    mode: "live",
    attention: [],
    listing: { outcome: "acknowledged", at: expect.stringMatching(/Z$/), next_at: null },
  });
  expect(await row(bearer("owner"))).toMatchObject({ chapa_tx_ref: "********" });
});

test("every reference that a person can hold leads to its payment by one request", async () => {
  const checkout = await stage.checkout();
  await stage.act(checkout, "pay");
  const { body } = await read(`/${checkout.id}`, bearer("admin"));
  const [{ reference }] = z.tuple([z.looseObject({ reference: z.string() })]).parse(body["captures"]);
  const { ref } = z.looseObject({ ref: z.string() }).parse((await stage.cloud.rows.payments())[0]);
  const [message] = stage.cloud.services.notification?.sent() ?? [];
  const inMessage = /[0-9A-Z]{20}/.exec(message?.message ?? "")?.[0] ?? checkout.txRef;
  const known = {
    "the reference of a message": inMessage,
    "the same in small letters, with a space": `%20${checkout.txRef.toLowerCase()}`,
    "an earlier payment_id in capitals": checkout.id.toUpperCase(),
    "the ref in a log record": ref,
    "Chapa's receipt number": reference,
  };
  for (const [name, one] of Object.entries(known)) {
    const { status, body: found } = await read(`/by-reference/${one}`, bearer("admin"));
    expect([name, status, found["id"]]).toEqual([name, 200, checkout.id]);
    expect(found["explanation"]).toMatch(/^Paid at /);
  }
  expect((await read(`/by-reference/${checkout.txRef}`, bearer("owner"))).status).toBe(200);
  expect((await read(`/by-reference/${checkout.txRef}`, bearer("owner2"))).status).toBe(403);
  for (const unknown of ["AP0000000000", "0123456789ABCDEF", "x".repeat(64), stage.cloud.address.users.owner.user_id]) {
    expect((await read(`/by-reference/${unknown}`, key())).status).toBe(404);
  }
  expect((await read(`/by-reference/${"x".repeat(65)}`, key())).status).toBe(422);
});

test("a look-up by request with a parameter that is not known is refused, and names it", async () => {
  const { owner } = stage.cloud.address.users;
  const { status, body } = await read(`/by-request/${randomUUID()}?userid=${owner.user_id}`, bearer("owner"));
  expect([status, body["errors"]]).toEqual([422, [expect.objectContaining({ loc: ["query", "userid"] })]]);
});
