import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { DEV, STAGE_NAMES } from "../../infra/config.ts";
import { inventoryOf } from "../../infra/inventory.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../../lib/contract/functions.ts";
import { QUEUES } from "../../lib/contract/queues.ts";
import { gatewayKeyOf, NO_ROUTE, ROUTES } from "../../lib/contract/routes.ts";
import { PAYMENT_PREFIX, TABLE } from "../../lib/contract/table.ts";
import { readStage } from "./stages/read-stage.ts";

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;
const NAMES = readdirSync(`${ROOT}functions`).map((file) => basename(file, ".ts"));
const SPECS = Object.entries(FUNCTIONS) as [FunctionName, FunctionSpec][];

// One process for all of them: each bundle is loaded twice, with an environment that is this function's alone.
const START_EACH = `
const [folder, starts] = process.argv.slice(1);
const start = async ({ name }, environment) => {
  for (const variable of Object.keys(process.env)) delete process.env[variable];
  Object.assign(process.env, environment);
  try {
    const { handler } = await import(folder + "/" + name + "/index.mjs?" + Math.random());
    return typeof handler;
  } catch (error) {
    return String(error);
  }
};
const outcomes = [];
for (const one of JSON.parse(starts)) {
  const incomplete = await start(one, one.incomplete);
  outcomes.push({ name: one.name, incomplete, complete: await start(one, one.complete) });
}
const undici = process.moduleLoadList.filter((module) => /undici/.test(module));
process.stdout.write(JSON.stringify({ outcomes, undici }));
`;
const Started = z.object({ name: z.string(), incomplete: z.string(), complete: z.string() });
const AllStarted = z.object({ outcomes: z.array(Started), undici: z.array(z.string()) });
type Started = z.infer<typeof Started>;

const Properties = z.record(z.string(), z.unknown());
type Resources = Record<string, z.output<typeof Properties>>;

let template: Template;
/** Logical ids of functions by the name of their file. */
let functionIds: Map<string, string>;

beforeAll(() => {
  const stack = new PaymentStack(new App(), "Test", {
    config: DEV,
    code: (name) => Code.fromInline(`// ${name}`),
  });
  template = Template.fromStack(stack);
  const bodies = Object.entries(properties("AWS::Lambda::Function")).map(([id, { Code: code }]) => {
    const { ZipFile } = z.object({ ZipFile: z.string() }).parse(code);
    return [ZipFile.replace("// ", ""), id] as const;
  });
  functionIds = new Map(bodies);
});

function properties(type: string): Resources {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, { Properties: found }]) => [id, Properties.parse(found)]),
  );
}

function functionOf(name: string): z.output<typeof Properties> {
  return properties("AWS::Lambda::Function")[functionIds.get(name) ?? ""] ?? {};
}

const arnOf = (id: string | undefined) => ({ "Fn::GetAtt": [id, "Arn"] });

test("functions are exactly the files of functions/", () => {
  expect(NAMES.toSorted()).toEqual(Object.keys(FUNCTIONS).toSorted());
  expect([...functionIds.keys()].toSorted()).toEqual(NAMES.toSorted());
});

test.each(SPECS)(
  "the function %s runs as its contract says, with no other variable",
  (name, { timeoutSeconds, memoryMb, env }) => {
    const made = functionOf(name);
    expect(made).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.handler",
      Timeout: timeoutSeconds,
      MemorySize: memoryMb,
    });
    const { Variables } = z.object({ Variables: Properties }).parse(made["Environment"] ?? { Variables: {} });
    expect(Object.keys(Variables).toSorted()).toEqual([...env].toSorted());
  },
);

test("functions have logs that end, and roles of their own", () => {
  const roles = NAMES.map((name) => JSON.stringify(functionOf(name)["Role"]));
  expect(new Set(roles).size).toBe(NAMES.length);
  const groups = Object.values(properties("AWS::Logs::LogGroup"));
  // One more for the API itself.
  expect(groups).toHaveLength(NAMES.length + 1);
  for (const group of groups) expect(group["RetentionInDays"]).toBeGreaterThan(0);
});

test("the API has exactly the routes of the contract, each to its function", () => {
  const routes = Object.values(properties("AWS::ApiGatewayV2::Route")).map(({ RouteKey }) => RouteKey);
  const expected = [...ROUTES.map(gatewayKeyOf), NO_ROUTE.key];
  expect(routes.toSorted()).toEqual(expected.toSorted());
  const uris = Object.values(properties("AWS::ApiGatewayV2::Integration")).map(
    ({ IntegrationUri, PayloadFormatVersion }) => [JSON.stringify(IntegrationUri), PayloadFormatVersion],
  );
  const names = new Set([...ROUTES, NO_ROUTE].map(({ function: name }) => name));
  expect(uris.toSorted()).toEqual(
    [...names].map((name) => [JSON.stringify(arnOf(functionIds.get(name))), "2.0"]).toSorted(),
  );
});

test("the API may invoke each function of a route by one permission, which names the API", () => {
  const permissions = Object.values(properties("AWS::Lambda::Permission")).filter(
    ({ Principal }) => Principal === "apigateway.amazonaws.com",
  );
  const names = new Set([...ROUTES, NO_ROUTE].map(({ function: name }) => name));
  expect(permissions.map(({ FunctionName: name }) => JSON.stringify(name)).toSorted()).toEqual(
    [...names].map((name) => JSON.stringify(arnOf(functionIds.get(name)))).toSorted(),
  );
  const [api] = Object.keys(template.findResources("AWS::ApiGatewayV2::Api"));
  for (const { SourceArn } of permissions) expect(JSON.stringify(SourceArn)).toContain(`{"Ref":"${api}"}`);
});

test("Chapa reaches the webhook at a public URL, with both permissions that it needs", () => {
  template.resourceCountIs("AWS::Lambda::Url", 1);
  const target = arnOf(functionIds.get("chapa-webhook"));
  template.hasResourceProperties("AWS::Lambda::Url", { AuthType: "NONE", TargetFunctionArn: target });
  const permissions = Object.values(properties("AWS::Lambda::Permission")).filter(({ Principal }) => Principal === "*");
  expect(permissions.map(({ Action }) => Action).toSorted()).toEqual([
    "lambda:InvokeFunction",
    "lambda:InvokeFunctionUrl",
  ]);
  expect(permissions.map(({ FunctionName: name }) => name)).toEqual([target, target]);
});

test.each(SPECS.filter(([, { trigger }]) => trigger.kind === "schedule"))(
  "%s runs as often as its contract says, without retries",
  (name, { trigger }) => {
    const minutes = trigger.kind === "schedule" ? trigger.everyMinutes : 0;
    const rate = { 1: "1 minute", 60: "1 hour" }[minutes];
    template.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: `rate(${rate})`,
      Target: { Arn: arnOf(functionIds.get(name)), RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
  },
);

test("only scheduled functions are invoked asynchronously, once and at most a minute late", () => {
  const scheduled = SPECS.flatMap(([name, { trigger }]) => (trigger.kind === "schedule" ? [name] : []));
  const found = Object.values(properties("AWS::Lambda::EventInvokeConfig"));
  expect(found).toHaveLength(scheduled.length);
  const targets = found.map(({ FunctionName: target }) => target);
  expect(targets).toEqual(expect.arrayContaining(scheduled.map((name) => ({ Ref: functionIds.get(name) }))));
  for (const one of found) expect(one).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
});

test.each(SPECS.filter(([, { trigger }]) => trigger.kind === "queue"))(
  "%s reads its queue, each message on its own",
  (name, { trigger }) => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionName: { Ref: functionIds.get(name) },
      BatchSize: trigger.kind === "queue" ? trigger.batch : 0,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  },
);

test("the stream brings payments only, and a poisoned record ends in a queue and not in the way", () => {
  const filter = JSON.stringify({ dynamodb: { Keys: { pk: { S: [{ prefix: PAYMENT_PREFIX }] } } } });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    FunctionName: { Ref: functionIds.get("publish-events") },
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    MaximumRetryAttempts: 10,
    DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    FilterCriteria: { Filters: [{ Pattern: filter }] },
  });
});

test("the table has one key, a stream, a TTL, four indexes of keys, a past to go back to, and cannot be deleted", () => {
  template.resourceCountIs("AWS::DynamoDB::Table", 1);
  template.hasResource("AWS::DynamoDB::Table", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  template.hasResourceProperties("AWS::DynamoDB::Table", {
    KeySchema: [{ AttributeName: TABLE.partitionKey.name, KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
    TimeToLiveSpecification: { AttributeName: TABLE.ttlAttribute, Enabled: true },
    GlobalSecondaryIndexes: TABLE.indexes.map(({ name, partitionKey, sortKey }) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: partitionKey.name, KeyType: "HASH" },
        { AttributeName: sortKey.name, KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    })),
  });
});

test.each(STAGE_NAMES)(
  "table and secrets of %s outlive the stack, and a new stack can import them by name",
  (stage) => {
    const config = readStage(stage);
    const stack = new PaymentStack(new App(), "Test", { config, code: (name) => Code.fromInline(name) });
    const kept = (type: string) => Object.values(Template.fromStack(stack).findResources(type));
    const [tables, secrets] = [kept("AWS::DynamoDB::Table"), kept("AWS::SecretsManager::Secret")];
    // CloudFormation imports only what has a name that is text in the template, and that is retained.
    expect(tables.map(({ Properties: { TableName } }) => TableName)).toEqual([`chapa-payments-${stage}`]);
    expect(secrets.map(({ Properties: { Name } }) => Name).toSorted()).toEqual(
      ["auth", "gateway", "webhook"].map((name) => `chapa-payments-${stage}/${name}`),
    );
    // Without its key a retained table cannot be read.
    const keys = kept("AWS::KMS::Key");
    expect(keys).toHaveLength(config.tableKey === "account" ? 1 : 0);
    for (const one of [...tables, ...secrets, ...keys]) {
      expect(one).toMatchObject({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    }
  },
);

test.each(Object.entries(QUEUES))("queue %s hides a message long enough, and keeps the dead", (name, spec) => {
  const { fifo, visibilitySeconds, maxReceives } = spec;
  const reader = SPECS.find(([, { trigger }]) => trigger.kind === "queue" && trigger.queue === name)?.[1];
  if (reader) expect(visibilitySeconds).toBeGreaterThanOrEqual(6 * reader.timeoutSeconds);
  template.hasResourceProperties("AWS::SQS::Queue", {
    VisibilityTimeout: visibilitySeconds,
    RedrivePolicy: { maxReceiveCount: maxReceives, deadLetterTargetArn: Match.anyValue() },
    SqsManagedSseEnabled: true,
    ...(fifo ? { FifoQueue: true } : {}),
  });
});

test("messages to payers are kept for two weeks, so that a backlog of days is not deleted unseen, and others for four days", () => {
  const queues = Object.values(properties("AWS::SQS::Queue")).filter(
    ({ RedrivePolicy }) => RedrivePolicy !== undefined,
  );
  const days = queues.map(({ VisibilityTimeout, MessageRetentionPeriod }) => [
    VisibilityTimeout === QUEUES.notification.visibilitySeconds,
    Number(MessageRetentionPeriod) / 86_400,
  ]);
  expect(days.toSorted()).toEqual([
    [false, 4],
    [false, 4],
    [true, 14],
    [true, 14],
  ]);
});

test("a dead letter is kept for two weeks", () => {
  const all = properties("AWS::SQS::Queue");
  const dead = Object.entries(all).filter(([, { RedrivePolicy }]) => RedrivePolicy === undefined);
  expect(dead).toHaveLength(Object.keys(QUEUES).length + 1);
  for (const [, { MessageRetentionPeriod }] of dead) expect(MessageRetentionPeriod).toBe(14 * 86_400);
});

test("the rights of functions are those of docs/inventory.md", () => {
  const written = readFileSync(`${ROOT}docs/inventory.md`, "utf8");
  expect(inventoryOf(template.toJSON())).toBe(written);
  for (const name of NAMES) expect(written).toContain(`| ${name} |`);
});

test("no function scans or has a right to everything, and each secret is named to the functions that need it", () => {
  const written = readFileSync(`${ROOT}docs/inventory.md`, "utf8");
  expect(written).not.toMatch(/Scan|\*|PartiQL|BatchWrite/);
  const readers = (secret: string) =>
    [...written.matchAll(/^\| ([\w-]+) \|.*$/gm)]
      .filter(([row]) => row.includes(`on ${secret}`))
      .map(([, name]) => name);
  expect(readers("WebhookSecret")).toEqual(["chapa-webhook"]);
  expect(readers("GatewaySecret")).not.toContain("get-payment-status");
  expect(readers("GatewaySecret").toSorted()).toEqual([
    "cancel-payment",
    "initiate-payment",
    "notify-listing",
    "notify-user",
    "payment-checkout",
    "payment-return",
    "reconcile-now",
    "reconcile-payments",
    "refund-payment",
    "resolve-payment",
    "review-payment",
    "timeout-payments",
    "verify-payment",
  ]);
});

describe("bundles", () => {
  const outcomes = new Map<string, Started>();
  let undici: readonly string[] = [];
  beforeAll(async () => {
    await run(process.execPath, ["esbuild.config.ts"], { cwd: ROOT });
    const environments = SPECS.map(([name]) => [name, environmentOf(name)] as const);
    const starts = environments.map(([name, complete]) => {
      const [first] = FUNCTIONS[name].env;
      const { [String(first)]: _, ...incomplete } = complete;
      return { name, incomplete, complete };
    });
    const args = ["--input-type=module", "-e", START_EACH, `${ROOT}dist`, JSON.stringify(starts)];
    const { stdout } = await run(process.execPath, args, { env: {} });
    const started = AllStarted.parse(JSON.parse(stdout));
    for (const one of started.outcomes) outcomes.set(one.name, one);
    undici = started.undici;
  });

  /** What the template tells the function; what only exists once it is deployed gets an address or a name. */
  function environmentOf(name: FunctionName): Record<string, string> {
    const { Variables } = z
      .object({ Variables: Properties })
      .parse(functionOf(name)["Environment"] ?? { Variables: {} });
    const entries = Object.entries(Variables).map(([variable, value]): [string, string] => {
      if (typeof value === "string") return [variable, value];
      return [variable, /_URL$/.test(variable) ? "https://made.when.deployed.invalid" : "made-when-deployed"];
    });
    return { AWS_REGION: "eu-west-1", ...Object.fromEntries(entries) };
  }

  test.each(SPECS)("the bundle %s starts with the variables of the template, and with none less", (name, { env }) => {
    expect(outcomes.get(name)?.complete).toBe("function");
    for (const variable of env.slice(0, 1)) {
      expect(outcomes.get(name)?.incomplete).toContain(`${variable} is missing`);
    }
  });

  test("no bundle loads undici when it starts", () => {
    expect(undici).toEqual([]);
  });
});
