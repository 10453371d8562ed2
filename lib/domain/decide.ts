import type { Ref } from "./ids.ts";
import { hasEnded, isSpent, type KeyId, openedAttempts, type Payment } from "./payment.ts";
import type { Instant } from "./time.ts";
import { isAllowed, type TransitionContext } from "./transitions.ts";
import { attemptsLeft, isPastWindow } from "./verification-schedule.ts";

/** What a request asked for, without personal data. We compare it when the request id is used again. */
export type RequestFields = Readonly<Record<string, string>>;

/** A stored request. `recordedAt` is when it was first recorded; `by` names the invocation that recorded it. */
export type KnownRequest = { ref: Ref; fields: RequestFields; recordedAt: Instant; by: string };

/** The next step for one request, given the stored payment. */
export type Decision =
  | { kind: "refuse"; reason: "request_differs"; fields: readonly string[] }
  | { kind: "refuse"; reason: "listing_closed" | "attempts_used_up" | "payment_unclear" }
  | { kind: "next_serial" }
  | { kind: "initialize" }
  | { kind: "wait" }
  | { kind: "recover" }
  | { kind: "mode_changed" }
  | { kind: "renew" }
  | { kind: "fail_used_up" }
  | { kind: "reopen" }
  | { kind: "answer" };

const USED_UP = { kind: "refuse", reason: "attempts_used_up" } as const;

/**
 * Returns the next step of initiate. It is pure, so parallel callers reach consistent decisions. The table of
 * transitions decides what may begin.
 * @param caller `holder` names this invocation, as its lease does; `key` opens checkouts now
 */
export function decide(
  payment: Payment,
  request: KnownRequest & { asked: RequestFields; payableAgain: boolean },
  { holder, key }: { holder: string; key: KeyId },
  context: TransitionContext,
): Decision {
  const differing = differingFields(request.fields, request.asked);
  if (differing.length > 0) return { kind: "refuse", reason: "request_differs", fields: differing };

  const isNewer = payment.settledAt !== undefined && request.recordedAt > payment.settledAt;
  if (isSpent(payment, request.payableAgain)) return isNewer ? { kind: "next_serial" } : { kind: "answer" };
  if (!isPaid(payment) && mayBePaidElsewhere(payment)) return { kind: "refuse", reason: "payment_unclear" };
  const asking = { ...context, holder, key, recordedAt: request.recordedAt };
  switch (payment.state) {
    case "CREATED":
      if (payment.lease?.holder === holder) return { kind: "initialize" };
      return payment.lease && payment.lease.until > context.now ? { kind: "wait" } : { kind: "recover" };
    case "PENDING": {
      const { attempt, attempts } = payment;
      if (isAllowed("modeChanged", payment, { ...context, attempt })) return { kind: "mode_changed" };
      const isLive = !hasEnded(payment, attempt) && !isPastWindow(payment, context.now, context.policy);
      if (isLive && !(attempts[attempt]?.lastRead && attemptsLeft(payment))) return { kind: "answer" };
      return attemptsLeft(payment) ? { kind: "renew" } : { kind: "fail_used_up" };
    }
    case "SUCCESS":
    case "REVIEW":
      return { kind: "answer" };
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      if (payment.finalised) return { kind: "refuse", reason: "listing_closed" };
      if (!isNewer) return { kind: "answer" };
      return isAllowed("reopen", payment, asking) ? { kind: "reopen" } : USED_UP;
  }
}

function isPaid({ state }: Payment): boolean {
  return state === "SUCCESS" || state === "REVIEW";
}

/** Whether an earlier checkout may have been paid, in words that we do not know. No other one is given out meanwhile. */
function mayBePaidElsewhere(payment: Payment): boolean {
  return openedAttempts(payment).some(
    ({ number, lastRead }) => number !== payment.attempt && lastRead === "maybe_money",
  );
}

function differingFields(stored: RequestFields, asked: RequestFields): string[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(asked)]);
  return [...names].filter((name) => stored[name] !== asked[name]).sort();
}
