import { LAST_ATTEMPT, type Ref } from "./ids.ts";
import { attemptsLeft, isPastWindow, type Policy } from "./looks.ts";
import { isSpent, type Payment } from "./payment.ts";
import type { Instant } from "./time.ts";

/** What a request asked for, without personal data; compared when its id is used again. */
export type RequestFields = Readonly<Record<string, string>>;

/** The stored request. `recordedAt` is when it was first heard; `by` names the invocation that recorded it. */
export type KnownRequest = { ref: Ref; fields: RequestFields; recordedAt: Instant; by: string };

/** What to do for one request, given the payment as it is stored. */
export type Decision =
  | { do: "refuse"; because: "request differs"; fields: readonly string[] }
  | { do: "refuse"; because: "listing closed" | "attempts used up" }
  | { do: "next serial" }
  | { do: "initialize" }
  | { do: "wait" }
  | { do: "take over" }
  | { do: "renew" }
  | { do: "fail, attempts used up" }
  | { do: "reopen" }
  | { do: "answer" };

/**
 * The one decision of initiate. Pure: any number of parallel callers come to answers that fit together.
 * @param me names this invocation, as its lease does
 */
export function decide(
  payment: Payment,
  request: KnownRequest & { asked: RequestFields; payableAgain: boolean },
  me: string,
  now: Instant,
  policy: Policy,
): Decision {
  const differing = differingFields(request.fields, request.asked);
  if (differing.length > 0) return { do: "refuse", because: "request differs", fields: differing };

  const cameAfter = payment.settledAt !== undefined && request.recordedAt > payment.settledAt;
  if (isSpent(payment, request.payableAgain)) return cameAfter ? { do: "next serial" } : { do: "answer" };
  if (payment.sealed && payment.state !== "SUCCESS" && payment.state !== "REVIEW") {
    return { do: "refuse", because: "listing closed" };
  }
  switch (payment.state) {
    case "CREATED":
      return decideCreated(payment, me, now);
    case "PENDING":
      if (!isPastWindow(payment, now, policy)) return { do: "answer" };
      return attemptsLeft(payment, LAST_ATTEMPT) ? { do: "renew" } : { do: "fail, attempts used up" };
    case "SUCCESS":
    case "REVIEW":
      return { do: "answer" };
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      if (!cameAfter) return { do: "answer" };
      return attemptsLeft(payment, LAST_ATTEMPT) ? { do: "reopen" } : { do: "refuse", because: "attempts used up" };
  }
}

function decideCreated(payment: Payment, me: string, now: Instant): Decision {
  const { lease } = payment;
  if (lease?.holder === me) return { do: "initialize" };
  if (lease && lease.until > now) return { do: "wait" };
  return lease?.unsent || attemptsLeft(payment, LAST_ATTEMPT)
    ? { do: "take over" }
    : { do: "refuse", because: "attempts used up" };
}

function differingFields(stored: RequestFields, asked: RequestFields): string[] {
  const names = new Set([...Object.keys(stored), ...Object.keys(asked)]);
  return [...names].filter((name) => stored[name] !== asked[name]).sort();
}
