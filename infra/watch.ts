import { ArnFormat, Duration, type Stack } from "aws-cdk-lib";
import { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import {
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  LogQueryWidget,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { BillingMode, Operation, Table } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { QueryDefinition, QueryString } from "aws-cdk-lib/aws-logs";
import { SubscriptionProtocol, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription, UrlSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { type AddAlarmProps, MetricStatistic, MonitoringFacade, notifySns } from "cdk-monitoring-constructs";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";
import { GAUGES, type GaugeName, METRICS_NAMESPACE, type MetricName } from "../lib/contract/metrics.ts";
import type { QueueName } from "../lib/contract/queues.ts";
import { ALARMS, type AlarmSpec, BROKEN, type Watched } from "./alarms.ts";
import type { StageConfig } from "./config.ts";
import type { MadeQueue } from "./queues.ts";

export type WatchedParts = {
  api: HttpApi;
  table: Table;
  queues: Record<QueueName, MadeQueue>;
  streamDead: Queue;
  functions: Record<FunctionName, LambdaFunction>;
};

type Severity = AlarmSpec["severity"];

/** Alarms, the one alarm that says that payments are broken, the dashboard and the questions to the logs. */
export function watch(stack: Stack, parts: WatchedParts, config: StageConfig): void {
  const topics: Record<Severity, Topic> = {
    page: makeTopic(stack, "PageTopic", config.pageTargets, config),
    ticket: makeTopic(stack, "TicketTopic", config.ticketTargets, config),
  };
  const facade = new MonitoringFacade(stack, "Watch", {
    alarmFactoryDefaults: { alarmNamePrefix: alarmPrefix(config), actionsEnabled: true, datapointsToAlarm: 1 },
  });
  const alarms = new Map(
    ALARMS.map((spec) => {
      const props = { ...alarmProps(spec, config), actionOverride: notifySns(topics[spec.severity]) };
      return [spec.name, facade.createAlarmFactory("").addAlarm(metricOf(spec, parts), props).alarm];
    }),
  );
  addBroken(stack, alarms, topics.page, config);
  addDashboard(stack, facade, parts);
  addQuestions(stack, parts, config);
}

/** A topic to which CloudWatch may publish the stage's alarms, and nobody else; with the people who get them. */
function makeTopic(stack: Stack, id: string, targets: readonly string[], config: StageConfig): Topic {
  const topic = new Topic(stack, id, { enforceSSL: true });
  // The policy that demands TLS replaces the one that SNS gives a topic by itself, which would let CloudWatch in.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: "AlarmsOfTheStage",
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { "aws:SourceAccount": stack.account },
        ArnLike: { "aws:SourceArn": alarmArns(stack, config) },
      },
    }),
  );
  for (const target of targets) {
    const isUrl = target.startsWith("https://");
    topic.addSubscription(
      isUrl ? new UrlSubscription(target, { protocol: SubscriptionProtocol.HTTPS }) : new EmailSubscription(target),
    );
  }
  return topic;
}

function alarmArns(stack: Stack, config: StageConfig): string {
  const resourceName = `${alarmPrefix(config)}-*`;
  return stack.formatArn({
    service: "cloudwatch",
    resource: "alarm",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName,
  });
}

function alarmPrefix({ stage }: StageConfig): string {
  return `payments-${stage}`;
}

function alarmProps(spec: AlarmSpec, config: StageConfig): AddAlarmProps {
  const { name, severity, impact, runbook, at, bad = { of: 1, are: 1 }, isHeartbeat } = spec;
  return {
    alarmNameSuffix: name,
    alarmNameOverride: `${alarmPrefix(config)}-${name}`,
    alarmDescription: `[${severity}] ${impact}`,
    runbookLink: runbookLink(runbook, config),
    threshold: at,
    comparisonOperator: isHeartbeat
      ? ComparisonOperator.LESS_THAN_THRESHOLD
      : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: missingData(spec),
    evaluationPeriods: bad.of,
    datapointsToAlarm: bad.are,
  };
}

function missingData({ isHeartbeat, watches }: AlarmSpec): TreatMissingData {
  if (watches.of === "gauge") return TreatMissingData.IGNORE;
  return isHeartbeat ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING;
}

function runbookLink(heading: string, { runbookUrl }: StageConfig): string {
  return `${runbookUrl}#${anchorOf(heading)}`;
}

/** As a page of Markdown names its headings. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

function metricOf({ watches, minutes }: AlarmSpec, parts: WatchedParts): Metric {
  const period = Duration.minutes(minutes);
  const sum = { period, statistic: Stats.SUM };
  const max = { period, statistic: Stats.MAXIMUM };
  switch (watches.of) {
    case "own":
      return own(watches.metric).with(sum);
    case "gauge":
      return own(watches.metric).with(max);
    case "dead":
      return deadOf(watches, parts).metricApproximateNumberOfMessagesVisible(max);
    case "oldest":
      return parts.queues[watches.queue].queue.metricApproximateAgeOfOldestMessage(max);
    case "errors":
      return parts.functions[watches.function].metricErrors(sum);
    case "runs":
      return parts.functions[watches.function].metricInvocations(sum);
    case "stream age":
      return parts.functions["publish-events"].metric("IteratorAge", max);
    case "api errors":
      return parts.api.metricServerError(sum);
    case "api p99":
      return parts.api.metricLatency({ period, statistic: Stats.p(99) });
    case "throttled functions":
      return new Metric({ namespace: "AWS/Lambda", metricName: "Throttles", ...sum });
    case "throttled table":
      return parts.table.metric("WriteThrottleEvents", sum);
    case "table errors":
      return parts.table.metric("SystemErrors", {
        ...sum,
        dimensionsMap: { TableName: parts.table.tableName, Operation: Operation.UPDATE_ITEM },
      });
  }
}

function deadOf({ queue }: Extract<Watched, { of: "dead" }>, { queues, streamDead }: WatchedParts): Queue {
  return queue === "stream" ? streamDead : queues[queue].dead;
}

function own(metricName: MetricName | GaugeName): Metric {
  return new Metric({ namespace: METRICS_NAMESPACE, metricName, dimensionsMap: { service: "payments" } });
}

function addBroken(stack: Stack, alarms: Map<string, IAlarm>, topic: Topic, config: StageConfig): void {
  const rules = BROKEN.flatMap((name) => alarms.get(name) ?? []);
  const link = runbookLink("Payments are broken", config);
  const broken = new CompositeAlarm(stack, "Broken", {
    compositeAlarmName: `${alarmPrefix(config)}-are-broken`,
    alarmDescription: `[page] Owners cannot pay, or paid payments are not confirmed. Runbook: ${link}`,
    alarmRule: AlarmRule.anyOf(...rules),
  });
  broken.addAlarmAction(new SnsAction(topic));
}

function addDashboard(stack: Stack, facade: MonitoringFacade, { api, table, queues, functions }: WatchedParts): void {
  const group = (title: string, metrics: readonly (MetricName | GaugeName)[], statistic = MetricStatistic.SUM) => ({
    title,
    metrics: metrics.map((name) => own(name).with({ statistic })),
  });
  facade.addLargeHeader("Payments");
  facade.monitorCustom({
    alarmFriendlyName: "money",
    humanReadableName: "Money",
    metricGroups: [
      group("Started and paid", ["PaymentOpened", "PaymentConfirmed"]),
      group("Need a person", GAUGES, MetricStatistic.MAX),
      group("Found by comparing and waiting", ["Reconciled", "ReconcileFinding", "DeadlineMissed"]),
    ],
  });
  facade.monitorCustom({
    alarmFriendlyName: "neighbours",
    humanReadableName: "Chapa, webhooks, other services",
    metricGroups: [
      group("Chapa", ["ChapaUnavailable", "ChapaMisconfigured"]),
      group("Webhooks", ["WebhookAccepted", "WebhookRefused"]),
      group("Other services and limits", ["ListingRefusedKey", "NotificationRefused", "RateLimiterFailOpen"]),
    ],
  });
  facade.addWidget(logs("From checkout to money", functions, ["resolve-payment", "payment-return"], TOOK));
  const watchedApi = HttpApi.fromHttpApiAttributes(stack, "WatchedApi", { httpApiId: api.apiId });
  facade.monitorApiGatewayV2HttpApi({ api: watchedApi, humanReadableName: "API" });
  for (const [name, { queue, dead }] of Object.entries(queues)) {
    facade.monitorSqsQueueWithDlq({ queue, deadLetterQueue: dead, humanReadableName: `Queue ${name}` });
  }
  for (const name of names()) {
    facade.monitorLambdaFunction({ lambdaFunction: functions[name], humanReadableName: name });
  }
  const watchedTable = Table.fromTableArn(stack, "WatchedTable", table.tableArn);
  facade.monitorDynamoTable({
    table: watchedTable,
    billingMode: BillingMode.PAY_PER_REQUEST,
    humanReadableName: "Table",
  });
  facade.addWidget(logs("Last errors", functions, names(), ERRORS));
}

const ERRORS = [
  "fields @timestamp, message, payment_id, code, error, request_id",
  "filter level = 'ERROR'",
  "sort @timestamp desc",
  "limit 20",
];
const TOOK = [
  "filter message = 'payment_transitioned' and transition = 'confirm'",
  "stats count(*) as paid, pct(took_ms, 50) / 1000 as p50_s, pct(took_ms, 95) / 1000 as p95_s by bin(1h)",
];

function logs(
  title: string,
  functions: WatchedParts["functions"],
  of: readonly FunctionName[],
  queryLines: string[],
): LogQueryWidget {
  const logGroupNames = of.map((name) => functions[name].logGroup.logGroupName);
  return new LogQueryWidget({ title, logGroupNames, queryLines, width: 24, height: 6 });
}

function names(): FunctionName[] {
  return Object.keys(FUNCTIONS) as FunctionName[];
}

/** Saved questions to the logs, as the runbook asks them. */
function addQuestions(stack: Stack, { functions }: WatchedParts, { stage }: StageConfig): void {
  const logGroups = names().map((name) => functions[name].logGroup);
  const ask = (id: string, name: string, query: ConstructorParameters<typeof QueryString>[0]) =>
    new QueryDefinition(stack, id, {
      queryDefinitionName: `payments-${stage}/${name}`,
      queryString: new QueryString(query),
      logGroups,
    });
  ask("QuestionErrors", "last errors", {
    fields: ["@timestamp", "message", "payment_id", "code", "error", "request_id"],
    filterStatements: ["level = 'ERROR'"],
    sort: "@timestamp desc",
    limit: 100,
  });
  ask("QuestionPayment", "one payment (put its id in)", {
    fields: ["@timestamp", "message", "tx_ref", "transition", "state", "outcome", "trigger", "request_id"],
    filterStatements: ["payment_id = 'PAYMENT_ID'"],
    sort: "@timestamp asc",
    limit: 1000,
  });
  ask("QuestionFindings", "findings of the daily comparison", {
    fields: ["@timestamp", "reason", "tx_ref", "reference", "amount"],
    filterStatements: ["message = 'reconcile_finding'"],
    sort: "@timestamp desc",
    limit: 100,
  });
}
