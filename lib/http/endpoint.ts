import middy from "@middy/core";
import httpErrorHandler from "@middy/http-error-handler";
import httpJsonBodyParser from "@middy/http-json-body-parser";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type * as z from "zod";
import { DependencyUnavailable, errorName, PaymentError } from "../domain/errors.ts";
import { inInvocation } from "../runtime/invocation.ts";
import { log } from "../runtime/logger.ts";
import { InputInvalid } from "./errors.ts";
import { type HttpAnswer, problemFor } from "./problem.ts";

/** One call. `body` is parsed JSON where the endpoint takes JSON; `deadline` and `endsAt` are epoch ms. */
export type HttpCall = {
  event: APIGatewayProxyEventV2;
  body: unknown;
  requestId: string;
  /** By when the answer must be decided. */
  deadline: number;
  /** By when this invocation has ended, whatever happens. */
  endsAt: number;
};

// A caller waits 29 s at most, and the first of them gives up at 30: this leaves room for a cold start.
const BUDGET_MS = 11_000;
const ANSWER_MS = 500;

/**
 * An HTTP function: context, body, the endpoint itself, and one place that turns errors into answers.
 * @param takes "raw" leaves the body as bytes for whoever must check a signature over them
 */
export function endpoint(
  takes: "json" | "nothing" | "raw",
  run: (call: HttpCall) => Promise<HttpAnswer>,
): (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpAnswer> {
  const stack = middy<APIGatewayProxyEventV2, HttpAnswer, Error, Context>({ timeoutEarlyInMillis: 0 });
  stack.use(httpErrorHandler({ logger: false, fallbackMessage: '{"code":"internal_error"}' }));
  if (takes === "json") stack.use(httpJsonBodyParser({ disableContentTypeCheck: true }));
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
  }) as (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpAnswer>;
  return (event, context) => inInvocation(context, header(event, "traceparent"), () => answer(event, context));
}

/** A JSON answer; `schema` parses it on the way out, so that no field leaves that was not promised. */
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

/** Sends a browser on, with GET. */
export function seeOther(location: string): HttpAnswer {
  return { statusCode: 303, headers: { location, "cache-control": "no-store" }, body: "" };
}

/** A header's value; names are lower case in every event. */
export function header(event: APIGatewayProxyEventV2, name: string): string | undefined {
  return event.headers[name];
}

type Failing = { error: Error | null; response?: unknown; context: Context };

function toProblem(request: Failing): void {
  const error = ours(request.error);
  const fields = { error: errorName(error) };
  if (!(error instanceof PaymentError)) log.error("request_failed", { ...fields, stack: stackOf(error) });
  else if (error instanceof DependencyUnavailable) {
    const cause = error.cause === undefined ? undefined : errorName(error.cause);
    log.warn("dependency_failed", { ...fields, part: error.part, cause });
  }
  request.response = problemFor(error, request.context.awsRequestId);
  withSecurityHeaders(request);
}

// The body parser's own error quotes the body; only its status is of use.
function ours(error: unknown): unknown {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (status !== 422) return error;
  return new InputInvalid([{ pointer: "", loc: ["body"], msg: "the body is not JSON", type: "json_invalid" }]);
}

// Where it happened, without the message, which may quote input.
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .join("\n");
}

/** What every answer carries, whatever it says. An answer's own headers win. */
function withSecurityHeaders(request: { response?: unknown; context: Context }): void {
  const answer = request.response as HttpAnswer | undefined;
  if (!answer?.headers) return;
  answer.headers = { ...SECURITY_HEADERS, ...answer.headers, "x-request-id": request.context.awsRequestId };
}

// Answers are data, or pages that say more about themselves: nothing may be guessed, framed, kept or told elsewhere.
const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
};
