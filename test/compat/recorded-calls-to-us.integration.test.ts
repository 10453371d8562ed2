import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { HttpResponse } from "../../local/api-client.ts";
import { MINUTE_MS, type Stage } from "../../local/demo/stage.ts";
import { sign } from "../../local/services/tokens.ts";
import { USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";
import { isToUs, type Recorded, readRecorded, withSetUps } from "./recorded.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "10" });
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

const ADMIN = readRecorded("admin");
const ROWS = [...readRecorded("property-listing"), ...ADMIN].filter(isToUs);

/** What happened before; whose token is sent; and how often the request is sent. The last answer counts. */
type SetUp = { before?: () => Promise<unknown>; user?: string; times?: number };

const fault = (target: "chapa" | "users") => () => stage.cloud.fault(target, "down");
const chapaIsDown = async () => {
  await fault("chapa")();
  await stage.cloud.advance(10 * MINUTE_MS);
};
const paid = async () => void (await stage.act(await stage.checkout(stage.addProperty()), "pay"));

const TABLE: Record<string, SetUp> = {
  "TO US: what approve-and-pay sends, and our real 202": {},
  "TO US: we answer 401 (UM refuses the token to us) (our real answer)": { user: randomUUID() },
  "TO US: we answer 503 (UM away from us) (our real answer)": { before: fault("users") },
  "TO US: we answer 429 (11th fee in a minute) (our real answer)": { times: 11 },
  "TO US: Chapa is down (our real answer)": { before: fault("chapa") },
  "TO US: payments/health, we are healthy": {},
  "TO US: health?verbose=true, we are healthy": {},
  "TO US: payments/metrics, ours": { before: paid },
  "TO US: metrics/totals, ours": { before: paid },
  "TO US: payments/health, we answer 503 problem+json": { before: chapaIsDown },
  "TO US: payments/health, Chapa down": { before: chapaIsDown },
};

/** Sends the recorded request. Each press of the listing is for a fee of its own. */
async function ask(row: Recorded, user: string): Promise<HttpResponse> {
  if (row.method === "GET") return stage.caller.get(row.path);
  const { jwtSecret } = stage.cloud.address;
  const now = stage.cloud.clock.now();
  const claims = { ...USERS.owner, sub: user, phone_number: null, preferred_language: null };
  const authorization = `Bearer ${await sign(claims, jwtSecret, now, now + 15 * MINUTE_MS)}`;
  const ids = { request_id: randomUUID(), property_id: randomUUID(), user_id: user };
  const body = { ...ids, amount: 500.0, currency: "ETB", is_test_mode: true };
  return stage.caller.post(row.path, JSON.stringify(body), { authorization });
}

/** The fields of a body and the types of their values. */
function typesOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, typesOf(inner)]));
}

test.each(withSetUps(ROWS, TABLE))(
  "our API answers as it did when the real service asked: %s",
  async (_, row, setUp) => {
    const { before, user = USERS.owner.id, times = 1 } = setUp;
    await before?.();
    let answer: HttpResponse | undefined;
    for (let time = 0; time < times; time++) answer = await ask(row, user);
    expect(answer?.status).toBe(row.status);
    const { body, content_type, headers } = row.response;
    if (content_type) expect(answer?.headers.get("content-type")).toContain(content_type);
    for (const [name, value] of Object.entries(headers)) {
      const got = answer?.headers.get(name);
      if (name === "retry-after") expect(got).toMatch(/^[1-9]\d*$/);
      else expect(got).toBe(value);
    }
    expect(typesOf(answer?.body)).toMatchObject(Object(typesOf(body)));
    for (const name of ["code", "status", "state", "currency", "purpose"]) {
      const recorded = Object(body)[name];
      if (recorded !== undefined && typeof recorded !== "object") expect(answer?.body[name]).toEqual(recorded);
    }
  },
);

test("the Admin backend's own routes, which we never call, are played by nobody", () => {
  const left = ADMIN.filter((row) => !isToUs(row));
  expect(
    left.map(({ path }) => path).filter((path) => !path.startsWith("/api/v1/admin/") && path !== "/health"),
  ).toEqual([]);
  expect([left.length, ROWS.length]).toEqual([41, 11]);
});
