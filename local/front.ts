import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import type { FunctionName } from "../lib/contract/functions.ts";
import { ROUTES, type Route } from "../lib/contract/routes.ts";
import { type Invoke, TimedOut } from "./lambda.ts";
import { type Answer, type Listening, type Request, serve } from "./serve.ts";

export type ApiObserver = (exchange: { request: Request; answer: Answer; function: FunctionName | undefined }) => void;

/** API Gateway's HTTP API on this machine: the routes of the contract, payload 2.0, its answers to failures. */
export function startApi(port: number, invoke: Invoke, observe: ApiObserver): Promise<Listening> {
  return serve("API", port, async (request) => {
    const match = matchRoute(request);
    if (!match) return { status: 404, body: { message: "Not Found" } };
    const { route, parameters } = match;
    const event = toEvent(request, `${route.method} ${route.path}`, parameters);
    const answer = await answerOf(invoke, route.function, event);
    observe({ request, answer, function: route.function });
    return answer;
  });
}

/** A public Function URL on this machine: every path leads to the one function. */
export function startFunctionUrl(name: FunctionName, invoke: Invoke): Promise<Listening> {
  return serve(`URL of ${name}`, 0, (request) => answerOf(invoke, name, toEvent(request, "$default", {})));
}

const LambdaAnswer = z.object({
  statusCode: z.number().int().default(200),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(""),
  isBase64Encoded: z.boolean().default(false),
});

async function answerOf(invoke: Invoke, name: FunctionName, event: APIGatewayProxyEventV2): Promise<Answer> {
  try {
    const { statusCode, headers, body, isBase64Encoded } = LambdaAnswer.parse(await invoke(name, event));
    return { status: statusCode, headers, body: isBase64Encoded ? Buffer.from(body, "base64") : body };
  } catch (error) {
    if (error instanceof TimedOut) return { status: 503, body: { message: "Service Unavailable" } };
    return { status: 500, body: { message: "Internal Server Error" } };
  }
}

function matchRoute({ method, path }: Request): { route: Route; parameters: Record<string, string> } | undefined {
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const parameters = matchPath(route.path.split("/"), path.split("/"));
    if (parameters) return { route, parameters };
  }
  return undefined;
}

function matchPath(pattern: string[], path: string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const actual = path[index] ?? "";
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name && actual) parameters[name] = decodeURIComponent(actual);
    else if (part !== actual) return undefined;
  }
  return parameters;
}

function toEvent(request: Request, routeKey: string, pathParameters: Record<string, string>): APIGatewayProxyEventV2 {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : (value ?? ""),
    ]),
  );
  const isText = /^(text\/|application\/json)/.test(headers["content-type"] ?? "text/plain");
  const query = Object.fromEntries(request.query);
  return {
    version: "2.0",
    routeKey,
    rawPath: request.path,
    rawQueryString: request.query.toString(),
    headers,
    ...(request.query.size > 0 ? { queryStringParameters: query } : {}),
    pathParameters,
    requestContext: contextOf(request, routeKey, headers),
    ...(request.body.length > 0 ? { body: request.body.toString(isText ? "utf8" : "base64") } : {}),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

function contextOf(
  request: Request,
  routeKey: string,
  headers: Record<string, string>,
): APIGatewayProxyEventV2["requestContext"] {
  const now = new Date();
  return {
    accountId: "000000000000",
    apiId: "local",
    domainName: headers["host"] ?? "local",
    domainPrefix: "local",
    requestId: randomUUID(),
    routeKey,
    stage: "$default",
    time: now.toISOString(),
    timeEpoch: now.getTime(),
    http: {
      method: request.method,
      path: request.path,
      protocol: "HTTP/1.1",
      sourceIp: "127.0.0.1",
      userAgent: headers["user-agent"] ?? "",
    },
  };
}
