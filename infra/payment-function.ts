import { Duration } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { EnvText } from "../lib/contract/env.ts";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";
import type { StageConfig } from "./config.ts";

/** One function as every function is made: its own role, its own logs, and only the variables that it names. */
export function makeFunction(
  scope: Construct,
  name: FunctionName,
  { values, code, config }: { values: Required<EnvText>; code: (name: FunctionName) => Code; config: StageConfig },
): LambdaFunction {
  const { timeoutSeconds, memoryMb, env } = FUNCTIONS[name];
  const logGroup = new LogGroup(scope, `${name}-logs`, { retention: config.logRetentionDays });
  return new LambdaFunction(scope, name, {
    description: name,
    role: roleOf(scope, name, logGroup),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: code(name),
    timeout: Duration.seconds(timeoutSeconds),
    memorySize: memoryMb,
    environment: Object.fromEntries(env.map((key) => [key, values[key]])),
    loggingFormat: LoggingFormat.JSON,
    // Lambda's own three records of each call would be most of the log, and most of its price.
    systemLogLevelV2: SystemLogLevel.WARN,
    ...(name === "chapa-webhook" && config.webhookConcurrency !== undefined
      ? { reservedConcurrentExecutions: config.webhookConcurrency }
      : {}),
    logGroup,
  });
}

/** What AWS's own policy for functions would grant on every log, on this function's log only. */
function roleOf(scope: Construct, name: FunctionName, { logGroupArn }: LogGroup): Role {
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  role.addToPolicy(
    new PolicyStatement({ actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [logGroupArn] }),
  );
  return role;
}
