import { AsyncLocalStorage } from "node:async_hooks";

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const current = new AsyncLocalStorage<string>();

/** Runs `work` as part of its caller's trace (W3C Trace Context); a header that is none begins nothing. */
export function traced<Result>(traceparent: string | undefined, work: () => Result): Result {
  return traceparent && TRACEPARENT.test(traceparent) ? current.run(traceparent, work) : work();
}

/** The header that passes the caller's trace on, if there is one. */
export function traceHeaders(): Record<string, string> {
  const traceparent = current.getStore();
  return traceparent === undefined ? {} : { traceparent };
}
