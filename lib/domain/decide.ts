import type { Ref } from "./ids.ts";
import { linkTarget } from "./lasting-link.ts";
import {
  hasEnded,
  isPaidWithRest,
  isUnclear,
  type KeyId,
  mayBePaid,
  openedAttempts,
  openFlags,
  type Payment,
} from "./payment.ts";
import type { Instant } from "./time.ts";
import { isAllowed, isSpentFor, isUsedUp, type TransitionContext } from "./transitions.ts";
import { attemptsLeft, isPastWindow, type Policy } from "./verification-schedule.ts";

/** What a request asked for, without personal data. We compare it when the request id is used again. */
export type RequestFields = Readonly<Record<string, string>>;

/** A stored request. `recordedAt` is when it was first recorded; `by` names the invocation that recorded it. */
export type KnownRequest = { ref: Ref; fields: RequestFields; recordedAt: Instant; by: string };

/** The next step for one request, given the stored payment. */
export type Decision =
  | { kind: "refuse"; reason: "request_differs"; fields: readonly string[] }
  | { kind: "refuse"; reason: "listing_closed" | "payment_unclear" }
  | { kind: "follow" }
  | { kind: "go_on" }
  | { kind: "initialize" }
  | { kind: "wait" }
  | { kind: "recover" }
  | { kind: "mode_changed" }
  | { kind: "leave_test" }
  | { kind: "renew" }
  | { kind: "reopen" }
  | { kind: "answer"; payment: Payment };

/** Whether a request stays at a payment that was left: it was recorded before the payment was spent. */
export function staysAt(payment: Payment, { recordedAt }: Pick<KnownRequest, "recordedAt">): boolean {
  const { next, spentAt = Number.NEGATIVE_INFINITY } = payment;
  return next !== undefined && recordedAt <= spentAt;
}

/**
 * Whether money on a payment that was left may have paid the fee: a duplicate that nobody has answered, or words of
 * Chapa's that may mean money. No link is given out meanwhile, unless a later payment of the fee is paid.
 * @param line the payments of one fee, the earliest first
 */
function isFeeUnclear(line: readonly Payment[], { expectedMode }: StageMode): boolean {
  return line.some((payment, index) => {
    const isUnclear = isDuplicateOpen(payment) || (payment.next !== undefined && isMaybePaid(payment));
    return isUnclear && !isPaidAfter(line, index, expectedMode);
  });
}

/** Whether the last payment of a fee stands beside such a duplicate, so that nobody may pay it. */
export function isBesideDuplicate(line: readonly Payment[], { expectedMode }: StageMode): boolean {
  return line.some((payment, index) => isDuplicateOpen(payment) && !isPaidAfter(line, index, expectedMode));
}

type StageMode = Pick<Policy, "expectedMode">;

function isPaidAfter(line: readonly Payment[], index: number, expectedMode: StageMode["expectedMode"]): boolean {
  return line.slice(index + 1).some((later) => isPaidWithRest(later, expectedMode));
}

function isMaybePaid(payment: Payment): boolean {
  return openedAttempts(payment).some(isUnclear);
}

/** Whether money came to a payment that was left, and nobody has answered that yet. */
export function isDuplicateOpen(payment: Payment): boolean {
  return payment.next !== undefined && openFlags(payment).includes("duplicate");
}

/** Whether the payer must not hear that nobody paid, because money on an earlier payment of the fee may have paid it. */
export function mayBePaidBefore(earlier: readonly Payment[]): boolean {
  return earlier.some((payment) => isDuplicateOpen(payment) || mayBePaid(payment));
}

/**
 * Returns the next step of initiate at the last payment of a fee. It is pure, so parallel callers reach consistent
 * decisions. The table of transitions decides what may begin.
 * @param fee the payments that were left before, the earliest first, and the last one that is stored
 * @param caller `holder` names this invocation, as its lease does; `key` opens checkouts now
 */
export function decide(
  { payment, earlier }: { payment: Payment; earlier: readonly Payment[] },
  request: KnownRequest & { asked: RequestFields; payableAgain: boolean },
  { holder, key }: { holder: string; key: KeyId },
  context: TransitionContext,
): Decision {
  const differing = differingFields(request.fields, request.asked);
  if (differing.length > 0) return { kind: "refuse", reason: "request_differs", fields: differing };

  const line = [...earlier, payment];
  if (isFeeUnclear(line, context.policy)) return { kind: "refuse", reason: "payment_unclear" };
  const left = line.find((one) => staysAt(one, request));
  if (left) return { kind: "answer", payment: left };
  if (payment.next !== undefined) return { kind: "go_on" };
  const answer = { kind: "answer", payment } as const;

  if (isSpentFor(payment, request, context)) return { kind: "follow" };
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
      if (isLive && !attempts[attempt]?.lastRead) return answer;
      return attemptsLeft(payment) ? { kind: "renew" } : { kind: "follow" };
    }
    case "SUCCESS":
    case "REVIEW":
      if (isAllowed("leaveTest", payment, asking)) return { kind: "leave_test" };
      return isUsedUp(payment, context) ? { kind: "follow" } : answer;
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      if (payment.finalised) return { kind: "refuse", reason: "listing_closed" };
      if (payment.settledAt === undefined || request.recordedAt <= payment.settledAt) return answer;
      return { kind: isAllowed("reopen", payment, asking) ? "reopen" : "follow" };
  }
}

/**
 * Returns the link that a press at the last payment of a fee would be answered with, without a question to Chapa; undefined
 * if there is none that may be given out.
 */
export function givenLink(
  { payment, earlier }: { payment: Payment; earlier: readonly Payment[] },
  context: TransitionContext,
): string | undefined {
  const target = linkTarget(payment, context.now, context.policy);
  if (target.kind !== "open" || payment.next !== undefined) return undefined;
  if (isFeeUnclear([...earlier, payment], context.policy) || mayBePaidElsewhere(payment)) return undefined;
  return isAllowed("modeChanged", payment, { ...context, attempt: payment.attempt }) ? undefined : target.checkoutUrl;
}

function isPaid({ state }: Payment): boolean {
  return state === "SUCCESS" || state === "REVIEW";
}

/** Whether an earlier checkout may have been paid, in words that we do not know. No other one is given out meanwhile. */
function mayBePaidElsewhere(payment: Payment): boolean {
  return openedAttempts(payment).some((opened) => opened.number !== payment.attempt && isUnclear(opened));
}

function differingFields(stored: RequestFields, asked: RequestFields): string[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(asked)]);
  return [...names].filter((name) => stored[name] !== asked[name]).sort();
}
