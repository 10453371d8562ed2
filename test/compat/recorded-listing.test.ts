import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Uuid } from "../../lib/domain/ids.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { call } from "../../lib/runtime/call.ts";
import { ListingService } from "../../lib/services/listing.ts";
import { type Clock, createClock } from "../../local/clock.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import {
  type ListingDouble,
  type ListingOptions,
  type ListingTrouble,
  startListing,
} from "../../local/services/listing.ts";
import { sign } from "../../local/services/tokens.ts";
import { addressOf, expectRecorded, formOf, isToUs, type Recorded, readRecorded, withSetUps } from "./recorded.ts";

const SECRET = "shared-by-the-siblings";
const KEY = "webhook-key";
const PAYMENT_KEY = "payment-service-key";
const OWNER = randomUUID();
const PROPERTY = randomUUID();
const OTHER_PROPERTY = randomUUID();
const STARTED = { id: randomUUID(), chapa_tx_ref: "tx-made-up", checkout_url: "https://checkout.example.com/pay/1" };

let clock: Clock;
let options: ListingOptions;
let listing: ListingDouble;
let payments: Listening;
/** What our service answers to the listing; undefined: nothing, and the connection stays open. */
let ours: (Answer & { isClosed?: true }) | undefined;
/** How many confirms wait for each other, so that they run at once. */
let together: number;
const waiting: (() => void)[] = [];
beforeEach(async () => {
  clock = createClock();
  together = 1;
  ours = { status: 202, body: STARTED };
  payments = await serve("payments", 0, () => ours ?? new Promise<Answer>(() => undefined), {
    around: async (_request, outgoing, effect) => {
      if (!ours?.isClosed) return effect();
      outgoing.destroy();
      return undefined;
    },
    onDown: () => undefined,
  });
  options = {
    clock,
    jwtSecret: SECRET,
    webhookKey: KEY,
    paymentServiceKey: PAYMENT_KEY,
    paymentServiceUrl: `${payments.origin}/api/v1`,
    initiateMs: MINUTE_MS,
    pause: async () => {
      const resumed = new Promise<void>((resume) => waiting.push(resume));
      if (waiting.length >= together) for (const resume of waiting.splice(0)) resume();
      await resumed;
    },
  };
  listing = await startListing(options);
  listing.addProperty({ id: PROPERTY, ownerId: OWNER });
  listing.addProperty({ id: OTHER_PROPERTY, ownerId: OWNER });
});
afterEach(async () => {
  clock.stop();
  await Promise.all([listing.close(), payments.close()]);
});

/** What our adapter makes of the recorded answer; `-` if no adapter asks for this. */
type Understood =
  | "received"
  | "already_processed"
  | "not_found"
  | "key_refused"
  | "invalid"
  | "unavailable"
  | "unknown"
  | "shown"
  | "not shown"
  | "no answer"
  | "-";
/** A request's variable parts, and the state of the double before it. */
type SetUp = {
  understood: Understood;
  before?: () => unknown;
  trouble?: ListingTrouble;
  key?: string;
  /** A body in place of the recorded one. */
  body?: string;
  values?: Record<string, string>;
  bearer?: (() => Promise<string>) | string;
  id?: string;
  /** Our answers, one after the other, each of which leads to the recorded one. */
  ours?: (typeof ours)[];
  times?: number;
};

const confirmed = (status: string) => async () => void (await confirm({ status }));
const approved = confirmed("SUCCESS");
const failed = confirmed("FAILED");
const reserved = async () => {
  await approved();
  listing.reserveProperty(PROPERTY);
};
const spoiled = () => listing.spoilProperty(PROPERTY);
const cleanedUp = async () => {
  await clock.advance(8 * 86_400_000);
  listing.closeOld();
};
const bearer = (sub = OWNER, role = "owner") => {
  return async () => `Bearer ${await sign({ sub, role } as { sub: string }, SECRET, clock.now(), clock.now() + 1e6)}`;
};

const confirmWith = (understood: Understood, setUp: Omit<SetUp, "understood"> = {}): SetUp => ({
  understood,
  key: KEY,
  ...setUp,
});
const press = (setUp: Omit<SetUp, "understood"> = {}): SetUp => ({ understood: "-", bearer: bearer(), ...setUp });
const get = (understood: Understood, setUp: Omit<SetUp, "understood"> = {}): SetUp => ({ understood, ...setUp });

const TEXT = (status: number): Answer => ({ status, headers: { "content-type": "text/html" }, body: "<html></html>" });
const refused = (status: number, headers: Record<string, string> = {}): Answer => {
  return { status, headers, body: { detail: "no" } };
};

const TABLE: Record<string, SetUp> = {
  "reserved, empty": get("not shown"),
  "approve-and-pay 200 (real payment service behind it)": press(),
  "approve-and-pay 200, pressed again": press({ times: 2 }),
  "public/{id} 200 (approved)": get("shown", { before: approved }),
  "approve-and-pay 400, already approved, or deleted": press({ before: approved }),
  "public/{id} unknown, PENDING, deleted, or uuid of another version": get("not shown"),
  "public/{id} not a uuid": get("no answer"),
  "confirm PENDING, open property (our probe)": confirmWith("received"),
  "confirm SUCCESS, open property": confirmWith("received"),
  "confirm SUCCESS again": confirmWith("already_processed", { before: approved }),
  "confirm PENDING after SUCCESS": confirmWith("already_processed", { before: approved }),
  "confirm FAILED after SUCCESS": confirmWith("already_processed", { before: approved }),
  "confirm FAILED, open property": confirmWith("received"),
  "confirm SUCCESS after FAILED": confirmWith("already_processed", { before: failed }),
  "approve-and-pay 400, after FAILED": press({ before: failed }),
  "confirm status PAID, REFUNDED, lower-case success": confirmWith("received"),
  "confirm tx_ref and error_message null; also tx_ref with U+0000": confirmWith("received"),
  "confirm extra keys": confirmWith("received"),
  "confirm PENDING, property deleted": confirmWith("received", { before: () => listing.deleteProperty(PROPERTY) }),
  "confirm SUCCESS, property deleted": confirmWith("received", { before: () => listing.deleteProperty(PROPERTY) }),
  "confirm PENDING, property REJECTED and unpaid": confirmWith("received", {
    before: () => listing.rejectProperty(PROPERTY),
  }),
  "confirm PENDING, after Listing's clean-up": confirmWith("already_processed", { before: cleanedUp }),
  "confirm unknown property": confirmWith("not_found", { id: randomUUID() }),
  "confirm wrong key (also with its database down)": confirmWith("key_refused", {
    key: "wrong",
    trouble: "database down",
  }),
  "confirm Listing's PAYMENT_SERVICE_API_KEY": confirmWith("key_refused", { key: PAYMENT_KEY }),
  "confirm no key, empty key, key as Bearer": get("key_refused", { bearer: `Bearer ${KEY}` }),
  "confirm wrong key and bad body": confirmWith("key_refused", { key: "wrong" }),
  "confirm wrong key and broken JSON": confirmWith("invalid", { key: "wrong", body: '{"property_id":' }),
  "confirm property_id or payment_id not a uuid": confirmWith("invalid", { values: { text: "x" } }),
  "confirm property_id uuid version 7": confirmWith("invalid"),
  "confirm payment_id nil uuid": confirmWith("invalid"),
  "confirm missing fields": confirmWith("invalid", { body: "{}" }),
  "confirm status missing": confirmWith("invalid"),
  "confirm empty body": confirmWith("invalid"),
  "confirm JSON as text/plain": confirmWith("invalid"),
  "confirm trailing slash": confirmWith("unavailable"),
  "confirm row that its own schema cannot show": confirmWith("unavailable", { before: spoiled }),
  "reserved, one item": get("not shown", { before: reserved }),
  "public/{id} reserved property": get("not shown", { before: reserved }),
  "confirm PENDING, reserved property": confirmWith("already_processed", { before: reserved }),
  "reserved with a row that its own schema cannot show": get("no answer", {
    before: async () => {
      await reserved();
      spoiled();
    },
  }),
  "public/{id} row that its own schema cannot show": get("no answer", {
    before: async () => {
      await approved();
      spoiled();
    },
  }),
  "root health": get("-"),
  "approve-and-pay 401, no token": get("-"),
  "approve-and-pay 401, garbage or expired token": press({ bearer: "Bearer garbage" }),
  "approve-and-pay 403, tenant": press({ bearer: bearer(OWNER, "tenant") }),
  "approve-and-pay 403, another owner": press({ bearer: bearer(randomUUID()) }),
  "approve-and-pay 404, unknown property": press({ id: randomUUID() }),
  "approve-and-pay 422, not a uuid": press(),
  "approve-and-pay 307, trailing slash": press(),
  "approve-and-pay 401, user unknown to UM": press({ trouble: "user unknown" }),
  "approve-and-pay when we answer 202 with an id of version 4, 200, 201": press({
    ours: [202, 200, 201].map((status) => ({ status, body: STARTED })),
  }),
  "approve-and-pay when we answer 202 without id, 202, id of version 7, 202, checkout_url null, 202, chapa_tx_ref null, 202, id of another property's payment payment_id is unique there:":
    press({
      before: async () => {
        const answer = ours;
        ours = { status: 202, body: { ...STARTED, id: OTHER_PROPERTY } };
        const headers = { authorization: await bearer()() };
        await fetch(`${listing.baseUrl}/properties/${OTHER_PROPERTY}/approve-and-pay`, { method: "PATCH", headers });
        ours = answer;
      },
      ours: [
        { id: undefined },
        { id: "0b0a7c1e-3c1f-7f27-8a52-6f2f5f0f7a22" },
        { checkout_url: null },
        { chapa_tx_ref: null },
        { id: OTHER_PROPERTY },
      ].map((change) => ({ status: 202, body: { ...STARTED, ...change } })),
    }),
  "approve-and-pay when we answer 202, id not a uuid, 202, empty body, 202, HTML, 202, JSON array, 204, 303, 307, 400, 401, 403, 404, 409, 422, 500, 502, 503, 504, 429 with Retry-After 2, 503 problem+json, we close the connection without an answer, after 31 s, 429 (real)":
    press({
      ours: [
        { status: 202, body: { ...STARTED, id: "x" } },
        { status: 202 },
        TEXT(202),
        { status: 202, body: [STARTED] },
        { status: 204 },
        ...[303, 307].map((status) => refused(status, { location: "/elsewhere" })),
        ...[400, 401, 403, 404, 409, 422, 500, 502, 503, 504].map((status) => refused(status)),
        refused(429, { "retry-after": "2" }),
        refused(503, { "content-type": "application/problem+json" }),
        { status: 202, isClosed: true },
        undefined,
      ],
    }),
  "confirm SUCCESS, four at once": confirmWith("received", { times: 4 }),
  "AS OUR SERVICE SENDS IT: confirm SUCCESS": confirmWith("received"),
  "confirm PENDING, its Redis is down": confirmWith("received", { trouble: "redis down" }),
  "approve-and-pay, its Redis is down": press({ trouble: "redis down" }),
  "confirm PENDING, its database is down": confirmWith("unavailable", { trouble: "database down" }),
  "public/{id}, its database is down": get("no answer", { trouble: "database down" }),
  "reserved, its database is down": get("no answer", { trouble: "database down" }),
  "approve-and-pay, UM's database is down (UM 500)": press({ trouble: "users failing" }),
  "approve-and-pay, UM is away": press({ trouble: "users down" }),
};

const ROWS = withSetUps(
  readRecorded("property-listing").filter((row) => !isToUs(row)),
  TABLE,
);

function confirm(change: Record<string, string>): Promise<Response> {
  return fetch(`${listing.baseUrl}/payments/confirm`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": KEY },
    body: JSON.stringify({ property_id: PROPERTY, payment_id: randomUUID(), status: "SUCCESS", ...change }),
  });
}

/** The recorded body with values for the words that name their kind. */
function bodyOf({ request }: Recorded, { body, id = PROPERTY, values = {} }: SetUp): string | undefined {
  if (body !== undefined || request.body === undefined) return body;
  const words: Record<string, unknown> = {
    uuid7: "77777777-7777-7777-8777-777777777777",
    "nil uuid": "00000000-0000-0000-0000-000000000000",
    number: 5,
    object: {},
    null: null,
    ...values,
  };
  const filled = Object.entries(request.body).map(([name, value]) => {
    const word = String(value);
    if (word === "uuid4" || Uuid.safeParse(word).success) return [name, name === "property_id" ? id : randomUUID()];
    return [name, word in words ? words[word] : word];
  });
  return JSON.stringify(Object.fromEntries(filled));
}

/** Asks the double what the row asks the real service. */
async function ask(row: Recorded, setUp: SetUp): Promise<Response> {
  const { headers = [], content_type: type } = row.request;
  const { key, bearer: authorization, id = PROPERTY } = setUp;
  if (authorization === undefined || key) expect(headers.includes("authorization")).toBe(authorization !== undefined);
  expect(headers.includes("x-api-key"), "the set-up has the key that the row has").toBe(key !== undefined);
  const body = bodyOf(row, setUp);
  return fetch(addressOf(row, listing.origin, id), {
    method: row.method,
    redirect: "manual",
    headers: {
      ...(authorization
        ? { authorization: typeof authorization === "string" ? authorization : await authorization() }
        : {}),
      ...(key ? { "x-api-key": key } : {}),
      ...(type ? { "content-type": type } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
}

/** What our adapter makes of the row's answer. */
async function understand({ path, status, response }: Recorded): Promise<Understood> {
  const recorded = { status, text: typeof response.body === "string" ? response.body : JSON.stringify(response.body) };
  const adapterOf = (answers: Record<string, typeof recorded>) => {
    const send = async ({ url }: { url: string }) => {
      const [, answer] = Object.entries(answers).find(([part]) => url.includes(part)) ?? [];
      if (!answer) throw new Error(`no answer for ${url}`);
      return answer;
    };
    return new ListingService("http://listing/api/v1", async () => KEY, send);
  };
  const [propertyId, paymentId] = [Uuid.parse(PROPERTY), Uuid.parse(OTHER_PROPERTY)];
  if (path.includes("/confirm")) {
    const adapter = adapterOf({ confirm: recorded });
    return (await adapter.confirm({ propertyId, paymentId, status: "SUCCESS", txRef: "T" })).kind;
  }
  if (!path.includes("/public/") && !path.includes("/reserved")) return "-";
  const nowhere = { status: 404, text: '{"detail":"Property not found"}' };
  const none = { status: 200, text: '{"total":0,"items":[]}' };
  const isPublic = path.includes("/public/");
  const adapter = adapterOf({ public: isPublic ? recorded : nowhere, reserved: isPublic ? none : recorded });
  const isShown = await adapter.isPublicOrReserved(propertyId);
  return isShown === undefined ? "no answer" : isShown ? "shown" : "not shown";
}

describe("Property Listing", () => {
  test.each(ROWS)("the double answers as recorded: %s", async (_, row, setUp) => {
    await setUp.before?.();
    if (setUp.trouble) listing.trouble.add(setUp.trouble);
    together = setUp.times ?? 1;
    for (const answer of setUp.ours ?? [ours]) {
      ours = answer;
      if (answer === undefined) options.initiateMs = 1;
      const asked = Array.from({ length: setUp.times ?? 1 }, () => ask(row, setUp));
      for (const response of await Promise.all(asked)) await expectRecorded(row, response);
    }
  });

  test.each(ROWS)("our adapter understands the recorded answer: %s", async (_, row, { understood }) => {
    expect(await understand(row)).toBe(understood);
  });

  test("our adapter finds a property in the recorded list of reserved ones", async () => {
    const row = ROWS.find(([name]) => name === "reserved, one item")?.[1];
    const send = async ({ url }: { url: string }) =>
      url.includes("/public/")
        ? { status: 404, text: "{}" }
        : { status: 200, text: JSON.stringify(row?.response.body) };
    const adapter = new ListingService("http://listing/api/v1", async () => KEY, send);
    const id = Uuid.parse("00000006-0000-4000-8000-000000000006");
    expect(await adapter.isPublicOrReserved(id)).toBe(true);
  });

  test("our adapter sends the recorded request: AS OUR SERVICE SENDS IT: confirm SUCCESS", async () => {
    const row = ROWS.find(([name]) => name.startsWith("AS OUR SERVICE SENDS IT"))?.[1];
    let sent: Request | undefined;
    const recorder = await serve("recorder", 0, (request) => {
      sent = request;
      return { status: 200, body: row?.response.body };
    });
    const adapter = new ListingService(`${recorder.origin}/api/v1`, async () => KEY, call);
    const [propertyId, paymentId] = [Uuid.parse(PROPERTY), Uuid.parse(OTHER_PROPERTY)];
    await adapter.confirm({ propertyId, paymentId, status: "SUCCESS", txRef: "MADEUPREF00000000100" });
    await recorder.close();
    expect([sent?.method, sent?.path]).toEqual([row?.method, row?.path]);
    expect(Object.keys(sent?.headers ?? {}).toSorted()).toEqual(row?.request.headers);
    expect(formOf(JSON.parse(String(sent?.body)))).toEqual(formOf(row?.request.body));
  });
});
