import type { APIGatewayProxyEventV2, Context } from "aws-lambda";

/** An HTTP event as API Gateway sends it. */
export function anEvent(change: Partial<APIGatewayProxyEventV2> & { method?: string } = {}): APIGatewayProxyEventV2 {
  const { method = "POST", ...rest } = change;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/",
    rawQueryString: "",
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      accountId: "0",
      apiId: "test",
      domainName: "test",
      domainPrefix: "test",
      requestId: "req-1",
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: 0,
      http: { method, path: "/", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
    },
    ...rest,
  };
}

/** @param remaining milliseconds that the invocation has left, or what says how many there are now */
export function aContext(
  awsRequestId = "req-1",
  remaining: number | (() => number) = 15_000,
  functionName = "test",
): Context {
  return {
    awsRequestId,
    functionName,
    functionVersion: "1",
    invokedFunctionArn: "arn",
    memoryLimitInMB: "256",
    logGroupName: "g",
    logStreamName: "s",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: typeof remaining === "number" ? () => remaining : remaining,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
