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

export function aContext(awsRequestId = "req-1", remainingMs = 15_000): Context {
  return {
    awsRequestId,
    functionName: "test",
    functionVersion: "1",
    invokedFunctionArn: "arn",
    memoryLimitInMB: "256",
    logGroupName: "g",
    logStreamName: "s",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => remainingMs,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
