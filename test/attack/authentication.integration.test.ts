import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { type Access, ROUTES, type Route } from "../../lib/contract/routes.ts";
import { HOUR_MS } from "../../lib/domain/time.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { LOCAL_IDENTITY, signatureFor } from "../../local/iam.ts";
import { sign } from "../../local/services/tokens.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
let brokerToken: string;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TOKEN: "1000", RATE_LIMIT_TRIGGERS: "1000" });
  const now = stage.cloud.clock.now();
  stage.cloud.services.users.addUser({ ...BROKER, language: null, password: PASSWORD });
  brokerToken = await sign(
    { sub: BROKER.id, ...{ role: BROKER.role } },
    stage.cloud.address.jwtSecret,
    now,
    now + HOUR_MS,
  );
  const entryOf = (key: string, roles: string[]) => ({
    name: roles.join("-"),
    sha256: createHash("sha256").update(key).digest("hex"),
    roles,
  });
  const api_keys = [entryOf(stage.cloud.address.apiKey, ["service"]), entryOf(WEAK_KEY, ["owner", "tenant", "broker"])];
  stage.cloud.rotate("auth", { api_keys });
  await stage.cloud.functions.forget();
});
afterAll(() => stage.close());

const BROKER = {
  id: "9f0e1d2c-3b4a-4958-8776-655443322111",
  role: "broker",
  email: "broker@rental.et",
  phone: null,
} as const;

const Page = z.object({ data: z.array(z.object({ user_id: z.string() })) });
/** A key whose roles are those of people who are no administrators: such a program may do nothing. */
const WEAK_KEY = "a-key-with-roles-of-people";
/** An identity of AWS that signs rightly, and that the API does not know. */
const STRANGER = { ...LOCAL_IDENTITY, accessKeyId: "STRANGER", secretAccessKey: "another-secret" };

const CALLERS = [
  "nobody",
  "owner",
  "owner2",
  "tenant",
  "broker",
  "admin",
  "program",
  "weak program",
  "signed program",
  "signed stranger",
] as const;
type Caller = (typeof CALLERS)[number];

const USER_IDS = {
  owner: USERS.owner.id,
  owner2: USERS.owner2.id,
  tenant: USERS.tenant.id,
  broker: BROKER.id,
  admin: USERS.admin.id,
};
const ROLE: Record<Exclude<Caller, "nobody" | "weak program" | "signed stranger">, string> = {
  owner: "owner",
  owner2: "owner",
  tenant: "tenant",
  broker: "broker",
  admin: "admin",
  program: "service",
  "signed program": "service",
};

/** What a route owes to a caller: `open` is any answer but a refusal at the door. */
type Owed = "open" | 401 | 403;

/** Stated apart from the code: who calls how, with which role, and whose the payment is (it is the owner's). */
function owed({ access, path }: { access: Access; path: string }, caller: Caller): Owed {
  if (access.kind === "public") return "open";
  if (access.kind === "iam") return caller === "signed program" ? "open" : 403;
  if (caller === "nobody" || caller === "signed program" || caller === "signed stranger") return 401;
  if (access.kind === "bearer" && (caller === "program" || caller === "weak program")) return 401;
  if (caller === "weak program") return 403;
  if (access.roles && !access.roles.some((role) => role === ROLE[caller])) return 403;
  const isOthers = caller !== "owner" && caller !== "admin" && caller !== "program";
  const isOnePayment = path.includes("{payment_id}") || path.includes("{reference}");
  return isOnePayment && isOthers ? 403 : "open";
}

const CELLS = ROUTES.flatMap((route: Route) =>
  CALLERS.map((caller) => ({
    name: `${route.method} ${route.path} × ${caller}`,
    route,
    caller,
    owes: owed(route, caller),
  })),
);

async function knock(
  method: Route["method"],
  path: string,
  caller: Caller,
  body: string | undefined,
): Promise<HttpResponse> {
  const headers = await credentials(method, path, caller, body);
  return method === "GET" ? stage.caller.get(path, headers) : stage.caller.post(path, body ?? "", headers);
}

async function credentials(method: string, path: string, caller: Caller, body = ""): Promise<Record<string, string>> {
  const { users, apiKey, api } = stage.cloud.address;
  switch (caller) {
    case "nobody":
      return {};
    case "program":
      return { "x-api-key": apiKey };
    case "weak program":
      return { "x-api-key": WEAK_KEY };
    case "signed program":
      return signatureFor(LOCAL_IDENTITY, { method, url: `${api}${path}`, body }, stage.cloud.clock.now());
    case "signed stranger":
      return signatureFor(STRANGER, { method, url: `${api}${path}`, body }, stage.cloud.clock.now());
    case "broker":
      return { authorization: `Bearer ${brokerToken}` };
    default:
      return { authorization: `Bearer ${users[caller].token}` };
  }
}

/** A payment of the owner's for each cell, so that none finds what another has done. */
async function ownersPayment() {
  const request_id = randomUUID();
  const { body } = await stage.caller.initiate({ property_id: randomUUID(), request_id });
  return { payment_id: String(body["id"]), tx_ref: String(body["chapa_tx_ref"]), request_id };
}

function isUser(caller: Caller): caller is keyof typeof USER_IDS {
  return Object.hasOwn(USER_IDS, caller);
}

/** What an allowed call of a route with good input may answer, beside success: what it asks for is not there or not due. */
const FROM_USE_CASE = ["decision_impossible", "entry_not_found", "refund_not_found", "payment_not_found"];

function bodyFor(path: string, caller: Caller): string | undefined {
  if (path.endsWith("/attention/answers")) {
    return JSON.stringify({ code: "stuck", before: "2026-01-01T00:00:00Z", reason: "none" });
  }
  if (path.endsWith("/now") || path.endsWith("/pause") || path.endsWith("/resume"))
    return JSON.stringify({ reason: "none" });
  if (path.endsWith("/notifications")) return JSON.stringify({ target: "payer", reason: "none", version: 2 });
  if (path.endsWith("/review")) return JSON.stringify({ decision: "accept", reason: "none", version: 2 });
  if (path.includes("/refunds/")) return JSON.stringify({ outcome: "settled", reason: "none", version: 2 });
  if (path.endsWith("/refunds")) return JSON.stringify({ refund_id: "r-1", reason: "none", version: 2 });
  if (path.endsWith("/release")) return JSON.stringify({ reason: "none", version: 2 });
  if (path.includes("/attention/")) return JSON.stringify({ reason: "none", version: 2 });
  if (!path.endsWith("/initiate")) return undefined;
  const isSupport = caller === "admin";
  const user_id = isUser(caller) && !isSupport ? USER_IDS[caller] : USERS.owner.id;
  const why = isSupport ? { reason: "none" } : {};
  return JSON.stringify({ user_id, property_id: randomUUID(), customer: {}, ...why });
}

const OF_OWNER = `?user_id=${USERS.owner.id}`;

test("each route that programs may call over the HTTP API is there for programs that sign, with the same function", () => {
  const keyOf = ({ method, path }: Route, prefix: string) => `${method} ${path.replace(prefix, "")}`;
  const listed: readonly Route[] = ROUTES;
  const functionsOf = (prefix: string) =>
    Object.fromEntries(
      listed
        .filter(({ path, access }) => path.startsWith(prefix) && access.kind !== "public")
        .map((route) => [keyOf(route, prefix), route.function]),
    );
  expect(functionsOf("/internal/v1/")).toEqual(functionsOf("/api/v1/"));
});

describe(`${ROUTES.length} routes × ${CALLERS.length} callers`, () => {
  test.each(CELLS)(
    "each route answers each caller as the contract says: $name: $owes",
    async ({ route, caller, owes }) => {
      const { payment_id, tx_ref, request_id } = await ownersPayment();
      const path = route.path
        .replace("{payment_id}", payment_id)
        .replace("{tx_ref}", tx_ref)
        .replace("{entry}", "mismatch-AP0")
        .replace("{refund_id}", "r-1")
        .replace("{reference}", tx_ref)
        .replace("{request_id}", isUser(caller) && caller !== "admin" ? request_id : `${request_id}${OF_OWNER}`);
      const { status, body } = await knock(route.method, path, caller, bodyFor(route.path, caller));
      // The other cells begin payments.
      if (path.endsWith("/pause")) await knock("POST", "/api/v1/resume", "admin", bodyFor("/resume", "admin"));
      if (owes !== "open") return expect(status).toBe(owes);
      expect(status).toBeLessThan(500);
      if (route.access.kind !== "public" && status >= 400) expect(FROM_USE_CASE).toContain(body["code"]);
      if (body["code"] !== "wrong_login" && !path.includes("webhook")) expect([401, 403]).not.toContain(status);
    },
  );

  test("a user's request is found by its id for that user only", async () => {
    const { request_id } = await ownersPayment();
    const path = `/api/v1/payments/by-request/${request_id}`;
    const statuses = await Promise.all(
      (["owner", "owner2", "tenant", "broker", "admin"] as const).map(
        async (caller) => (await knock("GET", path, caller, undefined)).status,
      ),
    );
    expect(statuses).toEqual([200, 404, 404, 404, 404]);
  });

  test("a list holds the caller's own payments only", async () => {
    await ownersPayment();
    for (const caller of ["owner2", "tenant", "broker"] as const) {
      const { body } = await knock("GET", "/api/v1/payments", caller, undefined);
      const owners = Page.parse(body).data.map(({ user_id }) => user_id);
      expect(owners.filter((id) => id !== USER_IDS[caller])).toEqual([]);
    }
  });

  test.each(CALLERS)("an unknown route is refused to %s", async (caller) => {
    for (const path of ["/api", "/api/v1", "/api/v2/payments", "/admin", "/internal/v1", "/internal/v1/secrets"]) {
      const { status, body } = await knock("GET", path, caller, undefined);
      expect([path, status, body["code"]]).toEqual([path, 404, "route_unknown"]);
    }
  });

  test.each(CALLERS)("an address that takes another method names it to %s", async (caller) => {
    const { status, headers, body } = await knock("POST", "/health", caller, "");
    expect([status, headers.get("allow"), body["code"]]).toEqual([405, "GET, HEAD", "method_not_allowed"]);
  });
});
