import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { CORS } from "../lib/contract/cors.ts";
import type { FunctionName } from "../lib/contract/functions.ts";
import { gatewayKeyOf, NO_ROUTE, ROUTES, type Route, type RouteMatch, routeFor } from "../lib/contract/routes.ts";
import { realTime } from "./clock.ts";
import { LOCAL_IDENTITY, signedBy } from "./iam.ts";
import { type Invoke, TimedOut } from "./lambda.ts";
import { type Answer, type Listening, type Request, serve } from "./serve.ts";

export type ApiObserver = (exchange: { request: Request; answer: Answer; route: Route | undefined }) => void;

export type ApiOptions = {
  port: number;
  invoke: Invoke;
  observe: ApiObserver;
  /** Origins that CORS allows. */
  origins: readonly string[];
  /** Answers requests for the local cloud's own pages; undefined for any other request. */
  page: (request: Request) => Promise<Answer | undefined>;
};

/**
 * API Gateway's HTTP API on this machine. It has the routes of the contract, payload version 2.0, IAM signatures, CORS,
 * and API Gateway's own answers to failures.
 * @throws PortTaken
 */
export function startApi({ port, invoke, observe, origins, page }: ApiOptions): Promise<Listening> {
  return serve("API", port, async (request) => {
    const origin = request.headers.origin;
    const allowed = origin !== undefined && origins.includes(origin) ? origin : undefined;
    if (isPreflight(request)) return { status: 204, headers: allowed === undefined ? {} : preflightHeaders(allowed) };
    const shown = await page(request);
    if (shown) return shown;
    const match = routeFor(request.method, request.path);
    const answer = await (match
      ? served(request, match, invoke)
      : answerOf(invoke, NO_ROUTE.function, toEvent(request, NO_ROUTE.key, {})));
    observe({ request, answer, route: match && described(match.route, request) });
    return allowed === undefined ? answer : { ...answer, headers: { ...answer.headers, ...corsHeaders(allowed) } };
  });
}

async function served(request: Request, { route, parameters }: RouteMatch, invoke: Invoke): Promise<Answer> {
  const event = toEvent(request, gatewayKeyOf(route), decoded(parameters));
  if (route.access.kind !== "iam") return answerOf(invoke, route.function, event);
  // A program signs by the clock of its machine, also after ours was moved.
  const signed =
    (await signedBy(request, [LOCAL_IDENTITY], Date.now())) ?? (await signedBy(request, [LOCAL_IDENTITY], realTime()));
  if (!signed) return { status: 403, body: { message: "Forbidden" } };
  const requestContext = { ...event.requestContext, authorizer: signed };
  return answerOf(invoke, route.function, { ...event, requestContext });
}

/** The route that describes the answer; undefined for a method that the route's function refuses. */
function described(route: Route, { method }: Request): Route | undefined {
  return method === route.method || (method === "HEAD" && route.method === "GET") ? route : undefined;
}

// As API Gateway does, passes a path with a wrong encoding to the function unchanged.
function decoded(parameters: Record<string, string>): Record<string, string> {
  const decode = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, decode(value)]));
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

/** A public Function URL on this machine. Every path leads to the same function. */
export function startFunctionUrl(name: FunctionName, invoke: Invoke, observe: ApiObserver): Promise<Listening> {
  const routes: readonly Route[] = ROUTES;
  return serve(`URL of ${name}`, 0, async (request) => {
    const answer = await answerOf(invoke, name, toEvent(request, "$default", {}));
    observe({
      request,
      answer,
      route: routes.find((route) => route.function === name && described(route, request)),
    });
    return answer;
  });
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

function toEvent(request: Request, routeKey: string, pathParameters: Record<string, string>): APIGatewayProxyEventV2 {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : (value ?? ""),
    ]),
  );
  const isText = /^(text\/|application\/json)/.test(headers["content-type"] ?? "text/plain");
  const names = new Set(request.query.keys());
  const query = Object.fromEntries([...names].map((name) => [name, request.query.getAll(name).join(",")]));
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
