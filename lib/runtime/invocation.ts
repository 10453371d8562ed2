import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "aws-lambda";
import { flushMetrics } from "./metrics.ts";

type Invocation = { requestId: string; traceparent: string | undefined };

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const current = new AsyncLocalStorage<Invocation>();

/**
 * Runs `work` as one invocation of a function: its records carry the invocation's ids, its calls pass the caller's trace
 * on (W3C Trace Context; a header that is none begins nothing), and what it counted is written out at its end.
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

/** The handler of a function that a schedule starts. `deadline` in epoch ms. */
export function scheduled<Result>(
  work: (deadline: number) => Promise<Result>,
): (event: unknown, context: Context) => Promise<Result> {
  return (_event, context) =>
    inInvocation(context, undefined, () => work(Date.now() + context.getRemainingTimeInMillis()));
}

/** The header that passes the caller's trace on, if there is one. */
export function traceHeaders(): Record<string, string> {
  const traceparent = current.getStore()?.traceparent;
  return traceparent === undefined ? {} : { traceparent };
}

/** What every record of an invocation carries. An invocation that no trace led to is a trace of its own. */
export function invocationFields(): { request_id?: string; trace_id?: string } {
  const invocation = current.getStore();
  if (!invocation) return {};
  const { requestId, traceparent = "" } = invocation;
  return { request_id: requestId, trace_id: TRACEPARENT.exec(traceparent)?.[1] ?? requestId.replaceAll("-", "") };
}
