import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { STORED_SUPPORT_LINKS } from "../../lib/domain/payment.ts";
import { HOUR_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { USERS } from "../../local/users.ts";
import { onlyPaymentOf, openStage, simulatedChapa } from "../support/stage.ts";

const REASON = "You could not log in, so we made this link";
const LIMIT = 40;
const ADMIN = `user:${USERS.admin.id}`;

let stage: Stage;
let property_id: string;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: String(LIMIT) });
});
beforeEach(async () => {
  await stage.cloud.reset();
  property_id = stage.addProperty();
});
afterAll(() => stage.close());

/** An administrator asks in the owner's name. */
const ask = (change: Record<string, unknown> = {}): Promise<HttpResponse> =>
  stage.caller.initiate({ user_id: USERS.owner.id, property_id, reason: REASON, ...change }, { as: "admin" });
const ownerPresses = () => stage.caller.initiate({ property_id });
const bearer = (user: "owner" | "admin") => ({ authorization: `Bearer ${stage.cloud.address.users[user].token}` });
const idOf = ({ body }: HttpResponse) => String(body["id"]);
const linkOf = ({ body }: HttpResponse) => [body["id"], body["checkout_url"]];
const codeOf = ({ status, body }: HttpResponse) => [status, body["code"]];
const opened = () => simulatedChapa(stage).transactions().length;
const stored = async () => (await onlyPaymentOf(stage)).supportLinks ?? [];
const Detail = z.looseObject({
  explanation: z.string(),
  support_links: z.array(z.object({ at: z.string(), by: z.string(), reason: z.string() })),
});
const detailFor = async (user: "owner" | "admin", id: string) =>
  Detail.parse((await stage.caller.get(`/api/v1/payments/${id}`, bearer(user))).body);

/** Everything that Chapa was sent, as text. */
function sentToChapa(): string {
  return simulatedChapa(stage)
    .journal()
    .flatMap((entry) => (entry.kind === "request" ? [String(entry.body)] : []))
    .join("\n");
}

describe("a link made by support", () => {
  test("an administrator who asks in an owner's name gets the owner's one payment, with the owner's contact data at Chapa and none of their own", async () => {
    const answer = await ask({ customer: { email: USERS.admin.email, full_name: "Support Desk" } });
    expect(answer.status).toBe(202);
    expect(answer.body["user_id"]).toBe(USERS.owner.id);
    expect(sentToChapa()).toContain(USERS.owner.email);
    for (const own of [USERS.admin.email, USERS.admin.id, "Support", REASON]) expect(sentToChapa()).not.toContain(own);
    expect(linkOf(await ownerPresses())).toEqual(linkOf(answer));
    expect(opened()).toBe(1);
  });

  test("while User Management is down a link made by support is opened without contact data, never with the administrator's", async () => {
    // Their token is known for a minute.
    await stage.caller.get(`/api/v1/payments/${randomUUID()}`, bearer("admin"));
    await stage.cloud.fault("users", "down");
    expect((await ask()).status).toBe(202);
    expect(opened()).toBe(1);
    expect(sentToChapa()).not.toContain("@");
  });

  test("the owner reads why the link was made, in status, detail and explanation; who made it is for administrators", async () => {
    const id = idOf(await ask());
    const status = await stage.caller.status(id);
    expect(status.body["support_reason"]).toBe(REASON);
    const owner = await detailFor("owner", id);
    expect(owner.explanation).toContain(`with this reason: “${REASON}”.`);
    expect(owner.support_links).toEqual([{ at: expect.any(String), by: "********", reason: REASON }]);
    const admin = await detailFor("admin", id);
    expect(admin.support_links).toEqual([{ at: expect.any(String), by: ADMIN, reason: REASON }]);
  });

  test("a payment for which support never asked has no reason of support's anywhere", async () => {
    const id = idOf(await ownerPresses());
    expect((await stage.caller.status(id)).body["support_reason"]).toBeNull();
    const { explanation, support_links } = await detailFor("owner", id);
    expect([explanation.includes("Support"), support_links]).toEqual([false, []]);
  });

  test("the page of the lasting link shows the reason as text, whatever markup it has, and names nobody", async () => {
    const reason = "<b>you asked</b> & we <script>alert(1)</script> made it";
    const id = idOf(await ask({ reason }));
    await stage.cloud.clock.advance(2 * HOUR_MS);
    const page = await stage.caller.browse(`${stage.cloud.address.api}/api/v1/payments/${id}/checkout`);
    expect(page.status).toBe(200);
    expect(page.text).toContain("<dt>Why support made this link</dt><dd>&#60;b&#62;you asked&#60;/b&#62; &#38; we");
    for (const hidden of ["<b>", "<script", USERS.admin.id, USERS.admin.email]) expect(page.text).not.toContain(hidden);
    expect((await stage.caller.status(id)).body["support_reason"]).toBe(reason);
  });

  test("while a checkout is open support gets the same link, and each request leaves its reason", async () => {
    const first = await ownerPresses();
    const second = await ask();
    const third = await ask({ reason: "they lost it again" });
    expect([linkOf(second), linkOf(third)]).toEqual([linkOf(first), linkOf(first)]);
    expect(opened()).toBe(1);
    expect((await stored()).map(({ reason }) => reason)).toEqual([REASON, "they lost it again"]);
    expect((await stage.caller.status(idOf(first))).body["support_reason"]).toBe("they lost it again");
  });

  test("a checkout that is over is renewed for support as for its owner, and only one can be paid", async () => {
    const first = await ask();
    await stage.caller.act(String(first.body["checkout_url"]), "fail");
    await stage.cloud.settle();
    const second = await ask({ reason: "the card was refused" });
    expect(idOf(second)).toBe(idOf(first));
    expect(linkOf(second)).not.toEqual(linkOf(first));
    const live = simulatedChapa(stage)
      .transactions()
      .filter(({ state }) => state === "OPEN");
    expect([opened(), live.length]).toEqual([2, 1]);
    expect(await stored()).toHaveLength(2);
  });

  test("support and owner who ask at the same moment, many times, get one link", async () => {
    const answers = await Promise.all([0, 1, 2, 3].flatMap((n) => [ask({ reason: `call ${n}` }), ownerPresses()]));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body["checkout_url"])).size).toBe(1);
    expect(opened()).toBe(1);
    expect((await stored()).map(({ reason }) => reason).toSorted()).toEqual(["call 0", "call 1", "call 2", "call 3"]);
  });

  test("the same request again gets the same answer and leaves its reason once; with another reason it is refused", async () => {
    const request_id = randomUUID();
    const first = await ask({ request_id });
    const again = await ask({ request_id });
    expect(linkOf(again)).toEqual(linkOf(first));
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const other = await ask({ request_id, reason: "another" });
    expect(codeOf(other)).toEqual([422, "request_differs"]);
    expect(other.body["detail"]).toContain("reason");
    expect(await stored()).toEqual([{ at: expect.any(Number), by: ADMIN, reason: REASON }]);
  });

  test("a request whose checkout Chapa did not open has left its reason, and its repetition leaves no second one", async () => {
    const request_id = randomUUID();
    await stage.cloud.fault("chapa", "down");
    expect((await ask({ request_id })).status).toBe(503);
    expect(await stored()).toHaveLength(1);
    await stage.cloud.fault("chapa", null);
    await stage.cloud.clock.advance(60 * SECOND_MS);
    expect((await ask({ request_id })).status).toBe(202);
    expect(await stored()).toHaveLength(1);
  });

  test("a payment with as many reasons as it can hold refuses another one, and gives no link for it", async () => {
    for (let n = 0; n < STORED_SUPPORT_LINKS; n++) expect((await ask({ reason: `call ${n}` })).status).toBe(202);
    const refused = await ask({ reason: "one more" });
    expect(codeOf(refused)).toEqual([409, "decision_impossible"]);
    expect(refused.body).not.toHaveProperty("checkout_url");
    expect((await ownerPresses()).status).toBe(202);
    expect(await stored()).toHaveLength(STORED_SUPPORT_LINKS);
  });
});

describe("callers and their reasons", () => {
  const longest = "ሀ".repeat(500);

  test.each([
    ["without a reason", { reason: undefined }],
    ["with null", { reason: null }],
    ["with an empty one", { reason: "" }],
    ["with spaces only", { reason: " \t\n " }],
    ["with 501 characters", { reason: "x".repeat(501) }],
    ["with a number", { reason: 7 }],
    ["without the owner", { user_id: undefined }],
  ])("an administrator who asks %s is refused (422), and nothing is opened", async (_case, change) => {
    const answer = await ask(change);
    expect(codeOf(answer)).toEqual([422, "input_invalid"]);
    expect(JSON.stringify(answer.body["errors"])).toContain("user_id" in change ? "/user_id" : "/reason");
    expect(await stage.cloud.rows.keys()).toEqual([]);
  });

  test("a reason of 500 characters is kept, without the spaces around it, and one of 501 with a space is refused", async () => {
    expect((await ask({ reason: ` ${longest}` })).status).toBe(422);
    expect((await ask({ reason: ` ${longest.slice(2)} ` })).status).toBe(202);
    expect((await stored()).map(({ reason }) => reason)).toEqual([longest.slice(2)]);
  });

  test("an owner who names another user is refused (403), with a reason, too; with a reason for themselves it is 422", async () => {
    const other = { user_id: USERS.owner2.id, property_id };
    expect(codeOf(await stage.caller.initiate(other))).toEqual([403, "forbidden"]);
    expect(codeOf(await stage.caller.initiate({ ...other, reason: REASON }))).toEqual([403, "forbidden"]);
    expect(codeOf(await stage.caller.initiate({ property_id, reason: REASON }))).toEqual([422, "input_invalid"]);
    expect(codeOf(await stage.caller.initiate({ ...other, reason: REASON }, { as: "tenant" }))).toEqual([
      403,
      "forbidden",
    ]);
    expect(await stage.cloud.rows.keys()).toEqual([]);
  });

  test("an administrator cannot ask in their own name, so that their contact data never reach Chapa", async () => {
    expect(codeOf(await ask({ user_id: USERS.admin.id }))).toEqual([403, "forbidden"]);
    expect(opened()).toBe(0);
  });

  test("an owner whom User Management does not know is 404, and nothing is opened", async () => {
    expect(codeOf(await ask({ user_id: randomUUID() }))).toEqual([404, "user_unknown"]);
    expect(await stage.cloud.rows.keys()).toEqual([]);
  });

  test("where people are named who decide, no other administrator makes links; who is named does", async () => {
    await stage.cloud.redeploy({ OPERATOR_IDS: USERS.tenant.id });
    expect(codeOf(await ask())).toEqual([403, "forbidden"]);
    await stage.cloud.redeploy({ OPERATOR_IDS: USERS.admin.id });
    expect((await ask()).status).toBe(202);
    await stage.cloud.redeploy({ OPERATOR_IDS: "" });
  });

  test("a program may give a reason, by its key or its AWS identity, and the history names the program", async () => {
    const body = { user_id: USERS.owner.id, property_id, reason: REASON };
    const byKey = await stage.caller.initiateByKey(body);
    const signed = await stage.caller.initiateSigned(body);
    expect(linkOf(signed)).toEqual(linkOf(byKey));
    const words = (await stored()).map(({ by }) => by);
    expect(words).toEqual([expect.stringMatching(/^service:\S+$/), expect.stringMatching(/^service:arn:aws:sts:\S+$/)]);
    expect(codeOf(await stage.caller.initiateByKey({ ...body, reason: " " }))).toEqual([422, "input_invalid"]);
  });

  test("while payments are paused support gets 503, and no reason is left", async () => {
    const pause = (path: string) =>
      stage.caller.post(`/api/v1/${path}`, JSON.stringify({ reason: "maintenance" }), bearer("admin"));
    await ownerPresses();
    expect((await pause("pause")).status).toBe(200);
    await stage.cloud.clock.advance(31 * SECOND_MS);
    expect(codeOf(await ask())).toEqual([503, "initiate_paused"]);
    expect(await stored()).toEqual([]);
    expect((await pause("resume")).status).toBe(200);
    await stage.cloud.clock.advance(31 * SECOND_MS);
    expect((await ask()).status).toBe(202);
  });

  test("the administrator's own limit counts: beyond it nothing new is opened, an open link is given, and the owner may still press", async () => {
    const link = linkOf(await ask());
    const others = await Promise.all(
      Array.from({ length: LIMIT }, () => ask({ property_id: randomUUID(), reason: "others" })),
    );
    expect(others.map(({ status }) => status)).toContain(429);
    const before = opened();
    expect(codeOf(await ask({ property_id: randomUUID() }))).toEqual([429, "rate_limited"]);
    const again = await ask({ reason: "beyond the limit" });
    expect([again.status, linkOf(again)]).toEqual([202, link]);
    expect(opened()).toBe(before);
    expect((await stage.caller.status(String(link[0]))).body["support_reason"]).toBe("beyond the limit");
    expect((await ownerPresses()).status).toBe(202);
  });
});
