import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { CORS } from "../lib/contract/cors.ts";
import type { FunctionName } from "../lib/contract/functions.ts";
import { ROUTES, type Route } from "../lib/contract/routes.ts";
import { LOCAL_IDENTITY, signedBy } from "./iam.ts";
import { type Invoke, TimedOut } from "./lambda.ts";
import { type Answer, type Listening, type Request, serve } from "./serve.ts";

export type ApiObserver = (exchange: { request: Request; answer: Answer; function: FunctionName | undefined }) => void;

export type ApiOptions = {
  port: number;
  invoke: Invoke;
  observe: ApiObserver;
  /** Origins of pages that may call from a browser. */
  origins: readonly string[];
};

/**
 * API Gateway's HTTP API on this machine: the routes of the contract, payload 2.0, checked signatures, CORS, and its
 * own answers to failures.
 */
export function startApi({ port, invoke, observe, origins }: ApiOptions): Promise<Listening> {
  return serve("API", port, async (request) => {
    const origin = request.headers.origin;
    const allowed = origin !== undefined && origins.includes(origin) ? origin : undefined;
    if (isPreflight(request)) return { status: 204, headers: allowed === undefined ? {} : preflightHeaders(allowed) };
    const match = matchRoute(request);
    const answer = match ? await served(request, match, invoke) : { status: 404, body: { message: "Not Found" } };
    observe({ request, answer, function: match?.route.function });
    return allowed === undefined ? answer : { ...answer, headers: { ...answer.headers, ...corsHeaders(allowed) } };
  });
}

type Match = { route: Route; parameters: Record<string, string> };

async function served(request: Request, { route, parameters }: Match, invoke: Invoke): Promise<Answer> {
  const event = toEvent(request, `${route.method} ${route.path}`, parameters);
  if (route.access.kind !== "iam") return answerOf(invoke, route.function, event);
  const signed = await signedBy(request, [LOCAL_IDENTITY], Date.now());
  if (!signed) return { status: 403, body: { message: "Forbidden" } };
  const requestContext = { ...event.requestContext, authorizer: signed };
  return answerOf(invoke, route.function, { ...event, requestContext });
}

function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

function preflightHeaders(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": CORS.methods.join(","),
    "access-control-allow-headers": CORS.requestHeaders.join(","),
    "access-control-max-age": String(CORS.maxAgeSeconds),
  };
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": CORS.responseHeaders.join(","),
    vary: "Origin",
  };
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

function matchRoute({ method, path }: Request): Match | undefined {
  for (const route of BY_PRECISION) {
    if (route.method !== method) continue;
    const parameters = matchPath(route.path.split("/"), path.split("/"));
    if (parameters) return { route, parameters };
  }
  return undefined;
}

// As API Gateway chooses: where two routes fit, the one that says more in words.
const BY_PRECISION: readonly Route[] = ROUTES.toSorted((a, b) =>
  vaguenessOf(a.path).localeCompare(vaguenessOf(b.path)),
);

function vaguenessOf(path: string): string {
  return path
    .split("/")
    .map((part) => (part.startsWith("{") ? "1" : "0"))
    .join("");
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
