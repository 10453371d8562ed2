import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { FunctionName } from "../../lib/contract/functions.ts";
import { ROUTES, type Route } from "../../lib/contract/routes.ts";
import { ApiClient, type HttpResponse } from "../../local/api-client.ts";
import type { Cloud } from "../../local/cloud.ts";
import { LOCAL_IDENTITY, signatureFor } from "../../local/iam.ts";
import { Functions } from "../../local/lambda.ts";
import { readSettings } from "../../local/settings.ts";
import { startCloud } from "../../local/start-cloud.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { DeadlineTime } from "./deadline-time.ts";

// The product's own promise: a caller hears something before it gives up.
const ROUTE_MS = 12_000;
const WEBHOOK_MS = 4_000;

const DEPENDENCIES = ["table", "queues", "secrets", "chapa", "users", "redis"] as const;
type Dependency = (typeof DEPENDENCIES)[number];
// Functions are cold, but once: a secret that was read and is old has a way of its own.
const CASES = [...DEPENDENCIES, "secrets, once read"] as const;
type Case = (typeof CASES)[number];
const SECRETS_ARE_OLD_MS = 6 * 60_000;

/** Functions whose every dependency is behind a proxy that can hang. */
class Behind extends Functions {
  readonly proxies = new Map<Dependency, CuttingProxy>();

  /** Cold again, and reaching everything through proxies in front of where it really is. */
  override async load(): Promise<void> {
    for (const [name, dependency] of ENDPOINTS) {
      const url = new URL(process.env[name] ?? "");
      const known = this.proxies.get(dependency);
      if (url.origin === known?.origin) continue;
      const proxy = known ?? (await startCuttingProxy(url.origin));
      this.proxies.set(dependency, proxy);
      process.env[name] = `${proxy.origin}${url.pathname === "/" ? "" : url.pathname}`;
    }
    await super.load();
  }
}

const ENDPOINTS = [
  ["AWS_ENDPOINT_URL_DYNAMODB", "table"],
  ["AWS_ENDPOINT_URL_SQS", "queues"],
  ["RESOLVE_QUEUE_URL", "queues"],
  ["LISTING_QUEUE_URL", "queues"],
  ["NOTIFICATION_QUEUE_URL", "queues"],
  ["SUCCESS_QUEUE_URL", "queues"],
  ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "secrets"],
  ["CHAPA_BASE_URL", "chapa"],
  ["USER_MANAGEMENT_URL", "users"],
] as const;

vi.stubEnv("DEADLINE_FACTOR", "1");
const functions = new Behind();
let cloud: Cloud;
let caller: ApiClient;
const measured = new Map<string, Map<Case, { ms: number; response: HttpResponse }>>();

beforeAll(async () => {
  cloud = await startCloud({
    settings: readSettings({ RATE_LIMIT_INITIATE: "1000", RATE_LIMIT_TOKEN: "1000" }),
    functions,
  });
  functions.proxies.set("redis", await startCuttingProxy(cloud.redis.origin));
  cloud.rotate("auth", { upstash_url: functions.proxies.get("redis")?.origin });
  caller = new ApiClient(cloud.address);
  for (const one of CASES) await measure(one);
});
afterAll(async () => {
  for (const proxy of functions.proxies.values()) proxy.judge = () => "pass";
  await cloud.close();
  vi.unstubAllEnvs();
  await Promise.all([...functions.proxies.values()].map((proxy) => proxy.close()));
});

describe.each(CASES)("%s", (one) => {
  test(`every route answers within deadlines of less than ${ROUTE_MS / 1000} s, the webhook of less than ${WEBHOOK_MS / 1000} s, while a dependency hangs`, () => {
    expect(measured.size).toBeGreaterThanOrEqual(ROUTES.length);
    for (const [name, by] of measured) {
      const { ms, response } = by.get(one) ?? { ms: Number.POSITIVE_INFINITY, response: undefined };
      expect(ms, name).toBeLessThan(/webhook/.test(name) ? WEBHOOK_MS : ROUTE_MS);
      // What the gateway says when a function has not ended in time.
      expect(response?.body, name).not.toMatchObject({ message: "Service Unavailable" });
      expect(response?.status, name).not.toBe(500);
    }
  });

  test("the routes called the dependency, and it hung", () => {
    const hung = functions.proxies.get(dependencyOf(one))?.hits ?? new Map();
    expect([...hung.values()].reduce((sum, { hang }) => sum + hang, 0)).toBeGreaterThan(0);
  });
});

/** Grows with every call that goes out; below 0 while one is on its way. */
function happened(): number {
  const proxies = [...functions.proxies.values()];
  if (proxies.some(({ underWay }) => underWay > 0)) return -1;
  return proxies.flatMap(({ hits }) => [...hits.values()].flatMap(Object.values)).reduce((sum, n) => sum + n, 0);
}

function dependencyOf(one: Case): Dependency {
  return one === "secrets, once read" ? "secrets" : one;
}

type Asked = { name: string; ask: () => Promise<HttpResponse> };

/** Asks at every route at once, functions cold and caches empty, while one dependency hangs. */
async function measure(one: Case): Promise<void> {
  const payment = await caller.initiate({ property_id: randomUUID(), request_id: randomUUID() });
  expect(payment.status).toBe(202);
  await cloud.settle();
  await cloud.redis.reset();
  await functions.load();
  const proxy = functions.proxies.get(dependencyOf(one));
  if (!proxy) throw new Error(`nothing stands in front of ${one}`);
  const all = [...ROUTES.map((route) => asked(route, payment)), ...others(payment)];
  if (one === "secrets, once read") {
    await Promise.all(all.map(({ ask }) => ask()));
    await cloud.clock.advance(SECRETS_ARE_OLD_MS);
  }
  proxy.judge = () => "hang";
  const time = new DeadlineTime(cloud.clock, happened);
  await time.during(() =>
    Promise.all(
      all.map(async ({ name, ask }) => {
        const response = await ask();
        const by = measured.get(name) ?? new Map();
        measured.set(name, by.set(one, { ms: time.now, response }));
      }),
    ),
  );
  proxy.judge = () => "pass";
  await functions.forget();
}

/** One call of a route as whoever may call it. */
function asked(route: Route, payment: HttpResponse): Asked {
  const path = route.path
    .replace("{payment_id}", String(payment.body["id"]))
    .replace("{tx_ref}", String(payment.body["chapa_tx_ref"]))
    .replace("{entry}", "mismatch-AP0")
    .replace("{request_id}", String(payment.body["request_id"]));
  const name = `${route.method} ${route.path}`;
  if (route.function === "chapa-webhook" && route.method === "POST") {
    const content = JSON.stringify({
      event: "charge.success",
      tx_ref: payment.body["chapa_tx_ref"],
      status: "success",
    });
    return { name, ask: () => caller.webhook(content, { secret: "sim-webhook-secret" }) };
  }
  if (route.function === "chapa-webhook") {
    return { name, ask: () => caller.get(`${path}?trx_ref=${payment.body["chapa_tx_ref"]}`) };
  }
  if (route.function === "create-token") {
    const form = new URLSearchParams({ username: USERS.owner.email, password: PASSWORD }).toString();
    return { name, ask: () => caller.post(path, form, { "content-type": "application/x-www-form-urlencoded" }) };
  }
  const bodies: Partial<Record<FunctionName, object>> = {
    "initiate-payment": anOrder(),
    "answer-attention": { reason: "none", version: 1 },
    "answer-many": { code: "stuck", before: "2026-01-01T00:00:00Z", reason: "none" },
    "refund-payment": { refund_id: "r-1", reason: "none", version: 1 },
    "reconcile-now": { reason: "none" },
    "release-payment": { reason: "none", version: 1 },
    "notify-again": { target: "payer", reason: "none", version: 1 },
    // Nothing is paused, so nothing is written.
    "pause-payments": { reason: "none", until: "2026-01-01T00:00:00Z" },
    "review-payment": { decision: "accept", reason: "none", version: 1 },
  };
  const body = bodies[route.function] ? JSON.stringify(bodies[route.function]) : "";
  return {
    name,
    ask: async () => {
      const headers = await headersFor(route, path, body);
      return route.method === "GET" ? caller.get(path, headers) : caller.post(path, body, headers);
    },
  };
}

/** What takes another way through the same routes. */
function others(payment: HttpResponse): Asked[] {
  const path = `/api/v1/payments/${payment.body["id"]}/verify`;
  return [
    { name: "POST /api/v1/payments/initiate by key", ask: () => caller.initiateByKey(anOrder()) },
    { name: "POST …/verify by key", ask: () => caller.post(path, "", { "x-api-key": cloud.address.apiKey }) },
    {
      name: "POST webhook with a wrong signature",
      ask: () => caller.webhook("{}", { secret: "another-secret" }),
    },
    {
      name: "POST webhook without a signature",
      ask: () => caller.webhook(JSON.stringify({ tx_ref: payment.body["chapa_tx_ref"] }), { headers: CONSTANT }),
    },
    {
      name: "POST initiate of a fee with a checkout",
      ask: () => caller.initiate({ property_id: payment.body["property_id"], request_id: randomUUID() }),
    },
  ];
}

const CONSTANT = { "x-chapa-signature": "" };

function anOrder() {
  return { user_id: USERS.owner.id, property_id: randomUUID(), request_id: randomUUID() };
}

async function headersFor(route: Route, path: string, body: string): Promise<Record<string, string>> {
  if (route.access.kind === "public") return {};
  if (route.access.kind === "iam") {
    const request = { method: route.method, url: `${cloud.address.api}${path}`, body };
    return signatureFor(LOCAL_IDENTITY, request, Date.now());
  }
  const { owner, admin } = cloud.address.users;
  const isOwners = route.access.roles?.includes("owner") ?? true;
  return { authorization: `Bearer ${(isOwners ? owner : admin).token}` };
}
