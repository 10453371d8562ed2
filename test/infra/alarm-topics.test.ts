import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ALARMS } from "../../infra/alarms.ts";
import { STAGE_NAMES, type StageConfig } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { decide, type IamRequest } from "./iam-policy.ts";
import { readStage } from "./stages/read-stage.ts";

const ACCOUNT = "111122223333";
const OTHER_ACCOUNT = "444455556666";
const REGION = "eu-west-1";
const PARAMETERS: Record<string, string> = {
  "AWS::AccountId": ACCOUNT,
  "AWS::Region": REGION,
  "AWS::Partition": "aws",
};

const TARGETS = {
  pageTargets: ["oncall@rental.et", "https://events.pager.et/key"],
  ticketTargets: ["payments@rental.et"],
};

const Ref = z.strictObject({ Ref: z.string() });
const GetAtt = z.strictObject({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) });
const Join = z.strictObject({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) });

/** A part of the template as CloudFormation would deploy it. A Ref stands for the ARN of a topic. */
function deployed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deployed);
  if (typeof value !== "object" || value === null) return value;
  const ref = Ref.safeParse(value);
  if (ref.success) return PARAMETERS[ref.data.Ref] ?? topicArn(ref.data.Ref);
  const attribute = GetAtt.safeParse(value);
  if (attribute.success) return attribute.data["Fn::GetAtt"].join(".");
  const join = Join.safeParse(value);
  if (join.success) return join.data["Fn::Join"][1].map(deployed).join(join.data["Fn::Join"][0]);
  const entries = Object.entries(value);
  const unknown = entries.find(([key]) => key.startsWith("Fn::"));
  if (unknown) throw new Error(`${unknown[0]} is not resolved here`);
  return Object.fromEntries(entries.map(([key, part]) => [key, deployed(part)]));
}

function topicArn(id: string): string {
  return `arn:aws:sns:${REGION}:${ACCOUNT}:${id}`;
}

const TopicPolicy = z.object({ Topics: z.tuple([z.string()]), PolicyDocument: z.unknown() });
const Subscription = z.object({ TopicArn: z.string(), Protocol: z.string(), Endpoint: z.string() });
const Alarm = z.object({ AlarmName: z.string(), AlarmDescription: z.string(), AlarmActions: z.array(z.string()) });

function topicsOf(config: StageConfig) {
  const stack = new PaymentStack(new App(), "Test", { config, code: (name) => Code.fromInline(name) });
  const template = Template.fromStack(stack);
  const all = (type: string) =>
    Object.values(template.findResources(type)).map(({ Properties }) => deployed(Properties));
  const ids = Object.keys(template.findResources("AWS::SNS::Topic"));
  const arn = (name: string) => topicArn(ids.find((id) => id.startsWith(name)) ?? `no ${name}`);
  return {
    arns: { page: arn("PageTopic"), ticket: arn("TicketTopic") },
    policies: new Map(
      all("AWS::SNS::TopicPolicy").map((properties) => {
        const { Topics, PolicyDocument } = TopicPolicy.parse(properties);
        return [Topics[0], PolicyDocument] as const;
      }),
    ),
    subscriptions: all("AWS::SNS::Subscription").map((properties) => Subscription.parse(properties)),
    alarms: all("AWS::CloudWatch::Alarm").map((properties) => Alarm.parse(properties)),
    broken: all("AWS::CloudWatch::CompositeAlarm").map((properties) => Alarm.parse(properties)),
  };
}

function alarmArn({ account = ACCOUNT, region = REGION, name = "" }): string {
  return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
}

describe.each(STAGE_NAMES)("the stage %s", (stage) => {
  const { arns, policies, subscriptions, alarms, broken } = topicsOf({ ...readStage(stage), ...TARGETS });

  /** CloudWatch, as it publishes an alarm of the stage, but for what is changed. */
  const publish = (topic: string, change: Partial<IamRequest> = {}): IamRequest => ({
    principal: { Service: "cloudwatch.amazonaws.com" },
    action: "sns:Publish",
    resource: topic,
    ...change,
    context: {
      "aws:SecureTransport": "true",
      "aws:SourceAccount": ACCOUNT,
      "aws:SourceArn": alarmArn({ name: `payments-${stage}-attention-open` }),
      ...change.context,
    },
  });
  const decided = (topic: string, change?: Partial<IamRequest>) => decide(policies.get(topic), publish(topic, change));

  test("each alarm may publish to the topic that it names, as its policy is evaluated", () => {
    for (const { AlarmName, AlarmActions } of [...alarms, ...broken]) {
      for (const topic of AlarmActions) {
        const context = { "aws:SourceArn": alarmArn({ name: AlarmName }) };
        expect(decided(topic, { context }), `${AlarmName} to ${topic}`).toBe("allowed");
      }
    }
  });

  test.each(Object.entries(arns))("the %s topic refuses everyone else", (_, topic) => {
    const from = (sourceArn: string) => ({ context: { "aws:SourceArn": sourceArn } });
    const name = `payments-${stage}-attention-open`;
    const refused: Record<string, Partial<IamRequest>> = {
      "an alarm of another account": { context: { "aws:SourceAccount": OTHER_ACCOUNT } },
      "an alarm ARN of another account": from(alarmArn({ account: OTHER_ACCOUNT, name })),
      "an alarm of another region": from(alarmArn({ region: "us-east-1", name })),
      "an alarm of another stage": from(alarmArn({ name: "payments-other-attention-open" })),
      "an alarm of something else": from(alarmArn({ name: "cpu-high" })),
      "another kind of resource": from(`arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`),
      "another service": { principal: { Service: "events.amazonaws.com" } },
      "somebody's user": { principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:user/somebody` } },
      "another action": { action: "sns:Subscribe" },
    };
    for (const [who, change] of Object.entries(refused)) expect(decided(topic, change), who).toBe("not allowed");
    expect(decided(topic, { context: { "aws:SecureTransport": "false" } }), "without TLS").toBe("denied");
  });

  test("each alarm goes to the topic of its severity, and the one that says that payments are broken pages", () => {
    for (const { name, severity } of ALARMS) {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === `payments-${stage}-${name}`);
      expect(alarm?.AlarmActions, name).toEqual([arns[severity]]);
    }
    expect(broken.map(({ AlarmActions }) => AlarmActions)).toEqual([[arns.page]]);
  });

  test("each topic has exactly the targets that the stage sets for it, by e-mail or https", () => {
    const found = subscriptions.map(({ TopicArn, Protocol, Endpoint }) => [TopicArn, Protocol, Endpoint].join(" "));
    expect(found.toSorted()).toEqual(
      [
        `${arns.page} email oncall@rental.et`,
        `${arns.page} https https://events.pager.et/key`,
        `${arns.ticket} email payments@rental.et`,
      ].toSorted(),
    );
  });

  test("each alarm leads to the runbook by an absolute link", () => {
    for (const { AlarmName, AlarmDescription } of [...alarms, ...broken]) {
      const [, link = ""] = /Runbook: (\S+)$/.exec(AlarmDescription) ?? [];
      const { protocol, hash } = new URL(link);
      expect([protocol, hash.length > 1], AlarmName).toEqual(["https:", true]);
    }
  });
});
