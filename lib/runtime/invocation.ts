import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "aws-lambda";
import { flushMetrics } from "./metrics.ts";

type Invocation = { requestId: string; traceparent: string | undefined };

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const current = new AsyncLocalStorage<Invocation>();

/**
 * Runs `work` as one invocation of a function. Its log records carry the invocation's ids, its calls pass on the
 * caller's trace (W3C Trace Context, if the header is valid), and its metrics are written at the end.
 */
export async function inInvocation<Result>(
  { awsRequestId }: Pick<Context, "awsRequestId">,
  traceparent: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const isTrace = traceparent !== undefined && TRACEPARENT.test(traceparent);
  const invocation = { requestId: awsRequestId, traceparent: isTrace ? traceparent : undefined };
  try {
    return await current.run(invocation, work);
  } finally {
    flushMetrics();
  }
}

/** Returns the handler of a function that a schedule starts. `deadline` is epoch ms. */
export function scheduled<Result>(
  work: (deadline: number) => Promise<Result>,
): (event: unknown, context: Context) => Promise<Result> {
  return (_event, context) =>
    inInvocation(context, undefined, () => work(Date.now() + context.getRemainingTimeInMillis()));
}

/** Returns the header that passes on the caller's trace; empty if there is none. */
export function traceHeaders(): Record<string, string> {
  const traceparent = current.getStore()?.traceparent;
  return traceparent === undefined ? {} : { traceparent };
}

/**
 * Returns the fields that every log record of an invocation carries. Without a caller's trace, the request id becomes
 * the trace id.
 */
export function invocationFields(): { request_id?: string; trace_id?: string } {
  const invocation = current.getStore();
  if (!invocation) return {};
  const { requestId, traceparent = "" } = invocation;
  return { request_id: requestId, trace_id: TRACEPARENT.exec(traceparent)?.[1] ?? requestId.replaceAll("-", "") };
}
