import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  type Code,
  FilterCriteria,
  FilterRule,
  FunctionUrlAuthType,
  type Function as LambdaFunction,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { SqsDlq, SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { type IScheduleTarget, Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { EnvText } from "../lib/contract/env.ts";
import { FUNCTIONS, type FunctionName, type FunctionSpec } from "../lib/contract/functions.ts";
import type { QueueName } from "../lib/contract/queues.ts";
import { WEBHOOK_PATH } from "../lib/contract/routes.ts";
import { PAYMENT_PREFIX } from "../lib/contract/table.ts";
import { addRoutes, makeApi } from "./api.ts";
import type { StageConfig } from "./config.ts";
import { makeFunction } from "./payment-function.ts";
import { PERMISSIONS, type SecretName } from "./permissions.ts";
import { type MadeQueue, makeQueues } from "./queues.ts";
import { requireUsable } from "./settings.ts";
import { makeTable } from "./storage.ts";
import { watch } from "./watch.ts";

export type PaymentStackProps = StackProps & {
  config: StageConfig;
  /** The bundle of a function. */
  code: (name: FunctionName) => Code;
};

type Parts = {
  table: Table;
  queues: Record<QueueName, MadeQueue>;
  secrets: Record<SecretName, Secret>;
  functions: Record<FunctionName, LambdaFunction>;
};

const KEY_USES = [
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

// Chapa retries for minutes and a poisoned record must not hold its shard for a day.
const STREAM_RETRIES = 10;
const DEAD_LETTER_DAYS = 14;

/** The whole service: one table, its queues, one function per file, one API, one public URL for Chapa. */
export class PaymentStack extends Stack {
  constructor(scope: Construct, id: string, { config, code, ...props }: PaymentStackProps) {
    requireUsable(config);
    super(scope, id, { ...props, terminationProtection: config.stage === "prod" });
    const table = makeTable(this, config);
    const queues = makeQueues(this, Number(config.values.NOTIFICATION_MAX_AGE_DAYS));
    const secrets = makeSecrets(this, config);
    const { api, url } = makeApi(this, config);

    const values: Required<EnvText> = {
      ...config.values,
      TABLE_NAME: table.tableName,
      TX_STAGE: `chapa-payments-${config.stage}`,
      RESOLVE_QUEUE_URL: queues.resolve.queue.queueUrl,
      LISTING_QUEUE_URL: queues.listing.queue.queueUrl,
      NOTIFICATION_QUEUE_URL: queues.notification.queue.queueUrl,
      SUCCESS_QUEUE_URL: queues.success.queue.queueUrl,
      NOTIFICATION_DLQ_URL: queues.notification.dead.queueUrl,
      WEBHOOK_SECRET_ARN: secrets.webhook.secretArn,
      AUTH_SECRET_ARN: secrets.auth.secretArn,
      GATEWAY_SECRET_ARN: secrets.gateway.secretArn,
      BASE_URL: url,
    };
    const names = Object.keys(FUNCTIONS) as FunctionName[];
    const functions = Object.fromEntries(
      names.map((name) => [name, makeFunction(this, name, { values, code, config })]),
    ) as Parts["functions"];

    const parts = { table, queues, secrets, functions };
    const streamDead = makeStreamDead(this);
    for (const name of names) {
      permit(name, parts);
      connect(this, name, parts, streamDead);
    }
    addRoutes(this, api, functions, config);
    watch(this, { api, table, queues, streamDead, functions }, config);
    const outputs = {
      ApiUrl: url,
      WebhookUrl: webhookUrl(functions["chapa-webhook"], url, config),
      TableName: table.tableName,
      WebhookSecretArn: secrets.webhook.secretArn,
      AuthSecretArn: secrets.auth.secretArn,
      GatewaySecretArn: secrets.gateway.secretArn,
      SweepFunction: functions["timeout-payments"].functionName,
      ReconcileFunction: functions["reconcile-payments"].functionName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

function webhookUrl(webhook: LambdaFunction, apiUrl: string, { webhookIngress }: StageConfig): string {
  if (webhookIngress === "httpApi") return `${apiUrl}${WEBHOOK_PATH}`;
  // Chapa signs its webhooks and nothing else: the function checks, and touches nothing before it has.
  return webhook.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
}

/** They outlive their stack: without the namespace a paid fee is paid again, without its key contact data cannot be read. */
function makeSecrets(scope: Construct, { stage }: StageConfig): Record<SecretName, Secret> {
  const make = (id: string, name: SecretName, description: string) =>
    new Secret(scope, id, {
      // CloudFormation takes a retained resource up again only by a name that the template gives.
      secretName: `chapa-payments-${stage}/${name}`,
      description,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  const webhook = "Chapa's webhook secrets, current and previous; the public webhook reads only this";
  const gateway = "Chapa key, contact keys, the listing's key, the notification service's bearer";
  return {
    webhook: make("WebhookSecret", "webhook", webhook),
    auth: make("AuthSecret", "auth", "JWT secret shared by the siblings, namespace of ids"),
    gateway: make("GatewaySecret", "gateway", gateway),
  };
}

/** Exactly what the table of permissions says, on exactly these resources. */
function permit(name: FunctionName, { table, queues, secrets, functions }: Parts): void {
  const permission = PERMISSIONS[name];
  const allow = (actions: readonly string[], resources: string[]) => {
    if (actions.length === 0 || resources.length === 0) return;
    functions[name].addToRolePolicy(new PolicyStatement({ actions: [...actions], resources }));
  };
  const queueArn = (queue: QueueName | "notification dead") =>
    queue === "notification dead" ? queues.notification.dead.queueArn : queues[queue].queue.queueArn;

  allow(
    permission.table.map((action) => `dynamodb:${action}`),
    [table.tableArn],
  );
  // A table under a key of the account's own is only read by who may use the key.
  const usesTable = permission.table.length > 0 || FUNCTIONS[name].trigger.kind === "stream";
  if (usesTable && table.encryptionKey) allow(KEY_USES, [table.encryptionKey.keyArn]);
  allow(
    ["dynamodb:Query"],
    (permission.indexes ?? []).map((index) => `${table.tableArn}/index/${index}`),
  );
  allow(
    ["secretsmanager:GetSecretValue"],
    (permission.secrets ?? []).map((secret) => secrets[secret].secretArn),
  );
  allow(["sqs:SendMessage"], (permission.send ?? []).map(queueArn));
  allow(
    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
    (permission.receive ?? []).map(queueArn),
  );
}

/** Whatever starts the function, beside the routes. */
function connect(scope: Construct, name: FunctionName, { table, queues, functions }: Parts, streamDead: Queue): void {
  const { trigger }: FunctionSpec = FUNCTIONS[name];
  switch (trigger.kind) {
    case "http":
      return;
    case "queue":
      functions[name].addEventSource(
        new SqsEventSource(queues[trigger.queue].queue, { batchSize: trigger.batch, reportBatchItemFailures: true }),
      );
      return;
    case "schedule":
      // A schedule invokes asynchronously: Lambda itself would run a failed invocation twice more, up to six hours late.
      functions[name].configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
      new Schedule(scope, `${name}-schedule`, {
        schedule: ScheduleExpression.rate(Duration.minutes(trigger.everyMinutes)),
        target: invokedBySchedule(scope, name, functions[name]),
      });
      return;
    case "stream":
      readStream(functions[name], table, trigger.batch, streamDead);
  }
}

/** The library's own target would let the schedule invoke every version that there will ever be. */
function invokedBySchedule(scope: Construct, name: string, { functionArn: arn }: LambdaFunction): IScheduleTarget {
  const role = new Role(scope, `${name}-schedule-role`, { assumedBy: new ServicePrincipal("scheduler.amazonaws.com") });
  role.addToPolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [arn] }));
  // The next run comes anyway; a late one would only add to it.
  return { bind: () => ({ arn, role, retryPolicy: { maximumRetryAttempts: 0 } }) };
}

/** Where changes end that could not be published. */
function makeStreamDead(scope: Construct): Queue {
  return new Queue(scope, "StreamDead", {
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
    retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
  });
}

/** The table's changes, payments only: a record that fails again and again ends in a queue and not in the way. */
function readStream(reader: LambdaFunction, { tableStreamArn }: Table, batch: number, dead: Queue): void {
  if (!tableStreamArn) throw new Error("the table has no stream");
  reader.addToRolePolicy(
    new PolicyStatement({
      actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
      resources: [tableStreamArn],
    }),
  );
  reader.addEventSourceMapping("Stream", {
    eventSourceArn: tableStreamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: batch,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: STREAM_RETRIES,
    onFailure: new SqsDlq(dead),
    filters: [FilterCriteria.filter({ dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(PAYMENT_PREFIX) } } } })],
  });
}
