import { Duration } from "aws-cdk-lib";
import { Architecture, type Code, Function as LambdaFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { EnvText } from "../lib/contract/env.ts";
import { FUNCTIONS, type FunctionName } from "../lib/contract/functions.ts";

/** One function as every function is made: its own role, its own logs, and only the variables that it names. */
export function makeFunction(
  scope: Construct,
  name: FunctionName,
  values: Required<EnvText>,
  code: (name: FunctionName) => Code,
): LambdaFunction {
  const { timeoutSeconds, memoryMb, env } = FUNCTIONS[name];
  return new LambdaFunction(scope, name, {
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: code(name),
    timeout: Duration.seconds(timeoutSeconds),
    memorySize: memoryMb,
    environment: { NODE_OPTIONS: "--enable-source-maps", ...Object.fromEntries(env.map((key) => [key, values[key]])) },
    loggingFormat: LoggingFormat.JSON,
    logGroup: new LogGroup(scope, `${name}-logs`, { retention: RetentionDays.ONE_MONTH }),
  });
}
