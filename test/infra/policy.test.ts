import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ACKNOWLEDGED } from "../../infra/acknowledged.ts";
import { DEV, ROUTE_THROTTLES, type StageConfig } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { gatewayKeyOf, NO_ROUTE, ROUTES } from "../../lib/contract/routes.ts";
import { readStage } from "./stages/read-stage.ts";

type Resource = { id: string; type: string; properties: Record<string, unknown>; text: string };

function synthesised(config: StageConfig): Resource[] {
  const stack = new PaymentStack(new App(), "Test", { config, code: (name) => Code.fromInline(`// ${name}`) });
  const { Resources } = z
    .object({
      Resources: z.record(
        z.string(),
        z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
      ),
    })
    .parse(Template.fromStack(stack).toJSON());
  return Object.entries(Resources).map(([id, { Type, Properties }]) => ({
    id,
    type: Type,
    properties: Properties,
    text: JSON.stringify(Properties),
  }));
}

const of = (resources: Resource[], type: string) => resources.filter((resource) => resource.type === type);

/** What must hold of every stage, each with its reason. A rule names the resources that break it. */
const RULES: [string, string, (all: Resource[], config: StageConfig) => string[]][] = [
  [
    "no policy names everything",
    "a function that is taken over reaches what it needs and nothing else",
    (all) =>
      of(all, "AWS::IAM::Policy")
        .filter(({ text }) => /"Action":"\*"|"Resource":"\*"|:\*"\]|"\w+:\*"/.test(text))
        .map(({ id }) => id),
  ],
  [
    "no role has a policy of AWS's",
    "those grant rights on every log of the account",
    (all) =>
      of(all, "AWS::IAM::Role")
        .filter(({ properties }) => properties["ManagedPolicyArns"] !== undefined)
        .map(({ id }) => id),
  ],
  [
    "every queue is encrypted and taken over TLS only",
    "messages name payments",
    (all) => {
      const closed = of(all, "AWS::SQS::QueuePolicy").filter(({ text }) =>
        text.includes('"aws:SecureTransport":"false"'),
      );
      return of(all, "AWS::SQS::Queue")
        .filter(
          ({ id, properties }) =>
            properties["SqsManagedSseEnabled"] !== true || !closed.some(({ text }) => text.includes(id)),
        )
        .map(({ id }) => id);
    },
  ],
  [
    "every mapping reports each failed record",
    "one bad record must not bring the others back",
    (all) =>
      of(all, "AWS::Lambda::EventSourceMapping")
        .filter(({ text }) => !text.includes("ReportBatchItemFailures"))
        .map(({ id }) => id),
  ],
  [
    "no variable of a function holds a secret",
    "variables are shown in the console and in every template",
    (all) =>
      of(all, "AWS::Lambda::Function")
        .filter(({ text }) =>
          /CHASECK|"(?!RATE_LIMIT_)[A-Z_]*(?:PASSWORD|TOKEN|API_KEY)"|SecretString|resolve:secretsmanager/.test(text),
        )
        .map(({ id }) => id),
  ],
  [
    "every log ends",
    "what is kept for ever is paid for for ever, and found for ever",
    (all, { logRetentionDays }) =>
      of(all, "AWS::Logs::LogGroup")
        .filter(({ properties }) => properties["RetentionInDays"] !== logRetentionDays)
        .map(({ id }) => id),
  ],
  [
    "browsers of the stage's own origins only may call",
    "any other page could act with a user's token",
    (all, { values }) =>
      of(all, "AWS::ApiGatewayV2::Api")
        .filter(({ properties }) => {
          const { AllowOrigins, AllowCredentials } = z
            .object({ AllowOrigins: z.array(z.string()), AllowCredentials: z.boolean().optional() })
            .parse(properties["CorsConfiguration"]);
          return AllowOrigins.join() !== values.FRONTEND_ORIGINS || AllowCredentials === true;
        })
        .map(({ id }) => id),
  ],
  [
    "the gateway authorises exactly what is under /internal",
    "everything else is checked by its function, or public on purpose",
    (all) =>
      of(all, "AWS::ApiGatewayV2::Route")
        .filter(
          ({ properties, text }) => (properties["AuthorizationType"] === "AWS_IAM") !== text.includes("/internal/"),
        )
        .map(({ id }) => id),
  ],
  [
    "what is public is what the contract says is public",
    "a route that nobody thought of is closed",
    (all) => {
      const listed = [...ROUTES.map(gatewayKeyOf), NO_ROUTE.key];
      return of(all, "AWS::ApiGatewayV2::Route")
        .filter(({ properties }) => !listed.includes(String(properties["RouteKey"])))
        .map(({ id }) => id);
    },
  ],
  [
    "the API throttles every call, and more what is dear or tempting, and records each without its content",
    "nobody's flood becomes somebody's bill",
    (all, { throttle }) =>
      of(all, "AWS::ApiGatewayV2::Stage")
        .filter(({ properties, text }) => {
          const settings = z
            .object({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.number() })
            .parse(properties["DefaultRouteSettings"]);
          const isThrottled =
            settings.ThrottlingRateLimit === throttle.rate && settings.ThrottlingBurstLimit === throttle.burst;
          const areSpecial = Object.keys(ROUTE_THROTTLES).every((key) => text.includes(`"${key}":{`));
          const isQuiet = !/\$context\.(authorizer|identity\.(?!sourceIp)|requestOverride|.*[qQ]uery)/.test(text);
          return !isThrottled || !areSpecial || !isQuiet || !text.includes("DestinationArn");
        })
        .map(({ id }) => id),
  ],
  [
    "the webhook has one public URL, or none where the API takes it",
    "a second door is one that nobody watches",
    (all, { webhookIngress }) => {
      const urls = of(all, "AWS::Lambda::Url");
      return urls.length === (webhookIngress === "functionUrl" ? 1 : 0) ? [] : urls.map(({ id }) => id);
    },
  ],
  [
    "only the webhook reserves functions, and only where the stage says so",
    "a new account's whole quota is ten",
    (all, { webhookConcurrency }) => {
      const reserved = of(all, "AWS::Lambda::Function").filter(
        ({ properties }) => properties["ReservedConcurrentExecutions"] !== undefined,
      );
      const isRight = reserved.every(
        ({ properties }) =>
          properties["ReservedConcurrentExecutions"] === webhookConcurrency &&
          properties["Description"] === "chapa-webhook",
      );
      return isRight && reserved.length === (webhookConcurrency === undefined ? 0 : 1)
        ? []
        : reserved.map(({ id }) => id);
    },
  ],
  [
    "the table is encrypted with the key that the stage says",
    "a production's key can be audited and taken away",
    (all, { tableKey }) =>
      of(all, "AWS::DynamoDB::Table")
        .filter(({ text }) => text.includes('"SSEType":"KMS"') !== (tableKey === "account"))
        .map(({ id }) => id),
  ],
  [
    "who touches a table under the account's key may use the key",
    "without it every call to the table is refused",
    (all, { tableKey }) =>
      of(all, "AWS::IAM::Policy")
        .filter(({ text }) => /"dynamodb:/.test(text) && text.includes('"kms:Decrypt"') !== (tableKey === "account"))
        .map(({ id }) => id),
  ],
];

const VARIANTS: Record<string, StageConfig> = {
  dev: readStage("dev"),
  staging: readStage("staging"),
  prod: readStage("prod"),
  "prod by the API's route": { ...readStage("prod"), webhookIngress: "httpApi" },
  "prod under a name of its own": {
    ...readStage("prod"),
    domain: { name: "pay.rental.et", certificateArn: "arn:aws:acm:eu-west-1:000000000000:certificate/x" },
  },
};

describe.each(Object.entries(VARIANTS))("the stack of %s", (_, config) => {
  const resources = synthesised(config);
  test.each(RULES)("the stack keeps the rule %s: %s", (_rule, _reason, breaks) => {
    expect(breaks(resources, config)).toEqual([]);
  });
});

test("a rule finds what breaks it", () => {
  const bad: Resource[] = [
    { id: "p", type: "AWS::IAM::Policy", properties: {}, text: '{"Action":"*"}' },
    { id: "q", type: "AWS::SQS::Queue", properties: {}, text: "{}" },
    { id: "m", type: "AWS::Lambda::EventSourceMapping", properties: {}, text: "{}" },
    { id: "l", type: "AWS::Logs::LogGroup", properties: {}, text: "{}" },
    { id: "f", type: "AWS::Lambda::Function", properties: {}, text: '{"X":"CHASECK-1"}' },
  ];
  const found = RULES.flatMap(([, , breaks]) => breaks(bad, DEV));
  expect(found).toEqual(expect.arrayContaining(["p", "q", "m", "l", "f"]));
});

test("at most ten findings of the policy packs stand, each with a reason that says why", () => {
  expect(ACKNOWLEDGED.length).toBeLessThanOrEqual(10);
  for (const { reason } of ACKNOWLEDGED) expect(reason.length).toBeGreaterThan(30);
});
