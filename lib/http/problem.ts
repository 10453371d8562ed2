import type { Problem } from "../contract/api.ts";
import { problemType } from "../contract/routes.ts";
import { DecisionImpossible, PaymentError, RateLimited, VersionChanged } from "../domain/errors.ts";
import type { ErrorCode } from "../domain/vocabulary.ts";
import { InputInvalid, MethodNotAllowed } from "./errors.ts";
import { quotaHeaders } from "./quota-headers.ts";

/** Status and title of every code. A new code without a row does not compile. */
export const PROBLEMS = {
  input_invalid: [422, "Invalid input"],
  purpose_unknown: [422, "Unknown purpose"],
  price_differs: [422, "Wrong amount"],
  currency_differs: [422, "Wrong currency"],
  request_differs: [422, "Request id used before"],
  unauthenticated: [401, "Not authenticated"],
  wrong_login: [401, "Wrong login"],
  forbidden: [403, "Forbidden"],
  user_unknown: [404, "User not found"],
  route_unknown: [404, "Not found"],
  method_not_allowed: [405, "Method not allowed"],
  payment_not_found: [404, "Payment not found"],
  rate_limited: [429, "Too many requests"],
  entry_not_found: [404, "Entry not found"],
  version_changed: [409, "Version changed"],
  refund_above_left: [422, "More than is left"],
  capture_unclear: [422, "Which money"],
  refund_limit: [403, "Daily limit reached"],
  refund_not_found: [404, "Refund not found"],
  decision_impossible: [409, "Decision not possible"],
  checkout_being_opened: [409, "Checkout being opened"],
  payment_taken: [409, "Payment taken"],
  listing_closed: [409, "Listing closed"],
  gateway_refused: [400, "Refused by the gateway"],
  checkout_closing: [503, "Checkout closing"],
  payment_unclear: [503, "Payment unclear"],
  gateway_unavailable: [503, "Gateway unavailable"],
  gateway_misconfigured: [503, "Payments not possible"],
  dependency_unavailable: [503, "Temporarily unavailable"],
  payment_unreadable: [503, "Payment unreadable"],
  initiate_paused: [503, "Payments paused"],
  refunds_paused: [503, "Refunds paused"],
  pause_impossible: [409, "Not a pause"],
  body_too_large: [413, "Body too large"],
  webhook_invalid: [400, "Invalid webhook"],
  internal_error: [500, "Internal error"],
  unhealthy: [503, "Unhealthy"],
} as const satisfies Record<ErrorCode, readonly [number, string]>;

/** `isBase64Encoded`: the body is bytes, written as base64. */
export type HttpAnswer = {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded?: boolean;
};

/** Returns the answer for any error. An error that is not ours reveals nothing about itself. */
export function problemFor(error: unknown, requestId: string): HttpAnswer {
  if (!(error instanceof PaymentError)) {
    return answer({ ...problemOf("internal_error"), detail: INTERNAL }, requestId, {});
  }
  const { status, ...problem } = problemOf(error.code);
  const headers = {
    ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) }),
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(error instanceof MethodNotAllowed ? { allow: error.allowed.join(", ") } : {}),
    ...(error instanceof RateLimited ? quotaHeaders(error.quota) : {}),
  };
  const more = {
    ...(error instanceof InputInvalid ? { errors: [...error.errors] } : {}),
    ...(error instanceof VersionChanged ? { changes: [...error.changes] } : {}),
    ...(error instanceof DecisionImpossible ? { state: error.state } : {}),
  };
  return answer({ status, ...problem, detail: error.message, ...more }, requestId, headers);
}

const INTERNAL = "An internal error occurred. Please try again later.";

/** Returns what every problem with this code says. `type` leads to its explanation. */
export function problemOf<Code extends ErrorCode>(
  code: Code,
): Pick<Problem, "type" | "title" | "status"> & { code: Code } {
  const [status, title] = PROBLEMS[code];
  return { type: problemType(code), title, status, code };
}

function answer(problem: Omit<Problem, "request_id">, requestId: string, headers: Record<string, string>): HttpAnswer {
  const body: Problem = { ...problem, request_id: requestId };
  return {
    statusCode: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}
