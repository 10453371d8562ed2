import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { ApiClient } from "../../local/api-client.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import { USERS } from "../../local/users.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PROPERTY = "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22";

const Person = z.object({ user_id: z.uuid(), token: z.string() });
const Address = z.strictObject({
  api: z.url(),
  webhook: z.url(),
  control: z.url(),
  chapa: z.url(),
  users: z.strictObject({ owner: Person, owner2: Person, tenant: Person, admin: Person }),
  apiKey: z.string().min(1),
  jwtSecret: z.string().min(1),
});
type Address = z.infer<typeof Address>;

type Running = { child: ChildProcess; output: () => string; errors: () => string };

/** `npm start` as its own process, with nothing of this one's settings. */
function start(args: string[], environment: Record<string, string> = {}): Running {
  return watch(spawn(process.execPath, ["local/main.ts", ...args], { cwd: ROOT, env: clean(environment) }));
}

function watch(child: ChildProcess): Running {
  let [output, errors] = ["", ""];
  child.stdout?.on("data", (piece) => (output += piece));
  child.stderr?.on("data", (piece) => (errors += piece));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, output: () => output, errors: () => errors };
}

function clean(environment: Record<string, string>): Record<string, string> {
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE, ...environment };
}

async function ready({ output, errors }: Running): Promise<Address> {
  await waitUntil(() => /^\{"api".*\}$/m.test(`${output()}${errors()}`));
  const line = output()
    .split("\n")
    .find((text) => text.startsWith('{"api"'));
  return Address.parse(JSON.parse(line ?? ""));
}

async function control(address: Address, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${address.control}${path}`, init);
  return { status: response.status, text: await response.text() };
}

async function plain(
  name: string,
  answer: (request: Request) => Answer,
): Promise<{ at: Listening; received: Request[] }> {
  const received: Request[] = [];
  const at = await serve(name, 0, (request) => {
    received.push(request);
    return answer(request);
  });
  onTestFinished(() => at.close());
  return { at, received };
}

const textOf = ({ body }: Request) => body.toString("utf8");

async function keptFor(address: Address): Promise<unknown> {
  return JSON.parse(await readFile(`${ROOT}.local/state-${new URL(address.api).port}.json`, "utf8"));
}

test("one line of JSON gives a program every address, and the state file of its port says the same", async () => {
  const address = await ready(start(["--port", "0", "--json"]));
  expect(await keptFor(address)).toEqual(address);
  for (const url of [address.api, address.chapa, address.control]) expect(new URL(url).origin).toBe(url);
  const answer = await new ApiClient(address).initiate({ property_id: PROPERTY, amount: 500 });
  expect(answer.status).toBe(202);
});

test("npm start -- --open says in one line that the opener failed, and runs the cloud", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opener-"));
  for (const opener of ["xdg-open", "open"])
    writeFileSync(join(folder, opener), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const path = `${folder}${delimiter}${process.env["PATH"]}`;
  const running = start(["--port", "0", "--json", "--quiet", "--open"], { PATH: path });
  const address = await ready(running);
  await waitUntil(() => running.errors().endsWith("ended with 3\n"));
  expect(running.errors()).toMatch(/^http:\S+ could not be opened in a browser: [a-z-]+ ended with 3\n$/);
  expect((await control(address, "/state")).status).toBe(200);
});

test("a second npm start on another port leaves the state file of the first as it is", async () => {
  const first = await ready(start(["--port", "0", "--json"]));
  const second = await ready(start(["--port", "0", "--json"]));
  expect([await keptFor(first), await keptFor(second)]).toEqual([first, second]);
});

test("control and Chapa take the two ports after the API's", async () => {
  const running = await startAtThreePorts();
  const { api, control: controlAt, chapa } = await ready(running);
  const port = Number(new URL(api).port);
  expect([controlAt, chapa]).toEqual([`http://127.0.0.1:${port + 1}`, `http://127.0.0.1:${port + 2}`]);
});

/** Starts at a port whose next two are free, too. */
async function startAtThreePorts(): Promise<Running> {
  for (let port = 20_000 + (process.pid % 10_000); ; port += 3) {
    const running = start(["--port", String(port), "--json"]);
    const isReady = ready(running).then(() => true);
    if (await Promise.race([isReady, once(running.child, "exit").then(() => false)])) return running;
  }
}

test("a foreign Chapa, listing and notification service take the place of the simulated ones", async () => {
  const paid = new Set<string>();
  const chapa = await plain("a plain Chapa", ({ path, body }) => {
    if (path === "/v1/transaction/initialize") {
      const { tx_ref } = JSON.parse(body.toString("utf8"));
      const data = { checkout_url: `${chapa.at.origin}/pay/${tx_ref}` };
      return { status: 200, body: { message: "Hosted Link", status: "success", data } };
    }
    const txRef = /^\/v1\/transaction\/verify\/(.+)$/.exec(path)?.[1] ?? "";
    const status = paid.has(txRef) ? "success" : "pending";
    const data = { tx_ref: txRef, amount: 500, currency: "ETB", mode: "test", status, reference: "AP1", charge: 17.5 };
    return { status: 200, body: { message: "Payment details", status: "success", data } };
  });
  const listing = await plain("a plain listing", (request) => {
    const { status } = JSON.parse(textOf(request));
    const property_status = status === "SUCCESS" ? "APPROVED" : "PENDING";
    return { status: 200, body: { status: "received", property_status, payment_status: status } };
  });
  const notification = await plain("a plain notification", () => ({ status: 200, body: { id: 1 } }));
  const address = await ready(
    start(["--port", "0", "--json"], {
      CHAPA_BASE_URL: chapa.at.origin,
      CHAPA_SECRET_KEY: "CHASECK_TEST-of-somebody-else",
      CHAPA_WEBHOOK_SECRET: "agreed-with-the-plain-one",
      PROPERTY_LISTING_SERVICE_URL: `${listing.at.origin}/api/v1/`,
      PROPERTY_WEBHOOK_API_KEY: "the-plain-listing-key",
      NOTIFICATION_SERVICE_URL: notification.at.origin,
    }),
  );
  expect(address.chapa).toBe(chapa.at.origin);

  const caller = new ApiClient(address);
  const { status, body } = await caller.initiate({ property_id: PROPERTY, amount: 500 });
  expect(status).toBe(202);
  const txRef = String(body["chapa_tx_ref"]);
  expect(body["checkout_url"]).toBe(`${chapa.at.origin}/pay/${txRef}`);
  expect(chapa.received[0]?.headers.authorization).toBe("Bearer CHASECK_TEST-of-somebody-else");

  paid.add(txRef);
  const secret = "agreed-with-the-plain-one";
  const answered = await caller.webhook(JSON.stringify({ event: "charge.success", tx_ref: txRef }), { secret });
  expect(answered.status).toBe(200);
  const standing = async () => (await caller.status(String(body["id"]))).body["status"];
  await waitUntil(async () => (await standing()) === "SUCCESS");

  const statuses = () => listing.received.map((request) => JSON.parse(textOf(request)).status);
  await waitUntil(() => statuses().length === 2);
  expect(statuses()).toEqual(["PENDING", "SUCCESS"]);
  expect(listing.received.map(({ path, headers }) => [path, headers["x-api-key"]])).toEqual(
    ["first", "second"].map(() => ["/api/v1/payments/confirm", "the-plain-listing-key"]),
  );
  expect(JSON.parse(textOf(listing.received[1] ?? notReceived()))).toMatchObject({
    property_id: PROPERTY,
    payment_id: body["id"],
    tx_ref: txRef,
  });
  await control(address, "/sweep", {});
  await waitUntil(() => notification.received.length > 0);
  expect(notification.received.map(({ path }) => path)).toEqual(["/api/v1/notifications/send"]);
});

function notReceived(): never {
  throw new Error("it was not heard");
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "npm start stops cleanly on %s, in the middle of its work, with exit code 0",
  async (signal) => {
    const running = start(["--port", "0", "--json", "--quiet"]);
    const address = await ready(running);
    await Promise.allSettled(
      Array.from({ length: 5 }, () => new ApiClient(address).initiate({ property_id: crypto.randomUUID() })),
    );
    running.child.kill(signal);
    expect(await once(running.child, "exit")).toEqual([0, null]);
    expect(running.errors()).toBe("");
    await expect(fetch(address.api)).rejects.toThrow();
  },
);

test.each(["SIGINT", "SIGTERM"] as const)("npm start stops with its npm when that gets %s", async (signal) => {
  const child = spawn("npm", ["start", "--", "--port", "0", "--json"], { cwd: ROOT, env: clean({}), detached: true });
  onTestFinished(() => {
    // What is left of the group, if anything.
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      return;
    }
  });
  const address = await ready(watch(child));
  child.kill(signal);
  await once(child, "exit");
  const isGone = () =>
    fetch(address.api).then(
      () => false,
      () => true,
    );
  await waitUntil(isGone);
});

test("npm start names a port that is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const at = other.address();
  const port = typeof at === "object" && at ? String(at.port) : "";
  const running = start(["--port", port]);
  expect(await once(running.child, "exit")).toEqual([2, null]);
  expect(running.errors()).toContain(port);
  expect(running.errors()).toMatch(/port/i);
  expect(running.errors()).not.toContain("    at ");
});

test.each<[string[], Record<string, string>, string]>([
  [["--port", "many"], {}, "--port must be a whole number"],
  [["--profile", "friendly"], {}, "--profile must be one of"],
  [["--frobnicate"], {}, "--frobnicate"],
  [["--mode", "real"], {}, "--mode must be one of test, live"],
  [["--mode", "test"], { CHAPA_SECRET_KEY: "CHASECK_TEST-simother" }, "--mode and CHAPA_SECRET_KEY cannot be combined"],
  [[], { CHAPA_BASE_URL: "chapa" }, "CHAPA_BASE_URL"],
  [[], { CHAPA_BASE_URL: "https://api.chapa.co/v1" }, "CHAPA_SECRET_KEY must be set"],
  [["--port", "65534"], {}, "--port must be a whole number between 0 and 65533"],
  [[], { PAYMENT_TIMEOUT_DAYS: "soon", RECHECK_LADDER: "now" }, "PAYMENT_TIMEOUT_DAYS"],
  [[], { CHAPA_SECRET_KEY: "CHASECK-live-key-of-somebody" }, "CHASECK_TEST-sim"],
])("npm start says in a sentence why it cannot start: %j %j", async (args, environment, sentence) => {
  const running = start(["--port", "0", ...args], environment);
  expect(await once(running.child, "exit")).toEqual([2, null]);
  expect(running.errors()).toContain(sentence);
  expect(running.errors()).not.toContain("    at ");
});

test.each<[string[], Record<string, string>, string]>([
  [[], {}, "live"],
  [["--mode", "test"], {}, "test"],
  [[], { EXPECTED_MODE: "test" }, "test"],
  [[], { CHAPA_SECRET_KEY: "CHASECK_TEST-simother" }, "test"],
])("npm start with %j and %j opens checkouts, and their mode is %s", async (args, environment, mode) => {
  const address = await ready(start(["--port", "0", "--json", ...args], environment));
  expect(await new ApiClient(address).initiate({ property_id: PROPERTY })).toMatchObject({
    status: 202,
    body: { mode },
  });
});

test("npm start explains itself on --help, and to a person who starts it", async () => {
  const helped = start(["--help"]);
  expect(await once(helped.child, "exit")).toEqual([0, null]);
  expect(helped.output()).toContain("--port");
  const running = start(["--port", "0"]);
  await waitUntil(() => running.output().includes("curl"));
  expect(running.output()).toContain(USERS.owner.email);
  expect(running.output()).toContain("simulated, so no money moves");
});

test.each([
  ["CHASECK_TEST-of-somebody-else", "real, with a test key: no money moves"],
  ["CHASECK-of-somebody-else", "real, with a live key: MONEY MOVES"],
])("a person who starts with a real Chapa and the key %s reads that it is real", async (key, words) => {
  const address = { CHAPA_BASE_URL: "http://chapa.invalid/v1", NOTIFICATION_SERVICE_URL: "http://notify.invalid" };
  const running = start(["--port", "0"], { ...address, CHAPA_SECRET_KEY: key });
  await waitUntil(() => running.output().includes("curl"));
  expect(running.output()).toContain(`http://chapa.invalid/v1  (${words})`);
  expect(running.output()).toContain("notifications real (http://notify.invalid)");
  expect(running.output()).toContain("listing simulated");
});

test("the terminal has a line for each request, webhook, change of state and delivery, also while the listing is down", async () => {
  const running = start(["--port", "0", "--json"]);
  const address = await ready(running);
  await control(address, "/faults", { target: "listing", fault: "503" });
  const caller = new ApiClient(address);
  const { body } = await caller.initiate({ property_id: PROPERTY });
  await caller.act(String(body["checkout_url"]), "pay");
  await control(address, "/sweep", {});
  const id = String(body["id"]);
  for (const line of [
    "request   POST /api/v1/payments/initiate → 202",
    "webhook   POST / → 200",
    `payment   ${id} PENDING → SUCCESS`,
    `delivery  to the listing: ${id}, not done, tried again later`,
  ])
    expect(running.errors()).toContain(line);
  expect(running.errors()).toMatch(/delivery {2}to payers: [12] sent, 0 not sent/);
});

test("--quiet turns the lines of the terminal off", async () => {
  const running = start(["--port", "0", "--json", "--quiet"]);
  await new ApiClient(await ready(running)).initiate({ property_id: PROPERTY });
  expect([running.errors(), running.output().trim().split("\n").length]).toEqual(["", 1]);
});

test("the control API moves time, sets and clears faults, shows the state, and resets everything", async () => {
  const address = await ready(start(["--port", "0", "--json"]));
  const caller = new ApiClient(address);
  const first = await caller.initiate({ property_id: PROPERTY });

  const before = JSON.parse((await control(address, "/state")).text);
  expect(before.payments).toMatchObject([{ state: "PENDING", propertyId: PROPERTY }]);
  const moved = await control(address, "/clock", { advance_ms: 8 * 86_400_000 });
  expect(Date.parse(JSON.parse(moved.text).now) - Date.parse(before.now)).toBeGreaterThanOrEqual(8 * 86_400_000);
  const expired = await caller.status(String(first.body["id"]));
  expect([expired.status, expired.body["state"]]).toEqual([200, "EXPIRED"]);

  expect((await control(address, "/faults", { target: "chapa", fault: "down" })).status).toBe(200);
  expect((await caller.initiate({ property_id: crypto.randomUUID() })).status).toBe(503);
  expect((await control(address, "/faults", { target: "chapa", fault: null })).status).toBe(200);
  expect((await caller.initiate({ property_id: crypto.randomUUID() })).status).toBe(202);

  expect((await control(address, "/reset", {})).status).toBe(200);
  expect(JSON.parse((await control(address, "/state")).text)).toMatchObject({ payments: [] });
  expect((await caller.status(String(first.body["id"]))).status).toBe(404);
  expect((await caller.initiate({ property_id: PROPERTY })).status).toBe(202);
});

test("a sweep says what each scheduled function did", async () => {
  const address = await ready(start(["--port", "0", "--json"]));
  const swept = await control(address, "/sweep", {});
  expect(JSON.parse(swept.text)).toMatchObject({
    "timeout-payments": { due: 0, verifications: 0, published: 0, postponed: 0 },
    payers: { sent: 0, failed: 0 },
  });
});

test.each(["table", "queues"])("a fault of the %s acts on functions, and the state is still shown", async (target) => {
  const address = await ready(start(["--port", "0", "--json"]));
  const caller = new ApiClient(address);
  const { body } = await caller.initiate({ property_id: PROPERTY });
  const signed = JSON.stringify({ event: "charge.success", tx_ref: body["chapa_tx_ref"] });
  const answered = async () =>
    target === "table"
      ? (await caller.status(String(body["id"]))).status
      : (await caller.webhook(signed, { secret: "sim-webhook-secret" })).status;
  expect((await control(address, "/faults", { target, fault: "503" })).status).toBe(200);
  expect(await answered()).toBe(503);
  expect(JSON.parse((await control(address, "/state")).text).payments).toHaveLength(1);
  await control(address, "/faults", { target, fault: null });
  expect(await answered()).toBe(200);
});

test("the control API says what is wrong with a request", async () => {
  const address = await ready(start(["--port", "0", "--json"]));
  const asked = await Promise.all([
    control(address, "/clock", { advance_ms: -1 }),
    control(address, "/clock", {}),
    control(address, "/faults", { target: "moon", fault: "down" }),
    control(address, "/faults", { target: "chapa", fault: "gremlins" }),
    control(address, "/nowhere", {}),
  ]);
  expect(asked.map(({ status }) => status)).toEqual([422, 422, 422, 422, 404]);
  expect(asked[3]?.text).toContain("timeoutAfterEffect");
  expect(asked[4]?.text).toContain("POST /clock");
});

test("no record of the local service names a person, a token or a key", async () => {
  const running = start(["--port", "0", "--json"], {
    POWERTOOLS_LOG_LEVEL: "DEBUG",
    POWERTOOLS_METRICS_DISABLED: "false",
    CHAPA_WEBHOOK_SECRET: "canary-webhook-secret",
    PROPERTY_WEBHOOK_API_KEY: "canary-listing-key",
    JWT_SECRET: "canary-jwt-secret-of-all-services",
  });
  const address = await ready(running);
  const caller = new ApiClient(address);
  await caller.initiate({ property_id: "canary-property", request_id: 7 });
  const { body } = await caller.initiate({ property_id: PROPERTY, amount: 500 });
  const forged = JSON.stringify({ tx_ref: body["chapa_tx_ref"], email: "canary@mail.et", mobile: "0900123456" });
  await caller.webhook(forged, {});
  await caller.webhook(forged, { secret: "canary-webhook-secret" });
  await caller.webhook("{canary-broken", { secret: "canary-webhook-secret" });
  await caller.act(String(body["checkout_url"]), "pay");
  await control(address, "/faults", { target: "users", fault: "500" });
  await caller.initiate({ property_id: PROPERTY });
  await control(address, "/clock", { advance_ms: 120_000 });

  const said = running.output().split("\n");
  const records = said.filter((line) => !line.startsWith('{"api":')).join("\n") + running.errors();
  expect(records).toContain("payment_transitioned");
  expect(records).toContain("webhook_refused");
  expect(records).toContain("user_notified");
  const { token } = address.users.owner;
  const { email, phone } = USERS.owner;
  const canaries = [email, phone, phone.slice(4), token, token.slice(-20), "canary", "CHASECK", "0900123456"];
  expect(canaries.filter((canary) => records.includes(canary))).toEqual([]);
});
