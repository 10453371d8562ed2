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
import { GAUGES, METRICS } from "../../lib/contract/metrics.ts";
import { EvaluatedAlarm, evaluate } from "./evaluate-alarm.ts";

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

const Alarm = EvaluatedAlarm.extend({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()).min(1),
});

const made = () =>
  Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Alarm.parse(Properties));

test("alarms are exactly the listed ones, each with a receiver, its impact and its page of the runbook", () => {
  const alarms = made();
  expect(alarms).toHaveLength(ALARMS.length);
  for (const { name, impact, severity, runbook: heading, at, isHeartbeat, watches } of ALARMS) {
    const alarm = alarms.find(({ AlarmName }) => AlarmName.endsWith(name));
    expect(alarm?.AlarmDescription, name).toContain(impact);
    expect(alarm?.AlarmDescription).toContain(`[${severity}]`);
    expect(JSON.stringify(alarm)).toContain(`${DEV.runbookUrl}#${anchorOf(heading)}`);
    expect(alarm).toMatchObject({
      Threshold: at,
      TreatMissingData: isHeartbeat ? "breaching" : watches.of === "gauge" ? "ignore" : "notBreaching",
      ComparisonOperator: isHeartbeat ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold",
    });
  }
});

test("alarms lead to existing headings, each with description, investigation, resolution and commands", () => {
  const headings = [...new Set(ALARMS.map(({ runbook: heading }) => heading)), "Payments are broken"];
  expect([...sections.keys()]).toEqual(expect.arrayContaining(headings));
  for (const [heading, text] of sections) {
    expect(text, heading).toMatch(/\*\*Investigation\*\*\n\n```sh\n(?:aws|curl) /);
    expect(text, heading).toMatch(/\*\*Resolution\*\*\n\n\S/);
  }
});

test("an alarm watches every metric of ours but those that are sent all the time, which are at most ten", () => {
  const watched = ALARMS.flatMap(({ watches }) =>
    watches.of === "own" || watches.of === "gauge" ? [watches.metric] : [],
  );
  const fine = ["PaymentOpened", "PaymentConfirmed", "WebhookAccepted"];
  expect([...watched, ...fine].toSorted()).toEqual([...METRICS, ...GAUGES].toSorted());
  expect(fine.length + GAUGES.length).toBeLessThanOrEqual(10);
});

/** What an alarm of the template says, minute by minute, of a metric of ours. */
function statesOf(name: string, valueAt: (minute: number) => number | undefined, minutes: number): string[] {
  const alarm = made().find(({ AlarmName }) => AlarmName.endsWith(name));
  if (!alarm) throw new Error(`there is no alarm ${name}`);
  return evaluate(alarm, valueAt, minutes);
}

const HOURS = 60;
const DAYS = 24 * HOURS;

test("the alarm on open attention goes off within a minute, lasts until a person answers, and survives a silent sweep", () => {
  const isOpen = (minute: number) => minute >= 10 && minute < 12 * DAYS;
  const states = statesOf("attention-open", (minute) => (isOpen(minute) ? 1 : 0), 12 * DAYS + 3);
  expect(states.slice(8, 12)).toEqual(["OK", "OK", "ALARM", "ALARM"]);
  expect(new Set(states.slice(10, 12 * DAYS))).toEqual(new Set(["ALARM"]));
  expect(states.at(-1)).toBe("OK");
  const silent = statesOf("attention-open", (minute) => (minute < 20 ? 1 : undefined), 300);
  expect(silent.at(-1)).toBe("ALARM");
});

test("attention that nobody has answered for a day sets off an alarm of its own", () => {
  const states = statesOf("attention-unanswered", (minute) => minute * 60, DAYS + 2);
  expect(states.indexOf("ALARM")).toBe(DAYS);
});

test("books that were not compared for 26 hours set off an alarm, however often the comparison was started", () => {
  const daily = (minute: number) => (minute % DAYS === 5 ? 1 : undefined);
  expect(statesOf("reconcile-silent", daily, 9 * DAYS)).not.toContain("ALARM");
  const stopped = (minute: number) => (minute < 3 * DAYS ? daily(minute) : undefined);
  const states = statesOf("reconcile-silent", stopped, 6 * DAYS);
  const last = 2 * DAYS + 5;
  expect(states.indexOf("ALARM")).toBeGreaterThanOrEqual(last + 25 * HOURS);
  expect(states.indexOf("ALARM")).toBeLessThanOrEqual(last + 27 * HOURS);
  expect(states.at(-1)).toBe("ALARM");
});

test("a deadline that is missed once a day keeps its alarm, and a day after the last time it ends", () => {
  const daily = (minute: number) => (minute % DAYS === 5 && minute < 4 * DAYS ? 1 : undefined);
  const states = statesOf("deadline-missed", daily, 6 * DAYS);
  expect(new Set(states.slice(2 * HOURS, 4 * DAYS))).toEqual(new Set(["ALARM"]));
  expect(states.at(-1)).toBe("OK");
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
