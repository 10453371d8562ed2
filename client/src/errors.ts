import type { components } from "./api.ts";

type Problem = components["schemas"]["Problem"];

/**
 * Codes of this client. `no_answer`: the network failed, so the request may or may not have had its effect.
 * `answer_unknown`: something in front of the service answered. `still_pending`: the payment has no outcome yet.
 */
type ClientCode = "no_answer" | "answer_unknown" | "still_pending";

/** A later release of the service may add codes. */
export type ErrorCode = Problem["code"] | ClientCode;

export type PaymentErrorDetails = {
  code: ErrorCode;
  /** HTTP status; absent if there was no answer. */
  status?: number | undefined;
  problem?: Problem | undefined;
  retryAfterSeconds?: number | undefined;
  idempotencyKey?: string | undefined;
  cause?: unknown;
};

/** Every failure of a call. Programs read `code`, whose meaning never changes; `message` is a sentence for people. */
export class PaymentError extends Error {
  override readonly name = "PaymentError";
  readonly code: ErrorCode;
  readonly status: number | undefined;
  /** The body of the answer, RFC 9457. `errors` names each field that is wrong. */
  readonly problem: Problem | undefined;
  /** Seconds after which the same call may succeed, if the service named them. */
  readonly retryAfterSeconds: number | undefined;
  /** The key of the request that failed. The same request with it never opens a second payment or refund. */
  readonly idempotencyKey: string | undefined;

  constructor(message: string, details: PaymentErrorDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.idempotencyKey = details.idempotencyKey;
  }
}
