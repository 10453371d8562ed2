import middy from "@middy/core";
import httpErrorHandler from "@middy/http-error-handler";
import httpJsonBodyParser from "@middy/http-json-body-parser";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type * as z from "zod";
import { methodsAt } from "../contract/routes.ts";
import { DependencyUnavailable, errorName, PaymentError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import { inInvocation } from "../runtime/invocation.ts";
import { log } from "../runtime/logger.ts";
import { InputInvalid, MethodNotAllowed } from "./errors.ts";
import { type HttpAnswer, problemFor } from "./problem.ts";
import { BODY_LIMIT_BYTES, requireBodyWithin, withoutByteOrderMark } from "./raw-body.ts";

/** One call. `body` is parsed JSON if the endpoint takes JSON; `deadline` and `endsAt` are epoch ms. */
export type HttpCall = {
  event: APIGatewayProxyEventV2;
  body: unknown;
  requestId: string;
  /** When the answer must be ready. */
  deadline: number;
  /** When Lambda ends this invocation. */
  endsAt: number;
};

// Callers give up after 29 to 30 s. This budget leaves room for a cold start.
const BUDGET_MS = 11_000;
const ANSWER_MS = 500;

/** "raw" leaves the body as it is, for an endpoint that checks a signature over its bytes or reads a form. */
type Takes = "json" | "nothing" | "raw";
type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpAnswer>;
type Before = middy.MiddlewareObj<APIGatewayProxyEventV2, HttpAnswer, Error, Context>;

/**
 * Returns the Lambda handler of an HTTP function that everyone may call. It adds the invocation's context, parses the
 * body and turns errors into problems.
 */
export function endpoint(takes: Takes, run: (call: HttpCall) => Promise<HttpAnswer>): Handler {
  return handlerOf(takes, run, []);
}

/**
 * Returns the handler of a function whose callers are authenticated. Nothing of a body is read before, so that strangers
 * cannot make us work.
 */
export function authenticatedEndpoint(
  authenticate: (event: APIGatewayProxyEventV2) => Promise<Principal>,
  takes: Takes,
  run: (call: HttpCall & { principal: Principal }) => Promise<HttpAnswer>,
): Handler {
  const callers = new WeakMap<APIGatewayProxyEventV2, Principal>();
  const before = async ({ event }: { event: APIGatewayProxyEventV2 }) => {
    callers.set(event, await authenticate(event));
  };
  const runFor = async (call: HttpCall) => {
    const principal = callers.get(call.event);
    if (!principal) throw new Error("the caller was not authenticated");
    return run({ ...call, principal });
  };
  return handlerOf(takes, runFor, [{ before }]);
}

function handlerOf(takes: Takes, run: (call: HttpCall) => Promise<HttpAnswer>, first: readonly Before[]): Handler {
  const stack = middy<APIGatewayProxyEventV2, HttpAnswer, Error, Context>({ timeoutEarlyInMillis: 0 });
  stack.use(httpErrorHandler({ logger: false, fallbackMessage: '{"code":"internal_error"}' }));
  stack.use({ before: refuseOtherMethods });
  for (const middleware of first) stack.use(middleware);
  stack.use({ before: ({ event }) => requireBodyWithin(BODY_LIMIT_BYTES, event) });
  if (takes === "json")
    stack.use({ before: dropByteOrderMark }).use(httpJsonBodyParser({ disableContentTypeCheck: true }));
  stack.use({ onError: toProblem, after: withSecurityHeaders });
  const answer = stack.handler(async (event: APIGatewayProxyEventV2, context: Context) => {
    const now = Date.now();
    const endsAt = now + context.getRemainingTimeInMillis();
    return run({
      event,
      body: event.body,
      requestId: context.awsRequestId,
      deadline: Math.min(now + BUDGET_MS, endsAt - ANSWER_MS),
      endsAt,
    });
  }) as Handler;
  return (event, context) =>
    inInvocation(context, header(event, "traceparent"), async () =>
      withoutBodyForHead(event, await answer(event, context)),
    );
}

/**
 * Refuses a method that the address does not accept. API Gateway sends every method of a path that is read to the path's
 * function, preflights of browsers too if it does not answer them itself.
 */
function refuseOtherMethods({ event }: { event: APIGatewayProxyEventV2 }): HttpAnswer | undefined {
  const { method } = event.requestContext.http;
  const isPreflight = method === "OPTIONS" && header(event, "access-control-request-method") !== undefined;
  if (isPreflight) return { statusCode: 204, headers: {}, body: "" };
  requireMethod(event, event.rawPath);
  return undefined;
}

/**
 * Requires a method that the routes of a path accept. A path without routes accepts every method.
 * @throws MethodNotAllowed
 */
export function requireMethod({ requestContext }: APIGatewayProxyEventV2, path: string): void {
  const allowed = methodsAt(path);
  if (allowed.length > 0 && !allowed.includes(requestContext.http.method)) throw new MethodNotAllowed(allowed);
}

function withoutBodyForHead({ requestContext }: APIGatewayProxyEventV2, answer: HttpAnswer): HttpAnswer {
  return requestContext.http.method === "HEAD" ? { ...answer, body: "", isBase64Encoded: false } : answer;
}

function dropByteOrderMark({ event }: { event: APIGatewayProxyEventV2 }): void {
  const { body, isBase64Encoded } = event;
  if (body === undefined) return;
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  event.body = withoutByteOrderMark(bytes).toString("utf8");
  event.isBase64Encoded = false;
}

/** Returns a JSON answer. `schema` parses the body, so that no field leaves that the contract does not name. */
export function json<Body>(
  status: number,
  schema: z.ZodType<Body>,
  body: Body,
  headers: Record<string, string> = {},
): HttpAnswer {
  return {
    statusCode: status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(schema.parse(body)),
  };
}

/** Returns a redirect that the browser follows with GET. */
export function seeOther(location: string): HttpAnswer {
  return { statusCode: 303, headers: { location, "cache-control": "no-store" }, body: "" };
}

/** Returns a header's value; `name` is in lower case, as in every event. */
export function header(event: APIGatewayProxyEventV2, name: string): string | undefined {
  return event.headers[name];
}

type Failing = { error: Error | null; response?: unknown; context: Context };

function toProblem(request: Failing): void {
  const error = asInputInvalid(request.error);
  const fields = { error: errorName(error) };
  if (!(error instanceof PaymentError)) log.error("request_failed", { ...fields, stack: stackOf(error) });
  else if (error instanceof DependencyUnavailable) {
    const cause = error.cause === undefined ? undefined : errorName(error.cause);
    log.warn("dependency_failed", { ...fields, part: error.part, cause });
  }
  request.response = problemFor(error, request.context.awsRequestId);
  withSecurityHeaders(request);
}

// The body parser's error quotes the body, so only its status is used.
function asInputInvalid(error: unknown): unknown {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (status !== 422) return error;
  return new InputInvalid([{ pointer: "", loc: ["body"], msg: "the body is not JSON", type: "json_invalid" }]);
}

// The stack without the message, which may quote input.
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .join("\n");
}

/** Adds the headers that every answer carries. An answer's own headers win. */
function withSecurityHeaders(request: { response?: unknown; context: Context }): void {
  const answer = request.response as HttpAnswer | undefined;
  if (!answer?.headers) return;
  answer.headers = { ...SECURITY_HEADERS, ...answer.headers, "x-request-id": request.context.awsRequestId };
}

// Answers are data, or pages that set their own policy. Browsers must not guess their type, frame them, cache them or
// send their address as a referrer.
const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
};
