import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Uuid } from "../../lib/domain/ids.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { call } from "../../lib/runtime/call.ts";
import { type Delivery, NotificationService } from "../../lib/services/notification.ts";
import { type Clock, createClock } from "../../local/clock.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import { type NotificationDouble, startNotification } from "../../local/services/notification.ts";
import { sign } from "../../local/services/tokens.ts";
import {
  startUserManagement,
  type UserManagementDouble,
  type UserRecord,
} from "../../local/services/user-management.ts";
import { addressOf, expectRecorded, formOf, type Recorded, readRecorded, withSetUps } from "./recorded.ts";

const SECRET = "shared-by-the-siblings";
const userOf = (role: "owner" | "admin"): UserRecord => ({
  id: randomUUID(),
  role,
  email: `${role}@rental.et`,
  phone: null,
  language: "en",
  password: "secret-word",
});
const OWNER = userOf("owner");
const ADMIN = userOf("admin");
const PAYER = randomUUID();

/** What User Management says of the sender and the payer: as the real one, or as a proxy before it that changes it. */
type Users = {
  /** The sender's role; undefined: as the real one says. */
  role?: string;
  /** The payer; undefined: as the real one, which has no such route. */
  payer?: { email: string | null; phone_number: string | null };
  /** Its answer to everything. */
  answer?: Answer | "cut off" | "silence";
};

let clock: Clock;
let real: UserManagementDouble;
let proxy: Listening;
let users: Users;
let notification: NotificationDouble;
beforeEach(async () => {
  clock = createClock();
  users = {};
  real = await startUserManagement({ clock, jwtSecret: SECRET, users: [OWNER, ADMIN], crashMs: 1 });
  proxy = await serve("users", 0, answerAsUsers, {
    around: async (_request, outgoing, effect) => {
      if (users.answer === "cut off") outgoing.destroy();
      return typeof users.answer === "string" ? undefined : effect();
    },
    onDown: () => undefined,
  });
  notification = await started(MINUTE_MS);
});
afterEach(async () => {
  clock.stop();
  await Promise.all([notification.close(), proxy.close(), real.close()]);
});

/** Starts the double. `usersMs` is how long it waits for User Management. */
function started(usersMs: number): Promise<NotificationDouble> {
  return startNotification({ clock, jwtSecret: SECRET, usersUrl: `${proxy.origin}/api/v1`, usersMs });
}

async function answerAsUsers({ path, headers }: Request): Promise<Answer> {
  if (typeof users.answer === "object") return users.answer;
  if (users.payer && path.includes("/users/")) return { status: 200, body: { id: PAYER, ...users.payer } };
  const { authorization = "" } = headers;
  const response = await fetch(`${real.origin}${path}`, { headers: { authorization } });
  const text = await response.text();
  const changed = users.role && response.ok ? JSON.stringify({ ...JSON.parse(text), role: users.role }) : text;
  return { status: response.status, headers: { "content-type": "application/json" }, body: changed };
}

type SetUp = {
  understood: Delivery["kind"] | "-";
  bearer?: () => string | Promise<string>;
  users?: Users;
  before?: () => unknown;
  /** Changes of the recorded body, or a text in its place. */
  body?: Record<string, unknown> | string;
  forwardedFor?: string;
};

const of = (user: UserRecord, options: Parameters<UserManagementDouble["tokenFor"]>[1] = {}) => {
  return async () => `Bearer ${await real.tokenFor(user.id, options)}`;
};
const signed = (claims: Record<string, unknown>, secret = SECRET) => {
  return async () => `Bearer ${await sign(claims as { sub: string }, secret, clock.now(), clock.now() + 1e6)}`;
};
const garbage = () => "Bearer garbage";
const expired = async () => `Bearer ${await real.tokenFor(ADMIN.id, { expiresAt: clock.now() - MINUTE_MS })}`;

const sent = (
  understood: SetUp["understood"],
  bearer?: SetUp["bearer"],
  setUp: Omit<SetUp, "understood"> = {},
): SetUp => ({
  understood,
  ...(bearer ? { bearer } : {}),
  ...setUp,
});
const WITH_EMAIL = { email: "payer@rental.et", phone_number: null };
const behindProxy = (understood: SetUp["understood"], setUp: Omit<SetUp, "understood"> = {}) =>
  sent(understood, of(ADMIN), { users: { role: "Admin", payer: WITH_EMAIL }, ...setUp });
const withPayer = (payer: Users["payer"] & object) => ({ users: { role: "Admin", payer } });
const usersAnswer = (answer: Users["answer"] & {}) => ({ users: { answer } });
const used = (times: number) => async () => {
  for (let time = 0; time < times; time++) await send({ "content-type": "application/json" }, "{}");
};

const TABLE: Record<string, SetUp> = {
  "send no token": sent("not_allowed"),
  "send X-API-Key only": sent("not_allowed"),
  "send garbage token": sent("not_allowed", garbage),
  "send expired token": sent("not_allowed", expired),
  "send other secret": sent("not_allowed", signed({ sub: ADMIN.id }, "another-secret")),
  "send token without sub": sent("not_allowed", signed({ role: "Internal" })),
  "send static Internal token (sub unknown to UM)": sent("not_allowed", signed({ sub: PAYER, role: "Internal" })),
  "send static token, sub not a uuid": sent("later", signed({ sub: "payments", role: "Internal" })),
  "send real admin token": sent("not_allowed", of(ADMIN)),
  "send owner token": sent("not_allowed", of(OWNER)),
  "send admin refresh token": sent("not_allowed", of(ADMIN, { kind: "refresh" })),
  "send real admin token, bad body": sent("not_allowed", of(ADMIN)),
  "send no token, broken JSON": sent("refused", undefined, { body: '{"a":' }),
  "send under a base without /api/v1": sent("not_allowed", of(ADMIN)),
  "send trailing slash": sent("refused", of(ADMIN)),
  "send GET, no token": sent("not_allowed"),
  "send PUT": sent("refused", of(ADMIN)),
  "send role corrected, real UM lookup": sent("refused", of(ADMIN), { users: { role: "Admin" } }),
  "send 202 SENT (user without phone)": behindProxy("sent"),
  "send 202 SENT, smallest body": behindProxy("sent"),
  "send 202 SENT, unknown event_type": behindProxy("sent"),
  "send 202 SENT, role Internal": sent("sent", of(OWNER), { users: { role: "Internal", payer: WITH_EMAIL } }),
  "send 202, empty context": behindProxy("sent"),
  "send 202 FAILED (user with phone)": behindProxy("sent", withPayer({ ...WITH_EMAIL, phone_number: "+251911000001" })),
  "send 202 SENT, user without e-mail and phone": behindProxy("sent", withPayer({ email: null, phone_number: null })),
  "send 202 FAILED, mail refused": behindProxy("sent", {
    before: () => {
      notification.isMailRefused = true;
    },
  }),
  "send 500, event_type of 51 characters": behindProxy("maybe", { body: { event_type: "e".repeat(51) } }),
  "send 422, seed's body": behindProxy("refused"),
  "send 422, user_id not a uuid": behindProxy("refused", { body: { user_id: "x" } }),
  "send 422, context null": behindProxy("refused", { body: { context: null } }),
  "send 422, event_type null": behindProxy("refused", { body: { event_type: null } }),
  "send 422, empty body": behindProxy("refused"),
  "send form": behindProxy("refused", { body: "user_id=1&message=m" }),
  "send 503, UM closes the connection": sent("later", of(ADMIN), usersAnswer("cut off")),
  "send 503, UM hangs": sent("later", of(ADMIN), {
    ...usersAnswer("silence"),
    before: async () => {
      await notification.close();
      notification = await started(1);
    },
  }),
  "send UM answers 503": sent("later", of(ADMIN), usersAnswer({ status: 503, body: {} })),
  "send UM answers 200 with HTML": sent("maybe", of(ADMIN), usersAnswer({ status: 200, body: "<html></html>" })),
  "send 11th in a minute": sent("maybe", of(ADMIN), { before: used(10) }),
  "send 12th, no token": sent("maybe", undefined, { before: used(11) }),
  "send while limited, other X-Forwarded-For": sent("not_allowed", undefined, {
    before: used(11),
    forwardedFor: "10.0.0.9",
  }),
  "root health": { understood: "-" },
  "health under /api/v1": { understood: "-" },
  "AS OUR SERVICE SENDS IT: send": sent("not_allowed", signed({ sub: PAYER, role: "Internal" })),
  "send, its Redis is down": sent("maybe", of(ADMIN), {
    before: () => {
      notification.isRedisDown = true;
    },
  }),
  "send, after its Redis was restarted": sent("maybe", of(ADMIN), {
    before: () => {
      notification.isRedisDown = true;
    },
  }),
};

const ROWS = withSetUps(readRecorded("notification"), TABLE);

function send(headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(`${notification.baseUrl}/notifications/send`, { method: "POST", headers, body });
}

/** The recorded body with values for the words that name their kind. */
function bodyOf({ request }: Recorded, { body: change }: SetUp): string | undefined {
  if (typeof change === "string") return change;
  if (request.body === undefined) return undefined;
  const filled = Object.entries(request.body).map(([name, word]) => {
    if (name === "user_id") return [name, word === "text" ? "x" : PAYER];
    return [name, name === "event_type" && word !== "any word" ? "payment_success" : word];
  });
  return JSON.stringify({ ...Object.fromEntries(filled), ...change });
}

/** Asks the double what the row asks the real service. */
async function ask(row: Recorded, setUp: SetUp): Promise<Response> {
  const { headers = [], content_type: type } = row.request;
  const authorization = setUp.bearer && (await setUp.bearer());
  expect(headers.includes("authorization"), "the set-up has the header that the row has").toBe(
    authorization !== undefined,
  );
  const body = bodyOf(row, setUp);
  return fetch(addressOf(row, notification.origin), {
    method: row.method,
    redirect: "manual",
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(type ? { "content-type": type } : {}),
      ...(headers.includes("x-api-key") ? { "x-api-key": "a key" } : {}),
      ...(setUp.forwardedFor ? { "x-forwarded-for": setUp.forwardedFor } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
}

const NOTICE = {
  userId: Uuid.parse(PAYER),
  event: "paid",
  amount: "500.00 ETB",
  txRef: "T",
  link: "https://pay.rental.et/api/v1/payments/P/checkout",
  email: "payer@rental.et",
  phone: "+251911000001",
  language: "am",
} as const;

describe("Notification", () => {
  test.each(ROWS)("the double answers as recorded: %s", async (_, row, setUp) => {
    users = setUp.users ?? {};
    await setUp.before?.();
    await expectRecorded(row, await ask(row, setUp));
  });

  test.each(ROWS)("our adapter understands the recorded answer: %s", async (_, row, { understood }) => {
    if (!row.path.includes("/notifications/")) return expect(understood).toBe("-");
    const { status, response } = row;
    const text = typeof response.body === "string" ? response.body : JSON.stringify(response.body);
    const send = async () => ({ status, text });
    const adapter = new NotificationService("http://notification/api/v1", async () => "token", send);
    expect(await adapter.send(NOTICE)).toEqual({ kind: understood, status });
  });

  test("our adapter sends the recorded request: AS OUR SERVICE SENDS IT: send", async () => {
    const row = ROWS.find(([name]) => name.startsWith("AS OUR SERVICE SENDS IT"))?.[1];
    let request: Request | undefined;
    const recorder = await serve("recorder", 0, (one) => {
      request = one;
      return { status: 401, body: row?.response.body };
    });
    await new NotificationService(`${recorder.origin}/api/v1`, async () => "token", call).send(NOTICE);
    await recorder.close();
    expect([request?.method, request?.path]).toEqual([row?.method, row?.path]);
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual(row?.request.headers);
    expect(formOf(JSON.parse(String(request?.body)))).toEqual(formOf(row?.request.body));
  });
});
