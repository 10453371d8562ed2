import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as z from "zod";
import { endOf, startChild } from "../../commands/children.ts";
import { Command } from "../../commands/command.ts";
import { openWorkspace } from "../../commands/workspace.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import { startChapa } from "../../local/chapa/start.ts";
import { createClock } from "../../local/clock.ts";
import { startRedis } from "../../local/redis/bridge.ts";
import { startServices, tokensOf } from "../../local/services.ts";
import { readSettings } from "../../local/settings.ts";
import { PASSWORD, USERS } from "../../local/users.ts";
import { bundleFunctions } from "../bundle/bundle.ts";
import { EmulatedCloud } from "./emulated-cloud.ts";

const command = new Command({
  name: "npm run test:deploy",
  summary: `Bootstraps and deploys the real stack to an emulator of AWS, pays through its HTTP endpoints, updates it and
destroys it.`,
  duration: "1 minute; the first run takes a minute more to install the emulator",
  options: {},
  examples: { "npm run test:deploy": "after a change of infra/ or of the functions' variables" },
  notes: "Needs Python 3.10 or newer, and no AWS account. Several runs can run at the same time.",
});
command.read();

const STACK = "ChapaPayments-dev";
const API_KEY = "deploy-test-api-key";
const SILENT = { dropAll: true, callback: { send: "off" } } as const;
const HOME = openWorkspace("deploy");
const [DIST, CDK_OUT] = [resolve(HOME, "dist"), resolve(HOME, "cdk.out")];
const UNDELIVERED_MS = 2_000;

const startedAt = Date.now();
const say = (actor: string, text: string) =>
  process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${actor.padEnd(9)} ${text}\n`);

function must(claim: string, holds: boolean, got: unknown): void {
  if (!holds) throw new Error(`${claim}: got ${JSON.stringify(got)}`);
  say("proven", claim);
}

const clock = createClock();
const settings = readSettings({});
const [chapa, services, redis, cloud] = await Promise.all([
  startChapa({ clock, webhookSecret: settings.CHAPA_WEBHOOK_SECRET }),
  startServices(settings, clock),
  startRedis(undefined),
  EmulatedCloud.start(),
  bundleFunctions(DIST),
]);
const userTokens = await tokensOf(services.users, clock);
const listing = services.listing;
if (!listing) throw new Error("this test needs the listing service's double");

const values = (change: Record<string, string> = {}) =>
  JSON.stringify({
    CHAPA_BASE_URL: chapa.apiBase,
    CHECKOUT_ORIGINS: chapa.origin,
    USER_MANAGEMENT_URL: services.urls.users,
    PROPERTY_LISTING_SERVICE_URL: services.urls.listing,
    NOTIFICATION_SERVICE_URL: services.urls.notification,
    RECHECK_LADDER: "2s,1m",
    ...change,
  });

async function cdk(args: readonly string[]): Promise<string> {
  const program = startChild("node_modules/.bin/cdk", [...args, "--output", CDK_OUT, "-c", `dist=${DIST}`], {
    env: cloud.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  program.stdout?.on("data", (piece) => (output += piece));
  program.stderr?.on("data", (piece) => (output += piece));
  if ((await endOf(program)) !== 0) throw new Error(`cdk ${args[0]}:\n${output.slice(-6_000)}`);
  return output;
}

const deploy = (change?: Record<string, string>) =>
  cdk([
    "deploy",
    "--require-approval=never",
    `--outputs-file=${HOME}/outputs.json`,
    "-c",
    "emulator=true",
    "-c",
    `values=${values(change)}`,
  ]);

const Outputs = z.object({
  [STACK]: z.object({
    ApiUrl: z.string(),
    WebhookUrl: z.string(),
    WebhookSecretArn: z.string(),
    AuthSecretArn: z.string(),
    GatewaySecretArn: z.string(),
    SweepFunction: z.string(),
    TableName: z.string(),
  }),
});

async function story(): Promise<void> {
  await cdk(["bootstrap", "-c", "emulator=true"]);
  say("cdk", "bootstrapped");
  const deployed = await deploy();
  const leftOut = new Set(deployed.match(/left out: .*/g) ?? []);
  const outputs = Outputs.parse(JSON.parse(readFileSync(`${HOME}/outputs.json`, "utf8")))[STACK];
  const resources = Object.values(
    z
      .object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) })
      .parse(JSON.parse(readFileSync(`${CDK_OUT}/${STACK}.template.json`, "utf8"))).Resources,
  );
  say("cdk", `deployed ${resources.length} resources of ${new Set(resources.map(({ Type }) => Type)).size} types`);
  for (const line of leftOut) say("cdk", line);

  await putSecrets(outputs);
  const [api, webhook] = await Promise.all([
    cloud.proxyFor("API", outputs.ApiUrl),
    cloud.proxyFor("URL", outputs.WebhookUrl),
  ]);
  chapa.setWebhookUrl(`${webhook.origin}/`);
  try {
    await payments(api.origin, outputs);
    await deadLetter();
    await refusals(api.origin);
    await update(api.origin);
  } finally {
    await Promise.all([api.close(), webhook.close()]);
  }
  await cdk(["destroy", "--force", "-c", "emulator=true"]);
  say("cdk", "destroyed");
}

async function putSecrets(outputs: z.output<typeof Outputs>[typeof STACK]): Promise<void> {
  const sha256 = createHash("sha256").update(API_KEY).digest("hex");
  const secrets: [string, object][] = [
    [outputs.WebhookSecretArn, { chapa_webhook_secret: settings.CHAPA_WEBHOOK_SECRET }],
    [
      outputs.AuthSecretArn,
      {
        jwt_secret: settings.JWT_SECRET,
        namespace: "deploy-test-namespace",
        api_keys: [{ name: "deploy-test", sha256, roles: ["service"] }],
        cursor_key: "deploy-test-cursor-key",
        upstash_url: redis.origin,
        upstash_token: redis.token,
      },
    ],
    [
      outputs.GatewaySecretArn,
      {
        chapa_secret_key: CHAPA_DEFAULTS.secretKey,
        contact_key: "k1",
        contact_keys: { k1: Buffer.alloc(32, 3).toString("base64") },
        listing_api_key: settings.PROPERTY_WEBHOOK_API_KEY,
        notification_bearer: services.notificationBearer,
        user_management_login: { email: USERS.admin.email, password: PASSWORD },
      },
    ],
  ];
  for (const [SecretId, value] of secrets) {
    await cloud.ask("secretsmanager", "secretsmanager.PutSecretValue", {
      SecretId,
      SecretString: JSON.stringify(value),
    });
  }
  say("operator", "stores the three secrets");
}

const Answer = z.looseObject({
  id: z.string().optional(),
  status: z.unknown().optional(),
  chapa_tx_ref: z.string().optional(),
});

async function call(api: string, [method, path]: [string, string], headers: Record<string, string>, body?: object) {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: Answer.parse(text.startsWith("{") ? JSON.parse(text) : {}) };
}

async function until(claim: string, holds: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await holds()) {
      say("proven", claim);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`not within ${seconds} s: ${claim}`);
}

const owner = { authorization: `Bearer ${userTokens.owner.token}` };
let paidId = "";

async function begin(api: string, byKey = false): Promise<{ id: string; txRef: string; propertyId: string }> {
  const propertyId = listing?.addProperty({ ownerId: USERS.owner.id }).id ?? "";
  const body = { user_id: USERS.owner.id, property_id: propertyId, request_id: randomUUID() };
  const headers = byKey ? { "x-api-key": API_KEY } : owner;
  const answer = await call(api, ["POST", "/api/v1/payments/initiate"], headers, body);
  must(`${byKey ? "a program" : "the owner"} gets 202`, answer.status === 202, answer);
  return { id: String(answer.body.id), txRef: String(answer.body.chapa_tx_ref), propertyId };
}

async function paid(api: string, { id, propertyId }: { id: string; propertyId: string }): Promise<void> {
  await until("the state is SUCCESS", async () => {
    const { body } = await call(api, ["GET", `/api/v1/payments/${id}/status`], owner);
    return body.status === "SUCCESS";
  });
  await until("the listing is APPROVED", () => listing?.property(propertyId)?.status === "APPROVED");
  const { body } = await call(api, ["GET", `/api/v1/payments/${id}`], { "x-api-key": API_KEY });
  for (const { at, transition, by, evidence } of History.parse(body["history"])) {
    say("payment", `${at} ${transition} by ${by}${evidence ? ` [${evidence}]` : ""}`);
  }
}

const History = z.array(
  z.object({ at: z.string(), transition: z.string(), by: z.string(), evidence: z.string().nullable() }),
);

async function payments(api: string, { SweepFunction }: { SweepFunction: string }): Promise<void> {
  say("story", "pay");
  const first = await begin(api);
  await chapa.act(first.txRef, "pay");
  say("owner", "pays at Chapa's page");
  await paid(api, first);
  paidId = first.id;

  say("story", "lost-webhook");
  chapa.plan("*", SILENT);
  const lost = await begin(api);
  await chapa.act(lost.txRef, "pay");
  say("owner", "pays; every webhook and callback is lost");
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await cloud.invoke(SweepFunction);
  say("clock", "the sweep runs");
  await paid(api, lost);
  chapa.plan("*", {});

  say("story", "listing-down");
  await listing?.faults.set("503");
  const late = await begin(api);
  await chapa.act(late.txRef, "pay");
  await until("the state is SUCCESS while the listing answers 503", async () => {
    const { body } = await call(api, ["GET", `/api/v1/payments/${late.id}/status`], owner);
    return body.status === "SUCCESS";
  });
  await new Promise((resolve) => setTimeout(resolve, UNDELIVERED_MS));
  must(
    "the listing service has not acknowledged the success",
    listing?.property(late.propertyId)?.status === "PENDING",
    listing?.property(late.propertyId),
  );
  await listing?.faults.clear();
  say("listing", "works again");
  await paid(api, late);

  say("story", "service-initiated");
  const byProgram = await begin(api, true);
  await chapa.act(byProgram.txRef, "pay");
  await paid(api, byProgram);
  must(
    "Chapa has captured exactly the four payments of this test",
    chapa.captures().length === 4,
    chapa.captures().length,
  );
}

async function deadLetter(): Promise<void> {
  say("story", "a message that always fails");
  const queues = z
    .object({ QueueUrls: z.array(z.string()) })
    .parse(JSON.parse(await cloud.ask("sqs", "AmazonSQS.ListQueues", {}))).QueueUrls;
  const named = (part: string) => queues.find((url) => url.includes(part)) ?? "";
  await cloud.ask("sqs", "AmazonSQS.SendMessage", {
    QueueUrl: queues.find((url) => url.includes("Resolve") && !url.includes("Dead")),
    MessageBody: "not a message of ours",
  });
  const Attributes = z.object({ Attributes: z.object({ ApproximateNumberOfMessages: z.string() }) });
  await until(
    "it is in its dead-letter queue",
    async () => {
      const asked = { QueueUrl: named("ResolveDead"), AttributeNames: ["ApproximateNumberOfMessages"] };
      const text = await cloud.ask("sqs", "AmazonSQS.GetQueueAttributes", asked);
      return Attributes.parse(JSON.parse(text)).Attributes.ApproximateNumberOfMessages === "1";
    },
    120,
  );
}

async function refusals(api: string): Promise<void> {
  say("story", "refusals");
  const unsigned = await call(api, ["GET", "/internal/v1/payments"], {});
  must("an unsigned request under /internal is refused", unsigned.status === 403, unsigned.status);
  const nobody = await call(api, ["GET", "/api/v1/payments"], {});
  must("payments cannot be listed without credentials", nobody.status === 401, nobody.status);
  const nowhere = await call(api, ["GET", "/nowhere"], {});
  must("an unknown address is refused with route_unknown", nowhere.body["code"] === "route_unknown", nowhere);
  const health = await call(api, ["GET", "/health"], {});
  must("the service is healthy", health.status === 200, health);
}

async function update(api: string): Promise<void> {
  say("story", "an update");
  await deploy({ RATE_LIMIT_INITIATE: "11" });
  say("cdk", "deployed a second time, with one value changed");
  const { body } = await call(api, ["GET", `/api/v1/payments/${paidId}/status`], owner);
  must("a payment that was paid before the update is still paid", body.status === "SUCCESS", body);
  const again = await fetch(`${api}/api/v1/payments/initiate`, {
    method: "POST",
    headers: { "content-type": "application/json", ...owner },
    body: JSON.stringify({ user_id: USERS.owner.id, property_id: randomUUID() }),
  });
  must(
    "the new value is used",
    /q=11;/.test(again.headers.get("ratelimit-policy") ?? ""),
    again.headers.get("ratelimit-policy"),
  );
}

try {
  await story();
  say("all good", `${Math.round((Date.now() - startedAt) / 1000)} s`);
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.stack : error}\n\nthe emulator's last output:\n${cloud.lastOutput}\n`,
  );
  process.exitCode = 1;
} finally {
  await Promise.all([cloud.stop(), chapa.close(), services.close(), redis.close()]);
  clock.stop();
}
