import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { ALARMS, BROKEN } from "../../infra/alarms.ts";
import { architecture } from "../../infra/architecture.ts";
import { DEV } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { anchorOf } from "../../infra/watch.ts";
import { METRICS } from "../../lib/contract/metrics.ts";

const ROOT = new URL("../../", import.meta.url);
const runbook = readFileSync(new URL("docs/runbook.md", ROOT), "utf8");
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section]),
);

let template: Template;
beforeAll(() => {
  const code = (name: string) => Code.fromInline(name);
  template = Template.fromStack(new PaymentStack(new App(), "Test", { config: DEV, code }));
});

const Alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()).min(1),
  Threshold: z.number(),
  TreatMissingData: z.string(),
  ComparisonOperator: z.string(),
});

const made = () =>
  Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Alarm.parse(Properties));

test("alarms are exactly the listed ones, each with a receiver, its impact and its page of the runbook", () => {
  const alarms = made();
  expect(alarms).toHaveLength(ALARMS.length);
  for (const { name, impact, severity, runbook: heading, at, isHeartbeat } of ALARMS) {
    const alarm = alarms.find(({ AlarmName }) => AlarmName.endsWith(name));
    expect(alarm?.AlarmDescription, name).toContain(impact);
    expect(alarm?.AlarmDescription).toContain(`[${severity}]`);
    expect(JSON.stringify(alarm)).toContain(`${DEV.runbookUrl}#${anchorOf(heading)}`);
    expect(alarm).toMatchObject({
      Threshold: at,
      TreatMissingData: isHeartbeat ? "breaching" : "notBreaching",
      ComparisonOperator: isHeartbeat ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold",
    });
  }
});

test("alarms lead to existing headings, each with description, investigation, resolution and commands", () => {
  const headings = [...new Set(ALARMS.map(({ runbook: heading }) => heading)), "Payments are broken"];
  expect([...sections.keys()]).toEqual(expect.arrayContaining(headings));
  for (const [heading, text] of sections) {
    expect(text, heading).toMatch(/\*\*Investigation\*\*\n\n```\n(?:aws|curl) /);
    expect(text, heading).toMatch(/\*\*Resolution\*\*\n\n\S/);
  }
});

test("alarms watch every metric of ours that means trouble, and those that are counted without a fault are few", () => {
  const watched = ALARMS.flatMap(({ watches }) => (watches.of === "own" ? [watches.metric] : []));
  const fine = ["PaymentOpened", "PaymentConfirmed", "WebhookAccepted"];
  expect([...watched, ...fine].toSorted()).toEqual([...METRICS].toSorted());
  // AWS charges for a metric only while it is counted.
  expect(fine.length).toBeLessThanOrEqual(5);
});

test("every alarm about broken payments sets off the one alarm that says so", () => {
  expect(ALARMS.map(({ name }) => name)).toEqual(expect.arrayContaining([...BROKEN]));
  template.resourceCountIs("AWS::CloudWatch::CompositeAlarm", 1);
});

test("the runbook has an answer for each reason to call a person", () => {
  expect([...sections.keys()]).toEqual(
    expect.arrayContaining([
      "Customer says I paid",
      "Chapa is down",
      "The DLQ has messages",
      "A secret leaked",
      "Webhooks stopped",
      "Amount mismatch",
      "Duplicate charge",
      "Paid but the listing is closed",
      "Restore the table",
      "Reconcile yesterday",
    ]),
  );
  const links = [...runbook.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
  expect([...sections.keys()].map(anchorOf)).toEqual(expect.arrayContaining(links));
});

test("the dashboard shows money, Chapa, webhooks, deliveries, queues, the API, every function, the table and the last errors", () => {
  const bodies = JSON.stringify(template.findResources("AWS::CloudWatch::Dashboard"));
  for (const shown of [
    "Started and paid",
    "From checkout to money",
    "Webhooks",
    "Queue listing",
    "API",
    "initiate-payment",
    "Table",
    "Last errors",
  ]) {
    expect(bodies).toContain(shown);
  }
});

test("docs/architecture.svg is drawn from the stack as it is", () => {
  expect(readFileSync(new URL("docs/architecture.svg", ROOT), "utf8")).toBe(architecture());
});
