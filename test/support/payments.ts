import type { Evidence, PaidFacts } from "../../lib/domain/evidence.ts";
import { type Ref, refOf, txRefOf, Uuid } from "../../lib/domain/ids.ts";
import type { Policy } from "../../lib/domain/looks.ts";
import { Santim } from "../../lib/domain/money.ts";
import { type Act, account, claim, open, renew, settleUnpaid } from "../../lib/domain/moves.ts";
import type { Lease, Payment, Terms } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { State } from "../../lib/domain/transitions.ts";

export const NAMESPACE = "test-namespace";
export const T0 = Date.UTC(2026, 10, 24, 6, 0, 0);
export const CHECKOUT_URL = "https://checkout.chapa.co/checkout/payment/V38ejWQhSpFWzSAZBqmlQrGkyhXQUOtx2Mu4ZTmFLbP";

export const POLICY: Policy = {
  ladderMs: [2, 5, 10, 20, 65, 360, 1440].map((minutes) => minutes * MINUTE_MS),
  timeoutMs: 7 * DAY_MS,
  checkoutTtlMs: HOUR_MS,
  listingHearsFailed: true,
};

export const FEE = {
  userId: Uuid.parse("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11"),
  propertyId: Uuid.parse("0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22"),
  purpose: "listing_fee",
  serial: 0,
};

export const TERMS: Terms = { amount: Santim.parse(50_000), currency: "ETB", mode: "test" };

export function anAct(now = T0, by = "test"): Act {
  return { now, by, policy: POLICY };
}

/** Two hours after {@link T0}: what most steps after the first checkout are made with. */
export const LATER = anAct(T0 + 2 * HOUR_MS, "later");

/** Evidence that the first checkout can no longer be paid. */
export const CLOSED = { attempt: 0, cancel: "closed" } as const;

export function aLease(holder = "me", until = T0 + MINUTE_MS): Lease {
  return { holder, until };
}

let next = 0;

/** A ref that no other test uses. */
export function aRef(): Ref {
  return refOf(NAMESPACE, { ...FEE, serial: next++ });
}

export function aClaim(ref: Ref = aRef(), now = T0): Payment {
  return claim(ref, FEE, TERMS, aLease("me", now + MINUTE_MS), anAct(now));
}

/** A payment whose first checkout is open. */
export function anOpened(ref: Ref = aRef(), now = T0): Payment {
  return open(aClaim(ref, now), "me", CHECKOUT_URL, anAct(now));
}

/** A payment whose latest checkout was given up, and another one is open. */
export function aRenewed(payment = anOpened(), act = LATER): Payment {
  const left = { ...CLOSED, attempt: payment.attempt };
  return open(renew(payment, left, TERMS, aLease(), act), "me", CHECKOUT_URL, act);
}

type Paid = Extract<Evidence, { says: "paid" }>;
type Returned = Extract<Evidence, { says: "returned" }>;

/** Chapa's word that an attempt took what was agreed; `change` is what it reports otherwise. */
export function aSuccess({ ref }: Pick<Payment, "ref">, attempt = 0, change: Partial<PaidFacts> = {}): Paid {
  const facts = { ...TERMS, txRef: txRefOf(ref, attempt), reference: `AP${attempt}`, ...change };
  return { says: "paid", facts };
}

/** Chapa's word that the money of this success went back. */
export function aReturn(how: Returned["how"], { facts }: Paid): Returned {
  return { says: "returned", how, facts };
}

export function aConfirmed(payment = anOpened(), attempt = 0, act = LATER): Payment {
  return account(payment, "confirm", attempt, aSuccess(payment, attempt), act);
}

/** A payment one of whose captures waits for a person. */
export function aReviewed(payment = anOpened(), attempt = 0, change: Partial<PaidFacts> = {}): Payment {
  return account(payment, "review", attempt, aSuccess(payment, attempt, change), LATER);
}

/** The moves that settle a payment unpaid. */
export const UNPAID_MOVES = ["fail", "expire", "cancel"] as const;

/** A payment that was settled unpaid. */
export function aSettled(move: (typeof UNPAID_MOVES)[number] = "expire", payment = anOpened(), act = LATER): Payment {
  return settleUnpaid(payment, move, { ...CLOSED, attempt: payment.attempt }, act);
}

/** A payment in `state`, made by legal moves. */
export function aPaymentIn(state: State): Payment {
  const made: Record<State, () => Payment> = {
    CREATED: aClaim,
    PENDING: anOpened,
    SUCCESS: aConfirmed,
    REVIEW: aReviewed,
    FAILED: () => aSettled("fail"),
    EXPIRED: () => aSettled("expire"),
    CANCELLED: () => aSettled("cancel"),
  };
  return made[state]();
}
